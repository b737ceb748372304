// deno-lint-ignore-file require-await -- ports return promises, and node:sqlite answers at once
import { LeaseLostError } from "../../../contract/errors.ts";
import { recordingListOrder } from "../../../contract/keys.ts";
import type { Quality } from "../../../contract/quality.ts";
import type {
  Lease,
  Recording,
  RecordingOutcome,
  RecordingPart,
  RecordingState,
  RecordingStore,
  Segment,
} from "../../../ports/recording_store.ts";
import { type Database, int, optionalInt, optionalText, type Row, text } from "./database.ts";
import { deleteLedger } from "./totals.ts";

const STOPPED: RecordingOutcome = { kind: "stopped" };

/** Recordings in SQLite. */
export function sqliteRecordings(db: Database): RecordingStore {
  const read = (id: string): Recording | undefined => {
    const row = db.get("SELECT * FROM recordings WHERE id = ?", id);
    return row && toRecording(row);
  };
  /** Reads the recording that a lease holds. Call it inside the transaction that writes. */
  const held = (lease: Lease): Recording => {
    const recording = read(lease.recordingId);
    if (recording?.state !== "recording" || recording.leaseToken !== lease.token) {
      throw new LeaseLostError(lease.recordingId, lease.token);
    }
    return recording;
  };
  /** Lists a segment and adds it up. @returns false when it is listed already */
  const list = (recordingId: string, { part, index, uri, startAt, durationMs, bytes, sha256 }: Segment): boolean => {
    const added = db.run(
      "INSERT INTO segments VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
      recordingId,
      part,
      index,
      uri,
      startAt,
      durationMs,
      bytes,
      sha256,
    );
    if (added === 0) return false;
    db.run(
      `UPDATE recordings SET segments = segments + 1, bytes = bytes + ?, duration_ms = duration_ms + ? WHERE id = ?`,
      bytes,
      durationMs,
      recordingId,
    );
    return true;
  };
  return {
    async wantRecording({ roomId, username, title, quality }, now) {
      const added = db.run(
        `INSERT INTO recordings (id, username, title, quality, state, created_at, due_at, lease_token, failures, parts,
           segments, bytes, duration_ms)
         VALUES (?, ?, ?, ?, 'wanted', ?, ?, 0, 0, '[]', 0, 0, 0) ON CONFLICT DO NOTHING`,
        roomId,
        username,
        title,
        quality ?? null,
        now,
        now,
      );
      const recording = read(roomId);
      if (recording === undefined) throw new Error(`Cannot read recording ${roomId} after it was put`);
      return { recording, created: added === 1 };
    },
    async askQuality(id, quality) {
      db.run("UPDATE recordings SET quality = ? WHERE id = ?", quality, id);
      return read(id);
    },
    async noteQuality(lease, quality) {
      db.transaction(() => {
        held(lease);
        db.run("UPDATE recordings SET recorded_quality = ? WHERE id = ?", quality, lease.recordingId);
      });
    },
    async reopenRecording({ recordingId, token }, now) {
      return db.run(
        `UPDATE recordings SET state = 'wanted', due_at = ?, ended_at = NULL, outcome = NULL, stop_at = NULL, failures = 0
         WHERE id = ? AND state = 'finished' AND lease_token = ?`,
        now,
        recordingId,
        token,
      ) === 1;
    },
    async getRecording(id) {
      return read(id);
    },
    async listRecordings({ limit, cursor }, { username, state } = {}) {
      const [time, id] = cursor === undefined ? [Number.MAX_SAFE_INTEGER, ""] : splitCursor(cursor);
      const rows = db.all(
        `SELECT * FROM recordings WHERE (created_at, id) < (?, ?) AND state <> 'deleting'
           AND username = coalesce(?, username) AND state = coalesce(?, state)
         ORDER BY created_at DESC, id DESC LIMIT ?`,
        time,
        id,
        username ?? null,
        state ?? null,
        limit + 1,
      );
      const items = rows.slice(0, limit).map(toRecording);
      const last = items.at(-1);
      const more = rows.length > limit && last !== undefined;
      return { items, cursor: more ? recordingListOrder(last.createdAt, last.id) : undefined };
    },
    async stopRecording(id, now) {
      return db.transaction(() => {
        db.run(
          `UPDATE recordings SET state = 'finished', due_at = NULL, stop_at = ?, ended_at = ?, outcome = ?
           WHERE id = ? AND state = 'wanted'`,
          now,
          now,
          JSON.stringify(STOPPED),
          id,
        );
        db.run("UPDATE recordings SET stop_at = coalesce(stop_at, ?) WHERE id = ? AND state = 'recording'", now, id);
        return read(id);
      });
    },
    async retireRecording(id) {
      db.run("UPDATE recordings SET state = 'deleting' WHERE id = ? AND state = 'finished'", id);
      return read(id);
    },
    async deleteRecording(id) {
      db.transaction(() => {
        if (read(id)?.state !== "deleting") return;
        deleteLedger(db, { recordingId: id });
        for (const table of ["segments", "events", "alerts", "recording_logs"]) {
          db.run(`DELETE FROM ${table} WHERE recording_id = ?`, id);
        }
        db.run("DELETE FROM recordings WHERE id = ?", id);
      });
    },
    async listOpenRecordings(limit) {
      return db.all("SELECT * FROM recordings WHERE due_at IS NOT NULL ORDER BY due_at LIMIT ?", limit).map(
        toRecording,
      );
    },
    async countDueRecordings(now) {
      return int(db.get("SELECT count(*) AS n FROM recordings WHERE due_at <= ?", now) ?? {}, "n");
    },
    async claimRecordings({ owner, now, leaseMs, limit }) {
      const rows = db.all(
        `UPDATE recordings SET state = 'recording', lease_owner = ?, lease_token = lease_token + 1, due_at = ?
         WHERE id IN (SELECT id FROM recordings WHERE due_at <= ? ORDER BY due_at LIMIT ?) RETURNING *`,
        owner,
        now + leaseMs,
        now,
        limit,
      );
      return rows.map(toRecording);
    },
    async undoClaim({ owner, now, leaseMs }) {
      db.run("UPDATE recordings SET due_at = ? WHERE lease_owner = ? AND due_at = ?", now, owner, now + leaseMs);
    },
    async renewLease(lease, { now, leaseMs }) {
      return db.transaction(() => {
        const recording = held(lease);
        db.run("UPDATE recordings SET due_at = ? WHERE id = ?", now + leaseMs, lease.recordingId);
        return { ...recording, dueAt: now + leaseMs };
      });
    },
    async addPart(lease, { folder, startedAt }) {
      db.transaction(() => {
        const { parts } = held(lease);
        if (parts.some((each) => each.part === lease.token)) return;
        db.run(
          "UPDATE recordings SET parts = ?, started_at = coalesce(started_at, ?) WHERE id = ?",
          JSON.stringify([...parts, { part: lease.token, folder, startedAt }]),
          startedAt,
          lease.recordingId,
        );
      });
    },
    async addSegment(lease, segment) {
      db.transaction(() => {
        held(lease);
        list(lease.recordingId, segment);
      });
    },
    async restoreSegment(id, segment) {
      return db.transaction(() => {
        const recording = read(id);
        if (recording === undefined || recording.state === "deleting") return false;
        return recording.parts.some(({ part }) => part === segment.part) && list(id, segment);
      });
    },
    async listSegments(recordingId, { limit, cursor }) {
      const [part, number] = cursor === undefined ? [-1, "-1"] : splitCursor(cursor);
      const rows = db.all(
        `SELECT * FROM segments WHERE recording_id = ? AND (part, number) > (?, ?) ORDER BY part, number LIMIT ?`,
        recordingId,
        part,
        Number(number),
        limit + 1,
      );
      const items = rows.slice(0, limit).map(toSegment);
      const last = items.at(-1);
      return { items, cursor: rows.length > limit && last !== undefined ? `${last.part}#${last.index}` : undefined };
    },
    async releaseRecording(lease, { dueAt, failures }) {
      db.transaction(() => {
        held(lease);
        db.run(
          "UPDATE recordings SET state = 'wanted', lease_owner = NULL, due_at = ?, failures = ? WHERE id = ?",
          dueAt,
          failures,
          lease.recordingId,
        );
      });
    },
    async finishRecording(lease, { endedAt, outcome }) {
      db.transaction(() => {
        held(lease);
        db.run(
          `UPDATE recordings SET state = 'finished', lease_owner = NULL, due_at = NULL, ended_at = ?, outcome = ?
           WHERE id = ?`,
          endedAt,
          JSON.stringify(outcome),
          lease.recordingId,
        );
      });
    },
  };
}

