import process from "node:process";
import { dynamoStore } from "../../adapters/aws/dynamo_store.ts";
import { systemClock } from "../../adapters/local/system_clock.ts";
import { loadConfig, SystemConfig } from "../../contract/config.ts";
import { createApp } from "../../http/app.ts";
import openApi from "../../openapi.json" with { type: "json" };
import { apiParts } from "./api_parts.ts";
import { openOperator } from "./open_operator.ts";
import { openTable } from "./open_table.ts";
import { serve } from "./serve.ts";

const config = loadConfig(SystemConfig, process.env);
const table = openTable(config);
const parts = apiParts(table);
const { lookup, sender } = openOperator(config, parts.logger);

/** Answers the watchlist, recordings and health routes behind API Gateway. */
export const handler = serve(createApp({
  ...parts,
  lives: { lookup, clock: systemClock, sender: config.sendMessages ? sender : undefined },
  system: { store: dynamoStore(table), clock: systemClock, lookup },
  openApi,
}));
