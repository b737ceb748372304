import { AppError, type AppErrorCode } from "../contract/errors.ts";
import type { Clock } from "../ports/clock.ts";
import { backOffMs } from "./waiting.ts";

/** Failures in a row after which nothing is sent for a while. */
export const FAILURES_TO_OPEN = 5;
/** How long that is, doubled each time that a probe fails, ms. */
const FIRST_OPEN_MS = 30_000;
const LONGEST_OPEN_MS = 300_000;
/** A probe that tells nothing for this long is given up: the caller may be gone, as on platforms that drop requests, ms. */
const PROBE_MS = 30_000;

/** What a breaker lets through: everything, nothing, or one call to see whether it works again. */
export type BreakerState = "closed" | "open" | "half_open";

/** How one kind of call stands. */
export interface BreakerReport {
  state: BreakerState;
  /** Failures in a row. */
  failures: number;
  /** Since when calls are answered, or fail, ms; absent before the first one. */
  since?: number | undefined;
  /** Why the last call failed. */
  code?: AppErrorCode | undefined;
  /** When one call may try again, ms; only while it is open. */
  nextTryAt?: number | undefined;
}

/**
 * Stands before one kind of call. After {@link FAILURES_TO_OPEN} failures in a row calls are answered at once with the
 * last failure. When the time is up one call may probe: its success lets all through again.
 */
export class CircuitBreaker {
  readonly #clock: Pick<Clock, "now">;
  #failures = 0;
  #last: AppError | undefined;
  #openUntil = 0;
  #probeUntil = 0;
  #since: number | undefined;

  constructor(clock: Pick<Clock, "now">) {
    this.#clock = clock;
  }

  get state(): BreakerState {
    if (this.#last === undefined || this.#failures < FAILURES_TO_OPEN) return "closed";
    const now = this.#clock.now();
    return now < this.#probeUntil || now >= this.#openUntil ? "half_open" : "open";
  }

  /** For people. */
  report(): BreakerReport {
    const { state } = this;
    const nextTryAt = state === "open" ? this.#openUntil : undefined;
    return { state, failures: this.#failures, since: this.#since, code: this.#last?.code, nextTryAt };
  }

  /**
   * Makes a call, or fails in its place.
   * @throws AppError like the last failure, with the time until the next try
   */
  async run<T>(call: () => Promise<T>): Promise<T> {
    const state = this.state;
    if (this.#last === undefined || state === "closed") return await call();
    const now = this.#clock.now();
    if (state === "open" || now < this.#probeUntil) throw this.#answer(this.#last);
    const until = this.#probeUntil = now + PROBE_MS;
    try {
      return await call();
    } finally {
      if (this.#probeUntil === until) this.#probeUntil = 0;
    }
  }

  /** A call, of whoever, was answered. */
  worked(): void {
    if (this.#last !== undefined || this.#since === undefined) this.#since = this.#clock.now();
    this.#failures = 0;
    this.#last = undefined;
  }

  /** A call, of whoever, failed in a way that others will fail too. Calls that were under way count once it is open. */
  failed(error: AppError): void {
    const now = this.#clock.now();
    if (this.state === "open") return;
    if (this.#last === undefined) this.#since = now;
    this.#last = error;
    this.#failures++;
    if (this.#failures < FAILURES_TO_OPEN) return;
    const openMs = backOffMs(FIRST_OPEN_MS, this.#failures - FAILURES_TO_OPEN + 1, LONGEST_OPEN_MS);
    this.#openUntil = now + Math.max(openMs, error.retryAfterMs ?? 0);
  }

  /** Tells nothing of the call that failed: it was somebody else's. */
  #answer({ code, remedy }: AppError): AppError {
    const retryAfterMs = Math.max(1_000, this.#openUntil - this.#clock.now());
    return new AppError(code, "Ask TikTok: it failed several times in a row, and is left alone for a while", {
      remedy,
      retryAfterMs,
      evidence: { failures: this.#failures },
    });
  }
}
