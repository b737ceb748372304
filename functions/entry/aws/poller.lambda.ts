import type { Context } from "aws-lambda";
import process from "node:process";
import { dynamoStore } from "../../adapters/aws/dynamo_store.ts";
import { systemClock } from "../../adapters/local/system_clock.ts";
import { loadConfig, PollerConfig } from "../../contract/config.ts";
import { measuredLogger, measureQueues } from "../../core/measure.ts";
import { alertRaiser } from "../../core/alerts.ts";
import { pollOptions, type PollSummary, pollWatchlist } from "../../core/poll_watchlist.ts";
import { openUpstream } from "../open_upstream.ts";
import { openLauncher } from "./open_launcher.ts";
import { openTable } from "./open_table.ts";
import { processLogger } from "./process_logger.ts";
import { metered, processMetrics } from "./process_metrics.ts";
import { takeIdentity } from "./take_identity.ts";

/** Time before the function's own end at which it gives back what it looks up, ms. */
const RESERVE_MS = 5_000;
/** How often it looks for names that were added, and for recordings without a recorder, ms. */
const TICK_MS = 10_000;

const config = loadConfig(PollerConfig, process.env);
const metrics = processMetrics("poller");
const logger = measuredLogger(processLogger(), metrics);
const table = openTable(config);
const identity = await takeIdentity(config, logger);
const { budget, upstream } = openUpstream(config, { ...identity, metrics });
const store = dynamoStore(table);
const deps = {
  store,
  lookup: upstream.patient,
  budget,
  launcher: openLauncher(config, table, logger),
  clock: systemClock,
  random: Math.random,
  logger,
  raise: alertRaiser({ store, clock: systemClock, logger, rules: config.alerts }),
};

/**
 * Works through the schedule's shards of the watchlist, all without such a list, and stays for names that come due before the next tick. It
 * returns as soon as there will be none.
 */
export const handler = metered(metrics, async (
  { shards }: { shards?: number[] },
  context: Pick<Context, "getRemainingTimeInMillis">,
): Promise<PollSummary> => {
  const timeLeftMs = Math.max(0, context.getRemainingTimeInMillis() - RESERVE_MS);
  const stayMs = Math.min(timeLeftMs, config.pollScheduleMs);
  const options = { ...pollOptions(config), tickMs: TICK_MS, stayMs, shards };
  const summary = await pollWatchlist(deps, options, AbortSignal.timeout(timeLeftMs));
  logger.info("watchlist_polled", { ...summary });
  metrics.set("watch_lateness_seconds", summary.lateMs / 1000);
  await measureQueues({ ...deps, metrics });
  return summary;
});
