import { AppError, type AppErrorCode, REFUSAL_CODES, SLOWING_CODES } from "../contract/errors.ts";
import type { Clock } from "../ports/clock.ts";
import type { LiveAnswer, LiveLookup, LookupOptions, MessageSender } from "../ports/live_lookup.ts";
import type { Metrics } from "../ports/metrics.ts";
import type { Random } from "../ports/random.ts";
import { mapBounded } from "./bounded.ts";
import { type BreakerReport, type BreakerState, CircuitBreaker } from "./circuit_breaker.ts";
import { DEADLINE_MS } from "./deadline.ts";
import { BudgetError, type BudgetState, type RequestBudget } from "./request_budget.ts";

/** What {@link Upstream} works with. */
export interface UpstreamDeps {
  lookup: LiveLookup;
  /** The one that the look-up's client waits for. */
  budget: RequestBudget;
  /** What callers may look up, so that they leave requests for the watchlist. @default as much as the budget gives */
  callers?: RequestBudget | undefined;
  clock: Clock;
  random: Random;
  /** Counts refusals. */
  metrics?: Pick<Metrics, "count"> | undefined;
}

/** How things stand with TikTok. */
export interface UpstreamState {
  budget: BudgetState;
  /** By call, such as `links`. */
  breakers: Record<string, BreakerState>;
}

/** How one kind of call stands. */
export interface CallReport extends BreakerReport {
  /** Such as `links`. */
  call: string;
}

const CALLS = ["links", "alive", "userInfo", "userList", "room", "gifts", "prices", "feed", "message"] as const;
type Call = typeof CALLS[number];
type Lookup = Exclude<Call, "message">;

/** Failures that a second try may mend. Refusals are none of them. */
const WORTH_A_RETRY: ReadonlySet<AppErrorCode> = new Set(["network", "deadline"]);
/** Failures that the next call of the same kind will likely share, whatever it asks for. */
const OF_ALL: ReadonlySet<AppErrorCode> = new Set([...REFUSAL_CODES, ...WORTH_A_RETRY]);

/** Names that are looked up at the same time for one call. */
const CONCURRENCY = 8;
const MAX_TRIES = 3;
const FIRST_RETRY_MS = 250;
/** A retry needs this much of the deadline, ms. */
const RETRY_NEEDS_MS = 5_000;

/**
 * The way to TikTok that everything in a process shares: what one caller learns of refusals holds for all.
 *
 * Look-ups only ask, so each may be made again: after trouble of the network, and never after a refusal.
 */
export class Upstream {
  readonly #deps: UpstreamDeps;
  readonly #breakers: Record<Call, CircuitBreaker>;
  /** For work with a schedule of its own, such as a poller: each call is made, once. */
  readonly patient: LiveLookup;
  /** For callers that wait: short trouble is tried again, and a TikTok that refuses is not asked. */
  readonly prompt: LiveLookup;

  constructor(deps: UpstreamDeps) {
    this.#deps = deps;
    const breaker = () => new CircuitBreaker(deps.clock);
    this.#breakers = {
      links: breaker(),
      alive: breaker(),
      userInfo: breaker(),
      userList: breaker(),
      room: breaker(),
      gifts: breaker(),
      prices: breaker(),
      feed: breaker(),
      message: breaker(),
    };
    this.patient = around(deps.lookup, (call, ask) => this.#noted(call, ask));
    this.prompt = around(
      deps.lookup,
      (call, ask, signal) =>
        this.#breakers[call].run(() =>
          this.#noted(call, async () => {
            await deps.callers?.take(1, { signal });
            return await this.#retried(ask, signal);
          })
        ),
    );
  }

  /** Messages on the same way: each is sent once, and none while TikTok refuses them. */
  messages(sender: MessageSender): MessageSender {
    const { message } = this.#breakers;
    return { send: (...args) => message.run(() => this.#noted("message", () => sender.send(...args))) };
  }

  /** For metrics. */
  state(): UpstreamState {
    const breakers = Object.fromEntries(CALLS.map((call) => [call, this.#breakers[call].state]));
    return { budget: this.#deps.budget.state(), breakers };
  }

  /** For people: how each kind of call stands. */
  calls(): CallReport[] {
    return CALLS.map((call) => ({ call, ...this.#breakers[call].report() }));
  }

  async #noted<T>(call: Call, ask: () => Promise<T>): Promise<T> {
    try {
      const answer = await ask();
      this.#deps.budget.succeeded();
      this.#breakers[call].worked();
      return answer;
    } catch (error) {
      if (error instanceof AppError) this.#learn(call, error);
      throw error;
    }
  }

  #learn(call: Call, error: AppError): void {
    const { budget, metrics } = this.#deps;
    // Nothing was sent.
    if (error instanceof BudgetError) return;
    const { code } = error;
    if (REFUSAL_CODES.has(code)) metrics?.count("tiktok_refusals_total", 1, code);
    if (SLOWING_CODES.has(code)) budget.slowDown(error.retryAfterMs);
    if (OF_ALL.has(code)) return this.#breakers[call].failed(error);
    // That there is no such user, or that a list is private, is an answer.
    if (code === "protocol" || code === "internal") return;
    budget.succeeded();
    this.#breakers[call].worked();
  }

  async #retried<T>(ask: () => Promise<T>, signal: AbortSignal | undefined): Promise<T> {
    const { clock, random } = this.#deps;
    const until = clock.now() + DEADLINE_MS - RETRY_NEEDS_MS;
    for (let tries = 1;; tries++) {
      try {
        return await ask();
      } catch (error) {
        const pauseMs = FIRST_RETRY_MS * 2 ** (tries - 1) * (0.5 + random());
        const again = error instanceof AppError && WORTH_A_RETRY.has(error.code) && error.retryAfterMs === undefined &&
          tries < MAX_TRIES && clock.now() + pauseMs <= until && !signal?.aborted;
        if (!again) throw error;
        await clock.sleep(pauseMs, signal);
      }
    }
  }
}

/** Makes each call of a look-up through `make`; in `links` each name is a call of its own. */
function around(
  lookup: LiveLookup,
  make: <T>(call: Lookup, ask: () => Promise<T>, signal: AbortSignal | undefined) => Promise<T>,
): LiveLookup {
  const one = async (username: string, options: LookupOptions): Promise<LiveAnswer> => {
    try {
      return await make("links", async () => {
        const [answer] = await lookup.links([username], options);
        if (answer?.state === "failed") throw answer.error;
        return answer ?? { username, state: "offline" };
      }, options.signal);
    } catch (error) {
      if (!(error instanceof AppError) || options.signal?.aborted) throw error;
      return { username, state: "failed", error };
    }
  };
  return {
    links: (usernames, options = {}) => mapBounded(usernames, CONCURRENCY, (username) => one(username, options)),
    alive: (roomIds, options = {}) => make("alive", () => lookup.alive(roomIds, options), options.signal),
    userInfo: (username, options = {}) => make("userInfo", () => lookup.userInfo(username, options), options.signal),
    userList: (kind, request, options = {}) =>
      make("userList", () => lookup.userList(kind, request, options), options.signal),
    room: (roomId, options = {}) => make("room", () => lookup.room(roomId, options), options.signal),
    gifts: (options = {}) => make("gifts", () => lookup.gifts(options), options.signal),
    prices: (options = {}) => make("prices", () => lookup.prices(options), options.signal),
    feed: (cursor, options = {}) => make("feed", () => lookup.feed(cursor, options), options.signal),
  };
}
