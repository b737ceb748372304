// deno-lint-ignore-file require-await -- ports return promises, and node:sqlite answers at once
import type { AlertKind, AlertState } from "../../../contract/alerts.ts";
import { recordingListOrder } from "../../../contract/keys.ts";
import type { Alert, AlertDelivery, AlertStore } from "../../../ports/alert_store.ts";
import { type Database, int, optionalInt, type Row, text } from "./database.ts";

/** Alerts in SQLite. */
export function sqliteAlerts(db: Database): AlertStore {
  return {
    async putAlert({ id, kind, recordingId, username, at, data }, { now, expiresAt }) {
      db.run("DELETE FROM alerts WHERE expires_at <= ?", now);
      return db.run(
        `INSERT INTO alerts (id, kind, recording_id, username, at, data, raised_at, state, due_at, claim_token, deliveries,
           expires_at)
         VALUES (?, ?, ?, ?, ?, ?, ?, 'pending', ?, 0, '{}', ?) ON CONFLICT DO NOTHING`,
        id,
        kind,
        recordingId,
        username,
        at,
        JSON.stringify(data),
        now,
        now,
        expiresAt,
      ) === 1;
    },
    async getAlert(id) {
      const row = db.get("SELECT * FROM alerts WHERE id = ?", id);
      return row && toAlert(row);
    },
    async listAlerts(state, { limit, cursor }) {
      const [time, id] = cursor === undefined ? [Number.MAX_SAFE_INTEGER, ""] : splitCursor(cursor);
      const rows = db.all(
        `SELECT * FROM alerts WHERE state = ? AND (raised_at, id) < (?, ?) ORDER BY raised_at DESC, id DESC LIMIT ?`,
        state,
        time,
        id,
        limit + 1,
      );
      const items = rows.slice(0, limit).map(toAlert);
      const last = items.at(-1);
      const more = rows.length > limit && last !== undefined;
      return { items, cursor: more ? recordingListOrder(last.raisedAt, last.id) : undefined };
    },
    async claimAlerts({ now, leaseMs, limit }) {
      const rows = db.all(
        `UPDATE alerts SET due_at = ?, claim_token = claim_token + 1
         WHERE id IN (SELECT id FROM alerts WHERE due_at <= ? ORDER BY due_at LIMIT ?) RETURNING *`,
        now + leaseMs,
        now,
        limit,
      );
      return rows.map(toAlert);
    },
    async settleAlert({ id, claimToken }, { state, dueAt, deliveries, expiresAt }) {
      return db.run(
        `UPDATE alerts SET state = ?, due_at = ?, deliveries = ?, expires_at = ?, claim_token = claim_token + 1
         WHERE id = ? AND claim_token = ?`,
        state,
        dueAt ?? null,
        JSON.stringify(deliveries),
        expiresAt,
        id,
        claimToken,
      ) === 1;
    },
  };
}

/** A cursor made of a time and an id. One that was not made here finds nothing or starts anew; it harms nothing. */
function splitCursor(cursor: string): [number, string] {
  const [time = "", id = ""] = cursor.split("#", 2);
  return [Number.isFinite(Number(time)) ? Number(time) : 0, id];
}

function toAlert(row: Row): Alert {
  return {
    id: text(row, "id"),
    kind: text(row, "kind") as AlertKind,
    recordingId: text(row, "recording_id"),
    username: text(row, "username"),
    at: int(row, "at"),
    data: JSON.parse(text(row, "data")) as Record<string, unknown>,
    raisedAt: int(row, "raised_at"),
    state: text(row, "state") as AlertState,
    dueAt: optionalInt(row, "due_at"),
    claimToken: int(row, "claim_token"),
    deliveries: JSON.parse(text(row, "deliveries")) as Record<string, AlertDelivery>,
  };
}
