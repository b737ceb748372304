import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import type { DynamoTable } from "../../adapters/aws/dynamo_table.ts";
import { systemClock } from "../../adapters/local/system_clock.ts";
import type { TableConfig } from "../../contract/config.ts";

/** The table, with region and credentials as the AWS SDK finds them. Once per process. */
export function openTable({ tableName, dynamodbUrl }: TableConfig): DynamoTable {
  const client = new DynamoDBClient({ endpoint: dynamodbUrl });
  return { client, name: tableName, clock: systemClock, random: Math.random };
}
