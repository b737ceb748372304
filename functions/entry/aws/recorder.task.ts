/**
 * The recorder as a task: claims recordings from the table, as many as it has slots, and leaves when there is nothing to
 * do for long. On SIGTERM it hands its recordings over, which takes less than the 120 s that Fargate gives.
 * @module
 */
import { mkdir } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { dynamoStore } from "../../adapters/aws/dynamo_store.ts";
import { systemClock } from "../../adapters/local/system_clock.ts";
import { mediaRecorder } from "../../adapters/media/media_recorder.ts";
import { loadConfig, RecorderTaskConfig } from "../../contract/config.ts";
import { runRecordings } from "../../core/run_recordings.ts";
import { openUpstream } from "../open_upstream.ts";
import { openTable } from "./open_table.ts";
import { processLogger } from "./process_logger.ts";

const config = loadConfig(RecorderTaskConfig, process.env);
const logger = processLogger();
const store = dynamoStore(openTable(config));
const dir = join(config.dataDir, "recordings");
await mkdir(dir, { recursive: true });
const recorder = mediaRecorder({ ...config, tiktok: openUpstream(config).tiktok, dir });

const owner = `${hostname()}-${process.pid}`;
const pool = runRecordings({ store, recorder, clock: systemClock, logger }, {
  ...config,
  owner,
  slots: config.recorderSlots,
});
logger.info("recorder_ready", { owner, slots: config.recorderSlots });

let handOver: Promise<void> | undefined;
for (const signal of ["SIGTERM", "SIGINT"] as const) {
  process.on(signal, () => {
    logger.info("recorder_stopping", { owner, signal, recordings: pool.active() });
    handOver ??= pool.stop();
  });
}
await pool.done;
await handOver;
logger.info("recorder_left", { owner });
process.exit(0);
