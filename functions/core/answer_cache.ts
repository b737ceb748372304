import { AppError, type AppErrorCode, REFUSAL_CODES } from "../contract/errors.ts";
import type { AnswerStore, KeptAnswer } from "../ports/answer_store.ts";
import type { Clock } from "../ports/clock.ts";
import type { Logger } from "../ports/logger.ts";

/** How long an answer may be used, ms. */
export interface CacheRule {
  /** Without a new look. */
  freshMs: number;
  /** In place of a new look that is refused. */
  keepMs: number;
}

/** Where an answer comes from. */
export interface Freshness {
  storedAt: number;
  freshUntil: number;
  /** Why an older answer had to do: the code of the refusal. */
  staleBecause?: AppErrorCode | undefined;
}

/** A failure is remembered for this long, and for as long as it asks to wait, within the second number, ms. */
const FAILURE_MS = 5_000;
const LONGEST_FAILURE_MS = 30_000;

/** Failures after which an older answer is better than none. */
const STALE_CODES: ReadonlySet<AppErrorCode> = new Set([...REFUSAL_CODES, "network", "protocol", "deadline"]);
/** Failures that say nothing about the next request. */
const NOT_KEPT: ReadonlySet<AppErrorCode> = new Set(["invalid_input", "internal"]);

type Outcome =
  & Freshness
  & ({ value: unknown } | {
    error: { code: AppErrorCode; message: string; remedy?: string; retryAfterMs?: number; evidence?: object };
  });

/**
 * Answers out of a store, and makes equal requests in flight once. Failures are remembered briefly. When a new look is
 * refused, an older answer is given with a word of why.
 */
export class AnswerCache {
  readonly #store: AnswerStore;
  readonly #clock: Pick<Clock, "now">;
  readonly #logger: Logger;
  readonly #flights = new Map<string, Promise<Outcome>>();

  constructor({ store, clock, logger }: { store: AnswerStore; clock: Pick<Clock, "now">; logger: Logger }) {
    this.#store = store;
    this.#clock = clock;
    this.#logger = logger;
  }

  /**
   * @param key names the request; equal ones have equal answers
   * @param load makes the answer, which must survive JSON; it is not given up when one caller loses patience
   * @param tell is told where the answer comes from
   * @throws AppError what `load` throws, or threw a moment ago
   */
  async read<T>(
    key: string,
    rule: CacheRule,
    load: () => Promise<T>,
    tell: (freshness: Freshness) => void,
  ): Promise<T> {
    let flight = this.#flights.get(key);
    if (flight === undefined) {
      flight = this.#answer(key, rule, load).finally(() => this.#flights.delete(key));
      this.#flights.set(key, flight);
    }
    const outcome = await flight;
    tell(outcome);
    if ("value" in outcome) return outcome.value as T;
    const { code, message, evidence, ...more } = outcome.error;
    throw new AppError(code, message, { ...more, evidence: { ...evidence } });
  }

  async #answer(key: string, { freshMs, keepMs }: CacheRule, load: () => Promise<unknown>): Promise<Outcome> {
    const kept = await this.#get(key);
    const old = kept && { ...JSON.parse(kept.body), storedAt: kept.storedAt, freshUntil: kept.freshUntil } as Outcome;
    if (old !== undefined && old.freshUntil > this.#clock.now()) return old;
    try {
      const value = await load();
      const now = this.#clock.now();
      const body = JSON.stringify({ value });
      await this.#put(key, { body, storedAt: now, freshUntil: now + freshMs, keepUntil: now + keepMs });
      return { value, storedAt: now, freshUntil: now + freshMs };
    } catch (error) {
      if (!(error instanceof AppError) || NOT_KEPT.has(error.code)) throw error;
      const now = this.#clock.now();
      const { code, message, remedy, retryAfterMs, evidence } = error;
      const freshUntil = now + Math.min(LONGEST_FAILURE_MS, Math.max(FAILURE_MS, retryAfterMs ?? 0));
      if (kept !== undefined && old !== undefined && "value" in old && STALE_CODES.has(code)) {
        const { value, storedAt } = old;
        const body = JSON.stringify({ value, staleBecause: code });
        await this.#put(key, { body, storedAt, freshUntil, keepUntil: kept.keepUntil });
        return { value, storedAt, freshUntil, staleBecause: code };
      }
      const failure = { code, message, remedy, retryAfterMs, evidence };
      await this.#put(key, {
        ...{ body: JSON.stringify({ error: failure }), storedAt: now },
        ...{ freshUntil, keepUntil: freshUntil },
      });
      throw error;
    }
  }

  /** A store that fails is a store that has nothing. */
  async #get(key: string): Promise<KeptAnswer | undefined> {
    try {
      return await this.#store.getAnswer(key);
    } catch (error) {
      this.#logger.warn("cache_failed", { error });
      return undefined;
    }
  }

  async #put(key: string, answer: KeptAnswer): Promise<void> {
    try {
      await this.#store.putAnswer(key, answer);
    } catch (error) {
      this.#logger.warn("cache_failed", { error });
    }
  }
}
