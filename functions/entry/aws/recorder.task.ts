/**
 * The recorder as a task: claims recordings from the table, as many as it has slots, brings their files to the bucket,
 * and leaves when there is nothing to do for long. On SIGTERM it hands its recordings over, which takes less than the
 * 120 s that Fargate gives.
 * @module
 */
import { S3Client } from "@aws-sdk/client-s3";
import { mkdir } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { dynamoStore } from "../../adapters/aws/dynamo_store.ts";
import { RECORDINGS_PREFIX } from "../../adapters/aws/s3_files.ts";
import { s3Uploads } from "../../adapters/aws/s3_uploads.ts";
import { folderSpool } from "../../adapters/local/folder_files.ts";
import { diskSpace } from "../../adapters/local/disk_space.ts";
import { systemClock } from "../../adapters/local/system_clock.ts";
import { eventFiles } from "../../adapters/media/event_files.ts";
import { mediaRecorder, repairFolder } from "../../adapters/media/media_recorder.ts";
import { loadConfig, RecorderTaskConfig } from "../../contract/config.ts";
import { alertRaiser } from "../../core/alerts.ts";
import { handOver } from "../../core/hand_over.ts";
import { measuredLogger, measuredObserver, measuredStore } from "../../core/measure.ts";
import { RecordingLog } from "../../core/recording_log.ts";
import { restoreSegments } from "../../core/restore_segments.ts";
import { runRecordings } from "../../core/run_recordings.ts";
import { RecordingUploader, uploadingRecorder } from "../../core/upload_recordings.ts";
import { openUpstream } from "../open_upstream.ts";
import { stayAlive } from "./alive_file.ts";
import { openTable } from "./open_table.ts";
import { processLogger } from "./process_logger.ts";
import { processMetrics } from "./process_metrics.ts";
import { takeIdentity } from "./take_identity.ts";

/** A request is given up after this time, ms: 8 MiB on a very slow line. */
const REQUEST_TIMEOUT_MS = 60_000;
/** How often numbers are written to the log, for CloudWatch. */
const METRICS_MS = 60_000;

const config = loadConfig(RecorderTaskConfig, process.env);
const metrics = processMetrics("recorder");
const processLog = measuredLogger(processLogger(), metrics);
const store = measuredStore(dynamoStore(openTable(config)), metrics, systemClock);
const recordingLog = new RecordingLog({ store, clock: systemClock, random: Math.random, logger: processLog });
const logger = recordingLog.around(processLog);
const dir = join(config.dataDir, "recordings");
await mkdir(dir, { recursive: true });
void stayAlive(config.dataDir, systemClock, logger);
const s3 = new S3Client({
  requestHandler: { connectionTimeout: 5_000, requestTimeout: REQUEST_TIMEOUT_MS, throwOnRequestTimeout: true },
});
const spool = folderSpool(dir);
const uploader = new RecordingUploader({
  spool,
  uploads: s3Uploads({ client: () => Promise.resolve(s3), bucket: config.bucketName, prefix: RECORDINGS_PREFIX }),
  repair: (folder, signal) => repairFolder(join(dir, folder), signal),
  restore: (folder, recording) => restoreSegments({ store, logger }, folder, recording),
  clock: systemClock,
  logger,
});
const media = mediaRecorder({
  ...config,
  tiktok: openUpstream(config, { ...await takeIdentity(config, logger), metrics }).tiktok,
  dir,
});
const recorder = uploadingRecorder(media, uploader, systemClock);
// Before the first recorder starts, so that every folder is one that nobody works in any more.
const resumed = uploader.resume(await spool.folders());

const owner = `${hostname()}-${process.pid}`;
const raise = alertRaiser({ store, clock: systemClock, logger, rules: config.alerts });
const pool = runRecordings({
  store,
  recorder,
  spool: eventFiles(dir),
  clock: systemClock,
  logger,
  raise,
  observe: measuredObserver(metrics),
}, {
  ...config,
  owner,
  slots: config.recorderSlots,
});
logger.info("recorder_ready", { owner, slots: config.recorderSlots });
const tellMetrics = async () => {
  metrics.set("recordings_active", pool.active());
  metrics.set("spool_events", pool.waitingEvents());
  metrics.set("disk_free_bytes", (await diskSpace(dir)).freeBytes);
  metrics.flush();
};
setInterval(() => tellMetrics().catch((error) => logger.warn("metrics_not_told", { error })), METRICS_MS);

const leaving = new Promise<void>((leave) => {
  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    process.on(signal, () => {
      logger.info("recorder_stopping", { owner, signal, recordings: pool.active() });
      leave();
    });
  }
});
await Promise.race([pool.done.then(() => resumed), leaving]);
await handOver({ pool, uploader, resumed, clock: systemClock });
await recordingLog.close();
metrics.flush();
logger.info("recorder_left", { owner });
process.exit(0);