/** A cursor made of a number and a text. One that was not made here finds nothing or starts anew; it harms nothing. */
function splitCursor(cursor: string): [number, string] {
  const [number = "", rest = ""] = cursor.split("#", 2);
  return [Number.isFinite(Number(number)) ? Number(number) : 0, rest];
}

/** A recording of a row. */
export function toRecording(row: Row): Recording {
  const outcome = optionalText(row, "outcome");
  return {
    id: text(row, "id"),
    username: text(row, "username"),
    title: text(row, "title"),
    quality: optionalText(row, "quality") as Quality | undefined,
    recordedQuality: optionalText(row, "recorded_quality"),
    state: text(row, "state") as RecordingState,
    createdAt: int(row, "created_at"),
    dueAt: optionalInt(row, "due_at"),
    leaseToken: int(row, "lease_token"),
    leaseOwner: optionalText(row, "lease_owner"),
    failures: int(row, "failures"),
    parts: JSON.parse(text(row, "parts")) as RecordingPart[],
    kept: int(row, "kept") === 1,
    eventsDeletedAt: optionalInt(row, "events_deleted_at"),
    stopAt: optionalInt(row, "stop_at"),
    startedAt: optionalInt(row, "started_at"),
    endedAt: optionalInt(row, "ended_at"),
    outcome: outcome === undefined ? undefined : JSON.parse(outcome) as RecordingOutcome,
    segments: int(row, "segments"),
    bytes: int(row, "bytes"),
    durationMs: int(row, "duration_ms"),
  };
}

function toSegment(row: Row): Segment {
  return {
    part: int(row, "part"),
    index: int(row, "number"),
    uri: text(row, "uri"),
    startAt: int(row, "start_at"),
    durationMs: int(row, "duration_ms"),
    bytes: int(row, "bytes"),
    sha256: text(row, "sha256"),
  };
}
