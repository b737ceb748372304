import { after, describe, it } from "node:test";
import { startDynamoDbLocal } from "../../../tests/engines/dynamodb_local.ts";
import { freshTable } from "../../../tests/engines/dynamodb_table.ts";
import { keyStoreSuite } from "../../../tests/suites/key_store_suite.ts";
import { systemClock } from "../local/system_clock.ts";
import { dynamoKeyStore } from "./dynamo_key_store.ts";

const { engine, skipped } = await startDynamoDbLocal();

describe("dynamoKeyStore()", () => {
  if (engine === undefined) return it(`SKIPPED: ${skipped}`, { skip: skipped }, () => {});
  after(() => engine.stop());

  keyStoreSuite("dynamoKeyStore()", async () => {
    const { name, connect, close } = await freshTable(engine.endpoint);
    return {
      open: () => Promise.resolve(dynamoKeyStore({ client: connect(), name, clock: systemClock, random: Math.random })),
      close,
    };
  });
});
