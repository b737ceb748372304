import type { ChangeFeed } from "../../ports/change_feed.ts";
import type { Store } from "../../ports/store.ts";
import { sqliteAlerts } from "./sqlite/alerts.ts";
import { Database } from "./sqlite/database.ts";
import { sqliteChangeFeed } from "./sqlite/change_feed.ts";
import { sqliteEvents, toBatch } from "./sqlite/events.ts";
import { sqliteRecordingLog } from "./sqlite/recording_log.ts";
import { sqliteRecordings } from "./sqlite/recordings.ts";
import { sqliteRetention } from "./sqlite/retention.ts";
import { sqliteTotals } from "./sqlite/totals.ts";
import { sqliteWatches } from "./sqlite/watches.ts";

/** A store in one SQLite file, with the change feed of its event log. */
export interface SqliteStore extends Store, ChangeFeed {
  /**
   * Gives back every recording that a recorder holds, to be claimed from `now` on. For a start at which it is certain
   * that no recorder lives: they need not wait for their leases to run out.
   * @returns how many there were
   */
  releaseHeldRecordings(now: number): number;
  /** Closes the file. */
  close(): void;
}

/**
 * Opens a store in a SQLite file. Several processes may have it open at once.
 * @param path the file, made when it is not there; `:memory:` for one that is gone with the process
 * @throws Error when a newer version of this program made the file
 */
export function sqliteStore(path: string): SqliteStore {
  const db = new Database(path);
  return {
    ...sqliteWatches(db),
    ...sqliteRecordings(db),
    ...sqliteRecordingLog(db),
    ...sqliteEvents(db),
    ...sqliteChangeFeed(db, toBatch),
    ...sqliteTotals(db),
    ...sqliteRetention(db),
    ...sqliteAlerts(db),
    releaseHeldRecordings: (now) =>
      db.run(
        "UPDATE recordings SET state = 'wanted', due_at = ?, lease_owner = NULL WHERE state = 'recording'",
        now,
      ),
    close: () => db.close(),
  };
}
