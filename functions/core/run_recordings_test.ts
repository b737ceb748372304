import { assert, assertEquals } from "@std/assert";
import { afterEach, beforeEach, describe, it } from "node:test";
import { CaptureLogger } from "../../tests/fakes/capture_logger.ts";
import { FakeRecorder } from "../../tests/fakes/fake_recorder.ts";
import { ManualClock, turn, until } from "../../tests/fakes/manual_clock.ts";
import { type SqliteStore, sqliteStore } from "../adapters/local/sqlite_store.ts";
import type { SystemEvent } from "../ports/observer.ts";
import { unpackEvents } from "./event_batches.ts";
import type { SessionDeps } from "./recording_session.ts";
import { type RecorderPool, type RecorderPoolOptions, runRecordings } from "./run_recordings.ts";

const OPTIONS: RecorderPoolOptions = {
  owner: "a",
  slots: 2,
  leaseMs: 30_000,
  claimIntervalMs: 1_000,
  flushMs: 2_000,
  flushEvents: 200,
};

describe("runRecordings()", () => {
  let store: SqliteStore;
  let clock: ManualClock;
  let recorder: FakeRecorder;
  let logger: CaptureLogger;
  let seen: SystemEvent[];
  let pools: RecorderPool[];

  beforeEach(() => {
    store = sqliteStore(":memory:");
    clock = new ManualClock();
    recorder = new FakeRecorder();
    logger = new CaptureLogger();
    seen = [];
    pools = [];
  });
  afterEach(async () => {
    await Promise.all(pools.map((pool) => pool.stop()));
    store.close();
  });

  const run = (options: Partial<RecorderPoolOptions> = {}, deps: Partial<SessionDeps> = {}) => {
    const observe = (event: SystemEvent) => void seen.push(event);
    const pool = runRecordings({ store, recorder, clock, logger, observe, ...deps }, { ...OPTIONS, ...options });
    pools.push(pool);
    return pool;
  };
  const want = (...roomIds: string[]) =>
    Promise.all(
      roomIds.map((roomId) => store.wantRecording({ roomId, username: `host${roomId}`, title: "" }, clock.now())),
    );
  const recorded = async (id: string) => {
    const recording = await store.getRecording(id);
    assert(recording !== undefined);
    return recording;
  };
  const texts = async (id: string) => {
    const batches = await store.listEvents(id, { after: 0, limit: 1_000 });
    const lines = (await Promise.all(batches.map(unpackEvents))).flat();
    return lines.map((line) => (JSON.parse(line) as { text: string }).text);
  };

  it("records a room from the claim to its end", async () => {
    await want("1");
    run();
    await until(() => recorder.runs.length === 1);
    const live = recorder.last();
    assertEquals(live.job, { recordingId: "1", roomId: "1", username: "host1", part: 1, quality: undefined });
    live.started(clock.now());
    live.segment();
    live.segment();
    live.chat("a");
    live.chat("b");
    await until(async () => (await recorded("1")).segments === 2);
    assertEquals((await recorded("1")).parts, [{ part: 1, folder: "host1_1", startedAt: clock.now() }]);
    assertEquals(await texts("1"), []);
    await clock.advance(OPTIONS.flushMs);
    await until(async () => (await texts("1")).length === 2);
    live.chat("c");
    live.end({ kind: "ended", endedAt: clock.now() - 1 });
    await until(async () => (await recorded("1")).state === "finished");
    assertEquals(await texts("1"), ["a", "b", "c"]);
    const { outcome, endedAt, durationMs, bytes } = await recorded("1");
    assertEquals({ outcome, endedAt, durationMs, bytes }, {
      outcome: { kind: "ended" },
      endedAt: clock.now() - 1,
      durationMs: 12_000,
      bytes: 2_000,
    });
    assertEquals(seen.map((event) => event.kind), [
      "recording_started",
      "event",
      "event",
      "event",
      "recording_stopped",
      "recording_finished",
    ]);
  });

  it("finishes a recording that somebody asked to stop, at the next renewal of its lease", async () => {
    await want("1");
    run();
    await until(() => recorder.runs.length === 1);
    recorder.last().chat("a");
    await store.stopRecording("1", clock.now());
    assertEquals(recorder.last().stopped, false);
    await clock.advance(OPTIONS.leaseMs / 3);
    await until(async () => (await recorded("1")).state === "finished");
    assertEquals((await recorded("1")).outcome, { kind: "stopped" });
    assertEquals(await texts("1"), ["a"]);
    assertEquals(recorder.runs.length, 1);
  });

  it("finish() ends a recording at once, and no other", async () => {
    await want("1", "2");
    const pool = run();
    await until(() => recorder.runs.length === 2);
    pool.finish("3");
    pool.finish("1");
    await until(async () => (await recorded("1")).state === "finished");
    assertEquals((await recorded("1")).outcome, { kind: "stopped" });
    assertEquals((await recorded("2")).state, "recording");
  });

  it("records on in the quality that is asked for meanwhile, from the next renewal of its lease on", async () => {
    await store.wantRecording({ roomId: "1", username: "host1", title: "", quality: "sd" }, clock.now());
    run();
    await until(() => recorder.runs.length === 1);
    const [first] = recorder.runs;
    first?.started(clock.now());
    first?.tell({ type: "quality", quality: "ld" });
    await until(async () => (await recorded("1")).recordedQuality === "ld");
    await store.askQuality("1", "sd");
    await clock.advance(10_000);
    assertEquals([first?.job.quality, first?.stopped], ["sd", false]);
    await store.askQuality("1", "hd");
    await clock.advance(10_000);
    await until(() => recorder.runs.length === 2);
    const { job } = recorder.last();
    assertEquals([first?.stopped, job.quality, job.part], [true, "hd", 2]);
    assertEquals((await recorded("1")).state, "recording");
  });

  it("does not record on what was asked to stop while its recorder was dead", async () => {
    await want("1");
    await store.claimRecordings({ owner: "dead", now: clock.now(), leaseMs: 1_000, limit: 1 });
    await store.stopRecording("1", clock.now());
    await clock.advance(1_000);
    run();
    await until(async () => (await recorded("1")).state === "finished");
    assertEquals((await recorded("1")).outcome, { kind: "stopped" });
  });

  it("stores events as soon as enough have gathered, in order", async () => {
    await want("1");
    run();
    await until(() => recorder.runs.length === 1);
    const sent = Array.from({ length: 450 }, (_, i) => String(i));
    for (const each of sent.slice(0, 200)) recorder.last().chat(each);
    await until(async () => (await texts("1")).length === 200);
    for (const each of sent.slice(200)) recorder.last().chat(each);
    recorder.last().end({ kind: "ended" });
    await until(async () => (await recorded("1")).state === "finished");
    assertEquals(await texts("1"), sent);
  });

  it("claims no more than it has slots, and the next when one is free", async () => {
    await want("1", "2", "3");
    const pool = run();
    await until(() => recorder.runs.length === 2);
    await clock.advance(5_000);
    assertEquals([recorder.runs.length, pool.active()], [2, 2]);
    recorder.runs[0]?.end({ kind: "ended" });
    await until(() => recorder.runs.length === 3);
    assertEquals(new Set(recorder.runs.map((each) => each.job.roomId)), new Set(["1", "2", "3"]));
  });

  it("records a room once, however many pools there are", async () => {
    await want("1", "2");
    run({ owner: "a" });
    run({ owner: "b" });
    await clock.advance(120_000);
    assertEquals(recorder.runs.map((each) => each.job.part), [1, 1]);
  });

  it("looks for recordings at once when it is woken", async () => {
    const pool = run({ claimIntervalMs: 60_000 });
    await clock.advance(1);
    await want("1");
    pool.wake();
    await until(() => recorder.runs.length === 1);
  });

  it("stops writing when another recorder has taken over, and leaves the recording to it", async () => {
    await want("1");
    run({ owner: "a" });
    await until(() => recorder.runs.length === 1);
    const old = recorder.last();
    old.started(clock.now());
    old.chat("from the old one");
    await clock.advance(OPTIONS.flushMs);
    await until(async () => (await texts("1")).length === 1);
    // The old one sleeps through its lease: another claims, and its own first renewal then fails.
    const now = clock.now() + OPTIONS.leaseMs;
    const [claimed] = await store.claimRecordings({ owner: "b", now, leaseMs: 600_000, limit: 1 });
    assertEquals(claimed?.leaseToken, 2);
    old.chat("too late");
    old.segment();
    await clock.advance(OPTIONS.leaseMs / 3);
    await until(() => old.stopped);
    await until(() => logger.events().includes("lease_lost"));
    const recording = await recorded("1");
    assertEquals([recording.leaseOwner, recording.state, recording.segments], ["b", "recording", 0]);
    assertEquals(seen.some((event) => event.kind === "recording_finished"), false);
  });

  it("notices by its renewal that the lease is lost, when it has nothing to write", async () => {
    await want("1");
    run({ owner: "a" });
    await until(() => recorder.runs.length === 1);
    await turn();
    await store.claimRecordings({ owner: "b", now: clock.now() + OPTIONS.leaseMs, leaseMs: 600_000, limit: 1 });
    await clock.advance(OPTIONS.leaseMs / 3);
    await until(() => logger.events().includes("lease_lost"));
    assertEquals(recorder.last().stopped, true);
  });

  it("does not take its own recording away from itself when renewals failed for long", async () => {
    await want("1");
    let away = true;
    const flaky: SqliteStore = {
      ...store,
      renewLease: (lease, request) => away ? Promise.reject(new Error("throttled")) : store.renewLease(lease, request),
    };
    run({}, { store: flaky });
    await until(() => recorder.runs.length === 1);
    await clock.advance(3 * OPTIONS.leaseMs);
    assertEquals((await recorded("1")).leaseToken, 1);
    away = false;
    await clock.advance(OPTIONS.leaseMs);
    await want("2");
    await clock.advance(OPTIONS.claimIntervalMs);
    await until(() => recorder.runs.length === 2);
    assertEquals(recorder.last().job.roomId, "2");
  });

  it("hands over on stop; another recorder goes on at once in a new part, and no event is lost or doubled", async () => {
    await want("1");
    const first = run({ owner: "a" });
    await until(() => recorder.runs.length === 1);
    recorder.last().started(clock.now());
    recorder.last().chat("a", "101");
    recorder.last().chat("without id");
    await first.stop();
    const between = await recorded("1");
    assertEquals([between.state, between.dueAt, between.failures], ["wanted", clock.now(), 0]);
    run({ owner: "b" });
    await until(() => recorder.runs.length === 2);
    recorder.last().started(clock.now());
    recorder.last().chat("a", "101");
    recorder.last().chat("without id");
    recorder.last().chat("b", "102");
    recorder.last().end({ kind: "ended" });
    await until(async () => (await recorded("1")).state === "finished");
    assertEquals(await texts("1"), ["a", "without id", "without id", "b"]);
    assertEquals((await recorded("1")).parts.map((part) => part.folder), ["host1_1", "host1_2"]);
  });

  it("resumes a recording whose recorder died, when its lease has run out", async () => {
    await want("1");
    await store.claimRecordings({ owner: "dead", now: clock.now(), leaseMs: OPTIONS.leaseMs, limit: 1 });
    run({ owner: "b" });
    await clock.advance(OPTIONS.leaseMs - 1_001);
    assertEquals(recorder.runs.length, 0);
    await clock.advance(2_001);
    await until(() => recorder.runs.length === 1);
    assertEquals(recorder.last().job.part, 2);
  });

  it("gives up handing over after a while, and leaves the rest to the lease", async () => {
    await want("1");
    const pool = run({ handOverMs: 5_000 });
    await until(() => recorder.runs.length === 1);
    recorder.last().onStop = () => {};
    const stopped = pool.stop();
    await until(() => recorder.last().stopped);
    await clock.advance(5_000);
    await stopped;
    assertEquals(logger.events().includes("hand_over_took_too_long"), true);
    assertEquals((await recorded("1")).state, "recording");
    recorder.last().end({ kind: "stopped" });
  });

  it("tries again after failures, later and later, and gives up in the end", async () => {
    await want("1");
    run();
    const waits: number[] = [];
    for (let failures = 1; failures <= 10; failures++) {
      await until(() => recorder.runs.length === failures);
      recorder.last().end({ kind: "failed", code: "network", detail: "gone", retryable: true });
      await until(async () => (await recorded("1")).state !== "recording");
      const { dueAt } = await recorded("1");
      if (dueAt === undefined) break;
      waits.push(dueAt - clock.now());
      await clock.advance(dueAt - clock.now() + OPTIONS.claimIntervalMs);
    }
    assertEquals(waits, [2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000, 60_000, 60_000]);
    const { state, outcome } = await recorded("1");
    assertEquals([state, outcome], ["finished", { kind: "failed", code: "network", detail: "gone" }]);
  });

  it("does not try again what cannot work", async () => {
    await want("1");
    run();
    await until(() => recorder.runs.length === 1);
    recorder.last().end({ kind: "failed", code: "age_restricted", detail: "adults only", retryable: false });
    await until(async () => (await recorded("1")).state === "finished");
    assertEquals((await recorded("1")).outcome?.code, "age_restricted");
  });

  it("writes everything once when the store was away for minutes, and answers that got lost", async () => {
    await want("1");
    let away = false;
    let calls = 0;
    const flaky: SqliteStore = {
      ...store,
      async appendEvents(batch) {
        if (away) throw new Error("store away");
        await store.appendEvents(batch);
        if (++calls % 2 === 1) throw new Error("answer lost");
      },
      async addSegment(lease, segment) {
        if (away) throw new Error("store away");
        await store.addSegment(lease, segment);
      },
      claimRecordings(request) {
        return away ? Promise.reject(new Error("store away")) : store.claimRecordings(request);
      },
      renewLease(lease, request) {
        return away ? Promise.reject(new Error("store away")) : store.renewLease(lease, request);
      },
    };
    run({}, { store: flaky });
    await until(() => recorder.runs.length === 1);
    await turn();
    away = true;
    const sent = Array.from({ length: 60 }, (_, i) => String(i));
    for (const [i, each] of sent.entries()) {
      recorder.last().chat(each);
      if (i % 10 === 0) recorder.last().segment();
      await clock.advance(5_000);
    }
    assertEquals(await texts("1"), []);
    away = false;
    await clock.advance(5_000);
    recorder.last().end({ kind: "ended" });
    await until(async () => {
      await clock.advance(250);
      return (await recorded("1")).state === "finished";
    });
    assertEquals(recorder.runs.length, 1);
    assertEquals(await texts("1"), sent);
    assertEquals((await recorded("1")).segments, 6);
    const batches = await store.listEvents("1", { after: 0, limit: 1_000 });
    assertEquals(batches.map((batch) => batch.seq), batches.map((_, i) => i + 1));
  });

  it("stores a flush that needs several batches once, although the store fails between them", async () => {
    await want("1");
    let calls = 0;
    const flaky: SqliteStore = {
      ...store,
      async appendEvents(batch) {
        if (++calls === 2) throw new Error("throttled");
        await store.appendEvents(batch);
      },
    };
    run({}, { store: flaky });
    await until(() => recorder.runs.length === 1);
    let state = 7;
    const noise = () =>
      String.fromCodePoint(0x4e00 + ((state = (Math.imul(state, 48_271) >>> 0) % 2_147_483_647) % 20_000));
    const sent = Array.from({ length: 4 }, () => Array.from({ length: 80_000 }, noise).join(""));
    for (const each of sent) recorder.last().chat(each);
    recorder.last().end({ kind: "ended" });
    await until(() => calls >= 2);
    await clock.advance(250);
    await until(async () => (await recorded("1")).state === "finished");
    assertEquals((await texts("1")).map((text) => text.slice(0, 9)), sent.map((text) => text.slice(0, 9)));
    assert(calls > 2);
  });

  it("leaves after it was idle for long", async () => {
    await want("1");
    const pool = run({ idleExitMs: 10_000 });
    let left = false;
    pool.done.then(() => left = true);
    await until(() => recorder.runs.length === 1);
    await clock.advance(60_000);
    assertEquals(left, false);
    recorder.last().end({ kind: "ended" });
    await until(async () => (await recorded("1")).state === "finished");
    await clock.advance(9_000);
    assertEquals(left, false);
    await clock.advance(3_000);
    await turn();
    assertEquals(left, true);
  });
});
