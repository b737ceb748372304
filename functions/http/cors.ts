import type { MiddlewareHandler } from "hono";
import { cors } from "hono/cors";

/** How long a browser may keep the answer to a preflight, s. */
const MAX_AGE_S = 600;

/**
 * Lets pages of other origins call the API. Keys come in headers, never in cookies, so credentials stay off.
 * @param origins such as `https://app.example`, letter for letter as browsers send them
 */
export function allowOrigins(origins: readonly string[]): MiddlewareHandler {
  return cors({
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
      "ratelimit",
      "ratelimit-policy",
      "retry-after",
      "warning",
      "x-request-id",
    ],
    maxAge: MAX_AGE_S,
  });
}
