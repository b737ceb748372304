/**
 * Pollers and recorders on machines of a small world, over one store, and the recount of what they stored.
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { AppError, type AppErrorCode } from "../../functions/contract/errors.ts";
import { unpackEvents } from "../../functions/core/event_batches.ts";
import { pollWatchlist } from "../../functions/core/poll_watchlist.ts";
import { type RecorderPool, type RecorderPoolOptions, runRecordings } from "../../functions/core/run_recordings.ts";
import { waited } from "../../functions/core/waiting.ts";
import type { LiveAnswer } from "../../functions/ports/live_lookup.ts";
import type { Recorder } from "../../functions/ports/recorder.ts";
import type { Recording } from "../../functions/ports/recording_store.ts";
import type { Store } from "../../functions/ports/store.ts";
import type { Random } from "../standin/prng.ts";
import { CaptureLogger } from "./capture_logger.ts";
import { FakeLookup } from "./fake_lookup.ts";
import { wayTo } from "./fake_tiktok.ts";
import { ManualClock } from "./manual_clock.ts";
import { Air, anyAt, Machine, MESSAGE_MS, ModelRecorder, OpenCalls, type Span, type ToldRun } from "./model_world.ts";

const SECOND = 1_000;
const MINUTE = 60 * SECOND;

/** How fleets of tests work. */
export const LEASE_MS = 60 * SECOND;
export const POLL = {
  ...{ intervalMs: 20 * SECOND, minIntervalMs: 5 * SECOND, maxIntervalMs: MINUTE },
  ...{ jitter: 0.2, leaseMs: 60 * SECOND, tickMs: 5 * SECOND, stayMs: MINUTE },
};
const POOL = { slots: 3, leaseMs: LEASE_MS, claimIntervalMs: 2 * SECOND, flushMs: 2 * SECOND, flushEvents: 200 };

/** Longest time that anything takes to end, s. */
const LONGEST_S = 600;

/** Times of trouble. They may grow while the fleet works. */
export interface Troubles {
  /** TikTok refuses with one of {@link Fleet.refuseWith}. */
  refusals: Span[];
  /** Nobody reaches the store. */
  away: Span[];
  /** The store refuses some of what it is asked, and some of its answers get lost. */
  throttled: Span[];
}

/** A pool of recorders on a machine of its own. */
export interface FleetPool {
  pool: RecorderPool;
  machine: Machine;
}

/** What a recount found, in messages of all rooms. Video counts by the times of the messages. */
export interface Recount {
  sent: number;
  stored: number;
  /** Nobody recorded the room: not found yet, or its recorder died or handed over. */
  unattended: number;
  /** Had by a recorder that died, lost its lease or had no time left to hand over, and not stored by it: the log says so. */
  dropped: number;
  /** Of the video: in gaps that the recorder told. */
  inGaps: number;
  /** Of the video: stored. */
  shown: number;
  recordings: Recording[];
}

/** A fleet on a clock that stands still until it is told to go on. */
export class Fleet {
  readonly calls = new OpenCalls();
  readonly clock = new ManualClock(undefined, () => this.calls.settled());
  readonly begunAt: number = this.clock.now();
  readonly air = new Air();
  readonly lookup = new FakeLookup();
  readonly logger = new CaptureLogger();
  readonly runs: ToldRun[] = [];
  readonly troubles: Troubles = { refusals: [], away: [], throttled: [] };
  refuseWith: readonly AppErrorCode[] = ["captcha", "blocked", "rate_limited", "network"];
  /** Time that an answer of TikTok's takes, ms. */
  answerMs = 0;
  readonly #random: Random;
  readonly #open: () => Promise<Store>;
  readonly #recorders: ModelRecorder[] = [];
  /** What ends the pollers and recorders that are at work. */
  readonly #stops: (() => Promise<unknown>)[] = [];
  #store: Store | undefined;

  /** @param open opens the store anew, as another process would */
  constructor(open: () => Promise<Store>, random: Random) {
    this.#open = open;
    this.#random = random;
    this.lookup.alive = async (roomIds) => {
      await this.#answerTime();
      const refusal = this.#refusal();
      if (refusal !== undefined) throw refusal;
      return new Map(roomIds.map((roomId) => [roomId, this.air.isOn(this.clock.now(), roomId)]));
    };
  }

  /** The store itself, without trouble on the way. */
  async store(): Promise<Store> {
    return this.#store ??= await this.#open();
  }

  /** Seconds from the beginning, as a time. */
  at(seconds: number): number {
    return this.begunAt + seconds * SECOND;
  }

  span(fromS: number, toS: number): Span {
    return { from: this.at(fromS), to: this.at(toS) };
  }

  async watch(username: string): Promise<void> {
    this.lookup.answers.set(username, async () => {
      await this.#answerTime();
      return this.#answer(username);
    });
    await (await this.store()).putWatch(username, this.clock.now());
  }

