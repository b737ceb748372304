// deno-lint-ignore-file require-await -- ports return promises, and node:sqlite answers at once
import type { Scope } from "../../contract/scopes.ts";
import type { ApiKey, KeyStore } from "../../ports/key_store.ts";
import { Database, int, type Row, text } from "./sqlite/database.ts";

/** A {@link KeyStore} in a file. */
export interface SqliteKeyStore extends KeyStore {
  /** Closes the file. */
  close(): void;
}

const MIGRATIONS = [`
CREATE TABLE keys (
  id TEXT PRIMARY KEY,
  hash TEXT NOT NULL,
  name TEXT NOT NULL,
  scopes TEXT NOT NULL,
  requests_per_minute INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  full_at REAL NOT NULL
) STRICT, WITHOUT ROWID;`];

/**
 * API keys in a SQLite file of their own, so that the recordings' database can be handed on without them.
 * @param path the file, made when it is not there; `:memory:` for one that is gone with the process
 */
export function sqliteKeyStore(path: string): SqliteKeyStore {
  const db = new Database(path, MIGRATIONS);
  return {
    async addKey({ id, hash, name, scopes, requestsPerMinute, createdAt }) {
      db.run(
        `INSERT INTO keys (id, hash, name, scopes, requests_per_minute, created_at, full_at)
         VALUES (?, ?, ?, ?, ?, ?, 0)`,
        ...[id, hash, name, scopes.join(","), requestsPerMinute, createdAt],
      );
    },
    async getKey(id) {
      const row = db.get("SELECT * FROM keys WHERE id = ?", id);
      return row && toKey(row);
    },
    async listKeys({ limit, cursor = "" }) {
      const rows = db.all("SELECT * FROM keys WHERE id > ? ORDER BY id LIMIT ?", cursor, limit + 1);
      const items = rows.slice(0, limit).map(toKey);
      return { items, cursor: rows.length > limit ? items.at(-1)?.id : undefined };
    },
    async deleteKey(id) {
      return db.run("DELETE FROM keys WHERE id = ?", id) === 1;
    },
    async takeToken(id, now, { capacity, intervalMs }) {
      const taken = db.get(
        `UPDATE keys SET full_at = max(full_at, ?1) + ?2
         WHERE id = ?3 AND max(full_at, ?1) <= ?1 + ?4 RETURNING full_at`,
        ...[now, intervalMs, id, (capacity - 1) * intervalMs],
      );
      const row = taken ?? db.get("SELECT full_at FROM keys WHERE id = ?", id);
      return row && { taken: taken !== undefined, fullAt: int(row, "full_at") };
    },
    close: () => db.close(),
  };
}

function toKey(row: Row): ApiKey {
  return {
    id: text(row, "id"),
    hash: text(row, "hash"),
    name: text(row, "name"),
    scopes: text(row, "scopes").split(",") as Scope[],
    requestsPerMinute: int(row, "requests_per_minute"),
    createdAt: int(row, "created_at"),
  };
}
