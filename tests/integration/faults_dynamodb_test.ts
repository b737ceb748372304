/**
 * The fault list on DynamoDB, and the fleet under random faults.
 * @module
 */
import { after, describe, it } from "node:test";
import { dynamoStore } from "../../functions/adapters/aws/dynamo_store.ts";
import { systemClock } from "../../functions/adapters/local/system_clock.ts";
import { startDynamoDbLocal } from "../engines/dynamodb_local.ts";
import { freshTable } from "../engines/dynamodb_table.ts";
import { fleetFaultsSuite } from "../suites/fleet_faults_suite.ts";
import { fleetModelSuite } from "../suites/fleet_model_suite.ts";
import { recordedFaultsSuite } from "../suites/recorded_faults_suite.ts";
import type { StoreFixture } from "../suites/store_fixture.ts";

const { engine, skipped } = await startDynamoDbLocal();

describe("faults on DynamoDB Local", () => {
  if (engine === undefined) return it(`SKIPPED: ${skipped}`, { skip: skipped }, () => {});
  after(() => engine.stop());

  const makeStore = async (): Promise<StoreFixture> => {
    const { name, connect, close } = await freshTable(engine.endpoint);
    const open = () => {
      return Promise.resolve(dynamoStore({ client: connect(), name, clock: systemClock, random: Math.random }));
    };
    return { open, close };
  };
  fleetFaultsSuite("DynamoDB", makeStore);
  recordedFaultsSuite("DynamoDB", makeStore);
  const seeds = [String(Date.now())];
  fleetModelSuite("DynamoDB", makeStore, { seeds, hosts: 2, troubleMinutes: 10, onAirMinutes: 35 });
});
