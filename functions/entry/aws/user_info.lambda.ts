import process from "node:process";
import { systemClock } from "../../adapters/local/system_clock.ts";
import { loadConfig, LookupConfig } from "../../contract/config.ts";
import { createLookupApp } from "../../http/app.ts";
import { openUpstream } from "../open_upstream.ts";
import { apiParts } from "./api_parts.ts";
import { openTable } from "./open_table.ts";
import { metered, processMetrics } from "./process_metrics.ts";
import { serve } from "./serve.ts";

const config = loadConfig(LookupConfig, process.env);
const metrics = processMetrics("user_info");
const { upstream } = openUpstream(config, { mediaHosts: config.mediaHosts, metrics });

/** Answers `GET /tiktok/user-info` behind API Gateway. */
export const handler = metered(
  metrics,
  serve(createLookupApp({
    userInfo: { lookup: upstream.prompt, clock: systemClock },
    ...apiParts(openTable(config)),
  })),
);
