import type { EventBatchFacts } from "./event_store.ts";

/** What the events of a recording add up to. */
export interface RecordingTotals extends EventBatchFacts {
  recordingId: string;
  /** Last batch that is in the sums. */
  seq: number;
}

/** Sums over the events of recordings, kept by the consumer of the change feed. */
export interface TotalsStore {
  /**
   * Adds a batch to the sums of its recording, once: batches up to the last one added change nothing.
   * @returns false when it was in the sums already, or the recording is gone
   */
  addToTotals(batch: EventBatchFacts & { recordingId: string; seq: number }): Promise<boolean>;
  getTotals(recordingId: string): Promise<RecordingTotals | undefined>;
}
