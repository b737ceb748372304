// deno-lint-ignore-file require-await -- ports return promises, and node:sqlite answers at once
import { LeaseLostError } from "../../../contract/errors.ts";
import type { ChangeFeed } from "../../../ports/change_feed.ts";
import type { EventBatch, EventBatchFacts, EventStore } from "../../../ports/event_store.ts";
import type { RecordingTotals, TotalsStore } from "../../../ports/totals_store.ts";
import { bytes, type Database, int, type Row, text } from "./database.ts";

/** The event log, its change feed and the totals in SQLite. */
export function sqliteEvents(db: Database): EventStore & ChangeFeed & TotalsStore {
  const lastOf = (recordingId: string): { seq: number; token: number } => {
    const row = db.get("SELECT seq, token FROM events WHERE recording_id = ? ORDER BY seq DESC LIMIT 1", recordingId);
    return row === undefined ? { seq: 0, token: 0 } : { seq: int(row, "seq"), token: int(row, "token") };
  };
  const insert = (batch: EventBatch): void => {
    db.run(
      `INSERT INTO events (recording_id, seq, token, count, types, diamonds, first_at, last_at, body)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      batch.recordingId,
      batch.seq,
      batch.token,
      batch.count,
      JSON.stringify(batch.types),
      batch.diamonds,
      batch.firstAt,
      batch.lastAt,
      batch.body,
    );
  };
  return {
    async openEvents({ recordingId, token }, now) {
      return db.transaction(() => {
        const last = lastOf(recordingId);
        if (last.token > token) throw new LeaseLostError(recordingId, token);
        const mark = { count: 0, types: {}, diamonds: 0, firstAt: now, lastAt: now, body: new Uint8Array() };
        if (last.token < token) insert({ recordingId, seq: last.seq + 1, token, ...mark });
        return last.token < token ? last.seq + 2 : last.seq + 1;
      });
    },
    async appendEvents(batch) {
      db.transaction(() => {
        const row = db.get(
          "SELECT token FROM events WHERE recording_id = ? AND seq = ?",
          batch.recordingId,
          batch.seq,
        );
        if (row === undefined) insert(batch);
        else if (int(row, "token") !== batch.token) throw new LeaseLostError(batch.recordingId, batch.token);
      });
    },
    async listEvents(recordingId, { after, limit }) {
      return db.all(
        "SELECT * FROM events WHERE recording_id = ? AND seq > ? ORDER BY seq LIMIT ?",
        recordingId,
        after,
        limit,
      ).map(toBatch);
    },
    async readChanges(reader, limit) {
      const rows = db.all(
        `SELECT * FROM events
         WHERE change_id > coalesce((SELECT change_id FROM feed_readers WHERE reader = ?), 0)
         ORDER BY change_id LIMIT ?`,
        reader,
        limit,
      );
      return rows.map((row) => ({ sequenceNumber: String(int(row, "change_id")), batch: toBatch(row) }));
    },
    async commitChanges(reader, sequenceNumber) {
      db.run(
        `INSERT INTO feed_readers VALUES (?, ?)
         ON CONFLICT DO UPDATE SET change_id = max(change_id, excluded.change_id)`,
        reader,
        Number(sequenceNumber),
      );
    },
    async addToTotals(batch) {
      return db.transaction(() => {
        if (db.get("SELECT id FROM recordings WHERE id = ?", batch.recordingId) === undefined) return false;
        const row = db.get("SELECT * FROM totals WHERE recording_id = ?", batch.recordingId);
        const before = row && toTotals(row);
        if (before !== undefined && batch.seq <= before.seq) return false;
        const sum = before === undefined ? toFacts(batch) : addFacts(before, batch);
        db.run(
          "INSERT OR REPLACE INTO totals VALUES (?, ?, ?, ?, ?, ?, ?)",
          batch.recordingId,
          batch.seq,
          sum.count,
          JSON.stringify(sum.types),
          sum.diamonds,
          sum.firstAt,
          sum.lastAt,
        );
        return true;
      });
    },
    async getTotals(recordingId) {
      const row = db.get("SELECT * FROM totals WHERE recording_id = ?", recordingId);
      return row && toTotals(row);
    },
  };
}

function toFacts({ count, types, diamonds, firstAt, lastAt }: EventBatchFacts): EventBatchFacts {
  return { count, types, diamonds, firstAt, lastAt };
}

function addFacts(a: EventBatchFacts, b: EventBatchFacts): EventBatchFacts {
  const types = { ...a.types };
  for (const [type, count] of Object.entries(b.types)) types[type] = (types[type] ?? 0) + count;
  return {
    count: a.count + b.count,
    types,
    diamonds: a.diamonds + b.diamonds,
    firstAt: Math.min(a.firstAt, b.firstAt),
    lastAt: Math.max(a.lastAt, b.lastAt),
  };
}

function readFacts(row: Row): EventBatchFacts {
  return {
    count: int(row, "count"),
    types: JSON.parse(text(row, "types")) as Record<string, number>,
    diamonds: int(row, "diamonds"),
    firstAt: int(row, "first_at"),
    lastAt: int(row, "last_at"),
  };
}

function toBatch(row: Row): EventBatch {
  return {
    recordingId: text(row, "recording_id"),
    seq: int(row, "seq"),
    token: int(row, "token"),
    ...readFacts(row),
    body: bytes(row, "body"),
  };
}

function toTotals(row: Row): RecordingTotals {
  return { recordingId: text(row, "recording_id"), seq: int(row, "seq"), ...readFacts(row) };
}
