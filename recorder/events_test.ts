import { assert, assertEquals } from "@std/assert";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { type LiveEvent, systemClock } from "@roomtone/sdk";
import { EventLog, type EventsHalfOptions, type ListenedLive, recordEvents } from "./events.ts";

const event = (type: string, id: string): LiveEvent =>
  ({ type, id, roomId: "7", at: 1, receivedAt: 1, history: false }) as unknown as LiveEvent;

/** A live that yields events and then ends, fails, or waits to be closed. */
function fakeLive(events: LiveEvent[], then: "end" | "wait" | Error): ListenedLive & { closed: boolean } {
  const closing = Promise.withResolvers<void>();
  const live = {
    closed: false,
    close() {
      live.closed = true;
      closing.resolve();
    },
    async *[Symbol.asyncIterator]() {
      yield* events;
      if (then instanceof Error) throw then;
      if (then === "wait") await closing.promise;
    },
  };
  return live;
}

/** A clock on which waiting takes no time, and says how long it would have. */
function hastyClock(waits: number[]) {
  return {
    now: () => 0,
    setTimeout(run: () => void, delayMs: number) {
      waits.push(delayMs);
      return setTimeout(run, 0);
    },
    clearTimeout: (timer: unknown) => clearTimeout(timer as ReturnType<typeof setTimeout>),
  };
}

describe("recordEvents()", () => {
  let dir: string;
  before(async () => {
    dir = await mkdtemp(join(tmpdir(), "roomtone-events-"));
  });
  after(() => rm(dir, { recursive: true }));

  function run(name: string, lives: ListenedLive[], over: boolean[], options: Partial<EventsHalfOptions> = {}) {
    const log = new EventLog(join(dir, name), systemClock);
    const waits: number[] = [];
    const problems: unknown[] = [];
    const told: string[] = [];
    const stop = new AbortController();
    const isOver = new AbortController();
    const outcome = recordEvents(
      {
        open: () => {
          const live = lives.shift();
          if (live === undefined) throw new Error("one live too many was opened");
          return live;
        },
        confirmOver: () => Promise.resolve(over.shift() ?? false),
        log,
        clock: hastyClock(waits),
        onEvent: ({ id }) => told.push(id),
        onProblem: (error) => problems.push(error),
        ...options,
      },
      stop.signal,
      isOver.signal,
    );
    const finish = async () => {
      const { kind } = await outcome;
      await log.close();
      const ids = (await readFile(join(dir, name), "utf8")).trim().split("\n").map((line) => JSON.parse(line).id);
      return { kind, ids, told, waits, problems, counts: log.countsByType };
    };
    return { stop, isOver, finish };
  }

  it("ends when the live does and HTTP agrees", async () => {
    const { finish } = run("ended", [fakeLive([event("chat", "1"), event("ended", "")], "end")], [true]);
    const { kind, ids, told, counts, waits } = await finish();
    assertEquals([kind, ids, told, waits], ["over", ["1", ""], ["1", ""], []]);
    assertEquals(counts, { chat: 1, ended: 1 });
  });

  it("listens again after a failure, and writes down once what the server repeats", async () => {
    const lost = new Error("lost");
    const { finish } = run("again", [
      fakeLive([event("connected", ""), event("chat", "1"), event("chat", "2")], lost),
      fakeLive([], lost),
      fakeLive([event("connected", ""), event("chat", "2"), event("chat", ""), event("chat", "")], "end"),
      fakeLive([event("chat", "1"), event("chat", "3")], "end"),
    ], [false, true]);
    const { kind, ids, problems, waits } = await finish();
    assertEquals([kind, ids], ["over", ["", "1", "2", "", "", "", "3"]]);
    assertEquals(problems, [lost, lost]);
    assertEquals(waits, [5_000, 15_000, 5_000]);
  });

  it("closes the live when it is stopped", async () => {
    const live = fakeLive([event("chat", "1")], "wait");
    const { stop, finish } = run("stopped", [live], []);
    stop.abort();
    const { kind } = await finish();
    assertEquals([kind, live.closed], ["stopped", true]);
  });

  it("does not listen again once the live is known to be over", async () => {
    const { isOver, finish } = run("over", [fakeLive([event("chat", "1")], new Error("lost"))], []);
    isOver.abort();
    const { kind, problems } = await finish();
    assertEquals([kind, problems.length], ["over", 1]);
  });

  it("gives up when the disk takes no line", async () => {
    const log = new EventLog(join(dir, "no", "such", "folder"), systemClock);
    log.add(event("chat", "1"));
    let failure: unknown;
    await log.close().catch((error: unknown) => failure = error);
    assert(failure instanceof Error);
    const live = fakeLive([event("chat", "2")], "wait");
    const outcome = await recordEvents(
      {
        open: () => live,
        confirmOver: () => Promise.resolve(false),
        log,
        clock: systemClock,
        onEvent: () => {},
        onProblem: () => {},
      },
      new AbortController().signal,
      new AbortController().signal,
    );
    assertEquals(outcome.kind, "failed");
  });
});
