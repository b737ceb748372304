import type { DynamoDBStreamEvent } from "aws-lambda";
import process from "node:process";
import { dynamoStore } from "../../adapters/aws/dynamo_store.ts";
import { toChangeRecord } from "../../adapters/aws/stream_records.ts";
import { ConsumerConfig, loadConfig } from "../../contract/config.ts";
import { consumeEvents } from "../../core/consume_events.ts";
import type { BatchResponse } from "../../core/feed_reader.ts";
import { openTable } from "./open_table.ts";
import { processLogger } from "./process_logger.ts";

const deps = { store: dynamoStore(openTable(loadConfig(ConsumerConfig, process.env))), logger: processLogger() };

/**
 * Adds new event batches of the stream to the totals.
 * @returns the records that failed: Lambda comes again from the first of them on
 */
export async function handler({ Records }: DynamoDBStreamEvent): Promise<BatchResponse> {
  return await consumeEvents(deps, Records.map(toChangeRecord));
}
