import type { RetentionPolicy, RetentionRule } from "../contract/retention.ts";
import type { Clock } from "../ports/clock.ts";
import type { Logger } from "../ports/logger.ts";
import type { RecordingFiles } from "../ports/recording_files.ts";
import type { Recording, RecordingStore } from "../ports/recording_store.ts";
import type { RetentionStore } from "../ports/retention_store.ts";
import type { TotalsStore } from "../ports/totals_store.ts";
import type { WatchStore } from "../ports/watch_store.ts";
import { deleteRecording } from "./manage_recordings.ts";
import { readUsername } from "./usernames.ts";
import { waited } from "./waiting.ts";

/** What retention works with. */
export interface RetentionDeps {
  store: RecordingStore & RetentionStore;
  /** @default there are none */
  files?: RecordingFiles | undefined;
  clock: Clock;
  logger: Logger;
}

/** How retention works. */
export interface RetentionOptions {
  /** Only tells what would go: nothing is changed. @default false */
  dryRun?: boolean;
  /** Most removals. @default any number */
  most?: number;
  /** Ends it between two recordings. */
  signal?: AbortSignal;
}

/** What goes, and why. */
export interface Removal {
  recordingId: string;
  username: string;
  /** All of the recording, or only its events: the log, and the file beside the video. */
  what: "recording" | "events";
  /** `age`: by policy. `asked`: the host's data was asked to go. `interrupted`: an earlier removal was cut short. */
  why: "age" | "asked" | "interrupted";
  /** When the recording ended, ms. */
  endedAt: number;
  /** Bytes of video that go with it. */
  bytes: number;
}

/** What retention did, or in a dry run would do. */
export interface RetentionReport {
  dryRun: boolean;
  removed: Removal[];
  /** What could not be removed now; the next run tries again. */
  failed: Removal[];
  /** Whether it was ended, or had done the most, before all was done: the next run goes on. */
  more: boolean;
}

/** What the removal of a host did, or in a dry run would do. */
export interface HostReport extends RetentionReport {
  /** Recordings that are not finished: their end was asked for. They go when this is asked again. */
  unfinished: string[];
  /** Whether the name was on the watchlist. */
  watched: boolean;
}

/** What {@link removeHost} works with. */
export interface HostDeps extends RetentionDeps {
  store: RetentionDeps["store"] & Pick<WatchStore, "getWatch" | "deleteWatch"> & Pick<TotalsStore, "deleteHostTotals">;
}

const DAY_MS = 86_400_000;
const PAGE = 200;
/** Interrupted removals that one run ends; the next run goes on. */
const DELETIONS = 1_000;
/** Files that hold a recording's events, in each part's folder. */
const EVENT_FILES = ["events.jsonl", "chat.vtt"];

/**
 * Deletes recordings and events that are older than the policy says, and first of all ends what an earlier run left
 * half-way. Recordings that are kept, or not finished, stay. Trouble with one recording holds no other up.
 * @returns what went, or in a dry run what would go
 * @throws what the store fails with when it cannot list recordings
 */
export async function applyRetention(
  deps: RetentionDeps,
  policy: RetentionPolicy,
  options: RetentionOptions = {},
): Promise<RetentionReport> {
  const run = new Run(deps, options);
  await run.finishInterrupted(() => true);
  await run.each({}, (recording) => dueRemoval(policy, recording, deps.clock.now()));
  return run.report;
}

/**
 * Deletes all data of one host: the name on the watchlist, so that nothing new comes, the recordings, kept or not, with
 * their events and totals, and the host's own totals when no recording is left. What is being recorded is stopped, and
 * goes when this is asked again.
 * @param typed a name in any form
 * @throws AppError `invalid_input`
 */
export async function removeHost(
  deps: HostDeps,
  typed: string,
  options: RetentionOptions = {},
): Promise<HostReport> {
  const { store, clock } = deps;
  const username = readUsername(typed, "username");
  const watched = options.dryRun ? await store.getWatch(username) !== undefined : await store.deleteWatch(username);
  const unfinished: string[] = [];
  const run = new Run(deps, options);
  await run.finishInterrupted((recording) => recording.username === username);
  await run.each({ username }, (recording) => removal(recording, "recording", "asked"), async ({ id }) => {
    const stopped = options.dryRun ? undefined : await store.stopRecording(id, clock.now());
    if (stopped?.state === "finished") await run.remove(removal(stopped, "recording", "asked"), stopped);
    else unfinished.push(id);
  });
  const { report } = run;
  if (!report.dryRun && !report.more && report.failed.length + unfinished.length === 0) {
    await store.deleteHostTotals(username);
  }
  return { ...report, unfinished, watched };
}

