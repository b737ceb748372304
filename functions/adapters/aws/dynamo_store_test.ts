import { DeleteTableCommand, type DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { randomUUID } from "node:crypto";
import { after, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { startDynamoDbLocal } from "../../../tests/engines/dynamodb_local.ts";
import { createTable, localDynamoDb } from "../../../tests/engines/dynamodb_table.ts";
import { storeSuite } from "../../../tests/suites/store_suite.ts";
import { dynamoStore } from "./dynamo_store.ts";

const clock = { now: Date.now, sleep: async (ms: number): Promise<void> => void await sleep(ms) };
const { engine, skipped } = await startDynamoDbLocal();

describe("dynamoStore()", () => {
  if (engine === undefined) return it(`SKIPPED: ${skipped}`, { skip: skipped }, () => {});
  after(() => engine.stop());
  storeSuite("dynamoStore()", async () => {
    const clients: DynamoDBClient[] = [];
    const connect = (): DynamoDBClient => {
      const client = localDynamoDb(engine.endpoint);
      clients.push(client);
      return client;
    };
    const name = `t${randomUUID()}`;
    await createTable(connect(), name);
    return {
      open: () => Promise.resolve(dynamoStore({ client: connect(), name, clock, random: Math.random })),
      async close() {
        await clients[0]?.send(new DeleteTableCommand({ TableName: name }));
        for (const client of clients) client.destroy();
      },
    };
  });
});
