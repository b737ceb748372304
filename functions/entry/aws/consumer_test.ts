import type { DynamoDBStreamEvent } from "aws-lambda";
import { randomUUID } from "node:crypto";
import process from "node:process";
import { after, describe, it } from "node:test";
import { startDynamoDbLocal } from "../../../tests/engines/dynamodb_local.ts";
import { dynamoDbStream, type StreamRecord } from "../../../tests/engines/dynamodb_stream.ts";
import { createTable, deleteTable, localDynamoDb } from "../../../tests/engines/dynamodb_table.ts";
import { startFaultyDynamoDb } from "../../../tests/engines/faulty_dynamodb.ts";
import { CaptureLogger } from "../../../tests/fakes/capture_logger.ts";
import { ManualClock } from "../../../tests/fakes/manual_clock.ts";
import { consumerSuite } from "../../../tests/suites/consumer_suite.ts";
import { dynamoStore } from "../../adapters/aws/dynamo_store.ts";
import { eventsTableName } from "../../adapters/aws/table.ts";
import { systemClock } from "../../adapters/local/system_clock.ts";
import type { BatchResponse } from "../../core/feed_reader.ts";

const { engine, skipped } = await startDynamoDbLocal();

describe("consumer.lambda.ts behind an event source mapping", () => {
  if (engine === undefined) return it(`SKIPPED: ${skipped}`, { skip: skipped }, () => {});
  const before = { ...process.env };
  after(async () => {
    for (const name of Object.keys(process.env)) if (!(name in before)) delete process.env[name];
    Object.assign(process.env, before);
    await engine.stop();
  });

  consumerSuite<StreamRecord>(
    "Lambda function on a DynamoDB stream",
    async () => {
      const client = localDynamoDb(engine.endpoint);
      const tableName = `t${randomUUID()}`;
      await createTable(client, tableName);
      const faulty = await startFaultyDynamoDb(engine.endpoint);
      Object.assign(process.env, {
        ROOMTONE_TABLE_NAME: tableName,
        ROOMTONE_DYNAMODB_URL: faulty.endpoint,
        AWS_REGION: "local",
        AWS_ACCESS_KEY_ID: "local",
        AWS_SECRET_ACCESS_KEY: "local",
      });
      // A function reads its settings when it is loaded.
      const { handler } = await import(`./consumer.lambda.ts?table=${tableName}`) as {
        handler(event: DynamoDBStreamEvent): Promise<BatchResponse>;
      };
      return {
        store: dynamoStore({ client, name: tableName, clock: systemClock, random: Math.random }),
        feed: dynamoDbStream(engine.endpoint, eventsTableName(tableName)),
        handler: (records) => handler({ Records: records.map(({ record }) => record) }),
        clock: new ManualClock(Date.now()),
        breakStore(fault) {
          faulty.fault = fault;
        },
        async close() {
          await faulty.stop();
          await deleteTable(client, tableName);
          client.destroy();
        },
      };
    },
    () => new CaptureLogger(),
  );
});
