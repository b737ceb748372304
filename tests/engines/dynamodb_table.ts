/** Tables for tests, made from the same shapes as the deployed ones. */
import { CreateTableCommand, DeleteTableCommand, DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { randomUUID } from "node:crypto";
import { EVENTS_TABLE, eventsTableName, TABLE, type TableShape } from "../../functions/adapters/aws/table.ts";

/** A client of a local engine. */
export function localDynamoDb(endpoint: string): DynamoDBClient {
  return new DynamoDBClient({
    endpoint,
    region: "local",
    credentials: { accessKeyId: "local", secretAccessKey: "local" },
  });
}

/** Makes an empty state table of the deployed shape, and the events table beside it. */
export async function createTable(client: DynamoDBClient, name: string): Promise<void> {
  await Promise.all([create(client, name, TABLE), create(client, eventsTableName(name), EVENTS_TABLE)]);
}

/** Deletes what {@link createTable} made. */
export async function deleteTable(client: DynamoDBClient, name: string): Promise<void> {
  for (const each of [name, eventsTableName(name)]) await client.send(new DeleteTableCommand({ TableName: each }));
}

async function create(client: DynamoDBClient, name: string, shape: TableShape): Promise<void> {
  const keys = [shape, ...shape.indexes].flatMap(({ partitionKey, sortKey }) => [partitionKey, sortKey]);
  await client.send(
    new CreateTableCommand({
      TableName: name,
      BillingMode: "PAY_PER_REQUEST",
      AttributeDefinitions: keys.map(({ name, type }) => ({ AttributeName: name, AttributeType: type })),
      KeySchema: keySchema(shape),
      ...(shape.indexes.length > 0 && {
        GlobalSecondaryIndexes: shape.indexes.map((index) => ({
          IndexName: index.name,
          KeySchema: keySchema(index),
          Projection: { ProjectionType: "ALL" as const },
        })),
      }),
      ...(shape.streamViewType !== undefined && {
        StreamSpecification: { StreamEnabled: true, StreamViewType: shape.streamViewType },
      }),
    }),
  );
}

/** Tables of a test's own. */
export interface TestTable {
  name: string;
  /** A client, as another process would have it. */
  connect(): DynamoDBClient;
  /** Removes the tables, and ends the clients. */
  close(): Promise<void>;
}

/** Makes empty tables under a name of their own. */
export async function freshTable(endpoint: string): Promise<TestTable> {
  const clients: DynamoDBClient[] = [];
  const connect = (): DynamoDBClient => {
    const client = localDynamoDb(endpoint);
    clients.push(client);
    return client;
  };
  const name = `t${randomUUID()}`;
  await createTable(connect(), name);
  return {
    name,
    connect,
    async close() {
      await deleteTable(connect(), name);
      for (const client of clients) client.destroy();
    },
  };
}

function keySchema({ partitionKey, sortKey }: Pick<TableShape, "partitionKey" | "sortKey">) {
  return [
    { AttributeName: partitionKey.name, KeyType: "HASH" as const },
    { AttributeName: sortKey.name, KeyType: "RANGE" as const },
  ];
}
