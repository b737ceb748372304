import type { ChangeFeed } from "../ports/change_feed.ts";
import type { Clock } from "../ports/clock.ts";
import type { Logger } from "../ports/logger.ts";
import type { TotalsStore } from "../ports/totals_store.ts";
import { consumeEvents } from "./consume_events.ts";
import { waited } from "./waiting.ts";

const READER = "totals";
const BATCH = 100;

/** Deals with all that is new in the change feed. @returns false when a record failed and is to come again */
export async function drainFeed(
  deps: { store: ChangeFeed & Pick<TotalsStore, "addToTotals">; logger: Logger },
): Promise<boolean> {
  for (;;) {
    const records = await deps.store.readChanges(READER, BATCH);
    const { consumed, failed } = await consumeEvents(deps, records);
    const last = records[consumed - 1];
    if (last !== undefined) await deps.store.commitChanges(READER, last.sequenceNumber);
    if (failed !== undefined) return false;
    if (records.length < BATCH) return true;
  }
}

/** Keeps the totals up to date until `signal` aborts, and once more then. */
export async function followFeed(
  deps: { store: ChangeFeed & Pick<TotalsStore, "addToTotals">; clock: Clock; logger: Logger },
  intervalMs: number,
  signal: AbortSignal,
): Promise<void> {
  for (let more = true; more;) {
    more = await waited(deps.clock, intervalMs, signal);
    try {
      await drainFeed(deps);
    } catch (error) {
      deps.logger.warn("change_feed_failed", { error });
    }
  }
}
