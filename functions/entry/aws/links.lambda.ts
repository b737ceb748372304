import process from "node:process";
import { systemClock } from "../../adapters/local/system_clock.ts";
import { loadConfig, LookupConfig } from "../../contract/config.ts";
import { createLookupApp } from "../../http/app.ts";
import { apiParts } from "./api_parts.ts";
import { openOperator } from "./open_operator.ts";
import { openTable } from "./open_table.ts";
import { metered, processMetrics } from "./process_metrics.ts";
import { serve } from "./serve.ts";

const config = loadConfig(LookupConfig, process.env);
const metrics = processMetrics("links");
const parts = apiParts(openTable(config));
const { lookup } = openOperator(config, parts.logger, metrics);

/** Answers `GET /api/links` behind API Gateway. */
export const handler = metered(
  metrics,
  serve(createLookupApp({
    links: { lookup, clock: systemClock },
    ...parts,
  })),
);
