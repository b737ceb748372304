/**
 * Pollers and recorders under random schedules of everything that goes wrong at once, judged by a recount.
 * `ROOMTONE_MODEL_SEED=... npm test -- fleet_model` repeats one run.
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import process from "node:process";
import { describe, it } from "node:test";
import { CaptureLogger } from "../../tests/fakes/capture_logger.ts";
import { FakeLookup } from "../../tests/fakes/fake_lookup.ts";
import { wayTo } from "../../tests/fakes/fake_tiktok.ts";
import { ManualClock, until } from "../../tests/fakes/manual_clock.ts";
import {
  Air,
  anyAt,
  Machine,
  ModelRecorder,
  type OnAir,
  type Span,
  type ToldRun,
} from "../../tests/fakes/model_world.ts";
import { createRandom, type Random } from "../../tests/standin/prng.ts";
import { type SqliteStore, sqliteStore } from "../adapters/local/sqlite_store.ts";
import { AppError, type AppErrorCode } from "../contract/errors.ts";
import { unpackEvents } from "./event_batches.ts";
import { pollWatchlist } from "./poll_watchlist.ts";
import { type RecorderPool, runRecordings } from "./run_recordings.ts";
import { waited } from "./waiting.ts";

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
/** Faults come in the first part; hosts go on and off air for longer; then everything settles. */
const TROUBLE_MINUTES = 30;
const ON_AIR_MS = 60 * MINUTE;
const CALM_MS = 10 * MINUTE;
const HOSTS = 5;
const SKEW_MS = 30 * SECOND;
const LEASE_MS = 60 * SECOND;
const POLL = {
  ...{ intervalMs: 20 * SECOND, minIntervalMs: 5 * SECOND, maxIntervalMs: MINUTE },
  ...{ jitter: 0.2, leaseMs: 60 * SECOND, tickMs: SECOND },
};
const POOL = { slots: 3, leaseMs: LEASE_MS, claimIntervalMs: SECOND, flushMs: 2 * SECOND, flushEvents: 200 };
/** Room for what a fault leaves behind: a lease, skew, the longest pause after refusals, and the longest interval. */
const RECOVERY_MS = LEASE_MS + SKEW_MS + 150 * SECOND + 2 * POLL.maxIntervalMs;
/** From going live to being recorded, without faults: two intervals, and the time after which a room is taken up again. */
const FIND_MS = 2 * POLL.maxIntervalMs + MINUTE;

describe("pollers and recorders under random faults", () => {
  const asked = process.env["ROOMTONE_MODEL_SEED"];
  const seeds = asked === undefined ? ["1", String(Date.now())] : [asked];
  for (const seed of seeds) {
    it(`lose nothing that is not reported, seed ${seed}`, { timeout: 120_000 }, async () => {
      const world = new World(createRandom(seed));
      try {
        await world.run();
        await world.judge();
      } finally {
        world.store.close();
      }
    });
  }
});

class World {
  readonly store: SqliteStore = sqliteStore(":memory:");
  readonly #random: Random;
  readonly #clock = new ManualClock();
  readonly #begunAt = this.#clock.now();
  readonly #lookup = new FakeLookup();
  readonly #logger = new CaptureLogger();
  readonly #runs: ToldRun[] = [];
  readonly #recorders: ModelRecorder[] = [];
  readonly #refusals: Span[];
  readonly #away: Span[];
  readonly #throttled: Span[];
  readonly #air: Air;
  readonly #killsAt: number[];
  /** Machines that run pollers or recorders now, with what ends them. */
  readonly #stops: (() => Promise<unknown>)[] = [];
  /** Ends of faults, so far. */
  #lastFaultAt = 0;
  /** Seconds of hosts on air that were looked at, and the first of them that was not as it should be. */
  #watched = 0;
  #late: string | undefined;

  constructor(random: Random) {
    this.#random = random;
    this.#refusals = this.#spans(4, 10, 60);
    this.#away = this.#spans(3, 5, 120);
    this.#throttled = this.#spans(3, 30, 180);
    this.#killsAt = Array.from({ length: 4 }, () => this.#begunAt + random.int(2, TROUBLE_MINUTES) * MINUTE);
    this.#air = new Air(Array.from({ length: HOSTS }, (_, i) => this.#schedule(`host${i}`)).flat());
  }

