import type { EventBatch } from "./event_store.ts";

/** A record of a change feed. */
export interface FeedRecord {
  /** Place in the feed; grows, and is opaque otherwise. */
  sequenceNumber: string;
  /** Records of one key are dealt with in their order. */
  key: string;
}

/**
 * One insert into the event log, as the change feed tells it: a DynamoDB stream record, or a row of the local feed.
 * Its key is the recording. Records of one recording come in the order of `seq`; a record may come more than once.
 */
export interface ChangeRecord extends FeedRecord {
  /** The batch, or `undefined` when the record does not hold one in a known shape. */
  batch: EventBatch | undefined;
}

/** Some records of a feed. */
export interface ChangePage<R extends FeedRecord> {
  records: R[];
  /** Set when records between the place asked for and the first of these are gone, for their age. */
  trimmed?: boolean;
}

/** How long a record stays in a feed, ms. The same as in a DynamoDB stream. */
export const FEED_RETENTION_MS = 24 * 60 * 60 * 1_000;

/** A change feed that is read from a place on. */
export interface ChangeFeed<R extends FeedRecord = ChangeRecord> {
  /** Where a reader goes on, whoever it was before; empty at the start of the feed. */
  feedPlace(reader: string): Promise<string>;
  /**
   * Records after a place, in order, that are no older than {@link FEED_RETENTION_MS}.
   * @param now ms since 1970
   */
  readChanges(after: string, limit: number, now: number): Promise<ChangePage<R>>;
  /** Moves a reader's place to after this record. */
  commitChanges(reader: string, sequenceNumber: string): Promise<void>;
}

/** A record that its reader gave up. */
export interface DeadLetter {
  at: number;
  reader: string;
  sequenceNumber: string;
  key: string;
  /** What the last try came to. */
  reason: string;
}

/** Where records go that keep failing. */
export interface DeadLetters {
  putDeadLetter(letter: DeadLetter): Promise<void>;
}
