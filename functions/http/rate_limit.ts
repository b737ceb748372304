import { AppError } from "../contract/errors.ts";
import type { Allowance } from "../core/api_keys.ts";

/** `RateLimit-Policy` and `RateLimit` of the IETF's draft: how many in which time, how many are left, till when. */
export function rateLimitHeaders({ quota, windowMs, remaining, resetMs }: Allowance): Record<string, string> {
  return {
    "ratelimit-policy": `"key";q=${quota};w=${seconds(windowMs)}`,
    "ratelimit": `"key";r=${remaining};t=${seconds(resetMs)}`,
  };
}

/**
 * Refuses a request that the key's bucket had no room for.
 * @throws AppError `too_many_requests`
 */
export function requireRoom({ quota, retryAfterMs }: Allowance): void {
  if (retryAfterMs === 0) return;
  throw new AppError("too_many_requests", `Count the request: the API key may send ${quota} a minute`, {
    remedy: `Wait ${seconds(retryAfterMs)} s, or ask for a key with a higher limit`,
    retryAfterMs,
  });
}

const seconds = (ms: number): number => Math.ceil(ms / 1000);
