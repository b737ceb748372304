import { AppError } from "../contract/errors.ts";
import type { Clock } from "../ports/clock.ts";
import type { Random } from "../ports/random.ts";
import type { RequestTurns } from "../ports/request_turns.ts";
import { backOffMs } from "./waiting.ts";

/** Options of {@link RequestBudget}. */
export interface RequestBudgetOptions {
  /** Requests that may go out in a minute, 1 and more. */
  requestsPerMinute: number;
  /** Requests that may go out at once after a rest, 1 and more. */
  burst: number;
  clock: Clock;
  random: Random;
  /** Longest wait for a turn, ms. @default 5_000 */
  maxWaitMs?: number;
}

/** Options of a wait. */
export interface TurnOptions {
  /** Gives the wait up. */
  signal?: AbortSignal | undefined;
  /** Longest wait, ms. */
  maxWaitMs?: number;
}

/** A budget at this moment. */
export interface BudgetState {
  /** Requests that may go out at once. */
  available: number;
  /** Requests that got their turn since the beginning. */
  taken: number;
  /** Requests that wait for their turn. */
  waiting: number;
  /** Current rate; below the configured one after refusals. */
  requestsPerMinute: number;
  /** Time until the pause after a refusal is over, ms; 0 when there is none. */
  pausedMs: number;
  /** Refusals since the last success; those within one pause count once. */
  refusals: number;
}

/** No turn in time. It says nothing about TikTok, which was not asked. */
export class BudgetError extends AppError {
  /** @param waitMs time until a turn can be had, ms */
  constructor(waitMs: number) {
    super("rate_limited", "Ask TikTok: the request budget of this process is used up, nothing was sent", {
      remedy: "Wait as long as retry_after says, ask less often, or let the operator raise the budget",
      retryAfterMs: waitMs,
    });
  }
}

const MAX_WAIT_MS = 5_000;
/** Pause after the first refusal, doubled with each further one, ms. */
const FIRST_PAUSE_MS = 2_000;
const LONGEST_PAUSE_MS = 300_000;
/** Longest pause that a refusal itself may ask for, ms. */
const LONGEST_RETRY_AFTER_MS = 3_600_000;
/** The least and the regained part of the configured rate. */
const LEAST_PART = 1 / 16;
const REGAINED_PART = 1 / 50;
/** What is lost in the sums of a bucket. */
const ROUNDING = 1e-6;

interface Turn {
  count: number;
  /** Latest time for it, ms since 1970. */
  until: number;
  grant(): void;
  refuse(error: BudgetError): void;
}

/**
 * How often one identity may ask TikTok: a token bucket that everything in a process shares. Turns are given in the
 * order of asking. In any span of time at most `burst` requests go out, and as many as the rate gives in that span.
 *
 * A refusal slows the whole identity down: nothing goes out for a while, longer with each refusal in a row, and then at
 * half the rate. Successes bring the rate back.
 */
export class RequestBudget implements RequestTurns {
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #burst: number;
  readonly #maxWaitMs: number;
  /** Tokens for each ms: configured, and now. */
  readonly #fullRate: number;
  #rate: number;
  #tokens: number;
  /** Time up to which the tokens are counted. */
  #countedAt: number;
  #pausedUntil = 0;
  #refusals = 0;
  #taken = 0;
  #queue: Turn[] = [];
  #timer = new AbortController();

  /** @throws RangeError for a rate or burst below 1 */
  constructor({ requestsPerMinute, burst, clock, random, maxWaitMs = MAX_WAIT_MS }: RequestBudgetOptions) {
    if (!(requestsPerMinute >= 1)) throw new RangeError("Cannot use 'requestsPerMinute': it must be at least 1");
    if (!(burst >= 1)) throw new RangeError("Cannot use 'burst': it must be at least 1");
    this.#clock = clock;
    this.#random = random;
    this.#burst = burst;
    this.#maxWaitMs = maxWaitMs;
    this.#fullRate = this.#rate = requestsPerMinute / 60_000;
    this.#tokens = burst;
    this.#countedAt = clock.now();
  }

  /**
   * Waits for the turn of one request, or of several that go out together.
   * @param count 1 up to the burst
   * @param options the signal gives the place in the queue back
   * @throws BudgetError at once when the turn would come later than `maxWaitMs`, and later on when a refusal puts it off
   *   that far
   * @throws the signal's reason
   */
  take(count = 1, { signal, maxWaitMs = this.#maxWaitMs }: TurnOptions = {}): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      if (this.tryTake(count)) return resolve();
      const waitMs = this.#waitMs(count + this.#queued());
      if (waitMs > maxWaitMs) return reject(new BudgetError(waitMs));
      const leave = () => {
        this.#queue = this.#queue.filter((each) => each !== turn);
        reject(signal?.reason);
        this.#serve();
      };
      const settled = () => signal?.removeEventListener("abort", leave);
      const turn: Turn = {
        count,
        until: this.#clock.now() + maxWaitMs,
        grant() {
          settled();
          resolve();
        },
        refuse(error) {
          settled();
          reject(error);
        },
      };
      signal?.addEventListener("abort", leave, { once: true });
      this.#queue.push(turn);
      if (this.#queue.length === 1) this.#serve();
    });
  }

