import { AppError } from "../contract/errors.ts";
import { ALL_SHARDS, NEW_SHARD, ON_AIR_SHARD } from "../contract/keys.ts";
import type { Clock } from "../ports/clock.ts";
import type { LiveAnswer, LiveLookup } from "../ports/live_lookup.ts";
import type { Logger } from "../ports/logger.ts";
import type { Observer } from "../ports/observer.ts";
import type { Random } from "../ports/random.ts";
import type { RecorderLauncher } from "../ports/recorder_launcher.ts";
import type { Recording, RecordingStore } from "../ports/recording_store.ts";
import type { Watch, WatchCheck, WatchStore } from "../ports/watch_store.ts";
import type { RaiseAlerts } from "./alerts.ts";
import { addStart, type PollBounds, pollIntervalMs } from "./poll_interval.ts";
import { BudgetError, type RequestBudget } from "./request_budget.ts";
import { waited } from "./waiting.ts";
import { wantLive } from "./want_recording.ts";

/** What a poller works with. */
export interface PollDeps {
  store: WatchStore & Pick<RecordingStore, "wantRecording" | "reopenRecording" | "countDueRecordings">;
  lookup: Pick<LiveLookup, "links" | "alive">;
  /** The one that the look-up's requests take their turns from. */
  budget: Pick<RequestBudget, "untilFree" | "state">;
  launcher: RecorderLauncher;
  clock: Clock;
  random: Random;
  logger: Logger;
  observe?: Observer;
  /** @default nobody is told */
  raise?: RaiseAlerts | undefined;
}

/** How a poller works. */
export interface PollOptions extends PollBounds {
  /** Largest part of the interval that chance adds or takes, 0 to 1. */
  jitter: number;
  /** How long this poller may hold a claimed name, ms. */
  leaseMs: number;
  /** Longest time from one look for due names to the next, ms. */
  tickMs: number;
  /** How long to stay for names that come due, ms. @default 0: it ends as soon as nothing is due */
  stayMs?: number;
  /** Shards of the watchlist to work through. @default all */
  shards?: readonly number[] | undefined;
}

/** Settings of a poller, as processes have them. */
export interface PollSettings {
  pollIntervalMs: number;
  pollMinIntervalMs: number;
  pollMaxIntervalMs: number;
  pollJitter: number;
  pollLeaseMs: number;
}

/** The options that settings stand for. */
export function pollOptions(settings: PollSettings): Omit<PollOptions, "tickMs" | "stayMs"> {
  return {
    intervalMs: settings.pollIntervalMs,
    minIntervalMs: settings.pollMinIntervalMs,
    maxIntervalMs: settings.pollMaxIntervalMs,
    jitter: settings.pollJitter,
    leaseMs: settings.pollLeaseMs,
  };
}

/** What a poller did. */
export interface PollSummary {
  /** Names that were checked. */
  checked: number;
  /** Those that are live. */
  live: number;
  /** Those that gave no answer: refusals and other failures. */
  failed: number;
  /** Recordings that were made, or opened again. */
  wanted: number;
  /** Checks that could not be stored: those names come back when the lease ends. */
  lost: number;
  /** How long the latest name had been due, ms. */
  lateMs: number;
}

/** Rooms that one request tells about. */
const ROOMS = 50;
/** Hosts who are on air come due together so many times in an interval, so that one request tells about many. */
const ON_AIR_ROUNDS = 4;
/** Names that are looked up at the same time. */
const MOST_IN_FLIGHT = 64;
/** Time for which a shard is left alone when somebody else took what was due in it, ms. */
const TAKEN_MS = 100;
/** Time from asking for recorders to asking for more, ms. */
const CAPACITY_MS = 1_000;
/** Time between two complaints that names are late, ms. */
const COMPLAINT_MS = 60_000;
/** A room that is live this long after its recording ended is recorded on, ms. Before that, TikTok may just be late. */
const REOPEN_AFTER_MS = 60_000;

/**
 * Works through the watchlist: claims what is due, looks each name up, makes one recording for each live room and sets
 * the next check. It claims no more names than the request budget has room for, so a budget that is used up or slowed
 * down by a refusal leaves names due, not lost. Any number of pollers may run at the same time.
 *
 * A refusal is not an answer: it leaves the state of the watch as it was, and puts the next check off, the longer the
 * more there were in a row.
 * @param signal ends it; names that are being looked up by then are given back
 * @throws what the store fails with when it cannot tell what is due
 */
