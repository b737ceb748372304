/**
 * The routes of the API: their paths, what they take and what they answer. They are written down here and nowhere else.
 * @module
 */
export { type BodySchema, defineRoute, type InputSchema, type Route, type RouteResponse } from "./route.ts";
export * from "./routes/alerts.ts";
export * from "./routes/lives.ts";
export * from "./routes/lookups.ts";
export * from "./routes/recordings.ts";
export * from "./routes/retention.ts";
export * from "./routes/status.ts";
export * from "./routes/system.ts";
export * from "./routes/totals.ts";
export * from "./routes/watchlist.ts";
