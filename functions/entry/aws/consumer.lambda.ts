import type { DynamoDBBatchResponse, DynamoDBStreamEvent } from "aws-lambda";
import process from "node:process";
import { dynamoTotals } from "../../adapters/aws/dynamo_events.ts";
import { toChangeRecord } from "../../adapters/aws/stream_records.ts";
import { ConsumerConfig, loadConfig } from "../../contract/config.ts";
import { consumeEvents } from "../../core/consume_events.ts";
import { openTable } from "./open_table.ts";
import { processLogger } from "./process_logger.ts";

const deps = { store: dynamoTotals(openTable(loadConfig(ConsumerConfig, process.env))), logger: processLogger() };

/**
 * Adds new event batches of the table's stream to the totals.
 * @returns the first record that failed: Lambda comes again with it and all after it
 */
export async function handler({ Records }: DynamoDBStreamEvent): Promise<DynamoDBBatchResponse> {
  const { failed } = await consumeEvents(deps, Records.map(toChangeRecord));
  return { batchItemFailures: failed === undefined ? [] : [{ itemIdentifier: failed }] };
}
