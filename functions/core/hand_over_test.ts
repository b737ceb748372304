import { assert, assertEquals } from "@std/assert";
import { afterEach, beforeEach, describe, it } from "node:test";
import { CaptureLogger } from "../../tests/fakes/capture_logger.ts";
import { FakeRecorder, type FakeRun } from "../../tests/fakes/fake_recorder.ts";
import { FakeSpool, FakeUploads, hashOf } from "../../tests/fakes/fake_uploads.ts";
import { ManualClock, turn, until } from "../../tests/fakes/manual_clock.ts";
import { type SqliteStore, sqliteStore } from "../adapters/local/sqlite_store.ts";
import type { UploadedFile } from "../ports/recording_uploads.ts";
import { handOver } from "./hand_over.ts";
import { type RecorderPool, runRecordings } from "./run_recordings.ts";
import { RecordingUploader, uploadingRecorder } from "./upload_recordings.ts";

/** Recordings of a task in production. */
const SLOTS = 25;
/** Fargate kills after 120 s; this is what the hand-over may take of it. */
const MOST_MS = 110_000;

describe("handOver()", () => {
  let clock: ManualClock;
  let store: SqliteStore;
  let away: boolean;
  let spool: FakeSpool;
  let uploads: FakeUploads;
  /** How long the store of files takes for each, ms. */
  let putMs: number;
  let logger: CaptureLogger;
  let pools: RecorderPool[];

  beforeEach(() => {
    clock = new ManualClock();
    store = sqliteStore(":memory:");
    away = false;
    spool = new FakeSpool();
    uploads = new FakeUploads();
    putMs = 0;
    logger = new CaptureLogger();
    pools = [];
  });
  afterEach(() => store.close());

  /** A store that can be away: each call then hangs for 20 s, as the AWS SDK's tries do, and fails. */
  const flaky = () =>
    new Proxy(store, {
      get(target, name) {
        const method = Reflect.get(target, name);
        if (typeof method !== "function") return method;
        return async (...args: unknown[]) => {
          if (!away) return await method.apply(target, args);
          await clock.sleep(20_000);
          throw new Error("the store is away");
        };
      },
    });

  /** A task. */
  const boot = (owner: string) => {
    const recorder = new FakeRecorder();
    const slow = {
      async put(file: UploadedFile, signal: AbortSignal) {
        if (putMs > 0) await clock.sleep(putMs, signal);
        await uploads.put(file, signal);
      },
    };
    const done = () => Promise.resolve();
    const uploader = new RecordingUploader({ spool, uploads: slow, repair: done, restore: done, clock, logger });
    const deps = { store: flaky(), recorder: uploadingRecorder(recorder, uploader, clock), clock, logger };
    const pool = runRecordings(deps, {
      // One is free: it looks for recordings all the time.
      ...{ owner, slots: SLOTS + 1, leaseMs: 60_000, claimIntervalMs: 1_000, flushMs: 2_000, flushEvents: 200 },
    });
    pools.push(pool);
    return { recorder, leave: () => handOver({ pool, uploader, resumed: Promise.resolve(), clock }) };
  };
  const folderOf = (run: FakeRun) => `${run.job.username}/${run.job.part}`;
  const begin = (run: FakeRun) => {
    run.tell({ type: "started", folder: folderOf(run), startedAt: clock.now() });
    // What a recorder does when it is to stop: the last segment, the playlist, the manifest.
    run.onStop = () => {
      segment(run, 1);
      spool.write(folderOf(run), "manifest.json", "{}");
      run.end({ kind: "stopped" });
    };
  };
  const segment = (run: FakeRun, index: number) => {
    const [uri, text] = [`segment_${index}.m4s`, `video ${folderOf(run)} ${index}`];
    spool.write(folderOf(run), uri, text);
    run.tell({
      type: "segment",
      segment: { index, uri, startAt: clock.now(), durationMs: 6_000, bytes: text.length, sha256: hashOf(text) },
    });
  };
  const full = async (owner: string) => {
    for (let id = 1; id <= SLOTS; id++) {
      await store.wantRecording({ roomId: String(id), username: `host${id}`, title: "" }, clock.now());
    }
    const task = boot(owner);
    await until(() => task.recorder.runs.length === SLOTS);
    for (const run of task.recorder.runs) {
      begin(run);
      segment(run, 0);
      run.chat(`heard by ${owner}`);
    }
    await until(() => uploads.puts.length >= SLOTS);
    return task;
  };
  /** Leaves, and tells how long it took. */
  const left = async (task: { leave(): Promise<void> }) => {
    const from = clock.now();
    let took: number | undefined;
    task.leave().then(() => took = clock.now() - from);
    for (let waitedMs = 0; took === undefined && waitedMs < 200_000; waitedMs += 1_000) {
      await clock.advance(1_000);
      for (let turns = 0; turns < 20; turns++) await turn();
    }
    assert(took !== undefined, "it never left");
    return took;
  };
  const all = async () => (await store.listRecordings({ limit: 100 })).items;
  const states = async () => new Set((await all()).map(({ state }) => state));

  it("gives every recording of a full task back at once, with all that it holds", async () => {
    const task = await full("a");
    // The clock stands still meanwhile.
    await task.leave();
    for (const { state, segments, failures, dueAt = Infinity } of await all()) {
      assertEquals([state, segments, failures, dueAt <= clock.now()], ["wanted", 2, 0, true]);
    }
    assertEquals([await spool.folders(), uploads.puts.length], [[], 3 * SLOTS]);
    const next = boot("b");
    await until(() => next.recorder.runs.length === SLOTS);
    assertEquals(new Set(next.recorder.runs.map(({ job }) => job.part)), new Set([2]));
    for (const run of next.recorder.runs) run.end({ kind: "ended" });
  });

  it("a full task on a slow line gives every recording back in time, with the segments that S3 has by then", async () => {
    const task = await full("a");
    putMs = 12_000;
    const took = await left(task);
    assert(took < MOST_MS, `${took} ms`);
    assertEquals(await states(), new Set(["wanted"]));
    for (const { id, segments } of await all()) {
      const listed = (await store.listSegments(id, { limit: 9 })).items;
      assertEquals(listed.length, segments);
      for (const { uri } of listed) assert(uploads.files.has(`host${id}/1/${uri}`));
      const batches = await store.listEvents(id, { after: 0, limit: 9 });
      assertEquals(batches.reduce((sum, { count }) => sum + count, 0), 1);
    }
    const untold = logger.lines.filter(({ event }) => event === "recording_not_uploaded");
    assertEquals(untold.map(({ fields }) => fields["folder"]).sort(), await spool.folders());
    assert(untold.length > 0);
  });

  it("does not wait for a recorder that takes too long to close, such as for an MP4 of hours", async () => {
    const task = await full("a");
    const [stuck] = task.recorder.runs;
    assert(stuck !== undefined);
    stuck.onStop = () => {};
    const took = await left(task);
    assert(took > 80_000 && took < MOST_MS, `${took} ms`);
    assertEquals(await states(), new Set(["wanted"]));
    // What comes too late is nobody's any more.
    segment(stuck, 1);
    stuck.end({ kind: "ended" });
    await clock.advance(5_000);
    assertEquals(await states(), new Set(["wanted"]));
    const { fields } = logger.lines.find(({ event }) => event === "recording_not_uploaded") ?? {};
    assertEquals(fields, { folder: folderOf(stuck), files: [] });
  });

  it("leaves in time although the table is away; others take the recordings over when the leases run out", async () => {
    const task = await full("a");
    await clock.advance(5_000);
    const before = clock.now();
    away = true;
    // A look for more recordings is under way, too.
    await clock.advance(1_500);
    const took = await left(task);
    assert(took < MOST_MS, `${took} ms`);
    assertEquals(await states(), new Set(["recording"]));
    away = false;
    const next = boot("b");
    await clock.advance(Math.max(0, before + 60_000 - clock.now()) + 2_000);
    await until(() => next.recorder.runs.length === SLOTS);
    assertEquals(new Set(next.recorder.runs.map(({ job }) => job.part)), new Set([2]));
    for (const run of next.recorder.runs) run.end({ kind: "ended" });
  });

  it("a claim that was under way is given back, and nothing is begun", async () => {
    const claimed = Promise.withResolvers<void>();
    const { claimRecordings } = store;
    store.claimRecordings = async (request) => {
      const recordings = await claimRecordings.call(store, request);
      await claimed.promise;
      return recordings;
    };
    await store.wantRecording({ roomId: "1", username: "host1", title: "" }, clock.now());
    const task = boot("a");
    await until(async () => (await store.getRecording("1"))?.state === "recording");
    const leaving = task.leave();
    claimed.resolve();
    await leaving;
    assertEquals([(await store.getRecording("1"))?.state, task.recorder.runs.length], ["wanted", 0]);
  });
});
