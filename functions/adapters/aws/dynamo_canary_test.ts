import { DeleteTableCommand, type DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { randomUUID } from "node:crypto";
import { after, describe, it } from "node:test";
import { startDynamoDbLocal } from "../../../tests/engines/dynamodb_local.ts";
import { createTable, localDynamoDb } from "../../../tests/engines/dynamodb_table.ts";
import { canaryStoreSuite } from "../../../tests/suites/canary_store_suite.ts";
import { systemClock } from "../local/system_clock.ts";
import { dynamoCanary } from "./dynamo_canary.ts";

const { engine, skipped } = await startDynamoDbLocal();

describe("dynamoCanary()", () => {
  if (engine === undefined) return it(`SKIPPED: ${skipped}`, { skip: skipped }, () => {});
  after(() => engine.stop());

  canaryStoreSuite("dynamoCanary()", async () => {
    const clients: DynamoDBClient[] = [];
    const connect = (): DynamoDBClient => {
      const client = localDynamoDb(engine.endpoint);
      clients.push(client);
      return client;
    };
    const name = `t${randomUUID()}`;
    await createTable(connect(), name);
    return {
      open: () => Promise.resolve(dynamoCanary({ client: connect(), name, clock: systemClock, random: Math.random })),
      async close() {
        await clients[0]?.send(new DeleteTableCommand({ TableName: name }));
        for (const client of clients) client.destroy();
      },
    };
  });
});
