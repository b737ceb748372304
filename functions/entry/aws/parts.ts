/**
 * What the AWS processes are made of. Each entry calls these once, when its process starts.
 * @module
 */
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { TikTok } from "@roomtone/sdk";
import process from "node:process";
import type { DynamoTable } from "../../adapters/aws/dynamo_table.ts";
import { jsonLogger } from "../../adapters/aws/json_logger.ts";
import { systemClock } from "../../adapters/local/system_clock.ts";
import type { LookupConfig, SystemConfig } from "../../contract/config.ts";
import type { Logger } from "../../ports/logger.ts";

/** The log of the process: its standard output, which AWS collects. */
export function processLogger(): Logger {
  return jsonLogger((line) => process.stdout.write(`${line}\n`), systemClock);
}

/** The table, with region and credentials as the AWS SDK finds them. */
export function openTable({ tableName, dynamodbUrl }: SystemConfig): DynamoTable {
  const client = new DynamoDBClient({ endpoint: dynamodbUrl });
  return { client, name: tableName, clock: systemClock, random: Math.random };
}

/** The SDK's client. */
export function openTikTok(config: LookupConfig): TikTok {
  return new TikTok({
    baseUrls: {
      web: config.tiktokWebUrl,
      webcast: config.tiktokWebcastUrl,
      socket: config.tiktokSocketUrl,
      ttwid: config.tiktokTtwidUrl,
    },
  });
}
