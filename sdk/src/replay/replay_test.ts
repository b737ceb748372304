import { assert, assertEquals, assertInstanceOf, assertRejects, assertThrows } from "@std/assert";
import fc from "fast-check";
import { describe, it } from "node:test";
import { gzipSync } from "node:zlib";
import { isLiveError, type LiveEvent, type LiveRecord, type TikTokOptions } from "../../mod.ts";
import { encodeFileHead, encodeRecord, FrameFileReader, recordFrames, replay } from "../../replay.ts";
import { FakeClock, settle } from "../testing/fakes.ts";
import { batch, chat, collect, control, entered, like, reconnect, ROOM, rose, setUp } from "../testing/live_world.ts";

const json = (events: readonly LiveEvent[]) => events.map((event) => JSON.stringify(event));

async function join(chunks: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const bytes: number[] = [];
  for await (const chunk of chunks) bytes.push(...chunk);
  return Uint8Array.from(bytes);
}

async function readAll(events: AsyncIterable<LiveEvent>): Promise<LiveEvent[]> {
  const all: LiveEvent[] = [];
  for await (const event of events) all.push(event);
  return all;
}

/** A connected live that is recorded. */
async function recorded(options: TikTokOptions = {}) {
  const world = setUp(options);
  const live = world.tiktok.live("some.host");
  const recording = recordFrames(live);
  const file = join(recording);
  const seen = collect(live);
  await settle();
  world.sockets.last.accept();
  world.sockets.last.push(entered);
  await settle();
  return { ...world, ...seen, live, recording, file };
}

/** A live with everything in it that a replay has to get right. */
async function eventful() {
  const world = await recorded();
  const { sockets, clock, live, events } = world;
  const twice = chat("twice");
  sockets.last.push(batch([chat("old", "7", true), twice, like(5, 50), rose(1), rose(3, 0, "100")]));
  await clock.advance(700);
  sockets.last.push(batch([chat("packed"), rose(2)], { pack: gzipSync }));
  await world.lines(3);
  sockets.last.push(
    batch([like(1, 40), twice, rose(4, 1, "100"), { method: "WebcastNew", payload: new Uint8Array(3) }]),
  );
  sockets.last.push(new Uint8Array([255, 1, 2]));
  await settle();
  // The open streak runs out at a heartbeat; then the socket breaks, and the new one repeats a message.
  for (let passed = 0; passed < 80; passed += 5) {
    await clock.advance(5_000);
    sockets.last.push(batch([]));
  }
  sockets.last.drop();
  await settle();
  await reconnect(world, 1_000);
  sockets.last.push(batch([twice, chat("after"), rose(5), control(3)]));
  await clock.advance(10);
  world.world.status = 4;
  await clock.advance(5_000);
  await live.done;
  await world.outcome;
  return { events, file: await world.file };
}

