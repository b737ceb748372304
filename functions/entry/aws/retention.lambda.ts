import type { Context } from "aws-lambda";
import process from "node:process";
import { dynamoStore } from "../../adapters/aws/dynamo_store.ts";
import { RECORDINGS_PREFIX, s3Files } from "../../adapters/aws/s3_files.ts";
import { systemClock } from "../../adapters/local/system_clock.ts";
import { loadConfig, RetentionConfig } from "../../contract/config.ts";
import { once } from "../../core/once.ts";
import { applyRetention } from "../../core/retention.ts";
import { openTable } from "./open_table.ts";
import { processLogger } from "./process_logger.ts";

/** Time before the function's own end at which it begins no other removal, ms: that of a long recording takes a while. */
const RESERVE_MS = 60_000;

const config = loadConfig(RetentionConfig, process.env);
const logger = processLogger();
const files = s3Files({
  client: once(async () => {
    const { S3Client } = await import("@aws-sdk/client-s3");
    return new S3Client({});
  }),
  bucket: config.bucketName,
  prefix: RECORDINGS_PREFIX,
  clock: systemClock,
});
const deps = { store: dynamoStore(openTable(config)), files, clock: systemClock, logger };

/** What a run did. */
export interface RetentionSummary {
  removed: number;
  failed: number;
  /** True when time was up: the next run goes on. */
  more: boolean;
}

/**
 * Deletes what is older than the policy says, as the daily schedule asks for it. It takes the rights to get, query, update
 * and delete items of both tables, to delete objects below the prefix, and to list them.
 * @throws Error when something could not be deleted, so that the function's alarm tells; the next run tries again
 */
export async function handler(
  _event: unknown,
  context: Pick<Context, "getRemainingTimeInMillis">,
): Promise<RetentionSummary> {
  const signal = AbortSignal.timeout(Math.max(0, context.getRemainingTimeInMillis() - RESERVE_MS));
  const report = await applyRetention(deps, config.retention, { signal });
  const summary = { removed: report.removed.length, failed: report.failed.length, more: report.more };
  logger.info("retention_applied", { ...summary });
  if (summary.failed > 0) throw new Error(`Apply the retention policy: ${summary.failed} removals failed`);
  return summary;
}
