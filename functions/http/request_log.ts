import type { MiddlewareHandler } from "hono";
import type { Allowance } from "../core/api_keys.ts";
import type { Logger } from "../ports/logger.ts";
import type { Metrics } from "../ports/metrics.ts";
import { rateLimitHeaders } from "./rate_limit.ts";

/** What is known about the request that is being answered. */
export interface Call {
  /** The caller's `x-request-id`, or a new one. */
  requestId: string;
  /** Path of the route with its parameters in braces; without one, no route took the request. */
  route?: string;
  /** Id of the API key that was shown. */
  keyId?: string;
  /** What that key may still send. */
  allowance?: Allowance;
}

declare module "hono" {
  interface ContextVariableMap {
    call: Call;
  }
}

/** What {@link requestLog} works with. */
export interface RequestLogOptions {
  logger: Logger;
  /** Counts and times the requests. */
  metrics?: Metrics;
  /** Milliseconds from some fixed moment, never going back. */
  now: () => number;
  /** Makes ids of requests. */
  newId: () => string;
  /** Believe `x-forwarded-for`, since a proxy of one's own writes it: only then is it read. */
  trustForwarded: boolean;
}

/** An id that can stand in a header and a log line. */
const SANE_ID = /^[\w.:+/=@-]{1,128}$/;
const SANE_TRACE = /^[\w=;:-]{1,256}$/;
const SANE_ADDRESS = /^[\da-fA-F.:]{2,45}$/;

/**
 * Gives each request an id, which goes back in `x-request-id`, and logs one line when it is answered: method, route,
 * status, time, ids. Neither the query nor any key or cookie is in it.
 */
export function requestLog(options: RequestLogOptions): MiddlewareHandler {
  const { logger, metrics, now, newId, trustForwarded } = options;
  return async (c, next) => {
    const startedAt = now();
    const call: Call = { requestId: sane(c.req.header("x-request-id"), SANE_ID) ?? newId() };
    c.set("call", call);
    await next();
    const { headers, status } = c.res;
    headers.set("x-request-id", call.requestId);
    if (call.allowance !== undefined) {
      for (const [name, value] of Object.entries(rateLimitHeaders(call.allowance))) headers.set(name, value);
    }
    const { method } = c.req;
    const route = call.route ?? "none";
    const durationMs = Math.round((now() - startedAt) * 1000) / 1000;
    metrics?.request({ method, route, status, durationMs });
    logger.info("request", {
      method,
      route,
      status,
      durationMs,
      requestId: call.requestId,
      keyId: call.keyId,
      traceId: sane(c.req.header("traceparent") ?? c.req.header("x-amzn-trace-id"), SANE_TRACE),
      client: trustForwarded
        ? sane(c.req.header("x-forwarded-for")?.split(",").at(-1)?.trim(), SANE_ADDRESS)
        : undefined,
    });
  };
}

function sane(value: string | undefined, pattern: RegExp): string | undefined {
  return value !== undefined && pattern.test(value) ? value : undefined;
}
