import { assert, assertEquals } from "@std/assert";
import { beforeEach, describe, it } from "node:test";
import { CaptureLogger } from "../../tests/fakes/capture_logger.ts";
import { FakeRecorder } from "../../tests/fakes/fake_recorder.ts";
import { FakeSpool, FakeUploads, hashOf } from "../../tests/fakes/fake_uploads.ts";
import { ManualClock, turn, until } from "../../tests/fakes/manual_clock.ts";
import { recordingUploadsSuite } from "../../tests/suites/recording_uploads_suite.ts";
import { sqliteStore } from "../adapters/local/sqlite_store.ts";
import type { RecorderEvent } from "../ports/recorder.ts";
import type { Segment } from "../ports/recording_store.ts";
import type { ClosedRecording } from "./recording_manifest.ts";
import { runRecordings } from "./run_recordings.ts";
import { RecordingUploader, uploadingRecorder } from "./upload_recordings.ts";

const FOLDER = "host/one";
const HEAD = '#EXTM3U\n#EXT-X-TARGETDURATION:6\n#EXT-X-MAP:URI="init_0000.mp4"\n';
const entry = (name: string) => `#EXTINF:6.000,\n${name}\n`;

const segment = (index: number): Omit<Segment, "part"> => ({
  ...{ index, uri: `segment_${index}.m4s`, startAt: 1, durationMs: 6_000, bytes: 9 },
  sha256: hashOf(`video ${index}`),
});

const MANIFEST = `${
  JSON.stringify(
    {
      ...{ version: 1, roomId: "7", parts: [{ index: 0, init: "init_0000.mp4" }] },
      segments: [0, 1, 2].map((index) => ({ ...segment(index), part: 0, startMs: index * 6_000 })),
      gaps: [{ mediaMs: 15_000, fromMs: 1, toMs: 2, missingMs: 1, reason: "stalled" }],
      totals: { durationMs: 18_000, bytes: 27, segments: 3, missingMs: 1, events: 5 },
    },
    null,
    2,
  )
}\n`;

recordingUploadsSuite("FakeUploads", () => {
  const uploads = new FakeUploads();
  const read = (folder: string, name: string) => Promise.resolve(uploads.files.get(`${folder}/${name}`));
  return Promise.resolve({ uploads, read, close: () => Promise.resolve() });
});

