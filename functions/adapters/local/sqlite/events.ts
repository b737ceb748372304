// deno-lint-ignore-file require-await -- ports return promises, and node:sqlite answers at once
import { LeaseLostError } from "../../../contract/errors.ts";
import type { EventBatch, EventBatchFacts, EventStore } from "../../../ports/event_store.ts";
import { bytes, type Database, int, optionalText, type Row, text } from "./database.ts";

/** The event log in SQLite. */
export function sqliteEvents(db: Database): EventStore {
  const lastOf = (recordingId: string): { seq: number; token: number } => {
    const row = db.get("SELECT seq, token FROM events WHERE recording_id = ? ORDER BY seq DESC LIMIT 1", recordingId);
    return row === undefined ? { seq: 0, token: 0 } : { seq: int(row, "seq"), token: int(row, "token") };
  };
  const insert = (batch: EventBatch): void => {
    db.run(
      `INSERT INTO events (recording_id, seq, token, count, types, diamonds, first_at, last_at, body, up_to, expires_at)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      batch.recordingId,
      batch.seq,
      batch.token,
      batch.count,
      JSON.stringify(batch.types),
      batch.diamonds,
      batch.firstAt,
      batch.lastAt,
      batch.body,
      batch.upTo ?? null,
      batch.expiresAt ?? null,
    );
  };
  return {
    async openEvents({ recordingId, token }, now) {
      return db.transaction(() => {
        // What DynamoDB does by itself. The last place of a log stays taken.
        db.run(
          `DELETE FROM events WHERE expires_at <= ?
           AND seq < (SELECT max(seq) FROM events AS own WHERE own.recording_id = events.recording_id)`,
          now,
        );
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

/** A batch as its row holds it. */
export function toBatch(row: Row): EventBatch {
  const upTo = optionalText(row, "up_to");
  return {
    recordingId: text(row, "recording_id"),
    seq: int(row, "seq"),
    token: int(row, "token"),
    ...readFacts(row),
    body: bytes(row, "body"),
    ...upTo !== undefined && { upTo },
  };
}
