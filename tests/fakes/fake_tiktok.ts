/**
 * A TikTok whose hosts go live and offline as a test says, behind a request budget as processes have it.
 * @module
 */
import { RequestBudget } from "../../functions/core/request_budget.ts";
import { Upstream } from "../../functions/core/upstream.ts";
import type { Clock } from "../../functions/ports/clock.ts";
import type { LiveLookup, LookupOptions } from "../../functions/ports/live_lookup.ts";
import type { FakeLookup } from "./fake_lookup.ts";

/** What {@link wayTo} works with. */
export interface WayOptions {
  clock: Clock;
  /** @default plenty */
  requestsPerMinute?: number;
  /** @default plenty */
  burst?: number;
}

/** The way to a fake TikTok: each request takes its turn, and refusals slow the budget down. */
export function wayTo(lookup: FakeLookup, { clock, requestsPerMinute = 600_000, burst = 10_000 }: WayOptions): {
  budget: RequestBudget;
  lookup: LiveLookup;
} {
  const random = () => 0.5;
  const budget = new RequestBudget({ requestsPerMinute, burst, clock, random });
  const inTurn: LiveLookup = Object.assign(Object.create(lookup), {
    async links(names: readonly string[], options: LookupOptions = {}) {
      await budget.take(1, options);
      return await lookup.links(names);
    },
    async alive(roomIds: readonly string[], options: LookupOptions = {}) {
      await budget.take(1, options);
      return await lookup.alive(roomIds);
    },
  });
  return { budget, lookup: new Upstream({ lookup: inTurn, budget, clock, random }).patient };
}
