/**
 * Bodies of the API. Reply schemas hold no transforms, so that they can be written down as JSON Schema.
 * Times are ms since 1970, ids are strings.
 * @module
 */
export { ErrorCode, Problem } from "./schemas/common.ts";
export * from "./schemas/alerts.ts";
export * from "./schemas/lives.ts";
export * from "./schemas/lookups.ts";
export * from "./schemas/recordings.ts";
export * from "./schemas/retention.ts";
export * from "./schemas/status.ts";
export * from "./schemas/system.ts";
export * from "./schemas/totals.ts";
export * from "./schemas/watchlist.ts";
