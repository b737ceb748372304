import type { EventBatch } from "./event_store.ts";

/**
 * One insert into the event log, as the change feed tells it: a DynamoDB stream record, or a row of the local feed.
 * Records of one recording come in the order of `seq`; a record may come more than once.
 */
export interface ChangeRecord {
  /** Place in the feed; grows, and is opaque otherwise. */
  sequenceNumber: string;
  /** The batch, or `undefined` when the record does not hold one in a known shape. */
  batch: EventBatch | undefined;
}

/** The change feed of a store that has no stream service behind it: a reader asks, and keeps its place by name. */
export interface ChangeFeed {
  /** Records after the reader's place, in order. */
  readChanges(reader: string, limit: number): Promise<ChangeRecord[]>;
  /** Moves the reader's place to after this record. */
  commitChanges(reader: string, sequenceNumber: string): Promise<void>;
}
