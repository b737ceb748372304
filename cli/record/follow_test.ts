import { assertEquals } from "@std/assert";
import type { Manifest, Recording, RecordingEnd, RecordingEvents } from "@roomtone/recorder";
import { LiveError, type LiveWait } from "@roomtone/sdk";
import { FakeClock } from "@roomtone/sdk/testing";
import { describe, it } from "node:test";
import { followHost, type FollowOptions, type HostState } from "./follow.ts";

type Try = RecordingEnd["kind"] | LiveError;

const QUIET_MS = 120_000;
const POLL_MS = 60_000;

/** Manifests of which only the end matters. */
const manifestOf = (kind: RecordingEnd["kind"]): Manifest => ({
  version: 1,
  host: { username: "some.host" },
  roomId: "7",
  title: "",
  startedAt: 0,
  endedAt: 0,
  end: kind === "failed" ? { kind, code: "network", detail: "away", retryable: true } : { kind, retryable: false },
  recovered: false,
  parts: [],
  segments: [],
  thumbnails: [],
  gaps: [],
  problems: [],
  totals: { durationMs: 0, bytes: 0, segments: 0, missingMs: 0, events: 0, eventsByType: {} },
});

/** A host who is live in these spans of time, ms from the start; each recording ends as the next try says. */
class World {
  readonly clock = new FakeClock();
  readonly start = this.clock.now();
  readonly stop = new AbortController();
  readonly told: string[] = [];
  readonly askedAt: number[] = [];
  readonly #spans: [from: number, to: number][];
  readonly #tries: Try[];
  readonly #answers: (LiveError | undefined)[];

  constructor(spans: [from: number, to: number][], tries: Try[] = [], answers: (LiveError | undefined)[] = []) {
    this.#spans = spans;
    this.#tries = tries;
    this.#answers = answers;
  }

  get at(): number {
    return this.clock.now() - this.start;
  }

  #live(): [from: number, to: number] | undefined {
    return this.#spans.find(([from, to]) => from <= this.at && this.at < to);
  }

  #record(): Recording {
    const handlers = new Map<string, (event: never) => void>();
    const tell = <K extends keyof RecordingEvents>(name: K, event: RecordingEvents[K]) =>
      handlers.get(name)?.(event as never);
    const run = async (): Promise<Manifest> => {
      await Promise.resolve();
      const span = this.#live();
      const how = this.#tries.shift() ?? "ended";
      if (span === undefined) throw new LiveError("offline", "Record some.host: not live");
      if (typeof how !== "string") throw how;
      tell("started", { folder: "f", roomId: "7", username: "some.host", title: "Tea", startedAt: this.at });
      const { promise, resolve } = Promise.withResolvers<RecordingEnd["kind"]>();
      const timer = this.clock.setTimeout(() => resolve(how), span[1] - this.at);
      this.stop.signal.addEventListener("abort", () => resolve("stopped"));
      const kind = await promise;
      this.clock.clearTimeout(timer);
      const manifest = manifestOf(kind);
      tell("ended", manifest.end);
      return manifest;
    };
    const on: Recording["on"] = (name, handler) => {
      handlers.set(name, handler as (event: never) => void);
      return () => undefined;
    };
    const done = Promise.resolve().then(run);
    return { folder: "f", done, stop: () => done, on } as Recording;
  }

  async #waitUntilLive(
    { intervalMs, signal, onWait }: { intervalMs: number; signal: AbortSignal; onWait: (wait: LiveWait) => void },
  ) {
    for (;;) {
      signal.throwIfAborted();
      this.askedAt.push(this.at);
      const refused = this.#answers.shift();
      if (refused !== undefined && !refused.retryable) throw refused;
      if (refused === undefined && this.#live() !== undefined) return;
      onWait({ until: this.clock.now() + intervalMs, ...(refused === undefined ? {} : { error: refused }) });
      await new Promise<void>((resolve, reject) => {
        this.clock.setTimeout(resolve, intervalMs);
        signal.addEventListener("abort", () => reject(signal.reason), { once: true });
      });
    }
  }

  run(options: Partial<FollowOptions>) {
    const told = ({ state, ...more }: HostState): void => {
      const facts = more as { nextCheckAt?: number; outcome?: string; error?: LiveError };
      const next = facts.nextCheckAt === undefined ? "" : ` until ${(facts.nextCheckAt - this.start) / 1000}`;
      const why = facts.error instanceof LiveError ? ` ${facts.error.code}` : "";
      this.told.push(
        `${this.at / 1000} ${state}${next}${why}${facts.outcome === undefined ? "" : ` ${facts.outcome}`}`,
      );
    };
    return followHost({
      record: () => this.#record(),
      waitUntilLive: (wait) => this.#waitUntilLive(wait),
      clock: this.clock,
      signal: this.stop.signal,
      quietMs: 0,
      pollIntervalMs: 0,
      tell: told,
      ...options,
    });
  }
}

