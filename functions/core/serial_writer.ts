import { LeaseLostError } from "../contract/errors.ts";
import type { Clock } from "../ports/clock.ts";
import type { Logger } from "../ports/logger.ts";
import { backOffMs, waited } from "./waiting.ts";

/** First and longest time between two tries of a write, ms. */
const RETRY_MS = 250;
const LONGEST_RETRY_MS = 5_000;

/** What a {@link SerialWriter} works with. */
export interface SerialWriterDeps {
  clock: Clock;
  logger: Logger;
  /** Named in the log. */
  recordingId: string;
  /** Is called once when a write found the lease lost. Nothing more is written after that. */
  onLeaseLost: () => void;
}

/**
 * Writes of one recorder, one after the other and in order. A write that fails is tried again until it works, so each
 * write must bear being repeated.
 */
export class SerialWriter {
  readonly #deps: SerialWriterDeps;
  readonly #abandoned = new AbortController();
  #last: Promise<void> = Promise.resolve();

  constructor(deps: SerialWriterDeps) {
    this.#deps = deps;
  }

  /** Queues a write. */
  push(write: () => Promise<unknown>): void {
    this.#last = this.#last.then(() => this.#attempt(write));
  }

  /** Resolves when all that is queued, by then too, is written or given up. */
  async drained(): Promise<void> {
    const last = this.#last;
    await last;
    if (last !== this.#last) await this.drained();
  }

  /** Gives up what is not written yet. */
  abandon(): void {
    this.#abandoned.abort();
  }

  async #attempt(write: () => Promise<unknown>): Promise<void> {
    const { clock, logger, recordingId } = this.#deps;
    for (let failures = 1; !this.#abandoned.signal.aborted; failures++) {
      try {
        await write();
        return;
      } catch (error) {
        if (error instanceof LeaseLostError) {
          this.abandon();
          this.#deps.onLeaseLost();
          return;
        }
        logger.warn("store_write_failed", { recordingId, failures, error });
        await waited(clock, backOffMs(RETRY_MS, failures, LONGEST_RETRY_MS), this.#abandoned.signal);
      }
    }
  }
}
