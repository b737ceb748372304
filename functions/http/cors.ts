import { cors } from "hono/cors";
import type { Handler } from "./request_log.ts";

/** How long a browser may keep the answer to a preflight, s. */
const MAX_AGE_S = 600;

/**
 * Lets pages of other origins call the API. Keys come in headers, never in cookies, so credentials stay off.
 * @param origins such as `https://app.example`, letter for letter as browsers send them
 * @returns puts this around a handler
 */
export function allowOrigins(origins: readonly string[]): (handle: Handler) => Handler {
  const allow = cors({
    origin: [...origins],
    allowMethods: ["GET", "HEAD", "PUT", "POST", "DELETE"],
    allowHeaders: [
      "authorization",
      "content-type",
      "if-none-match",
      "last-event-id",
      "range",
      "x-api-key",
      "x-request-id",
    ],
    exposeHeaders: [
      "age",
      "content-range",
      "etag",
      "location",
      "ratelimit",
      "ratelimit-policy",
      "retry-after",
      "warning",
      "x-request-id",
    ],
    maxAge: MAX_AGE_S,
  });
  return (handle) => async (c) => {
    const preflight = await allow(c, async () => {
      c.res = await handle(c);
    });
    return preflight ?? c.res;
  };
}