  /** Plans a time on air. */
  onAir(username: string, roomId: string, fromS: number, toS: number): void {
    this.air.times.push({ username, roomId, ...this.span(fromS, toS) });
  }

  /** @param trouble how far its clock is ahead, ms, and when it alone does not reach the store */
  machine(name: string, { skewMs = 0, cutOff = [] }: { skewMs?: number; cutOff?: readonly Span[] } = {}): Machine {
    const { clock, calls, troubles: { away, throttled } } = this;
    return new Machine({ name, clock, skewMs, away: [away, cutOff], throttled, random: this.#random, calls });
  }

  /** Starts as many pollers as are asked for on one machine: they overlap. */
  async startPollers(machine: Machine, count: number, poll: Partial<typeof POLL> = {}): Promise<void> {
    const store = machine.reach(await this.#open());
    const { clock } = machine;
    const { logger, lookup } = this;
    const random = () => this.#random.next();
    const ending = new AbortController();
    const way = wayTo(lookup, { clock, requestsPerMinute: 600, burst: 10 });
    const launcher = { ensureCapacity: () => Promise.resolve() };
    const options = { ...POLL, ...poll };
    const loop = async () => {
      do {
        try {
          await pollWatchlist({ store, ...way, launcher, clock, random, logger }, options, ending.signal);
        } catch (error) {
          logger.error("poll_failed", { error });
        }
      } while (await waited(clock, options.tickMs, ending.signal));
    };
    const loops = Array.from({ length: count }, loop);
    this.#stops.push(() => {
      ending.abort();
      return Promise.all(loops);
    });
  }

  /** @param wrap what stands between the pool and its recorder */
  async startPool(
    machine: Machine,
    options: Partial<RecorderPoolOptions> = {},
    wrap: (recorder: Recorder) => Recorder = (recorder) => recorder,
  ): Promise<FleetPool> {
    const { air, clock, logger, runs } = this;
    const recorder = new ModelRecorder(air, clock, machine, runs);
    this.#recorders.push(recorder);
    const store = machine.reach(await this.#open());
    const deps = { store, recorder: wrap(recorder), clock: machine.clock, logger };
    const pool = runRecordings(deps, { ...POOL, owner: machine.name, ...options });
    this.#stops.push(() => machine.dead ? Promise.resolve() : pool.stop());
    return { pool, machine };
  }

  /** Lets time pass, second by second. */
  async advance(seconds: number): Promise<void> {
    for (let second = 0; second < seconds; second++) {
      await this.clock.advance(SECOND);
      await packed();
      for (const each of this.#recorders) each.step(this.clock.now());
    }
  }

  /** Runs that record a room now. */
  recording(roomId: string): ToldRun[] {
    return this.runs.filter(({ job, over, machine }) => job.recordingId === roomId && !over && !machine.dead);
  }

  /** Ends all pollers and recorders, and waits until they have. */
  async end(): Promise<void> {
    await this.during(Promise.all(this.#stops.map((stop) => stop())));
  }

  /** Lets time pass until something is done. */
  async during(done: Promise<unknown>): Promise<void> {
    let over = false;
    const ended = done.finally(() => over = true);
    for (let seconds = 0; !over && seconds < LONGEST_S; seconds++) await this.advance(1);
    if (!over) throw new Error(`It does not come to its end in ${LONGEST_S} s`);
    await ended;
  }

  /**
   * Counts again, from outside: everything that a room said while it was recorded is stored once, and so is its video;
   * what is not stored was reported. Call it when all has ended.
   * @throws AssertionError where something is lost, or there twice
   */
  async recount(): Promise<Recount> {
    const store = await this.store();
    const { items: recordings } = await store.listRecordings({ limit: 1_000 });
    const found: Recount = { sent: 0, stored: 0, unattended: 0, dropped: 0, inGaps: 0, shown: 0, recordings };
    const rooms = new Map(this.air.times.map((each) => [each.roomId, each]));
    for (const { id } of recordings) assert(rooms.has(id), `${id} is no room`);
    for (const roomId of rooms.keys()) await this.#recountRoom(store, roomId, found);
    return found;
  }

  async #recountRoom(store: Store, roomId: string, found: Recount): Promise<void> {
    const recording = found.recordings.find(({ id }) => id === roomId);
    const runs = this.runs.filter(({ job }) => job.recordingId === roomId);
    const { items: segments } = await store.listSegments(roomId, { limit: 100_000 });
    const batches = await store.listEvents(roomId, { after: 0, limit: 100_000 });
    const byPart = await Promise.all(batches.map(async (batch) => {
      const lines = await unpackEvents(batch);
      return { part: batch.token, ids: lines.map((line) => String((JSON.parse(line) as { id: unknown }).id)) };
    }));
    const ids = byPart.flatMap((batch) => batch.ids);
    const stored = new Set(ids);
    assertEquals(stored.size, ids.length, `${roomId} has an event twice`);
    if (recording === undefined) assertEquals(runs.length, 0, `${roomId} was recorded, and there is no recording`);
    else {
      const { parts } = recording;
      assertEquals(new Set(parts.map(({ part }) => part)).size, parts.length, `${roomId} has a part twice`);
      const sums = [segments.length, 1_000 * segments.length, segments.reduce((sum, each) => sum + each.durationMs, 0)];
      assertEquals([recording.segments, recording.bytes, recording.durationMs], sums, `sums of ${roomId}`);
    }
    for (const [index, { startAt }] of segments.entries()) {
      const before = segments[index - 1];
      assert(before === undefined || before.startAt + before.durationMs <= startAt, `${roomId} shows a time twice`);
    }
    const messages = this.air.messages(roomId, 0, this.clock.now());
    const attended = runs.map((run) => {
      const { part } = run.job;
      const own = segments.filter((each) => each.part === part);
      const said = new Set(byPart.filter((batch) => batch.part === part).flatMap((batch) => batch.ids));
      const last = messages.findLast(({ id }) => said.has(id))?.at ?? -Infinity;
      const shownTo = Math.max(run.from, ...own.map(({ startAt, durationMs }) => startAt + durationMs));
      assertEquals(own.map(({ index }) => index), run.segments.slice(0, own.length), `segments of ${roomId} ${part}`);
      // What a machine had when it died, lost its lease or could not hand over in time is not stored: the log says so.
      const reported = run.machine.dead || this.#reported(run);
      return { run, saidTo: reported ? last : run.to, shownTo: reported ? shownTo : run.to };
    });
    for (const { id, at } of messages) {
      found.sent++;
      const here = attended.filter(({ run }) => run.from <= at && at <= run.to);
      if (stored.has(id)) found.stored++;
      else if (here.some(({ saidTo }) => at <= saidTo)) assert(false, `${id} is lost: ${this.#about(roomId, at)}`);
      else if (here.length > 0) found.dropped++;
      else found.unattended++;
      if (segments.some(({ startAt, durationMs }) => startAt <= at && at < startAt + durationMs)) found.shown++;
      else if (here.some(({ run }) => run.gaps.some(({ from, to }) => from <= at && at < to))) found.inGaps++;
      else {
        const lost = here.some(({ run, shownTo }) => run.from < at && at < Math.min(shownTo, run.to) - SECOND);
        assert(!lost, `the video of ${id} is lost: ${this.#about(roomId, at)}`);
      }
    }
    for (const id of stored) assert(messages.some((message) => message.id === id), `${id} was never said`);
  }

  #reported({ job: { recordingId, part }, machine }: ToldRun): boolean {
    return this.logger.lines.some(({ event, fields }) => {
      if (event === "lease_lost") return fields["recordingId"] === recordingId && fields["token"] === part;
      const { owner, recordingIds } = fields as { owner?: string; recordingIds?: string[] };
      return event === "hand_over_took_too_long" && owner === machine.name && recordingIds?.includes(recordingId);
    });
  }

  #about(roomId: string, at: number): string {
    const second = (time: number) => (time - this.begunAt) / SECOND;
    const runs = this.runs.filter(({ job }) => job.recordingId === roomId);
    const spans = runs.map(({ job, machine, from, to }) => `${machine.name}/${job.part} ${second(from)}-${second(to)}`);
    return `at ${second(at)} s, of ${spans.join(", ")}`;
  }

  #answer(username: string): LiveAnswer {
    const error = this.#refusal();
    if (error !== undefined) return { username, state: "failed", error };
    const onAir = this.air.at(this.clock.now(), username);
    if (onAir === undefined) return { username, state: "offline" };
    return { username, state: "live", roomId: onAir.roomId, title: "", links: [] };
  }

  #refusal(): AppError | undefined {
    if (!anyAt(this.troubles.refusals, this.clock.now())) return undefined;
    const code = this.#random.pick(this.refuseWith);
    return new AppError(code, `Look: ${code}`, this.#random.chance(0.3) ? { retryAfterMs: 15_000 } : {});
  }

  async #answerTime(): Promise<void> {
    if (this.answerMs > 0) await this.clock.sleep(this.answerMs);
  }
}

/** Node packs events on threads of their own: when it has packed this too, what came before is done. */
async function packed(): Promise<void> {
  await new Response(new Blob(["event"]).stream().pipeThrough(new CompressionStream("gzip"))).arrayBuffer();
}

/** So many messages a room says in a time, at most. */
export function messagesIn(seconds: number): number {
  return Math.ceil(seconds * SECOND / MESSAGE_MS) + 1;
}
