import type { ChangeFeed, DeadLetters, FeedRecord } from "../ports/change_feed.ts";
import type { Clock } from "../ports/clock.ts";
import type { Logger } from "../ports/logger.ts";
import { backOffMs, waited } from "./waiting.ts";

/** What a handler answers: the records that are to come again. The same words as a Lambda function's on a stream. */
export interface BatchResponse {
  batchItemFailures: { itemIdentifier: string }[];
}

/** Deals with records. What it throws is a failure of all of them. */
export type FeedHandler<R extends FeedRecord> = (records: readonly R[]) => Promise<BatchResponse>;

/** What a feed is read with. */
export interface FeedDeps<R extends FeedRecord> {
  feed: ChangeFeed<R>;
  handler: FeedHandler<R>;
  deadLetters: DeadLetters;
  clock: Clock;
  logger: Logger;
}

/** How a feed is read: the settings of an event source mapping of Lambda. */
export interface FeedOptions {
  /** Under this name it keeps its place. */
  reader: string;
  /** Records of one call. */
  batchSize: number;
  /** Calls at the same time, each with records of other keys. */
  lanes: number;
  /** Tries after the first of a record that fails alone, before it is given up. */
  retries: number;
  /** Time for a call, ms. What is not done then has failed. */
  timeoutMs: number;
  /** How often it looks for new records, ms. */
  intervalMs: number;
}

/** Settings of the consumer: a store that is away for several minutes costs no record. */
export const CONSUMER_FEED: FeedOptions = {
  reader: "totals",
  batchSize: 100,
  lanes: 4,
  retries: 20,
  timeoutMs: 60_000,
  intervalMs: 500,
};

/** First and longest wait before a record that failed alone is tried again, ms. */
const RETRY_MS = 500;
const LONGEST_RETRY_MS = 30_000;
/** Batches per lane that are read ahead, so that a lane that waits holds the others up late. */
const BATCHES_AHEAD = 4;

interface Taken<R> {
  record: R;
  done: boolean;
}

interface Lane<R> {
  queue: Taken<R>[];
  running: Promise<void> | undefined;
}

/**
 * Reads a change feed the way that Lambda reads a DynamoDB stream. Records of one key are dealt with in order, those of
 * different keys in parallel lanes. An answer with failures keeps what is before the lowest; one that names none of the
 * records, like an error or a time-out, keeps nothing. What failed is halved until the record that fails is alone, and
 * that one is tried again until it goes to the dead letters. Records come again after a restart: the place kept is that
 * before the first one that is not done.
 */
export class FeedReader<R extends FeedRecord> {
  readonly #deps: FeedDeps<R>;
  readonly #options: FeedOptions;
  readonly #lanes: Lane<R>[];
  /** Records that were read and are not behind the place, in order. */
  #taken: Taken<R>[] = [];
  /** The last record that was read. */
  #read: string | undefined;
  #ending = new AbortController();
  #progressed = Promise.withResolvers<void>();

  constructor(deps: FeedDeps<R>, options: FeedOptions) {
    this.#deps = deps;
    this.#options = options;
    this.#lanes = Array.from({ length: options.lanes }, () => ({ queue: [], running: undefined }));
  }

