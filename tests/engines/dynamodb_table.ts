/** Tables for tests, made from the same shape as the deployed one. */
import { CreateTableCommand, DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { type KeyAttribute, TABLE } from "../../functions/adapters/aws/table.ts";

/** A client of a local engine. */
export function localDynamoDb(endpoint: string): DynamoDBClient {
  return new DynamoDBClient({
    endpoint,
    region: "local",
    credentials: { accessKeyId: "local", secretAccessKey: "local" },
  });
}

/** Makes an empty table of the deployed shape. */
export async function createTable(client: DynamoDBClient, name: string): Promise<void> {
  const keys: KeyAttribute[] = [
    TABLE.partitionKey,
    TABLE.sortKey,
    ...TABLE.indexes.flatMap((index) => [index.partitionKey, index.sortKey]),
  ];
  await client.send(
    new CreateTableCommand({
      TableName: name,
      BillingMode: "PAY_PER_REQUEST",
      AttributeDefinitions: keys.map(({ name, type }) => ({ AttributeName: name, AttributeType: type })),
      KeySchema: keySchema(TABLE),
      GlobalSecondaryIndexes: TABLE.indexes.map((index) => ({
        IndexName: index.name,
        KeySchema: keySchema(index),
        Projection: { ProjectionType: "ALL" as const },
      })),
      StreamSpecification: { StreamEnabled: true, StreamViewType: TABLE.streamViewType },
    }),
  );
}

function keySchema({ partitionKey, sortKey }: { partitionKey: KeyAttribute; sortKey: KeyAttribute }) {
  return [
    { AttributeName: partitionKey.name, KeyType: "HASH" as const },
    { AttributeName: sortKey.name, KeyType: "RANGE" as const },
  ];
}
