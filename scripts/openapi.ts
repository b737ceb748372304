/**
 * Writes `functions/openapi.json`, the API's description that is committed and served.
 *
 * `bun scripts/openapi.ts`; `--check` only tells whether it is up to date.
 * @module
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import type { GenericSchema } from "valibot";
import { openApiDocument } from "../functions/contract/openapi.ts";
import * as routeModule from "../functions/contract/routes.ts";
import * as schemaModule from "../functions/contract/schemas.ts";
import type { Route } from "../functions/contract/route.ts";
import { ROOT } from "./tools.mjs";

/** Where the description is. */
export const OPENAPI_FILE = join(ROOT, "functions", "openapi.json");

/** The description as it is to be, as text. */
export function openApiText(): string {
  const { version } = JSON.parse(readFileSync(join(ROOT, "functions", "package.json"), "utf8"));
  const routes = Object.fromEntries(Object.entries<unknown>(routeModule).filter(isRoute));
  const schemas = Object.fromEntries(Object.entries<unknown>(schemaModule).filter(isSchema));
  return `${JSON.stringify(openApiDocument({ version, routes, schemas }), null, 2)}\n`;
}

function isRoute(entry: [string, unknown]): entry is [string, Route] {
  const [, value] = entry;
  return typeof value === "object" && value !== null && "path" in value && "method" in value;
}

function isSchema(entry: [string, unknown]): entry is [string, GenericSchema] {
  const [, value] = entry;
  return typeof value === "object" && value !== null && "kind" in value && value.kind === "schema";
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const text = openApiText();
  if (!process.argv.includes("--check")) writeFileSync(OPENAPI_FILE, text);
  else if (readFileSync(OPENAPI_FILE, "utf8") !== text) {
    process.stderr.write("functions/openapi.json is out of date: run `bun scripts/openapi.ts`\n");
    process.exit(1);
  }
}
