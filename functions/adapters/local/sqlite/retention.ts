// deno-lint-ignore-file require-await -- ports return promises, and node:sqlite answers at once
import type { RetentionStore } from "../../../ports/retention_store.ts";
import type { Database } from "./database.ts";
import { toRecording } from "./recordings.ts";

/** What retention needs of SQLite. */
export function sqliteRetention(db: Database): RetentionStore {
  const read = (id: string) => {
    const row = db.get("SELECT * FROM recordings WHERE id = ?", id);
    return row && toRecording(row);
  };
  return {
    async keepRecording(id, kept) {
      db.run("UPDATE recordings SET kept = ? WHERE id = ?", kept ? 1 : 0, id);
      return read(id);
    },
    async listDeletions(limit) {
      return db.all("SELECT * FROM recordings WHERE state = 'deleting' ORDER BY id LIMIT ?", limit).map(toRecording);
    },
    async deleteEvents(id, now) {
      return db.transaction(() => {
        if (read(id)?.state !== "finished") return false;
        const last = "(SELECT max(seq) FROM events WHERE recording_id = ?)";
        db.run(`DELETE FROM events WHERE recording_id = ? AND seq < ${last}`, id, id);
        db.run(
          "UPDATE events SET count = 0, types = '{}', diamonds = 0, body = ? WHERE recording_id = ?",
          new Uint8Array(),
          id,
        );
        db.run("UPDATE recordings SET events_deleted_at = ? WHERE id = ?", now, id);
        return true;
      });
    },
  };
}
