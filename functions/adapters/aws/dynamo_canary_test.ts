import { after, describe, it } from "node:test";
import { startDynamoDbLocal } from "../../../tests/engines/dynamodb_local.ts";
import { freshTable } from "../../../tests/engines/dynamodb_table.ts";
import { canaryStoreSuite } from "../../../tests/suites/canary_store_suite.ts";
import { systemClock } from "../local/system_clock.ts";
import { dynamoCanary } from "./dynamo_canary.ts";

const { engine, skipped } = await startDynamoDbLocal();

describe("dynamoCanary()", () => {
  if (engine === undefined) return it(`SKIPPED: ${skipped}`, { skip: skipped }, () => {});
  after(() => engine.stop());

  canaryStoreSuite("dynamoCanary()", async () => {
    const { name, connect, close } = await freshTable(engine.endpoint);
    return {
      open: () => Promise.resolve(dynamoCanary({ client: connect(), name, clock: systemClock, random: Math.random })),
      close,
    };
  });
});
