import type { Context } from "hono";
import type { Allowance } from "../core/api_keys.ts";
import type { Logger } from "../ports/logger.ts";
import type { Metrics } from "../ports/metrics.ts";
import { rateLimitHeaders } from "./rate_limit.ts";

/** Answers a request. What needs no waiting is answered at once, without a promise. */
export type Handler = (c: Context) => Response | Promise<Response>;

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
 * @returns puts this around a handler that does not throw
 */
export function requestLog(options: RequestLogOptions): (handle: Handler) => Handler {
  const { logger, metrics, now, newId, trustForwarded } = options;
  return (handle) => (c) => {
    const startedAt = now();
    const { method, headers: asked } = c.req.raw;
    const call: Call = { requestId: sane(asked.get("x-request-id"), SANE_ID) ?? newId() };
    c.set("call", call);
    const finish = (response: Response): Response => {
      const { headers, status } = response;
      headers.set("x-request-id", call.requestId);
      if (call.allowance !== undefined) {
        for (const [name, value] of Object.entries(rateLimitHeaders(call.allowance))) headers.set(name, value);
      }
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
        traceId: sane(asked.get("traceparent") ?? asked.get("x-amzn-trace-id"), SANE_TRACE),
        client: trustForwarded
          ? sane(asked.get("x-forwarded-for")?.split(",").at(-1)?.trim(), SANE_ADDRESS)
          : undefined,
      });
      return response;
    };
    const answer = handle(c);
    return answer instanceof Promise ? answer.then(finish) : finish(answer);
  };
}

function sane(value: string | null | undefined, pattern: RegExp): string | undefined {
  return typeof value === "string" && pattern.test(value) ? value : undefined;
}
