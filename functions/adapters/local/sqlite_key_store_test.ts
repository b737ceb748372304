import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { keyStoreSuite } from "../../../tests/suites/key_store_suite.ts";
import { type SqliteKeyStore, sqliteKeyStore } from "./sqlite_key_store.ts";

keyStoreSuite("sqliteKeyStore()", async () => {
  const folder = await mkdtemp(join(tmpdir(), "roomtone-keys-"));
  const handles: SqliteKeyStore[] = [];
  return {
    open() {
      const store = sqliteKeyStore(join(folder, "keys.db"));
      handles.push(store);
      return Promise.resolve(store);
    },
    async close() {
      for (const each of handles) each.close();
      await rm(folder, { recursive: true });
    },
  };
});
