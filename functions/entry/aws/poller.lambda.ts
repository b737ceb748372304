import { ECSClient } from "@aws-sdk/client-ecs";
import type { Context } from "aws-lambda";
import process from "node:process";
import { countOpenRecordings } from "../../adapters/aws/dynamo_recordings.ts";
import { dynamoStore } from "../../adapters/aws/dynamo_store.ts";
import { ecsLauncher } from "../../adapters/aws/ecs_launcher.ts";
import { systemClock } from "../../adapters/local/system_clock.ts";
import { loadConfig, PollerConfig } from "../../contract/config.ts";
import { type PollSummary, pollWatchlist } from "../../core/poll_watchlist.ts";
import { openUpstream } from "../open_upstream.ts";
import { openTable } from "./open_table.ts";
import { processLogger } from "./process_logger.ts";

/** Time before the function's own end at which a pass begins no more look-ups, ms. */
const RESERVE_MS = 5_000;

const config = loadConfig(PollerConfig, process.env);
const logger = processLogger();
const table = openTable(config);
const deps = {
  store: dynamoStore(table),
  lookup: openUpstream(config).upstream.patient,
  launcher: ecsLauncher({
    client: new ECSClient({}),
    logger,
    cluster: config.ecsCluster,
    taskDefinition: config.ecsTaskDefinition,
    subnets: config.ecsSubnets,
    securityGroups: config.ecsSecurityGroups,
    slotsPerTask: config.recorderSlots,
    maxTasks: config.maxTasks,
    countOpen: () => countOpenRecordings(table),
  }),
  clock: systemClock,
  random: Math.random,
  logger,
};

/** One pass over the watchlist, as the schedule asks for it. */
export async function handler(
  _event: unknown,
  context: Pick<Context, "getRemainingTimeInMillis">,
): Promise<PollSummary> {
  const { pollIntervalMs: intervalMs, pollJitter: jitter, pollLeaseMs: leaseMs } = config;
  const timeLeftMs = Math.max(0, context.getRemainingTimeInMillis() - RESERVE_MS);
  const summary = await pollWatchlist(deps, { intervalMs, jitter, leaseMs }, AbortSignal.timeout(timeLeftMs));
  logger.info("watchlist_polled", { ...summary });
  return summary;
}
