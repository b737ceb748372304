// deno-lint-ignore-file require-await -- ports return promises, and node:sqlite answers at once
import { logPlace } from "../../../contract/keys.ts";
import type { LogLine, RecordingLogStore } from "../../../ports/recording_log_store.ts";
import { type Database, text } from "./database.ts";

/** Logs of recordings in SQLite. */
export function sqliteRecordingLog(db: Database): RecordingLogStore {
  return {
    async appendLog(recordingId, { at, id, lines }) {
      return db.transaction(() => {
        const state = db.get("SELECT state FROM recordings WHERE id = ?", recordingId);
        if (state === undefined || text(state, "state") === "deleting") return false;
        for (const [index, line] of lines.entries()) {
          db.run(
            "INSERT INTO recording_logs VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
            recordingId,
            logPlace(at, id, index),
            JSON.stringify(line),
          );
        }
        return true;
      });
    },
    async readLog(recordingId, after, limit) {
      const rows = db.all(
        "SELECT place, line FROM recording_logs WHERE recording_id = ? AND place > ? ORDER BY place LIMIT ?",
        recordingId,
        after,
        limit,
      );
      const last = rows.at(-1);
      return {
        lines: rows.map((row) => JSON.parse(text(row, "line")) as LogLine),
        after: last === undefined ? after : text(last, "place"),
      };
    },
  };
}