  async run(): Promise<void> {
    const clock = this.#clock;
    for (let i = 0; i < HOSTS; i++) {
      const username = `host${i}`;
      this.#lookup.answers.set(username, () => Promise.resolve(this.#answer(username)));
      await this.store.putWatch(username, clock.now());
    }
    this.#lookup.alive = (roomIds) => {
      const refusal = this.#refusal();
      if (refusal !== undefined) return Promise.reject(refusal);
      return Promise.resolve(new Map(roomIds.map((roomId) => [roomId, this.#air.isOn(clock.now(), roomId)])));
    };
    for (let i = 0; i < 2; i++) this.#startPoller();
    const pools = [this.#startPool(), this.#startPool()];
    for (const endsAt = this.#begunAt + ON_AIR_MS + CALM_MS; clock.now() < endsAt;) {
      await clock.advance(SECOND);
      const now = clock.now();
      for (const each of this.#recorders) each.step(now);
      for (const [i, at] of this.#killsAt.entries()) {
        if (at > now || at <= now - SECOND) continue;
        // Half of them die, half are asked to go, and a fresh one takes the place.
        const which = this.#random.int(0, 1);
        const old = pools[which];
        if (i % 2 === 0 && old !== undefined) old.machine.dead = true;
        else void old?.pool.stop();
        pools[which] = this.#startPool();
        this.#lastFaultAt = now;
      }
      if (anyAt([...this.#refusals, ...this.#away, ...this.#throttled], now)) this.#lastFaultAt = now;
      this.#watch(now);
    }
    const ended = Promise.all(this.#stops.map((stop) => stop()));
    let over = false;
    ended.then(() => over = true);
    await until(async () => {
      await clock.advance(SECOND);
      return over;
    });
  }

  /** The recount. */
  async judge(): Promise<void> {
    assertEquals(this.#late, undefined);
    assert(this.#watched > 600, `only ${this.#watched} s were without trouble`);
    const { items: recordings } = await this.store.listRecordings({ limit: 1_000 });
    const rooms = new Set(this.#air.times.map(({ roomId }) => roomId));
    assert(recordings.length > 0);
    const told = (event: string) =>
      this.#logger.lines.filter((line) => line.event === event).map(({ fields }) => fields);
    const lost = new Set(told("lease_lost").map(({ recordingId, token }) => `${recordingId} ${token}`));
    const dropped = new Set(
      told("hand_over_took_too_long").flatMap(({ owner, recordingIds }) => {
        return (recordingIds as string[]).map((each) => `${owner} ${each}`);
      }),
    );
    for (const recording of recordings) {
      const { id, parts } = recording;
      assert(rooms.has(id), `${id} is no room`);
      assertEquals(recording.state, "finished", `${id} is ${recording.state}`);
      assertEquals(new Set(parts.map(({ part }) => part)).size, parts.length, `${id} has a part twice`);
      const { items: segments } = await this.store.listSegments(id, { limit: 100_000 });
      const events =
        (await Promise.all((await this.store.listEvents(id, { after: 0, limit: 100_000 })).map(unpackEvents)))
          .flat().map((line) => String((JSON.parse(line) as { id: unknown }).id));
      assertEquals([recording.segments, recording.bytes], [segments.length, 1_000 * segments.length], `sums of ${id}`);
      assertEquals(new Set(events).size, events.length, `${id} has an event twice`);
      const runs = this.#runs.filter(({ job }) => job.recordingId === id);
      for (const { job, machine, segments: numbers, events: ids } of runs) {
        const stored = segments.filter(({ part }) => part === job.part).map(({ index }) => index);
        const storedIds = events.filter((each) => each.startsWith(`${id}-${job.part}-`));
        // Not stored is what a machine had when it died, lost its lease, or could not hand over in time: the log says so.
        const reported = machine.dead || lost.has(`${id} ${job.part}`) || dropped.has(`${machine.name} ${id}`);
        assertEquals(
          stored,
          reported ? numbers.slice(0, stored.length) : numbers,
          `segments of ${id}, part ${job.part}`,
        );
        assertEquals(storedIds, reported ? ids.slice(0, storedIds.length) : ids, `events of ${id}, part ${job.part}`);
      }
    }
    const unreported = this.#runs.filter(({ job }) => !recordings.some(({ id }) => id === job.recordingId));
    assertEquals(unreported.length, 0);
  }

  /** Who is on air for long enough, and all is well for long enough, is recorded by one recorder. */
  #watch(now: number): void {
    for (const { username, roomId, from, to } of this.#air.times) {
      if (now < Math.max(from, this.#lastFaultAt + RECOVERY_MS) + FIND_MS || now >= to) continue;
      const at = this.#runs.filter(({ job, over, machine }) => job.recordingId === roomId && !over && !machine.dead);
      this.#watched++;
      if (at.length !== 1) this.#late ??= `${username} has ${at.length} recorders after ${now - from} ms on air`;
    }
  }

  #answer(username: string) {
    const error = this.#refusal();
    if (error !== undefined) return { username, state: "failed" as const, error };
    const onAir = this.#air.at(this.#clock.now(), username);
    if (onAir === undefined) return { username, state: "offline" as const };
    return { username, state: "live" as const, roomId: onAir.roomId, title: "", links: [] };
  }

  #refusal(): AppError | undefined {
    if (!anyAt(this.#refusals, this.#clock.now())) return undefined;
    const code = this.#random.pick<AppErrorCode>(["captcha", "blocked", "rate_limited", "network"]);
    return new AppError(code, `Look: ${code}`, this.#random.chance(0.3) ? { retryAfterMs: 15_000 } : {});
  }

  #machine(name: string): Machine {
    const skewMs = this.#random.int(-SKEW_MS / 2, SKEW_MS / 2);
    return new Machine({
      ...{ name, clock: this.#clock, skewMs, random: this.#random },
      ...{ away: this.#away, throttled: this.#throttled },
    });
  }

  /** A poller, and another that overlaps it on the same machine. */
  #startPoller(): void {
    const machine = this.#machine("poller");
    const ending = new AbortController();
    const { clock } = machine;
    const store = machine.reach(this.store);
    const launcher = { ensureCapacity: () => Promise.resolve() };
    const random = () => this.#random.next();
    const way = wayTo(this.#lookup, { clock, requestsPerMinute: 600, burst: 10 });
    const deps = { store, ...way, launcher, clock, random, logger: this.#logger };
    const loop = async () => {
      do {
        try {
          await pollWatchlist(deps, { ...POLL, stayMs: MINUTE }, ending.signal);
        } catch (error) {
          this.#logger.error("poll_failed", { error });
        }
      } while (await waited(clock, SECOND, ending.signal));
    };
    const loops = [loop(), loop()];
    this.#stops.push(() => {
      ending.abort();
      return Promise.all(loops);
    });
  }

  #startPool(): { pool: RecorderPool; machine: Machine } {
    const owner = `recorder${this.#recorders.length}`;
    const machine = this.#machine(owner);
    const recorder = new ModelRecorder(this.#air, this.#clock, machine, this.#runs);
    this.#recorders.push(recorder);
    const deps = { store: machine.reach(this.store), recorder, clock: machine.clock, logger: this.#logger };
    const pool = runRecordings(deps, { ...POOL, owner });
    this.#stops.push(() => machine.dead ? Promise.resolve() : pool.stop());
    return { pool, machine };
  }

  #spans(count: number, leastS: number, mostS: number): Span[] {
    return Array.from({ length: count }, () => {
      const from = this.#begunAt + this.#random.int(1, TROUBLE_MINUTES) * MINUTE;
      return { from, to: from + this.#random.int(leastS, mostS) * SECOND };
    });
  }

  /** Times on air of a host: some end for a moment and go on in the same room, others are followed by a new one. */
  #schedule(username: string): OnAir[] {
    const times: OnAir[] = [];
    const endsAt = this.#begunAt + ON_AIR_MS;
    let roomId = this.#random.digits(12);
    for (let from = this.#begunAt + this.#random.int(0, 300) * SECOND; from < endsAt;) {
      const to = Math.min(endsAt, from + this.#random.int(2, 25) * MINUTE);
      times.push({ username, roomId, from, to });
      const back = this.#random.chance(0.4);
      if (!back) roomId = this.#random.digits(12);
      from = to + (back ? this.#random.int(2, 90) : this.#random.int(5, 400)) * SECOND;
    }
    return times;
  }
}
