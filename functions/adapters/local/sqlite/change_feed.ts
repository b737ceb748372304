// deno-lint-ignore-file require-await -- ports return promises, and node:sqlite answers at once
import { type ChangeFeed, type ChangeRecord, FEED_RETENTION_MS } from "../../../ports/change_feed.ts";
import type { EventBatch } from "../../../ports/event_store.ts";
import { type Database, int, optionalInt, type Row, text } from "./database.ts";

/** How exactly the feed knows when its records were written, ms: it notes its end as often as that. */
const MARK_MS = 60_000;

/**
 * The event log as a change feed: a record for each row, in the order in which they were written.
 * @param toBatch reads a row
 */
export function sqliteChangeFeed(db: Database, toBatch: (row: Row) => EventBatch): ChangeFeed {
  /** Notes where the feed ends now, so that it is known later what is older than that. */
  const markEnd = (now: number): void => {
    const end = optionalInt(db.get("SELECT max(change_id) AS id FROM events") ?? {}, "id") ?? 0;
    const mark = db.get("SELECT change_id, at FROM feed_marks ORDER BY at DESC LIMIT 1");
    if (mark !== undefined && (int(mark, "change_id") >= end || int(mark, "at") > now - MARK_MS)) return;
    db.run("INSERT OR REPLACE INTO feed_marks VALUES (?, ?)", now, end);
  };
  const toRecord = (row: Row): ChangeRecord => {
    const about = { sequenceNumber: String(int(row, "change_id")), key: text(row, "recording_id") };
    try {
      return { ...about, batch: toBatch(row) };
    } catch (error) {
      if (error instanceof TypeError || error instanceof SyntaxError) return { ...about, batch: undefined };
      throw error;
    }
  };
  return {
    async feedPlace(reader) {
      const row = db.get("SELECT change_id FROM feed_readers WHERE reader = ?", reader);
      return row === undefined ? "" : String(int(row, "change_id"));
    },
    async readChanges(after, limit, now) {
      return db.transaction(() => {
        markEnd(now);
        const old = db.get(
          "SELECT max(change_id) AS id, max(at) AS at FROM feed_marks WHERE at <= ?",
          now - FEED_RETENTION_MS,
        );
        const horizon = optionalInt(old ?? {}, "id") ?? 0;
        db.run("DELETE FROM feed_marks WHERE at < ?", optionalInt(old ?? {}, "at") ?? 0);
        const place = Number(after);
        const trimmed = place < horizon &&
          db.get("SELECT change_id FROM events WHERE change_id > ? AND change_id <= ? LIMIT 1", place, horizon) !==
            undefined;
        const sql = "SELECT * FROM events WHERE change_id > ? ORDER BY change_id LIMIT ?";
        return { trimmed, records: db.all(sql, Math.max(place, horizon), limit).map(toRecord) };
      });
    },
    async commitChanges(reader, sequenceNumber) {
      db.run(
        `INSERT INTO feed_readers VALUES (?, ?)
         ON CONFLICT DO UPDATE SET change_id = max(change_id, excluded.change_id)`,
        reader,
        Number(sequenceNumber),
      );
    },
  };
}
