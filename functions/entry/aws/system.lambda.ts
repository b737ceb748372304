import process from "node:process";
import { fileURLToPath } from "node:url";
import { dynamoCanary } from "../../adapters/aws/dynamo_canary.ts";
import { dynamoStore } from "../../adapters/aws/dynamo_store.ts";
import { RECORDINGS_PREFIX, s3Files } from "../../adapters/aws/s3_files.ts";
import { pageFolder } from "../../adapters/local/page_folder.ts";
import { systemClock } from "../../adapters/local/system_clock.ts";
import { loadConfig, SystemConfig } from "../../contract/config.ts";
import { alertRaiser } from "../../core/alerts.ts";
import { once } from "../../core/once.ts";
import { createApp } from "../../http/app.ts";
import openApi from "../../openapi.json" with { type: "json" };
import { apiParts } from "./api_parts.ts";
import { openLauncher } from "./open_launcher.ts";
import { openOperator } from "./open_operator.ts";
import { openTable } from "./open_table.ts";
import { metered, processMetrics } from "./process_metrics.ts";
import { serve } from "./serve.ts";

const config = loadConfig(SystemConfig, process.env);
const metrics = processMetrics("system");
const table = openTable(config);
const parts = apiParts(table);
const { lookup, sender } = openOperator(config, parts.logger, metrics);
const files = s3Files({
  client: once(async () => {
    const { S3Client } = await import("@aws-sdk/client-s3");
    return new S3Client({});
  }),
  bucket: config.bucketName,
  prefix: RECORDINGS_PREFIX,
  clock: systemClock,
});
const launcher = openLauncher(config, table, parts.logger);
const store = dynamoStore(table);
const raise = alertRaiser({ store, clock: systemClock, logger: parts.logger, rules: config.alerts });

/** Recorders are tasks of their own; of each the table knows what it holds. */
const status = { recorderSlots: config.recorderSlots };

/** The console lies beside the bundle, and plays what the bucket's signed addresses lead to. */
const page = pageFolder(fileURLToPath(new URL("console", import.meta.url)));
const mediaOrigins = async () => [new URL(await files.link("folder", "file")).origin];

/** Answers the watchlist, recordings and health routes behind API Gateway, and browsers with the console. */
export const handler = metered(
  metrics,
  serve(createApp({
    ...parts,
    lives: { lookup, clock: systemClock, sender: config.sendMessages ? sender : undefined },
    system: { store, clock: systemClock, lookup, files, launcher, raise, retention: config.retention, status },
    canary: dynamoCanary(table),
    openApi,
    console: page && { files: page, mediaOrigins },
  })),
);
