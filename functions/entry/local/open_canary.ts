import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { tiktokCanary } from "../../adapters/live/canary_probe.ts";
import { lineLogger } from "../../adapters/local/line_logger.ts";
import { sqliteCanary } from "../../adapters/local/sqlite_canary.ts";
import { systemClock } from "../../adapters/local/system_clock.ts";
import type { LocalConfig } from "../../contract/config.ts";
import { acceptFacts } from "../../core/accept_canary.ts";
import { type CanaryReport, runCanary } from "../../core/canary.ts";
import { RequestBudget } from "../../core/request_budget.ts";
import type { CanaryState } from "../../ports/canary.ts";
import { identityOf } from "../identity.ts";
import { openLocalStore } from "./local_system.ts";

/**
 * Takes what facts of a data folder are now for how they should be, see {@link acceptFacts}.
 * @param names of facts; without them, of all that drifted
 */
export async function acceptHere({ dataDir }: Pick<LocalConfig, "dataDir">, names?: string[]): Promise<CanaryState> {
  mkdirSync(dataDir, { recursive: true });
  const canary = sqliteCanary(join(dataDir, "canary.db"));
  try {
    return await acceptFacts(canary, names);
  } finally {
    canary.close();
  }
}

/**
 * Runs the canary once on a data folder, whether the system runs or not; what it finds is stored there.
 * @param hosts names that are often live, before those of the settings
 * @param log takes lines about the work
 */
export async function lookOnce(
  config: LocalConfig,
  hosts: readonly string[],
  log: (line: string) => void,
  signal: AbortSignal,
): Promise<CanaryReport> {
  mkdirSync(config.dataDir, { recursive: true });
  const { tiktokRequestsPerMinute: requestsPerMinute, tiktokRequestBurst: burst } = config;
  const clock = systemClock;
  const probe = tiktokCanary({
    addresses: config,
    turns: new RequestBudget({ requestsPerMinute, burst, clock, random: Math.random }),
    identity: identityOf(config),
    ...{ clock, listenMs: config.canaryListenMs },
  });
  const canary = sqliteCanary(join(config.dataDir, "canary.db"));
  const { listRecordings, close } = openLocalStore(config);
  const { error } = lineLogger(log, clock);
  const logger = { info() {}, warn() {}, error };
  try {
    return await runCanary(
      { probe, store: { ...canary, listRecordings }, clock, logger },
      [...hosts, ...config.canaryHosts],
      signal,
    );
  } finally {
    canary.close();
    close();
  }
}
