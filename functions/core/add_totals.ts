import type { EventBatch, EventStore } from "../ports/event_store.ts";
import type { Logger } from "../ports/logger.ts";
import { MOST_ROWS, type RecordingTotals, type TotalsStore } from "../ports/totals_store.ts";
import { unpackEvents } from "./event_batches.ts";
import { type Addition, additionsOf, addTo, rowsOf } from "./totals.ts";

/** A batch with its events, ready to be added. */
export interface UnpackedBatch {
  batch: EventBatch;
  events: unknown[];
}

/** Batches that are missing in the totals and are looked for in the log each time. */
const MENDED_AT_ONCE = 10;

/** Reads the events of a batch. @throws when its body cannot be read */
export async function unpackBatch(batch: EventBatch): Promise<UnpackedBatch> {
  const lines = await unpackEvents(batch);
  return { batch, events: lines.map((line): unknown => JSON.parse(line)) };
}

/**
 * Adds batches of a recording to its totals and to those of its host, each batch once however often it comes. As many
 * as fit go in with one write.
 * @returns the totals with them, or `undefined` when the recording is gone
 */
export async function addToTotals(
  store: Pick<TotalsStore, "readLedgers" | "writeLedgers">,
  recordingId: string,
  batches: readonly UnpackedBatch[],
): Promise<RecordingTotals | undefined> {
  const additions = batches.flatMap(({ batch, events }) => additionsOf(batch, events));
  let totals: RecordingTotals | undefined;
  for (const write of writesOf(additions)) {
    totals = await addOnce(store, recordingId, write);
    if (totals === undefined) return undefined;
  }
  return totals;
}

/**
 * Finds batches that the feed never brought, or brought when they could not be added: the log has them. What cannot be
 * read there either stays missing.
 */
export async function findMissing(
  deps: { store: Pick<EventStore, "listEvents">; logger: Logger },
  { recordingId, missing }: Pick<RecordingTotals, "recordingId" | "missing">,
): Promise<UnpackedBatch[]> {
  const { store, logger } = deps;
  const seqs = missing.flatMap(([first, last]) =>
    Array.from({ length: Math.min(MENDED_AT_ONCE, last - first + 1) }, (_, index) => first + index)
  );
  const found: UnpackedBatch[] = [];
  for (const seq of seqs.slice(0, MENDED_AT_ONCE)) {
    try {
      const [batch] = await store.listEvents(recordingId, { after: seq - 1, limit: 1 });
      if (batch?.seq === seq) found.push(await unpackBatch(batch));
    } catch (error) {
      logger.warn("missing_batch_not_read", { recordingId, seq, error });
    }
  }
  return found;
}

/** Additions in groups that touch no more rows than a write takes. */
function writesOf(additions: readonly Addition[]): Addition[][] {
  const writes: Addition[][] = [];
  let write: Addition[] = [];
  let rows = new Set<string | number>();
  for (const addition of additions) {
    const all = new Set([...rows, ...addition.byGifter.keys(), ...addition.byHour.keys()]);
    if (all.size > MOST_ROWS && write.length > 0) {
      writes.push(write);
      write = [];
      rows = new Set([...addition.byGifter.keys(), ...addition.byHour.keys()]);
    } else rows = all;
    write.push(addition);
  }
  return write.length > 0 ? [...writes, write] : writes;
}

async function addOnce(
  store: Pick<TotalsStore, "readLedgers" | "writeLedgers">,
  recordingId: string,
  additions: readonly Addition[],
): Promise<RecordingTotals | undefined> {
  // Another turn when somebody else has written meanwhile: each turn, one of them gets through.
  for (;;) {
    const before = await store.readLedgers(recordingId, rowsOf(additions));
    if (before === undefined) return undefined;
    const after = addTo(before, additions);
    if (after === undefined) return before.recording.totals;
    if (await store.writeLedgers(before, after)) return after.recording.totals;
  }
}
