import { AppError } from "../contract/errors.ts";
import { WATCH_SHARDS } from "../contract/keys.ts";
import type { Clock } from "../ports/clock.ts";
import type { LiveAnswer, LiveLookup } from "../ports/live_lookup.ts";
import type { Logger } from "../ports/logger.ts";
import type { Observer } from "../ports/observer.ts";
import type { Random } from "../ports/random.ts";
import type { RecorderLauncher } from "../ports/recorder_launcher.ts";
import type { Recording, RecordingStore } from "../ports/recording_store.ts";
import type { Watch, WatchCheck, WatchStore } from "../ports/watch_store.ts";
import { wantLive } from "./want_recording.ts";

/** What a poller works with. */
export interface PollDeps {
  store: WatchStore & Pick<RecordingStore, "wantRecording" | "reopenRecording" | "countDueRecordings">;
  lookup: LiveLookup;
  launcher: RecorderLauncher;
  clock: Clock;
  random: Random;
  logger: Logger;
  observe?: Observer;
}

/** How a poller works. */
export interface PollOptions {
  /** Time from one check of a name to the next, ms. */
  intervalMs: number;
  /** Largest part of the interval that chance adds or takes, 0 to 1. */
  jitter: number;
  /** How long this poller may hold a claimed name, ms. */
  leaseMs: number;
}

/** What one pass did. */
export interface PollSummary {
  /** Names that were checked. */
  checked: number;
  /** Those that are live. */
  live: number;
  /** Those that gave no answer: refusals and other failures. */
  failed: number;
  /** Recordings that were made, or opened again. */
  wanted: number;
}

/** Names that are claimed and looked up together. */
const BATCH = 50;
/** Failures in a row after which the interval grows no more: 64 times. */
const MOST_DOUBLINGS = 6;
/** Longest time that failures alone put off a check, ms; a longer interval stays as it is. */
const LONGEST_BACK_OFF_MS = 1_800_000;
/** A room that is live this long after its recording ended is recorded on, ms. Before that, TikTok may just be late. */
const REOPEN_AFTER_MS = 60_000;

/**
 * One pass over the watchlist: claims what is due, looks each name up, makes one recording for each live room and sets
 * the next check. It ends when nothing more is due. Any number of pollers may run at the same time.
 *
 * A refusal is not an answer: it leaves the state of the watch as it was, and puts the next check off, the longer the
 * more there were in a row.
 * @param signal stops between two batches; names that are claimed by then come back when the lease ends
 */
export async function pollWatchlist(deps: PollDeps, options: PollOptions, signal?: AbortSignal): Promise<PollSummary> {
  const summary: PollSummary = { checked: 0, live: 0, failed: 0, wanted: 0 };
  const { store, clock } = deps;
  for (let shard = 0; shard < WATCH_SHARDS; shard++) {
    for (let more = true; more && !signal?.aborted;) {
      const request = { shard, now: clock.now(), leaseMs: options.leaseMs, limit: BATCH };
      const watches = await store.claimDueWatches(request);
      await checkBatch(deps, options, watches, summary, signal);
      more = watches.length === BATCH;
    }
  }
  const waiting = await store.countDueRecordings(clock.now());
  if (waiting > 0) await deps.launcher.ensureCapacity(waiting);
  return summary;
}

async function checkBatch(
  deps: PollDeps,
  options: PollOptions,
  watches: Watch[],
  summary: PollSummary,
  signal: AbortSignal | undefined,
): Promise<void> {
  if (watches.length === 0) return;
  const answers = await lookUp(deps, watches, signal);
  if (signal?.aborted) return;
  for (const [index, watch] of watches.entries()) {
    const answer = answers[index];
    if (answer === undefined) continue;
    summary.checked++;
    if (answer.state === "failed") summary.failed++;
    if (answer.state === "live") {
      summary.live++;
      const { created, reopened } = await wantLive(deps, { ...answer, username: watch.username }, mayReopen);
      if (created || reopened) summary.wanted++;
    }
    const kept = await deps.store.completeCheck(watch, judge(deps, options, watch, answer));
    if (!kept) deps.logger.warn("check_lost", { username: watch.username });
  }
}

/** One answer for each watch; when the look-up breaks as a whole, each has failed. */
async function lookUp(deps: PollDeps, watches: Watch[], signal: AbortSignal | undefined): Promise<LiveAnswer[]> {
  const names = watches.map((watch) => watch.username);
  try {
    return await deps.lookup.links(names, { signal });
  } catch (error) {
    if (!signal?.aborted) deps.logger.error("lookup_broke", { names: names.length, error });
    const failure = error instanceof AppError ? error : new AppError("internal", "Look up lives: it broke");
    return names.map((username) => ({ username, state: "failed", error: failure }));
  }
}

function mayReopen({ outcome, endedAt }: Recording, now: number): boolean {
  return outcome?.kind !== "stopped" && now - (endedAt ?? now) >= REOPEN_AFTER_MS;
}

/** What to store about a watch after an answer. */
function judge(
  { clock, random, logger }: PollDeps,
  options: PollOptions,
  watch: Watch,
  answer: LiveAnswer,
): WatchCheck {
  const now = clock.now();
  const spread = 1 + options.jitter * (2 * random() - 1);
  const { checkedAt, lastLiveAt, roomId, state } = watch;
  if (answer.state === "failed") {
    const { code, retryAfterMs = 0 } = answer.error;
    const failures = watch.failures + 1;
    const doubled = options.intervalMs * 2 ** Math.min(failures, MOST_DOUBLINGS);
    const backOffMs = Math.max(options.intervalMs, Math.min(doubled, LONGEST_BACK_OFF_MS));
    const nextCheckAt = Math.round(now + Math.max(backOffMs * spread, retryAfterMs));
    logger.warn("check_failed", { username: watch.username, code, failures, nextCheckAt });
    return { nextCheckAt, state, checkedAt, lastLiveAt, roomId, failures, lastError: code };
  }
  const nextCheckAt = Math.round(now + options.intervalMs * spread);
  if (answer.state === "offline") {
    return { nextCheckAt, state: "offline", checkedAt: now, lastLiveAt, roomId, failures: 0 };
  }
  return { nextCheckAt, state: "live", checkedAt: now, lastLiveAt: now, roomId: answer.roomId, failures: 0 };
}