  /** Takes tokens if they are there and nobody waits. @returns whether it did */
  tryTake(count = 1): boolean {
    this.#check(count);
    if (this.#queue.length > 0 || this.#waitMs(count) > 0) return false;
    this.#spend(count);
    return true;
  }

  /**
   * For work that can wait, before it begins: waits until so many requests could go out at once, and takes none.
   * Callers in a hurry go first.
   * @param count 1 up to the burst
   * @param options with `maxWaitMs` it returns after that time in any case
   * @throws the signal's reason
   */
  async untilFree(count: number, { signal, maxWaitMs = Infinity }: TurnOptions = {}): Promise<void> {
    this.#check(count);
    const until = this.#clock.now() + maxWaitMs;
    for (;;) {
      signal?.throwIfAborted();
      const waitMs = Math.min(this.#waitMs(count + this.#queued()), until - this.#clock.now());
      if (waitMs <= 0) return;
      await this.#clock.sleep(waitMs, signal);
    }
  }

  /**
   * A request was refused. Refusals within the pause that the first one brought are of the same kind: they only make it
   * longer when they ask for that.
   * @param retryAfterMs how long the refusal itself asks to wait, ms
   */
  slowDown(retryAfterMs = 0): void {
    const now = this.#clock.now();
    const askedUntil = now + Math.min(LONGEST_RETRY_AFTER_MS, retryAfterMs);
    this.#count(now);
    if (this.#pausedUntil > now) {
      this.#pausedUntil = Math.max(this.#pausedUntil, askedUntil);
    } else {
      this.#refusals++;
      this.#rate = Math.max(this.#fullRate * LEAST_PART, this.#rate / 2);
      const pauseMs = backOffMs(FIRST_PAUSE_MS, this.#refusals, LONGEST_PAUSE_MS) * (0.75 + this.#random() / 2);
      this.#pausedUntil = Math.max(Math.ceil(now + pauseMs), askedUntil);
    }
    this.#tokens = 0;
    this.#countedAt = this.#pausedUntil;
    this.#serve();
  }

  /** A request was answered as it should be. What comes in during a pause was sent before it and changes nothing. */
  succeeded(): void {
    const now = this.#clock.now();
    if (this.#pausedUntil > now) return;
    this.#refusals = 0;
    if (this.#rate === this.#fullRate) return;
    this.#count(now);
    this.#rate = Math.min(this.#fullRate, this.#rate + this.#fullRate * REGAINED_PART);
    this.#serve();
  }

  /** For metrics, and for whoever plans its work by it. */
  state(): BudgetState {
    const now = this.#clock.now();
    this.#count(now);
    return {
      available: Math.max(0, Math.floor(this.#tokens + ROUNDING)),
      taken: this.#taken,
      waiting: this.#queue.length,
      requestsPerMinute: this.#rate * 60_000,
      pausedMs: Math.max(0, this.#pausedUntil - now),
      refusals: this.#refusals,
    };
  }

  #check(count: number): void {
    if (!(count >= 1 && count <= this.#burst)) {
      throw new RangeError(`Cannot take ${count} requests at once: the budget allows 1 to ${this.#burst}`);
    }
  }

  #spend(count: number): void {
    this.#tokens -= count;
    this.#taken += count;
  }

  #queued(): number {
    return this.#queue.reduce((sum, { count }) => sum + count, 0);
  }

  /** Counts the tokens that came in up to now. None come in during a pause: the count begins at its end. */
  #count(now: number): void {
    if (now <= this.#countedAt) {
      // The clock was set back.
      if (this.#pausedUntil <= now) this.#countedAt = now;
      return;
    }
    this.#tokens = Math.min(this.#burst, this.#tokens + (now - this.#countedAt) * this.#rate);
    this.#countedAt = now;
  }

  /** Time until there are so many tokens, ms. */
  #waitMs(tokens: number): number {
    const now = this.#clock.now();
    this.#count(now);
    const missing = tokens - this.#tokens;
    const pausedMs = Math.max(0, this.#pausedUntil - now);
    return missing <= ROUNDING ? pausedMs : Math.ceil(pausedMs + missing / this.#rate);
  }

  /** Gives the turns whose time has come, refuses those that will come too late, and wakes for the next one. */
  #serve(): void {
    this.#timer.abort();
    for (let next = this.#queue[0]; next !== undefined && this.#waitMs(next.count) === 0; next = this.#queue[0]) {
      this.#queue.shift();
      this.#spend(next.count);
      next.grant();
    }
    let before = 0;
    const now = this.#clock.now();
    this.#queue = this.#queue.filter((turn) => {
      const waitMs = this.#waitMs(before + turn.count);
      if (now + waitMs > turn.until + 1) {
        turn.refuse(new BudgetError(waitMs));
        return false;
      }
      before += turn.count;
      return true;
    });
    const [head] = this.#queue;
    if (head === undefined) return;
    const timer = this.#timer = new AbortController();
    this.#clock.sleep(this.#waitMs(head.count), timer.signal).then(
      () => this.#serve(),
      // Another timer took this one's place.
      () => undefined,
    );
  }
}
