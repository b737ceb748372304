import type { TikTok } from "@roomtone/sdk";
import { type ClientOptions, openClient, type TikTokAddresses } from "../adapters/live/tiktok_client.ts";
import { tiktokLookup, tiktokMessages } from "../adapters/live/tiktok_lookup.ts";
import { systemClock } from "../adapters/local/system_clock.ts";
import { RequestBudget } from "../core/request_budget.ts";
import { Upstream } from "../core/upstream.ts";
import type { Clock } from "../ports/clock.ts";
import type { LiveLookup } from "../ports/live_lookup.ts";
import type { Metrics } from "../ports/metrics.ts";
import type { Random } from "../ports/random.ts";

/** Settings of the way to TikTok. */
export interface UpstreamSettings extends TikTokAddresses {
  tiktokRequestsPerMinute: number;
  tiktokRequestBurst: number;
}

/** What {@link openUpstream} works with in place of its defaults. */
export interface UpstreamOptions extends ClientOptions {
  clock?: Clock;
  random?: Random;
  /** A client that keeps to a budget of its own. */
  tiktok?: TikTok | undefined;
  /** @default over the client */
  lookup?: LiveLookup | undefined;
  /** Part of the budget that callers' look-ups may use, where the process has other work too. @default all of it */
  callersPart?: number;
  metrics?: Metrics;
}

/** The way to TikTok of a process: one client, one budget, and what was learnt of refusals. Open it once. */
export function openUpstream(settings: UpstreamSettings, options: UpstreamOptions = {}) {
  const { clock = systemClock, random = Math.random, tiktok, lookup, callersPart, metrics, ...more } = options;
  const { tiktokRequestsPerMinute: requestsPerMinute, tiktokRequestBurst: burst } = settings;
  const budget = new RequestBudget({ requestsPerMinute, burst, clock, random });
  const callers = callersPart === undefined ? undefined : new RequestBudget({
    requestsPerMinute: Math.max(1, requestsPerMinute * callersPart),
    burst: Math.max(1, burst * callersPart),
    ...{ clock, random },
  });
  const client = tiktok ?? openClient(settings, budget, more);
  const upstream = new Upstream({ lookup: lookup ?? tiktokLookup(client), budget, callers, clock, random, metrics });
  return { tiktok: client, budget, upstream, sender: upstream.messages(tiktokMessages(client)) };
}
