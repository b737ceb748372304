// deno-lint-ignore-file require-await -- ports return promises, and node:sqlite answers at once
import type { CanaryState, CanaryStore } from "../../ports/canary.ts";
import { Database, int, text } from "./sqlite/database.ts";

/** A {@link CanaryStore} in a file. */
export interface SqliteCanaryStore extends CanaryStore {
  /** Closes the file. */
  close(): void;
}

const MIGRATIONS = [`
CREATE TABLE canary (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  version INTEGER NOT NULL,
  state TEXT NOT NULL
) STRICT;`];

/**
 * What the canary knows, in a SQLite file of its own: it is about TikTok, not about recordings, and may be deleted alone
 * to begin anew.
 * @param path the file, made when it is not there; `:memory:` for one that is gone with the process
 */
export function sqliteCanary(path: string): SqliteCanaryStore {
  const db = new Database(path, MIGRATIONS);
  return {
    async readCanary() {
      const row = db.get("SELECT version, state FROM canary");
      return row && { state: JSON.parse(text(row, "state")) as CanaryState, version: int(row, "version") };
    },
    async writeCanary(state, version) {
      const json = JSON.stringify(state);
      return version === 0
        ? db.run("INSERT INTO canary (id, version, state) VALUES (1, 1, ?) ON CONFLICT DO NOTHING", json) === 1
        : db.run("UPDATE canary SET version = version + 1, state = ? WHERE version = ?", json, version) === 1;
    },
    close: () => db.close(),
  };
}
