import type { ChangeRecord } from "../ports/change_feed.ts";
import type { Logger } from "../ports/logger.ts";
import type { TotalsStore } from "../ports/totals_store.ts";

/** What became of a batch of change records. */
export interface ConsumeResult {
  /** Records that are dealt with: all before {@link ConsumeResult.failed}. */
  consumed: number;
  /** The first record that could not be dealt with. It and all after it are to come again. */
  failed: string | undefined;
}

/**
 * Adds inserts into the event log to the totals of their recordings. It stops at the first failure, so that the batches
 * of a recording go in by their order; records that come again change nothing.
 */
export async function consumeEvents(
  deps: { store: Pick<TotalsStore, "addToTotals">; logger: Logger },
  records: readonly ChangeRecord[],
): Promise<ConsumeResult> {
  for (const [index, { sequenceNumber, batch }] of records.entries()) {
    try {
      if (batch === undefined) throw new TypeError("Cannot read the change record: it holds no event batch");
      // The mark of a recorder that takes the log over holds no events.
      if (batch.count > 0) await deps.store.addToTotals(batch);
    } catch (error) {
      deps.logger.error("change_record_failed", { sequenceNumber, error });
      return { consumed: index, failed: sequenceNumber };
    }
  }
  return { consumed: records.length, failed: undefined };
}