/** Applies the policy now, and again after each interval, until `signal` aborts. */
export async function keepToPolicy(
  deps: RetentionDeps,
  policy: RetentionPolicy,
  intervalMs: number,
  signal: AbortSignal,
): Promise<void> {
  do {
    try {
      await applyRetention(deps, policy, { signal });
    } catch (error) {
      deps.logger.error("retention_broke", { error });
    }
  } while (await waited(deps.clock, intervalMs, signal));
}

/** What the policy takes from a finished recording now; `undefined` for nothing. */
export function dueRemoval(policy: RetentionPolicy, recording: Recording, now: number): Removal | undefined {
  if (recording.kept) return undefined;
  const own = Object.hasOwn(policy.hosts, recording.username) ? policy.hosts[recording.username] : undefined;
  const rule: RetentionRule = { ...policy.default, ...own };
  const isOver = (days: number | null | undefined): boolean =>
    typeof days === "number" && now - endOf(recording) >= days * DAY_MS;
  if (isOver(rule.recordingDays)) return removal(recording, "recording", "age");
  if (isOver(rule.eventDays) && recording.eventsDeletedAt === undefined) return removal(recording, "events", "age");
  return undefined;
}

class Run {
  readonly report: RetentionReport;
  readonly #deps: RetentionDeps;
  readonly #signal: AbortSignal | undefined;
  readonly #most: number;

  constructor(deps: RetentionDeps, { dryRun = false, most = Infinity, signal }: RetentionOptions) {
    this.#deps = deps;
    this.#most = most;
    this.#signal = signal;
    this.report = { dryRun, removed: [], failed: [], more: false };
  }

  /** Notes in the report when it ends early. */
  #isOver(): boolean {
    const { report } = this;
    report.more = this.#signal?.aborted === true || report.removed.length + report.failed.length >= this.#most;
    return report.more;
  }

  async finishInterrupted(matches: (recording: Recording) => boolean): Promise<void> {
    const deletions = await this.#deps.store.listDeletions(DELETIONS);
    for (const recording of deletions.filter(matches)) {
      if (this.#isOver()) return;
      await this.remove(removal(recording, "recording", "interrupted"), recording);
    }
  }

  /** Removes what `decide` says of each recording; those that are not finished go to `unfinished`. */
  async each(
    filter: { username?: string },
    decide: (recording: Recording) => Removal | undefined,
    unfinished: (recording: Recording) => Promise<void> = () => Promise.resolve(),
  ): Promise<void> {
    const { store } = this.#deps;
    let cursor: string | undefined;
    do {
      const page = await store.listRecordings({ limit: PAGE, cursor }, filter);
      for (const listed of page.items) {
        if (this.#isOver()) return;
        if (listed.state !== "finished") {
          await unfinished(listed);
          continue;
        }
        if (decide(listed) === undefined) continue;
        // It may have gone on, or been kept, since the page was read.
        const recording = await store.getRecording(listed.id);
        const due = recording?.state === "finished" ? decide(recording) : undefined;
        if (recording !== undefined && due !== undefined) await this.remove(due, recording);
      }
      cursor = page.cursor;
    } while (cursor !== undefined);
  }

  async remove(due: Removal, recording: Recording): Promise<void> {
    const { store, files, clock, logger } = this.#deps;
    const { recordingId, username, what, why } = due;
    if (this.report.dryRun) {
      this.report.removed.push(due);
      return;
    }
    try {
      if (what === "recording") await deleteRecording({ store, files }, recordingId);
      else {
        for (const { folder } of recording.parts) for (const name of EVENT_FILES) await files?.remove(folder, name);
        // Without its end noted, the next run does it again.
        if (!await store.deleteEvents(recordingId, clock.now())) return;
      }
      this.report.removed.push(due);
      logger.info("retention_removed", { recordingId, username, what, why });
    } catch (error) {
      this.report.failed.push(due);
      logger.error("retention_failed", { recordingId, username, what, error });
    }
  }
}

function removal(recording: Recording, what: Removal["what"], why: Removal["why"]): Removal {
  const { id, username, bytes } = recording;
  return {
    ...{ recordingId: id, username, what, why },
    endedAt: endOf(recording),
    bytes: what === "recording" ? bytes : 0,
  };
}

function endOf({ endedAt, createdAt }: Recording): number {
  return endedAt ?? createdAt;
}
