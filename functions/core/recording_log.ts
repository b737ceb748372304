import { redact } from "../contract/redaction.ts";
import type { Clock } from "../ports/clock.ts";
import type { LogFields, Logger } from "../ports/logger.ts";
import type { Random } from "../ports/random.ts";
import type { LogLine, RecordingLogStore } from "../ports/recording_log_store.ts";
import { backOffMs, waited } from "./waiting.ts";

/** What a {@link RecordingLog} works with. */
export interface RecordingLogDeps {
  store: Pick<RecordingLogStore, "appendLog">;
  clock: Clock;
  random: Random;
  /** Told when the store does not take lines. */
  logger: Logger;
}

/** Lines of one name that are kept of a part; further ones are only counted. */
const MOST_OF_A_KIND = 100;
/** Lines of a recording that wait for the store. */
const MOST_WAITING = 1_000;
/** Lines that are stored at once. */
const BATCH_LINES = 25;
/** Characters of a line's fields. */
const MOST_FIELDS = 2_000;
/** First and longest time between two tries of the store, ms. */
const RETRY_MS = 1_000;
const LONGEST_RETRY_MS = 30_000;
/** Lines with which a process leaves a recording: what is counted of it begins anew. */
const LAST_LINES: ReadonlySet<string> = new Set([
  "recording_finished",
  "recording_released",
  "lease_lost",
  "recording_deleted",
  "retention_removed",
]);

/**
 * Keeps what a process logs about each recording, for people who ask what became of it. Lines of a recording name it
 * (`recordingId`), or the folder that it said it records to. They wait in memory while the store is away.
 */
export class RecordingLog {
  readonly #deps: RecordingLogDeps;
  /** Recordings by the folder of their part. */
  readonly #folders = new Map<string, string>();
  /** How many lines of each name there were, by recording. */
  readonly #counts = new Map<string, Map<string, number>>();
  readonly #waiting = new Map<string, LogLine[]>();
  readonly #closing = new AbortController();
  /** Tells the batches of this process from those of others. */
  readonly #name: string;
  #batches = 0;
  #writing: Promise<void> | undefined;

  constructor(deps: RecordingLogDeps) {
    this.#deps = deps;
    this.#name = Math.floor(deps.random() * 36 ** 6).toString(36).padStart(6, "0");
  }

  /** A log whose lines about recordings are kept. */
  around(logger: Logger): Logger {
    const log = (level: LogLine["level"]) => (event: string, fields: LogFields = {}) => {
      this.#take(level, event, fields);
      logger[level](event, fields);
    };
    return { info: log("info"), warn: log("warn"), error: log("error") };
  }

  /** Stores what waits; what the store does not take now is given up. */
  async close(): Promise<void> {
    this.#closing.abort();
    while (this.#writing !== undefined) await this.#writing;
  }

  #take(level: LogLine["level"], event: string, fields: LogFields): void {
    const { recordingId, folder, username: _, ...rest } = fields;
    const id = typeof recordingId === "string"
      ? recordingId
      : typeof folder === "string"
      ? this.#folders.get(folder)
      : undefined;
    if (id === undefined) return;
    if (event === "recording_started") {
      this.#counts.delete(id);
      if (typeof folder === "string") this.#folders.set(folder, id);
    }
    const counts = this.#counts.get(id) ?? new Map<string, number>();
    this.#counts.set(id, counts);
    const count = (counts.get(event) ?? 0) + 1;
    counts.set(event, count);
    if (LAST_LINES.has(event)) this.#leave(id);
    if (count > MOST_OF_A_KIND) return;
    const told = folder === undefined ? rest : { folder, ...rest };
    const line = { at: this.#deps.clock.now(), level, event, fields: bounded(told) };
    this.#push(id, line);
    if (count === MOST_OF_A_KIND) this.#push(id, { ...line, event: "further_lines_left_out", fields: { event } });
  }

  /** Forgets what belongs to the part at hand. */
  #leave(id: string): void {
    this.#counts.delete(id);
    for (const [folder, of] of this.#folders) if (of === id) this.#folders.delete(folder);
  }

  #push(id: string, line: LogLine): void {
    const lines = this.#waiting.get(id) ?? [];
    if (lines.length >= MOST_WAITING) return;
    lines.push(line);
    this.#waiting.set(id, lines);
    this.#begin();
  }

  #begin(): void {
    this.#writing ??= this.#write().finally(() => {
      this.#writing = undefined;
      if (this.#waiting.size > 0) this.#begin();
    });
  }

  /** Stores what waits. */
  async #write(): Promise<void> {
    // Lines that are logged in one go are stored as one batch.
    await Promise.resolve();
    for (const [id, lines] of this.#waiting) {
      const batch = lines.splice(0, BATCH_LINES);
      if (lines.length === 0) this.#waiting.delete(id);
      if (!await this.#store(id, batch)) return this.#waiting.clear();
    }
  }

  /** @returns false when it was given up */
  async #store(id: string, lines: LogLine[]): Promise<boolean> {
    const { store, clock, logger } = this.#deps;
    const { signal } = this.#closing;
    const batch = { at: clock.now(), id: this.#name + (this.#batches++).toString(36).padStart(6, "0"), lines };
    for (let failures = 1;; failures++) {
      const isLast = signal.aborted;
      try {
        await store.appendLog(id, batch);
        return true;
      } catch (error) {
        logger.warn("recording_log_failed", { recordingId: id, failures, error });
        if (isLast) return false;
        await waited(clock, backOffMs(RETRY_MS, failures, LONGEST_RETRY_MS), signal);
      }
    }
  }
}

/** Fields without secrets, and no more of them than a line may hold. */
function bounded(fields: LogFields): Record<string, unknown> {
  const text = JSON.stringify(redact(fields));
  return text.length <= MOST_FIELDS ? JSON.parse(text) as Record<string, unknown> : { cut: text.slice(0, MOST_FIELDS) };
}