describe("RecordingUploader", () => {
  let clock: ManualClock;
  let logger: CaptureLogger;
  let spool: FakeSpool;
  let uploads: FakeUploads;
  let repaired: string[];
  let restored: string[][];
  let tableAway: boolean;
  let uploader: RecordingUploader;

  /** A process: what it knew is gone with it, the disk stays. */
  const boot = () => {
    const repair = (folder: string) => {
      repaired.push(folder);
      spool.write(folder, "manifest.json", MANIFEST);
      return Promise.resolve();
    };
    const restore = (folder: string, { roomId, segments }: ClosedRecording) => {
      if (tableAway) return Promise.reject(new Error("the table is away"));
      restored.push([folder, roomId, ...segments.map(({ uri }) => uri)]);
      return Promise.resolve();
    };
    const deps = { spool, uploads, repair, restore, clock, logger };
    return new RecordingUploader(deps, { concurrency: 2, playlistMs: 10_000 });
  };

  beforeEach(() => {
    clock = new ManualClock();
    logger = new CaptureLogger();
    spool = new FakeSpool();
    uploads = new FakeUploads();
    repaired = [];
    restored = [];
    tableAway = false;
    uploader = boot();
  });

  /** Writes what a recorder has on the disk when it closes a segment. */
  const close = (index: number, content = `video ${index}`) => {
    spool.write(FOLDER, "init_0000.mp4", "init");
    spool.write(FOLDER, `segment_${index}.m4s`, content);
    const before = spool.read(FOLDER, "index.m3u8") ?? HEAD;
    spool.write(FOLDER, "index.m3u8", before + entry(`segment_${index}.m4s`));
    return uploader.segment(FOLDER, segment(index));
  };
  const end = () => {
    spool.write(FOLDER, "index.m3u8", `${spool.read(FOLDER, "index.m3u8") ?? HEAD}#EXT-X-ENDLIST\n`);
    spool.write(FOLDER, "events.jsonl", "{}\n");
    spool.write(FOLDER, "manifest.json", MANIFEST);
  };
  const stored = (name: string) => uploads.files.get(`${FOLDER}/${name}`);

  it("stores each segment when it is closed, and all the rest at the end, the manifest last", async () => {
    for (let index = 0; index < 3; index++) assertEquals(await close(index), "stored");
    assertEquals([stored("segment_2.m4s"), stored("events.jsonl")], ["video 2", undefined]);
    end();
    await uploader.finish(FOLDER);
    assertEquals([...uploads.files.keys()].at(-1), `${FOLDER}/manifest.json`);
    assert(stored("index.m3u8")?.endsWith("#EXT-X-ENDLIST\n"));
    assertEquals([stored("init_0000.mp4"), stored("events.jsonl")], ["init", "{}\n"]);
    assertEquals(uploads.puts.filter((name) => name.endsWith(".m4s")).length, 3);
    assertEquals([await spool.folders(), repaired], [[], []]);
    assertEquals(logger.events(), ["recording_uploaded"]);
  });

  it("players of a live recording get a playlist of what is stored, its init segment and pictures", async () => {
    uploads.held.add(`${FOLDER}/segment_0.m4s`);
    const first = close(0);
    assertEquals(await close(1), "stored");
    await until(() => stored("init_0000.mp4") !== undefined);
    assertEquals(stored("index.m3u8"), undefined);
    uploads.release();
    assertEquals(await first, "stored");
    await clock.advance(10_000);
    spool.write(FOLDER, "thumbnail_000001.jpg", "picture");
    assertEquals(await close(2), "stored");
    await until(() => stored("index.m3u8") !== undefined);
    const names = [0, 1, 2].map((index) => entry(`segment_${index}.m4s`));
    assertEquals([stored("index.m3u8"), stored("init_0000.mp4")], [HEAD + names.join(""), "init"]);
    await until(() => stored("thumbnail_000001.jpg") === "picture");
    assertEquals(await close(3), "stored");
    await turn();
    assertEquals(uploads.puts.filter((name) => name.endsWith("index.m3u8")).length, 1);
  });

  it("survives 10 minutes without the store and deletes nothing until it is back", async () => {
    uploads.away = true;
    const closed = Array.from({ length: 100 }, (_, index) => index);
    const done = [];
    for (const index of closed) {
      done.push(close(index));
      await clock.advance(6_000);
    }
    assertEquals([uploads.files.size, (await spool.names(FOLDER)).length], [0, 102]);
    end();
    const finished = uploader.finish(FOLDER);
    await clock.advance(60_000);
    assertEquals((await spool.names(FOLDER)).length, 104);
    uploads.away = false;
    await clock.advance(30_000);
    await finished;
    assertEquals(new Set(await Promise.all(done)), new Set(["stored"]));
    for (const index of closed) assertEquals(stored(`segment_${index}.m4s`), `video ${index}`);
    assertEquals(await spool.folders(), []);
    const tries = logger.events().filter((event) => event === "upload_failed").length;
    assert(tries > 20 && tries < 100, `${tries} tries`);
  });

  it("sends no more files at once than it may", async () => {
    const names = [0, 1, 2, 3].map((index) => `${FOLDER}/segment_${index}.m4s`);
    for (const name of names) uploads.held.add(name);
    const done = names.map((_, index) => close(index));
    await turn();
    assertEquals([uploads.most, uploads.puts], [2, []]);
    uploads.release();
    assertEquals(new Set(await Promise.all(done)), new Set(["stored"]));
    assertEquals(uploads.most, 2);
  });

  it("a segment that is damaged is told by name, stays on the disk, and is a gap in what players get", async () => {
    assertEquals(await close(0), "stored");
    await close(1, "other video");
    await until(() => stored("index.m3u8") !== undefined);
    await clock.advance(10_000);
    assertEquals(await close(2), "stored");
    // While the live goes on ...
    await until(() => stored("index.m3u8")?.includes("segment_2.m4s") === true);
    const listed = `${HEAD}${entry("segment_0.m4s")}#EXT-X-DISCONTINUITY\n${entry("segment_2.m4s")}`;
    assertEquals(stored("index.m3u8"), listed);
    end();
    await uploader.finish(FOLDER);
    // ... and in the end.
    assertEquals(stored("index.m3u8"), `${listed}#EXT-X-ENDLIST\n`);
    assertEquals([stored("segment_1.m4s"), spool.read(FOLDER, "manifest.json")], [undefined, MANIFEST]);
    const { segments, gaps, totals, ...rest } = JSON.parse(stored("manifest.json") ?? "");
    assertEquals(rest, { version: 1, roomId: "7", parts: [{ index: 0, init: "init_0000.mp4" }] });
    assertEquals(segments.map(({ uri }: { uri: string }) => uri), ["segment_0.m4s", "segment_2.m4s"]);
    assertEquals(gaps, [
      { mediaMs: 6_000, fromMs: 1, toMs: 6_001, missingMs: 6_000, reason: "damaged" },
      { mediaMs: 15_000, fromMs: 1, toMs: 2, missingMs: 1, reason: "stalled" },
    ]);
    assertEquals(totals, { durationMs: 12_000, bytes: 18, segments: 2, missingMs: 6_001, events: 5 });
    assertEquals(logger.events(), ["file_damaged", "recording_not_uploaded"]);
    assertEquals(logger.lines.at(-1)?.fields, { folder: FOLDER, files: ["segment_1.m4s"] });
    assertEquals((await spool.names(FOLDER)).includes("segment_1.m4s"), true);
  });

  it("a restart stores what the process before left, with the hashes of its manifest", async () => {
    uploads.away = true;
    for (let index = 0; index < 3; index++) close(index);
    end();
    await turn();
    uploads.away = false;
    uploader = boot();
    await uploader.resume(await spool.folders());
    assertEquals([stored("segment_2.m4s"), await spool.folders(), repaired], ["video 2", [], []]);
    assertEquals(restored, [[FOLDER, "7", "segment_0.m4s", "segment_1.m4s", "segment_2.m4s"]]);
    assertEquals(uploads.hashes.get(`${FOLDER}/segment_2.m4s`), hashOf("video 2"));
  });

  it("a folder that a crash left open is closed before it is stored, and what it holds is listed", async () => {
    uploads.away = true;
    for (let index = 0; index < 2; index++) close(index);
    close(2, "half a vid");
    uploads.away = false;
    tableAway = true;
    uploader = boot();
    const resumed = uploader.resume(await spool.folders());
    await until(() => logger.events().includes("segments_not_listed"));
    assertEquals([repaired, stored("segment_1.m4s")], [[FOLDER], "video 1"]);
    tableAway = false;
    await clock.advance(1_000);
    await resumed;
    // What is damaged is not in the bucket: it is not listed.
    assertEquals(restored, [[FOLDER, "7", "segment_0.m4s", "segment_1.m4s"]]);
  });

  it("when time is up it tells by name what is left, and leaves it on the disk", async () => {
    uploads.away = true;
    const first = close(0);
    end();
    const finished = uploader.finish(FOLDER);
    await clock.advance(5_000);
    uploader.giveUp();
    await finished;
    assertEquals(await first, "given_up");
    const { event, level, fields } = logger.lines.at(-1) ?? {};
    assertEquals([event, level], ["recording_not_uploaded", "error"]);
    const files = ["events.jsonl", "index.m3u8", "init_0000.mp4", "manifest.json", "segment_0.m4s"];
    assertEquals(fields, { folder: FOLDER, files });
    assertEquals([await spool.names(FOLDER), clock.sleeping()], [files, 0]);
  });

  it("a room of which nothing came leaves nothing to store", async () => {
    await uploader.finish(FOLDER);
    assertEquals([uploads.puts, repaired], [[], []]);
  });

  describe("uploadingRecorder()", () => {
    it("tells segments in order, when they are stored, and is done when all is", async () => {
      const recorder = new FakeRecorder();
      const told: RecorderEvent[] = [];
      const job = { recordingId: "7", roomId: "7", username: "host", part: 1 };
      const run = uploadingRecorder(recorder, uploader, clock).start(job, (event) => told.push(event));
      const inner = recorder.last();
      inner.tell({ type: "started", folder: FOLDER, startedAt: 1 });
      for (const index of [0, 1, 2]) spool.write(FOLDER, `segment_${index}.m4s`, `video ${index}`);
      uploads.held.add(`${FOLDER}/segment_0.m4s`);
      for (const index of [0, 1, 2]) inner.tell({ type: "segment", segment: segment(index) });
      await until(() => stored("segment_2.m4s") !== undefined);
      assertEquals(told.map(({ type }) => type), ["started"]);
      end();
      const endedAt = clock.now();
      run.stop();
      await clock.advance(60_000);
      assert(inner.stopped);
      uploads.release();
      assertEquals(await run.done, { kind: "stopped", endedAt });
      const segments = told.flatMap((event) => event.type === "segment" ? [event.segment.index] : []);
      assertEquals([segments, stored("manifest.json") !== undefined], [[0, 1, 2], true]);
    });

    it("tells of a gap in place of a segment that is damaged", async () => {
      const recorder = new FakeRecorder();
      const told: RecorderEvent[] = [];
      const job = { recordingId: "7", roomId: "7", username: "host", part: 1 };
      const run = uploadingRecorder(recorder, uploader, clock).start(job, (event) => told.push(event));
      recorder.last().tell({ type: "started", folder: FOLDER, startedAt: 1 });
      for (const index of [0, 1]) {
        spool.write(FOLDER, `segment_${index}.m4s`, index === 0 ? "other video" : "video 1");
        recorder.last().tell({ type: "segment", segment: segment(index) });
      }
      run.stop();
      await run.done;
      const data = { uri: "segment_0.m4s", fromMs: 1, toMs: 6_001, missingMs: 6_000, reason: "damaged" };
      assertEquals(told.slice(1), [{ type: "gap", data }, { type: "segment", segment: segment(1) }]);
    });

    it("a hand-over while the store is away gives the recording back in time, and tells what is left", async () => {
      const store = sqliteStore(":memory:");
      const recorder = new FakeRecorder();
      await store.wantRecording({ roomId: "7", username: "host", title: "" }, clock.now());
      const pool = runRecordings({ store, recorder: uploadingRecorder(recorder, uploader, clock), clock, logger }, {
        ...{ owner: "a", slots: 1, leaseMs: 30_000, claimIntervalMs: 1_000, flushMs: 2_000, flushEvents: 200 },
      });
      await until(() => recorder.runs.length === 1);
      uploads.away = true;
      recorder.last().tell({ type: "started", folder: FOLDER, startedAt: 1 });
      spool.write(FOLDER, "segment_0.m4s", "video 0");
      recorder.last().tell({ type: "segment", segment: segment(0) });
      end();
      const stopped = pool.stop();
      await clock.advance(85_000);
      assertEquals((await store.getRecording("7"))?.state, "recording");
      uploader.giveUp();
      await stopped;
      const { state, segments, parts } = await store.getRecording("7") ?? {};
      assertEquals([state, segments, parts?.map(({ folder }) => folder)], ["wanted", 0, [FOLDER]]);
      const { fields } = logger.lines.find(({ event }) => event === "recording_not_uploaded") ?? {};
      assertEquals(fields?.["files"], ["events.jsonl", "index.m3u8", "manifest.json", "segment_0.m4s"]);
      assert(!logger.events().includes("hand_over_took_too_long"));
      store.close();
    });
  });
});
