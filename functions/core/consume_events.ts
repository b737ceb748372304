import type { ChangeRecord } from "../ports/change_feed.ts";
import type { EventStore } from "../ports/event_store.ts";
import type { Logger } from "../ports/logger.ts";
import type { TotalsStore } from "../ports/totals_store.ts";
import { addToTotals, findMissing, unpackBatch, type UnpackedBatch } from "./add_totals.ts";
import { mapBounded } from "./bounded.ts";
import type { BatchResponse } from "./feed_reader.ts";

/** What the consumer works with. */
export interface ConsumeDeps {
  store: TotalsStore & Pick<EventStore, "listEvents">;
  logger: Logger;
  /**
   * Is told each batch at least once: those that a record brings when they are in the totals, in the order of their
   * recording, and those out of the log before they are. A failure is one of the batch: it comes again.
   */
  onBatch?: ((batch: UnpackedBatch) => Promise<void>) | undefined;
}

/** Recordings whose records are dealt with at the same time. */
const AT_ONCE = 8;

/**
 * Adds inserts into the event log to the totals of their recordings and hosts. A record that fails holds back those of
 * its own recording behind it, no others; records that come again change nothing.
 * @returns the records that are to come again, as Lambda wants them
 */
export async function consumeEvents(deps: ConsumeDeps, records: readonly ChangeRecord[]): Promise<BatchResponse> {
  const byRecording = Map.groupBy(records, ({ batch, sequenceNumber }) => batch?.recordingId ?? `?${sequenceNumber}`);
  const failed = await mapBounded([...byRecording.values()], AT_ONCE, (each) => consumeRecording(deps, each));
  return { batchItemFailures: failed.flat().map((itemIdentifier) => ({ itemIdentifier })) };
}

/** @returns the numbers of those records that are to come again: from the first that failed on */
async function consumeRecording(deps: ConsumeDeps, records: readonly ChangeRecord[]): Promise<string[]> {
  const { store, logger } = deps;
  const unpacked: UnpackedBatch[] = [];
  let done = 0;
  const fail = (at: number, error: unknown): void => {
    const { sequenceNumber, batch } = records[at] ?? {};
    const { recordingId, seq } = batch ?? {};
    logger.error("change_record_failed", { sequenceNumber, recordingId, seq, error });
  };
  for (const { batch } of records) {
    try {
      if (batch === undefined) throw new TypeError("Cannot read the change record: it holds no event batch");
      unpacked.push(await unpackBatch(batch));
    } catch (error) {
      fail(unpacked.length, error);
      break;
    }
  }
  try {
    const [first] = unpacked;
    if (first === undefined) return records.map(({ sequenceNumber }) => sequenceNumber);
    const { recordingId } = first.batch;
    const totals = await addToTotals(store, recordingId, unpacked);
    const hasHoles = totals !== undefined && totals.missing.length > 0;
    const mended = hasHoles ? await findMissing(deps, totals) : [];
    // Told before they are added: once they are, nothing would bring them again when telling fails.
    for (const each of mended) await deps.onBatch?.(each);
    if (mended.length > 0) await addToTotals(store, recordingId, mended);
    for (const each of unpacked) {
      await deps.onBatch?.(each);
      done++;
    }
  } catch (error) {
    fail(done, error);
  }
  return records.slice(done).map(({ sequenceNumber }) => sequenceNumber);
}
