/**
 * Time that tests move, for the functions' clock port.
 * @module
 */
import { setImmediate } from "node:timers";
import type { Clock } from "../../functions/ports/clock.ts";

/** Real time after which a condition that should come true by itself is taken for false, ms. */
const GIVE_UP_MS = 4_000;

interface Timer {
  at: number;
  fire(): void;
}

/** Lets everything run that waits for nothing but its turn. */
export function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/**
 * Waits for a condition that comes true by itself, without time going on.
 * @throws Error when it does not
 */
export async function until(condition: () => boolean | Promise<boolean>, what = condition.toString()): Promise<void> {
  const giveUpAt = performance.now() + GIVE_UP_MS;
  while (performance.now() < giveUpAt) {
    if (await condition()) return;
    await turn();
  }
  throw new Error(`It never came true: ${what}`);
}

/** A clock that stands still until it is told to go on. */
export class ManualClock implements Clock {
  #now: number;
  #timers: Timer[] = [];
  readonly #settled: () => Promise<void>;

  /** @param settled resolves when all that a sleep's end set off has been done. @default two turns of the event loop */
  constructor(now = 1_760_000_000_000, settled: () => Promise<void> = twoTurns) {
    this.#now = now;
    this.#settled = settled;
  }

  now(): number {
    return this.#now;
  }

  /** Sleeps that have not ended. */
  sleeping(): number {
    return this.#timers.length;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      const abort = () => {
        this.#timers = this.#timers.filter((each) => each !== timer);
        reject(signal?.reason);
      };
      const timer: Timer = {
        at: this.#now + ms,
        fire() {
          signal?.removeEventListener("abort", abort);
          resolve();
        },
      };
      signal?.addEventListener("abort", abort, { once: true });
      this.#timers.push(timer);
    });
  }

  /** Moves on by `ms`, stopping at each sleep that ends on the way so that what it wakes can run. */
  async advance(ms: number): Promise<void> {
    const end = this.#now + ms;
    await this.#settled();
    for (;;) {
      const next = this.#timers.filter((each) => each.at <= end).sort((a, b) => a.at - b.at)[0];
      if (next === undefined) break;
      this.#timers = this.#timers.filter((each) => each !== next);
      this.#now = Math.max(this.#now, next.at);
      next.fire();
      await this.#settled();
    }
    this.#now = end;
    await turn();
  }
}

async function twoTurns(): Promise<void> {
  await turn();
  await turn();
}