describe("replay()", () => {
  it("gives the events of the live again, whatever happened in it", async () => {
    const { events, file } = await eventful();
    const types = new Set(events.map((event) => event.type));
    for (const type of ["connected", "state", "gap", "ended", "chat", "gift", "like", "unknown", "decode_error"]) {
      assert(types.has(type as LiveEvent["type"]), `the live has no ${type}`);
    }
    assert(events.some((event) => event.type === "gift" && event.streak.closedBy === "timeout"));
    const replayed = replay(file);
    assertEquals(json(await readAll(replayed)), json(events));
    const { report } = replayed;
    assertEquals([report.events, report.end, report.cutBytes, report.lost], [events.length, "ended", 0, 0]);
  });

  it("ends in the middle of a frame where the live did", async () => {
    const world = await recorded();
    world.live.on("chat", (event) => {
      if (event.text === "stop") world.live.close();
    });
    world.sockets.last.push(batch([chat("a"), chat("stop"), chat("never told")]));
    await world.outcome;
    const again = await readAll(replay(await world.file));
    assertEquals(json(again), json(world.events));
    assertEquals(again.filter((event) => event.type === "chat").length, 2);
  });

  it("says how a failed live ended", async () => {
    const world = setUp();
    world.world.status = 4;
    const live = world.tiktok.live("some.host");
    const file = join(recordFrames(live));
    const error = await assertRejects(() => live.done);
    const replayed = replay(await file);
    await readAll(replayed);
    assert(isLiveError(error));
    assertEquals([replayed.report.end, replayed.report.error], ["failed", {
      code: error.code,
      message: error.message,
    }]);
  });

  it("takes the file in pieces of any size, and a cut one up to the cut", async () => {
    const { events, file } = await eventful();
    const whole = json(events);
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 1, max: 400 }), { minLength: 1, maxLength: 20 }),
        fc.integer({ min: 0, max: file.length }),
        async (sizes, end) => {
          const pieces: Uint8Array[] = [];
          for (let pos = 0; pos < end;) {
            const size = sizes[pieces.length % sizes.length] ?? 1;
            pieces.push(file.subarray(pos, Math.min(end, pos + size)));
            pos += size;
          }
          const replayed = replay(pieces);
          const again = json(await readAll(replayed));
          assertEquals(again, whole.slice(0, again.length));
          assertEquals(replayed.report.end === undefined, end < file.length);
          if (end === file.length) assertEquals([again.length, replayed.report.cutBytes], [whole.length, 0]);
          const reader = new FrameFileReader();
          reader.push(file.subarray(0, end));
          assertEquals(replayed.report.cutBytes, reader.waitingBytes);
        },
      ),
      { numRuns: 40 },
    );
  });

  it("waits as the live did, divided by the speed", async () => {
    const at = 1_700_000_000_000;
    const event = (ms: number): LiveRecord => ({
      type: "event",
      at: at + ms,
      event: {
        ...{ type: "state", id: "", roomId: ROOM, at: at + ms, receivedAt: at + ms, history: false },
        ...{ from: "idle", to: "resolving", reason: String(ms) },
      },
    });
    const file = [encodeFileHead(), ...[0, 4_000, 1_000, 6_000].map((ms) => encodeRecord(event(ms)))];
    const clock = new FakeClock(5);
    const times: number[] = [];
    const reading = (async () => {
      for await (const _ of replay(file, { speed: 2, clock })) times.push(clock.now() - 5);
    })();
    await clock.advance(10_000);
    await reading;
    assertEquals(times, [0, 2_000, 2_000, 3_000]);
    const abort = new AbortController();
    const ended = readAll(replay(file, { clock, signal: abort.signal, speed: 1 }));
    const failed = assertRejects(() => ended);
    await settle();
    abort.abort(new TypeError("enough"));
    assertEquals(await failed, abort.signal.reason);
    assertEquals(clock.waiting, 0);
  });

  it("refuses what is no recording, a newer one, and a damaged one", async () => {
    const code = async (bytes: Uint8Array) => {
      const error = await assertRejects(() => readAll(replay(bytes)));
      assert(isLiveError(error));
      return error.code;
    };
    const head = encodeFileHead();
    assertEquals(await code(new TextEncoder().encode("#EXTM3U\n")), "protocol");
    assertEquals(await code(head.with(4, 2)), "protocol");
    const tick = encodeRecord({ type: "tick", at: 1 });
    for (const length of [0, 8, 0xff]) {
      assertEquals(await code(Uint8Array.from([...head, ...tick.with(length === 0xff ? 3 : 0, length)])), "protocol");
    }
    assertEquals(await code(Uint8Array.from([...head, ...tick.with(4, 4)])), "protocol");
    assertInstanceOf(assertThrows(() => replay(head, { speed: 0 })), RangeError);
  });

  it("skips kinds of later versions and counts them", async () => {
    const replayed = replay([encodeFileHead(), encodeRecord({ type: "tick", at: 1 }).with(4, 77)]);
    assertEquals(await readAll(replayed), []);
    assertEquals([replayed.report.skipped, replayed.report.records], [1, 1]);
  });

  it("never throws anything but a LiveError on bytes", async () => {
    const { file } = await eventful();
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.nat(file.length - 1), fc.nat(255)), { minLength: 1, maxLength: 8 }),
        async (changes) => {
          const bytes = file.slice();
          for (const [index, value] of changes) bytes[index] = value;
          try {
            await readAll(replay(bytes));
          } catch (error) {
            assert(isLiveError(error), String(error));
          }
        },
      ),
      { numRuns: 100 },
    );
  });
});

describe("recordFrames()", () => {
  it("wants a live that has not started, and is read once", async () => {
    const { tiktok } = setUp();
    const live = tiktok.live("some.host");
    assertInstanceOf(assertThrows(() => recordFrames(live, { maxWaitingBytes: 1 })), RangeError);
    const recording = recordFrames(live);
    live.close();
    await join(recording);
    assertInstanceOf(await assertRejects(() => join(recording)), TypeError);
    const late = tiktok.live("some.host");
    await settle();
    assertInstanceOf(assertThrows(() => recordFrames(late)), TypeError);
    late.close();
  });

  it("keeps to its bound when nobody reads, and the replay says what is missing", async () => {
    const world = setUp();
    const live = world.tiktok.live("some.host");
    const recording = recordFrames(live, { maxWaitingBytes: 2048 });
    const seen = collect(live);
    await settle();
    world.sockets.last.accept();
    world.sockets.last.push(entered);
    await settle();
    for (let index = 0; index < 100; index++) world.sockets.last.push(batch([chat("x".repeat(500))]));
    live.close();
    await seen.outcome;
    assert(recording.lostRecords > 90);
    const file = await join(recording);
    assert(file.length < 4096);
    const replayed = replay(file);
    const gaps = (await readAll(replayed)).filter((event) => event.type === "gap");
    assertEquals([gaps.length, replayed.report.lost, replayed.report.end], [1, recording.lostRecords, "closed"]);
  });

  it("stops when its loop is left, and the live goes on", async () => {
    const world = setUp();
    const live = world.tiktok.live("some.host");
    const recording = recordFrames(live);
    for await (const chunk of recording) {
      assert(chunk.length >= 8);
      break;
    }
    const seen = collect(live);
    await settle();
    world.sockets.last.accept();
    world.sockets.last.push(batch([chat("still here")]));
    await settle();
    assert(seen.events.some((event) => event.type === "chat"));
    live.close();
  });
});
