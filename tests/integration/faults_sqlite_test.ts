/**
 * The fault list on SQLite.
 * @module
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type SqliteStore, sqliteStore } from "../../functions/adapters/local/sqlite_store.ts";
import { fleetFaultsSuite } from "../suites/fleet_faults_suite.ts";
import { recordedFaultsSuite } from "../suites/recorded_faults_suite.ts";
import type { StoreFixture } from "../suites/store_fixture.ts";

const makeStore = async (): Promise<StoreFixture> => {
  const folder = await mkdtemp(join(tmpdir(), "roomtone-faults-"));
  const handles: SqliteStore[] = [];
  return {
    open() {
      const store = sqliteStore(join(folder, "store.db"));
      handles.push(store);
      return Promise.resolve(store);
    },
    async close() {
      for (const each of handles) each.close();
      await rm(folder, { recursive: true });
    },
  };
};

fleetFaultsSuite("SQLite", makeStore);
recordedFaultsSuite("SQLite", makeStore);
