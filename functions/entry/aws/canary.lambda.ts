import type { Context } from "aws-lambda";
import process from "node:process";
import { dynamoCanary } from "../../adapters/aws/dynamo_canary.ts";
import { dynamoStore } from "../../adapters/aws/dynamo_store.ts";
import { tiktokCanary } from "../../adapters/live/canary_probe.ts";
import { systemClock } from "../../adapters/local/system_clock.ts";
import { CanaryConfig, loadConfig } from "../../contract/config.ts";
import { runCanary } from "../../core/canary.ts";
import { RequestBudget } from "../../core/request_budget.ts";
import { openTable } from "./open_table.ts";
import { processLogger } from "./process_logger.ts";
import { metered, processMetrics } from "./process_metrics.ts";
import { takeIdentity } from "./take_identity.ts";

/** Time before the function's own end at which the look is given up, ms. */
const RESERVE_MS = 5_000;

const config = loadConfig(CanaryConfig, process.env);
const metrics = processMetrics("canary");
const logger = processLogger();
const table = openTable(config);
const { tiktokRequestsPerMinute: requestsPerMinute, tiktokRequestBurst: burst } = config;
const clock = systemClock;
const probe = tiktokCanary({
  addresses: config,
  turns: new RequestBudget({ requestsPerMinute, burst, clock, random: Math.random }),
  identity: await takeIdentity(config, logger),
  ...{ clock, listenMs: config.canaryListenMs },
});
const store = { ...dynamoCanary(table), listRecordings: dynamoStore(table).listRecordings };

/** What a run found. */
export interface CanarySummary {
  facts: number;
  drifts: number;
  changes: number;
  refusals: number;
}

/**
 * Looks at the facts of TikTok's protocol once, as a schedule of an hour or so asks for it. It takes the rights to get and
 * put items of the state table, and to query its index of lists; a minute of time; and a network with WebSockets.
 */
export const handler = metered(metrics, async (
  _event: unknown,
  context: Pick<Context, "getRemainingTimeInMillis">,
): Promise<CanarySummary> => {
  const signal = AbortSignal.timeout(Math.max(0, context.getRemainingTimeInMillis() - RESERVE_MS));
  const { facts, changes, refusals } = await runCanary(
    { probe, store, clock, logger, metrics },
    config.canaryHosts,
    signal,
  );
  const drifts = facts.filter(({ drifted }) => drifted).length;
  return { facts: facts.length, drifts, changes: changes.length, refusals: refusals.length };
});
