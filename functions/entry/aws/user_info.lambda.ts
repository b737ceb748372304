import process from "node:process";
import { systemClock } from "../../adapters/local/system_clock.ts";
import { loadConfig, LookupConfig } from "../../contract/config.ts";
import { createLookupApp } from "../../http/app.ts";
import { openUpstream } from "../open_upstream.ts";
import { apiParts } from "./api_parts.ts";
import { openTable } from "./open_table.ts";
import { serve } from "./serve.ts";

const config = loadConfig(LookupConfig, process.env);

/** Answers `GET /tiktok/user-info` behind API Gateway. */
export const handler = serve(createLookupApp({
  userInfo: { lookup: openUpstream(config, { mediaHosts: config.mediaHosts }).upstream.prompt, clock: systemClock },
  ...apiParts(openTable(config)),
}));
