import type { DynamoDBStreamEvent } from "aws-lambda";
import process from "node:process";
import { dynamoStore } from "../../adapters/aws/dynamo_store.ts";
import { toChangeRecord } from "../../adapters/aws/stream_records.ts";
import { ConsumerConfig, loadConfig } from "../../contract/config.ts";
import { systemClock } from "../../adapters/local/system_clock.ts";
import { batchAlerts } from "../../core/alerts.ts";
import { consumeEvents } from "../../core/consume_events.ts";
import type { BatchResponse } from "../../core/feed_reader.ts";
import { measuredLogger } from "../../core/measure.ts";
import { openTable } from "./open_table.ts";
import { processLogger } from "./process_logger.ts";
import { metered, processMetrics } from "./process_metrics.ts";

const config = loadConfig(ConsumerConfig, process.env);
const metrics = processMetrics("consumer");
const logger = measuredLogger(processLogger(), metrics);
const store = dynamoStore(openTable(config));
const onBatch = batchAlerts({ store, clock: systemClock, logger, rules: config.alerts });
const deps = { store, logger, onBatch };

/**
 * Adds new event batches of the stream to the totals, and raises alerts for what is in them.
 * @returns the records that failed: Lambda comes again from the first of them on
 */
export const handler = metered(
  metrics,
  ({ Records }: DynamoDBStreamEvent): Promise<BatchResponse> => consumeEvents(deps, Records.map(toChangeRecord)),
);
