import type { Lease } from "./recording_store.ts";

/** Facts about a batch that can be read without unpacking it. */
export interface EventBatchFacts {
  /** Events in the batch. 0 in the mark that a recorder writes when it takes the log over. */
  count: number;
  /** Number of events of each type. */
  types: Record<string, number>;
  /** Diamonds that the gifts of the batch add. */
  diamonds: number;
  /** Time of the first and last event, ms. */
  firstAt: number;
  lastAt: number;
}

/** One flush of events. */
export interface EventBatch extends EventBatchFacts {
  recordingId: string;
  /** Place in the recording's log: 1, 2, 3 and so on without a hole. */
  seq: number;
  /** Lease token of the writer. */
  token: number;
  /** Events as JSON lines, gzip; empty when `count` is 0. */
  body: Uint8Array;
  /** How far the log is with this batch: part of the recording, and how many of the events that its recorder told. */
  upTo?: string;
  /** When the store may delete it, ms; not read back. @default it stays */
  expiresAt?: number;
}

/**
 * The log of a recording's events. It is fenced by its own order: a batch goes to the place after the last one, a place
 * is taken once, and {@link EventStore.openEvents} takes one for a new recorder. So an older recorder's next write
 * finds its place taken and fails, with one conditional write per batch and no transaction.
 */
export interface EventStore {
  /**
   * Takes the log over: writes an empty batch with this lease's token. Opening again under the same token is allowed.
   * @returns the place for the next batch
   * @throws LeaseLostError when a higher token is in the log
   */
  openEvents(lease: Lease, now: number): Promise<number>;
  /**
   * Appends a batch at its place. Writing the same place again under the same token changes nothing, so a write whose
   * answer was lost may be repeated.
   * @throws LeaseLostError when another recorder has taken the place
   */
  appendEvents(batch: EventBatch): Promise<void>;
  /** Batches with `seq > after`, in order. */
  listEvents(recordingId: string, request: { after: number; limit: number }): Promise<EventBatch[]>;
}
