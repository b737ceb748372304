import process from "node:process";
import { tiktokLookup } from "../../adapters/live/tiktok_lookup.ts";
import { systemClock } from "../../adapters/local/system_clock.ts";
import { loadConfig, LookupConfig } from "../../contract/config.ts";
import { createApp } from "../../http/app.ts";
import { apiParts } from "./api_parts.ts";
import { openTable } from "./open_table.ts";
import { openTikTok } from "./open_tiktok.ts";
import { serve } from "./serve.ts";

const config = loadConfig(LookupConfig, process.env);

/** Answers `GET /tiktok/user-followings` and `GET /tiktok/user-followers` behind API Gateway. */
export const handler = serve(createApp({
  followings: { lookup: tiktokLookup(openTikTok(config)), clock: systemClock },
  ...apiParts(openTable(config)),
}));
