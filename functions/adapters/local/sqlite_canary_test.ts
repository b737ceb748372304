import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { canaryStoreSuite } from "../../../tests/suites/canary_store_suite.ts";
import { sqliteCanary, type SqliteCanaryStore } from "./sqlite_canary.ts";

canaryStoreSuite("sqliteCanary()", async () => {
  const folder = await mkdtemp(join(tmpdir(), "roomtone-canary-"));
  const handles: SqliteCanaryStore[] = [];
  return {
    open() {
      const store = sqliteCanary(join(folder, "canary.db"));
      handles.push(store);
      return Promise.resolve(store);
    },
    async close() {
      for (const each of handles) each.close();
      await rm(folder, { recursive: true });
    },
  };
});
