/**
 * Which routes to a room are worth a try: a circuit breaker for each, kept per client. Pure: time is an argument.
 * @module
 */
import type { LiveError, LiveErrorCode } from "../errors.ts";
import type { RouteName } from "../events/types.ts";

/** Failures in a row after which a route is left alone for a while. */
export const FAILURES_TO_OPEN = 3;
/** How long it is left alone, ms. */
export const COOL_DOWN_MS = 30_000;

/** Errors that say something about the room, and nothing about the way to it. */
const OF_THE_ROOM: ReadonlySet<LiveErrorCode> = new Set<LiveErrorCode>(
  ["invalid_input", "not_found", "offline", "private", "age_restricted", "login_required"],
);

/** How a route stands. */
export interface RouteReport {
  /** Which way into rooms it is about. */
  readonly route: RouteName;
  /**
   * `unknown`: no try has told anything yet. `works`: it led into a room and held for 30 s. `failing`: its last tries
   * did not lead into a room, and it is tried all the same. `resting`: it is left alone until
   * {@link RouteReport.nextTryAt}.
   */
  readonly state: "unknown" | "works" | "failing" | "resting";
  /** Since when it works, or fails, ms since 1970. */
  readonly since?: number;
  /** Failures in a row. */
  readonly failures: number;
  /** Why it failed last. */
  readonly error?: LiveError;
  /** When it may be tried again, ms since 1970; only while it rests. */
  readonly nextTryAt?: number;
}

interface Breaker {
  failures: number;
  /** When it began to work, or to fail, ms. */
  since: number | undefined;
  /** The route is not tried before this time, ms. */
  closedUntil: number;
  last: LiveError | undefined;
}

/**
 * The routes of one client in the user's order, each with its breaker.
 *
 * A route that failed {@link FAILURES_TO_OPEN} times in a row, or in a way that a second try cannot mend, is passed
 * over for {@link COOL_DOWN_MS}; then one try at a time may show whether it works again. A route that asks to wait
 * (`retryAfterMs`) is left alone for that long. The only route of a client is never passed over for its failures: there
 * is nothing else to try.
 */
export class RouteHealth {
  readonly order: readonly RouteName[];
  readonly #breakers = new Map<RouteName, Breaker>();

  /** @param order at least one, none twice */
  constructor(order: readonly RouteName[]) {
    this.order = order;
    for (const route of order) {
      this.#breakers.set(route, { failures: 0, since: undefined, closedUntil: 0, last: undefined });
    }
  }

  /** The next route to try; `undefined` when none is left that may be tried now. */
  next(tried: ReadonlySet<RouteName>, nowMs: number): RouteName | undefined {
    for (const route of this.order) {
      const breaker = this.#breakers.get(route);
      if (breaker === undefined || tried.has(route) || breaker.closedUntil > nowMs) continue;
      // While this try is under way, nobody else tries a route that was given up.
      if (this.#isOpen(breaker)) breaker.closedUntil = nowMs + COOL_DOWN_MS;
      return route;
    }
    return undefined;
  }

  /** Time until one of the routes may be tried, ms. */
  waitMs(nowMs: number): number {
    return Math.max(0, Math.min(...[...this.#breakers.values()].map(({ closedUntil }) => closedUntil - nowMs)));
  }

  /** Why a route is passed over now; `undefined` when it is not. */
  lastFailure(route: RouteName): LiveError | undefined {
    return this.#breakers.get(route)?.last;
  }

  /** A route did not lead into the room, or not for long. */
  failed(route: RouteName, error: LiveError, nowMs: number): void {
    const breaker = this.#breakers.get(route);
    if (breaker === undefined || OF_THE_ROOM.has(error.code)) return;
    if (breaker.last === undefined) breaker.since = nowMs;
    breaker.last = error;
    breaker.failures = error.retryable ? breaker.failures + 1 : Math.max(breaker.failures + 1, FAILURES_TO_OPEN);
    const coolDownMs = this.#isOpen(breaker) ? COOL_DOWN_MS : 0;
    breaker.closedUntil = Math.max(breaker.closedUntil, nowMs + Math.max(coolDownMs, error.retryAfterMs ?? 0));
  }

  /** A route leads into rooms. */
  worked(route: RouteName, nowMs: number): void {
    const breaker = this.#breakers.get(route);
    const since = breaker?.last === undefined ? breaker?.since ?? nowMs : nowMs;
    this.#breakers.set(route, { failures: 0, since, closedUntil: 0, last: undefined });
  }

  /** How each route stands, in the user's order. */
  report(nowMs: number): RouteReport[] {
    return [...this.#breakers].map(([route, { failures, since, closedUntil, last: error }]) => {
      if (since === undefined) return { route, state: "unknown", failures };
      if (error === undefined) return { route, state: "works", since, failures };
      if (closedUntil <= nowMs) return { route, state: "failing", since, failures, error };
      return { route, state: "resting", since, failures, error, nextTryAt: closedUntil };
    });
  }

  #isOpen(breaker: Breaker): boolean {
    return this.order.length > 1 && breaker.failures >= FAILURES_TO_OPEN;
  }
}
