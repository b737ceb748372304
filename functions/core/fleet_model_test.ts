/**
 * The fleet under random faults, on the store of one machine. `tests/integration/faults_dynamodb_test.ts` has it on the
 * other one.
 * @module
 */
import { fleetModelSuite } from "../../tests/suites/fleet_model_suite.ts";
import { sqliteStore } from "../adapters/local/sqlite_store.ts";

fleetModelSuite("SQLite", () => {
  const store = sqliteStore(":memory:");
  return Promise.resolve({
    open: () => Promise.resolve(store),
    close: () => Promise.resolve(store.close()),
  });
}, { hosts: 5, troubleMinutes: 30, onAirMinutes: 60 });
