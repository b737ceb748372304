import type { Context } from "aws-lambda";
import process from "node:process";
import { dynamoStore } from "../../adapters/aws/dynamo_store.ts";
import { systemClock } from "../../adapters/local/system_clock.ts";
import { AlertsConfig, loadConfig } from "../../contract/config.ts";
import { AlertDeliverer, type DeliverySummary } from "../../core/deliver_alerts.ts";
import { measuredLogger } from "../../core/measure.ts";
import { once } from "../../core/once.ts";
import { openAlertTargets } from "../alert_targets.ts";
import { openTable } from "./open_table.ts";
import { processLogger } from "./process_logger.ts";
import { metered, processMetrics } from "./process_metrics.ts";

/** Time before the function's own end at which it begins nothing more, ms: a try takes ten seconds at most. */
const RESERVE_MS = 15_000;

const config = loadConfig(AlertsConfig, process.env);
const metrics = processMetrics("alerts");
const logger = measuredLogger(processLogger(), metrics);
// Not where the process starts: a secret that cannot be read now may be there at the next call.
const deliverer = once(async () => {
  const targets = await openAlertTargets(config.alerts, process.env);
  const store = dynamoStore(openTable(config));
  return new AlertDeliverer({ store, targets, clock: systemClock, random: Math.random, logger });
});

/** Delivers the alerts that are due, as the schedule asks for it. */
export const handler = metered(metrics, async (
  _event: unknown,
  context: Pick<Context, "getRemainingTimeInMillis">,
): Promise<DeliverySummary> => {
  const timeLeftMs = Math.max(0, context.getRemainingTimeInMillis() - RESERVE_MS);
  return await (await deliverer()).deliverDue(AbortSignal.timeout(timeLeftMs));
});
