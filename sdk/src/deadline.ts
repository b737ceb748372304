/**
 * Waiting that ends: deadlines and pauses over an injected clock, abortable at any moment.
 * @module
 */
import { LiveError } from "./errors.ts";
import type { Clock } from "./ports.ts";

/** Options of {@link withDeadline}. */
export interface DeadlineOptions {
  clock: Clock;
  /** Time allowed, ms. */
  timeoutMs: number;
  /** What is being done, for the message of the error. */
  action: string;
  signal?: AbortSignal | undefined;
}

/**
 * Runs `run` until it settles, the time is up, or the caller aborts, whichever is first. The signal that `run` gets
 * is aborted in the last two cases, yet the answer does not wait for `run` to notice.
 * @throws {LiveError} `deadline` when the time is up
 * @throws the caller's `signal.reason`, unwrapped
 */
export async function withDeadline<T>(options: DeadlineOptions, run: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const { clock, timeoutMs, action, signal } = options;
  signal?.throwIfAborted();
  const controller = new AbortController();
  const interruption = Promise.withResolvers<never>();
  const interrupt = (reason: unknown) => {
    controller.abort(reason);
    interruption.reject(reason);
  };
  const onAbort = () => interrupt(signal?.reason);
  const timer = clock.setTimeout(
    () => interrupt(new LiveError("deadline", `${action}: no answer within ${timeoutMs} ms`)),
    timeoutMs,
  );
  signal?.addEventListener("abort", onAbort, { once: true });
  try {
    return await Promise.race([run(controller.signal), interruption.promise]);
  } finally {
    clock.clearTimeout(timer);
    signal?.removeEventListener("abort", onAbort);
  }
}

/**
 * Resolves after `delayMs`.
 * @throws `signal.reason`, unwrapped, when the caller aborts first
 */
export function pause(clock: Clock, delayMs: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    const onAbort = () => {
      clock.clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = clock.setTimeout(() => {
      signal?.removeEventListener("abort", onAbort);
      resolve();
    }, delayMs);
    signal?.addEventListener("abort", onAbort, { once: true });
  });
}

/**
 * One running task that many callers wait for. Each caller can leave by its own signal; when the last one has left,
 * the task itself is aborted. A finished task is forgotten, so the next caller starts a new one.
 */
export class SharedTask<T> {
  #running: { promise: Promise<T>; controller: AbortController; waiting: number } | undefined;

  /**
   * @param start begins the task when none is running
   * @throws the caller's `signal.reason`, unwrapped
   */
  async join(start: (signal: AbortSignal) => Promise<T>, signal?: AbortSignal): Promise<T> {
    signal?.throwIfAborted();
    const task = this.#running ??= this.#begin(start);
    task.waiting++;
    const left = Promise.withResolvers<never>();
    const onAbort = () => left.reject(signal?.reason);
    signal?.addEventListener("abort", onAbort, { once: true });
    try {
      return await Promise.race([task.promise, left.promise]);
    } finally {
      signal?.removeEventListener("abort", onAbort);
      if (--task.waiting === 0 && this.#running === task) {
        this.#running = undefined;
        task.controller.abort(new DOMException("nobody waits any more", "AbortError"));
      }
    }
  }

  #begin(start: (signal: AbortSignal) => Promise<T>) {
    const controller = new AbortController();
    const task = { promise: start(controller.signal), controller, waiting: 0 };
    const forget = () => {
      if (this.#running === task) this.#running = undefined;
    };
    task.promise.then(forget, forget);
    return task;
  }
}