describe("followHost()", () => {
  it("without options records one live, and fails when there is none", async () => {
    const one = new World([[0, 5_000], [6_000, 9_000]]);
    const done = one.run({});
    await one.clock.advance(60_000);
    assertEquals([await done, one.told], ["ok", ["0 recording", "5 closing", "5 finished", "5 done ok"]]);
    const none = new World([]);
    const failed = none.run({});
    await none.clock.advance(1_000);
    assertEquals([await failed, none.told], ["failed", ["0 failed offline", "0 done failed"]]);
  });

  it("until the end: a host who is back in the quiet time is recorded on, one who stays away is not waited for", async () => {
    const world = new World([[0, 5_000], [40_000, 60_000], [500_000, 600_000]]);
    const done = world.run({ quietMs: QUIET_MS });
    await world.clock.advance(900_000);
    assertEquals(await done, "ok");
    const recorded = world.told.filter((each) => /recording|finished|done/.test(each));
    assertEquals(recorded, ["0 recording", "5 finished", "50 recording", "60 finished", "180 done ok"]);
    assertEquals(world.askedAt.slice(0, 4), [5_000, 20_000, 35_000, 50_000]);
  });

  it("until the end: a recording that failed is taken up again", async () => {
    const world = new World([[0, 5_000], [5_000, 90_000]], ["failed", new LiveError("network", "Ask: away"), "ended"]);
    const done = world.run({ quietMs: QUIET_MS });
    await world.clock.advance(600_000);
    assertEquals([await done, world.told.filter((each) => !each.includes("waiting until"))], ["ok", [
      ...["0 recording", "5 closing", "5 finished", "5 failed network", "20 failed network"],
      ...["35 recording", "90 closing", "90 finished", "210 done ok"],
    ]]);
  });

  it("the next live: waits at the interval, also for the first, until it is told to stop", async () => {
    const world = new World([[100_000, 130_000], [300_000, 400_000]]);
    const done = world.run({ pollIntervalMs: POLL_MS });
    await world.clock.advance(320_000);
    world.stop.abort();
    assertEquals([await done, world.told.filter((each) => !each.includes("closing"))], ["ok", [
      ...["0 waiting until 60", "60 waiting until 120", "120 recording", "130 finished"],
      ...["130 waiting until 190", "190 waiting until 250", "250 waiting until 310"],
      ...["310 recording", "320 finished", "320 done ok"],
    ]]);
  });

  it("the next live: stops cleanly while it waits", async () => {
    const world = new World([]);
    const done = world.run({ pollIntervalMs: POLL_MS });
    await world.clock.advance(30_000);
    world.stop.abort();
    assertEquals([await done, world.told], ["ok", ["0 waiting until 60", "30 done ok"]]);
  });

  it("the next live: goes on behind refusals, and behind odd answers about a name that was right", async () => {
    const busy = new LiveError("rate_limited", "Ask: too often");
    const gone = new LiveError("not_found", "Ask: nobody");
    const world = new World([[0, 1]], [], [busy, undefined, gone, undefined]);
    const done = world.run({ pollIntervalMs: POLL_MS });
    await world.clock.advance(700_000);
    world.stop.abort();
    assertEquals([await done, world.told.slice(0, 4)], ["ok", [
      ...["0 waiting until 60 rate_limited", "60 waiting until 120", "120 waiting until 600 not_found"],
      "600 waiting until 660",
    ]]);
    const wrong = new World([], [], [gone]);
    assertEquals([await wrong.run({ pollIntervalMs: POLL_MS }), wrong.told], ["failed", [
      "0 failed not_found",
      "0 done failed",
    ]]);
  });

  it("tries nothing again that cannot be mended", async () => {
    const world = new World([[0, 90_000]], [new LiveError("login_required", "Record: no session")]);
    const done = world.run({ quietMs: QUIET_MS, pollIntervalMs: POLL_MS });
    await world.clock.advance(300_000);
    assertEquals([await done, world.told], ["failed", ["0 failed login_required", "0 done failed"]]);
  });
});