export async function pollWatchlist(deps: PollDeps, options: PollOptions, signal?: AbortSignal): Promise<PollSummary> {
  return await new Poller(deps, options, signal ?? new AbortController().signal).run();
}

class Poller {
  readonly #deps: PollDeps;
  readonly #options: PollOptions;
  readonly #signal: AbortSignal;
  readonly #summary: PollSummary = { checked: 0, live: 0, failed: 0, wanted: 0, lost: 0, lateMs: 0 };
  readonly #inFlight = new Set<Promise<void>>();
  /** By shard the time up to which others have what is due in it. */
  readonly #takenUntil = new Map<number, number>();
  /** Cuts a wait short. */
  #pause = new AbortController();
  /** A recording was made since recorders were counted. */
  #wanted = false;
  /** When recordings without a recorder were counted, and when recorders were asked for. */
  #countedAt = -Infinity;
  #askedAt = -Infinity;
  #complainedAt = -Infinity;

  constructor(deps: PollDeps, options: PollOptions, signal: AbortSignal) {
    this.#deps = deps;
    this.#options = options;
    this.#signal = signal;
  }

  async run(): Promise<PollSummary> {
    const { clock } = this.#deps;
    const { stayMs = 0, tickMs } = this.#options;
    const until = clock.now() + stayMs;
    try {
      while (!this.#signal.aborted) {
        await this.#haveRecorders();
        const heads = await this.#heads();
        const now = clock.now();
        const due = heads.filter(({ at }) => at <= now);
        if (due.length > 0) {
          await this.#begin(due);
          continue;
        }
        const next = Math.min(...heads.map(({ at }) => at));
        if (next > until && this.#inFlight.size === 0) break;
        const countMs = this.#wanted ? Math.max(0, this.#askedAt + CAPACITY_MS - now) : Infinity;
        if (next > until) await Promise.race(this.#inFlight);
        else await this.#rest((signal) => waited(clock, Math.min(next - now, tickMs, countMs), signal));
      }
    } finally {
      await Promise.all(this.#inFlight);
    }
    if (this.#wanted) await this.#countRecordings();
    return this.#summary;
  }

  /**
   * By shard when the next name is due, the longest due first. New names come after the others until an interval is
   * over: thousands of them at once make nobody late who is looked at more often than that.
   */
  async #heads(): Promise<{ shard: number; at: number }[]> {
    const { store } = this.#deps;
    const heads = await Promise.all((this.#options.shards ?? ALL_SHARDS).map(async (shard) => {
      const at = await store.nextCheckAt(shard) ?? Infinity;
      return { shard, at: Math.max(at, this.#takenUntil.get(shard) ?? 0) };
    }));
    const turn = ({ shard, at }: { shard: number; at: number }) =>
      shard === NEW_SHARD ? at + this.#options.intervalMs : at;
    return heads.sort((a, b) => turn(a) - turn(b));
  }

  /** Claims names of these shards, as many as there is room for, and begins to check them. */
  async #begin(due: { shard: number; at: number }[]): Promise<void> {
    const { store, clock, budget } = this.#deps;
    const { leaseMs } = this.#options;
    const room = MOST_IN_FLIGHT - this.#inFlight.size;
    if (room <= 0) return await Promise.race(this.#inFlight);
    if (budget.state().available === 0 || budget.state().pausedMs > 0) {
      return await this.#rest((signal) => budget.untilFree(1, { signal }));
    }
    let left = Math.min(room, budget.state().available);
    const limit = Math.max(1, Math.floor(left / due.length));
    const now = clock.now();
    this.#noteLateness(now - (due[0]?.at ?? now));
    const claims = due.map(async ({ shard }) => {
      const requests = shard === ON_AIR_SHARD ? Math.min(1, left) : Math.min(limit, left);
      if (requests === 0) return;
      left -= requests;
      const names = shard === ON_AIR_SHARD ? ROOMS : requests;
      const watches = await store.claimDueWatches({ shard, now, leaseMs, limit: names });
      if (watches.length === 0) this.#takenUntil.set(shard, now + TAKEN_MS);
      else if (shard === ON_AIR_SHARD) this.#track(this.#checkRooms(watches));
      else for (const watch of watches) this.#track(this.#check(watch));
    });
    await Promise.all(claims);
  }

  #track(check: Promise<void>): void {
    const tracked = check.finally(() => {
      this.#inFlight.delete(tracked);
      if (this.#wanted) this.#pause.abort();
    });
    this.#inFlight.add(tracked);
  }

  /**
   * Looks at the rooms of hosts who were live, all at once. A room that is on air is an answer; whose room is over may be
   * live in another one, and is looked up by name.
   */
  async #checkRooms(watches: Watch[]): Promise<void> {
    const { lookup, logger } = this.#deps;
    const rooms = new Map(watches.flatMap((watch) => watch.roomId === undefined ? [] : [[watch.roomId, watch]]));
    let alive: ReadonlyMap<string, boolean> = new Map();
    try {
      if (rooms.size > 0) alive = await lookup.alive([...rooms.keys()], { signal: this.#signal });
    } catch (error) {
      if (!this.#signal.aborted) logger.warn("rooms_not_checked", { rooms: rooms.size, error });
      const { code, retryAfterMs = 0 } = error instanceof AppError ? error : { code: undefined };
      const leastMs = this.#signal.aborted ? 0 : this.#options.minIntervalMs;
      // Names may be answered for where rooms are not, unless TikTok, or the way to it, refuses.
      if (code !== "protocol") return await this.#giveAllBack(watches, Math.max(retryAfterMs, leastMs));
    }
    await Promise.all(watches.map(async (watch) => {
      const { username, roomId = "" } = watch;
      if (alive.get(roomId) !== true) return await this.#check(watch);
      const answer: LiveAnswer = { username, state: "live", roomId, title: "", links: [] };
      await this.#stored(watch, () => this.#conclude(watch, answer));
    }));
  }

  /** Looks one name up and stores what was found. */
  async #check(watch: Watch): Promise<void> {
    const answer = await this.#lookUp(watch.username);
    await this.#stored(watch, async () => {
      if (answer === undefined) await this.#giveBack(watch, 0);
      else if (answer.state === "failed" && wasNotSent(answer.error)) {
        await this.#giveBack(watch, answer.error.retryAfterMs ?? 0);
      } else await this.#conclude(watch, answer);
    });
  }

  /** Writes about a watch. Never rejects: a name whose check is lost comes back when the lease ends. */
  async #stored({ username }: Watch, write: () => Promise<void>): Promise<void> {
    try {
      await write();
    } catch (error) {
      this.#summary.lost++;
      this.#deps.logger.error("check_not_stored", { username, error });
    }
  }

  /** @returns `undefined` when the look-up was given up */
  async #lookUp(username: string): Promise<LiveAnswer | undefined> {
    const { lookup, logger } = this.#deps;
    try {
      const [answer] = await lookup.links([username], { signal: this.#signal });
      if (answer !== undefined) return answer;
      throw new TypeError("Look up a live: there is no answer");
    } catch (error) {
      if (this.#signal.aborted) return undefined;
      logger.error("lookup_broke", { username, error });
      const failure = error instanceof AppError ? error : new AppError("internal", "Look up lives: it broke");
      return { username, state: "failed", error: failure };
    }
  }

  async #conclude(watch: Watch, answer: LiveAnswer): Promise<void> {
    const { store, logger } = this.#deps;
    const { username } = watch;
    if (answer.state === "live") {
      const { quality } = watch;
      const { created, reopened } = await wantLive(this.#deps, { ...answer, username, quality }, mayReopen);
      if (created || reopened) {
        this.#summary.wanted++;
        this.#wanted = true;
      }
    }
    const kept = await store.completeCheck(watch, judge(this.#deps, this.#options, watch, answer));
    if (!kept) logger.warn("check_lost", { username });
    this.#summary.checked++;
    if (answer.state === "live") this.#summary.live++;
    if (answer.state === "failed") this.#summary.failed++;
  }

  /** Leaves a watch as it was, due again after a while: nothing was learnt about it. */
  async #giveBack(watch: Watch, waitMs: number): Promise<void> {
    const { state, checkedAt, lastLiveAt, roomId, hours, failures, lastError } = watch;
    const nextCheckAt = this.#deps.clock.now() + waitMs;
    await this.#deps.store.completeCheck(watch, {
      ...{ nextCheckAt, state, checkedAt, lastLiveAt, roomId, hours, failures, lastError },
    });
  }

  async #giveAllBack(watches: Watch[], waitMs: number): Promise<void> {
    await Promise.all(watches.map((watch) => this.#stored(watch, () => this.#giveBack(watch, waitMs))));
  }

  /** Sees to it that there are recorders for what waits for one, also for recordings whose recorder died. */
  async #haveRecorders(): Promise<void> {
    const now = this.#deps.clock.now();
    const again = this.#wanted ? now - this.#askedAt >= CAPACITY_MS : now - this.#countedAt >= this.#options.tickMs;
    if (again) await this.#countRecordings();
  }

  async #countRecordings(): Promise<void> {
    const { store, clock, launcher } = this.#deps;
    this.#wanted = false;
    const now = this.#countedAt = clock.now();
    const waiting = await store.countDueRecordings(now);
    if (waiting === 0) return;
    this.#askedAt = now;
    await launcher.ensureCapacity(waiting);
  }

  #noteLateness(lateMs: number): void {
    const { clock, logger, budget } = this.#deps;
    this.#summary.lateMs = Math.max(this.#summary.lateMs, lateMs);
    if (lateMs <= this.#options.intervalMs || clock.now() - this.#complainedAt < COMPLAINT_MS) return;
    this.#complainedAt = clock.now();
    const { requestsPerMinute, refusals } = budget.state();
    logger.warn("poll_behind", { lateMs, requestsPerMinute, refusals });
  }

  /** Waits, no longer than until a recording is made. */
  async #rest(wait: (signal: AbortSignal) => Promise<unknown>): Promise<void> {
    this.#pause = new AbortController();
    const signal = AbortSignal.any([this.#signal, this.#pause.signal]);
    try {
      await wait(signal);
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }
}

function mayReopen({ outcome, endedAt }: Recording, now: number): boolean {
  return outcome?.kind !== "stopped" && now - (endedAt ?? now) >= REOPEN_AFTER_MS;
}

/** Whether TikTok was not asked at all: the budget had no turn in time. */
function wasNotSent(error: unknown): boolean {
  return error instanceof Error && (error instanceof BudgetError || wasNotSent(error.cause));
}

/** What to store about a watch after an answer. */
function judge(
  { clock, random, logger }: Pick<PollDeps, "clock" | "random" | "logger">,
  options: PollOptions,
  watch: Watch,
  answer: LiveAnswer,
): WatchCheck {
  const now = clock.now();
  const spread = 1 + options.jitter * (2 * random() - 1);
  const { username, addedAt, priority, checkedAt, lastLiveAt, roomId, hours, state } = watch;
  const next = (found: Omit<WatchCheck, "nextCheckAt">, leastMs = 0): WatchCheck => {
    const intervalMs = pollIntervalMs(options, { addedAt, priority, ...found }, now);
    const at = Math.round(now + Math.max(intervalMs * spread, leastMs));
    if (found.state !== "live" || found.failures > 0) return { ...found, nextCheckAt: at };
    const roundMs = intervalMs / ON_AIR_ROUNDS;
    return { ...found, nextCheckAt: Math.max(now + 1, Math.floor(Math.floor(at / roundMs) * roundMs)) };
  };
  if (answer.state === "failed") {
    const { code, retryAfterMs = 0 } = answer.error;
    const failures = watch.failures + 1;
    const check = next({ state, checkedAt, lastLiveAt, roomId, hours, failures, lastError: code }, retryAfterMs);
    logger.warn("check_failed", { username, code, failures, nextCheckAt: check.nextCheckAt });
    return check;
  }
  if (answer.state === "offline") {
    return next({ state: "offline", checkedAt: now, lastLiveAt, roomId, hours, failures: 0 });
  }
  // When a live began that the very first check found is not known.
  const started = answer.roomId !== roomId && state !== "unknown";
  return next({
    state: "live",
    checkedAt: now,
    lastLiveAt: now,
    roomId: answer.roomId,
    hours: started ? addStart(hours, now) : hours,
    failures: 0,
  });
}