  /** Reads until `signal` aborts, and once more then, see {@link drain}. */
  async run(signal: AbortSignal): Promise<void> {
    do {
      try {
        while (await this.#fill() && !signal.aborted) await this.#progressed.promise;
      } catch (error) {
        this.#deps.logger.warn("change_feed_failed", { reader: this.#options.reader, error });
      }
    } while (await waited(this.#deps.clock, this.#options.intervalMs, signal));
    try {
      await this.drain();
    } catch (error) {
      this.#deps.logger.warn("change_feed_failed", { reader: this.#options.reader, error });
    }
  }

  /**
   * Deals with all that is there, without waiting for what fails: that comes again to the next reader.
   * @returns false when something failed
   */
  async drain(): Promise<boolean> {
    this.#ending.abort();
    for (let more = true; more;) {
      await Promise.all(this.#lanes.map(({ running }) => running));
      if (this.#taken.length > 0) return false;
      await this.#fill();
      more = this.#taken.length > 0;
    }
    return true;
  }

  /** Reads new records into the lanes. @returns whether the lanes are full, so that more has to wait for them */
  async #fill(): Promise<boolean> {
    const { feed, clock, logger } = this.#deps;
    const { reader, batchSize, lanes } = this.#options;
    this.#read ??= await feed.feedPlace(reader);
    this.#progressed = Promise.withResolvers<void>();
    const room = batchSize * lanes * BATCHES_AHEAD - this.#taken.length;
    if (room <= 0) return true;
    const { records, trimmed } = await feed.readChanges(this.#read, room, clock.now());
    if (trimmed) logger.error("change_feed_trimmed", { reader, after: this.#read });
    for (const record of records) {
      const taken = { record, done: false };
      this.#taken.push(taken);
      this.#lanes[laneOf(record.key, lanes)]?.queue.push(taken);
      this.#read = record.sequenceNumber;
    }
    for (const lane of this.#lanes) if (lane.queue.length > 0) lane.running ??= this.#work(lane);
    return records.length === room;
  }

  async #work(lane: Lane<R>): Promise<void> {
    while (lane.queue.length > 0 && await this.#deliver(lane.queue.splice(0, this.#options.batchSize)));
    lane.running = undefined;
    this.#progressed.resolve();
  }

  /** @returns false when it was given up on the way, because the reader ends */
  async #deliver(batch: readonly Taken<R>[]): Promise<boolean> {
    let rest = batch;
    for (let failures = 0;;) {
      const { kept, reason } = await this.#call(rest);
      await this.#settle(rest.slice(0, kept));
      rest = rest.slice(kept);
      const [first] = rest;
      if (first === undefined) return true;
      if (this.#ending.signal.aborted) return false;
      if (kept === 0 && rest.length > 1) {
        const middle = Math.ceil(rest.length / 2);
        return await this.#deliver(rest.slice(0, middle)) && await this.#deliver(rest.slice(middle));
      }
      if (kept > 0) continue;
      failures++;
      if (failures > this.#options.retries && await this.#bury(first.record, reason)) {
        await this.#settle(rest);
        return true;
      }
      const wait = backOffMs(RETRY_MS, failures, LONGEST_RETRY_MS);
      if (!await waited(this.#deps.clock, wait, this.#ending.signal)) return false;
    }
  }

  /** Calls the handler. @returns how many records are dealt with, from the first on, and why not all */
  async #call(batch: readonly Taken<R>[]): Promise<{ kept: number; reason: string }> {
    const { handler, clock, logger } = this.#deps;
    const { timeoutMs, reader } = this.#options;
    const records = batch.map(({ record }) => record);
    const over = new AbortController();
    const late = waited(clock, timeoutMs, over.signal).then((timeUp) =>
      timeUp ? Promise.reject(new Error(`No answer within ${timeoutMs / 1000} s`)) : new Promise<never>(() => {})
    );
    try {
      const answer: unknown = await Promise.race([handler(records), late]);
      return { kept: keptBy(answer, records), reason: "The handler names it as failed" };
    } catch (error) {
      logger.warn("change_batch_failed", { reader, records: records.length, error });
      return { kept: 0, reason: error instanceof Error ? error.message : String(error) };
    } finally {
      over.abort();
    }
  }

  async #settle(batch: readonly Taken<R>[]): Promise<void> {
    const { feed, logger } = this.#deps;
    const { reader } = this.#options;
    for (const each of batch) each.done = true;
    const open = this.#taken.findIndex(({ done }) => !done);
    const gone = this.#taken.splice(0, open === -1 ? this.#taken.length : open);
    const last = gone.at(-1);
    try {
      if (last !== undefined) await feed.commitChanges(reader, last.record.sequenceNumber);
    } catch (error) {
      // The place is kept with the next batch; until then a restart brings these again.
      logger.warn("change_feed_place_not_kept", { reader, error });
    }
    this.#progressed.resolve();
  }

  /** @returns whether the record is among the dead letters */
  async #bury({ sequenceNumber, key }: FeedRecord, reason: string): Promise<boolean> {
    const { deadLetters, clock, logger } = this.#deps;
    const { reader } = this.#options;
    try {
      await deadLetters.putDeadLetter({ at: clock.now(), reader, sequenceNumber, key, reason });
      logger.error("change_record_given_up", { reader, sequenceNumber, key, reason });
      return true;
    } catch (error) {
      logger.error("dead_letter_failed", { reader, sequenceNumber, key, error });
      return false;
    }
  }
}

/**
 * How many records an answer says are dealt with: those before the lowest one that it names. An answer that names
 * something else, or cannot be read, says that none is.
 */
export function keptBy(answer: unknown, records: readonly FeedRecord[]): number {
  if (answer === null || answer === undefined) return records.length;
  const { batchItemFailures: failures } = answer as { batchItemFailures?: unknown };
  if (failures === null || failures === undefined) return records.length;
  if (!Array.isArray(failures)) return 0;
  const places = failures.map((failure: unknown) => {
    const number = (failure as { itemIdentifier?: unknown } | null)?.itemIdentifier;
    return records.findIndex(({ sequenceNumber }) => sequenceNumber === number);
  });
  // A number that is not among them is -1.
  return Math.max(0, Math.min(records.length, ...places));
}

function laneOf(key: string, lanes: number): number {
  let hash = 0;
  for (let i = 0; i < key.length; i++) hash = Math.imul(hash, 31) + key.charCodeAt(i) | 0;
  return (hash >>> 0) % lanes;
}
