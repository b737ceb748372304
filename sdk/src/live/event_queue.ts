/**
 * The bounded queue between the socket and a `for await` loop.
 * @module
 */
import type { GapEvent } from "../events/types.ts";

/** What the queue has to know of an event. */
interface Timed {
  readonly receivedAt: number;
}

/**
 * Events in order for one reader. When it is full, the oldest event is dropped, and the reader is told by a `gap` of
 * reason `queue_overflow` in the place where events are missing. While nobody has asked for an iterator yet, a full
 * queue is emptied and nothing is kept any more: that is a program which listens through `on()`.
 */
export class EventQueue<E extends Timed> {
  readonly #capacity: number;
  readonly #overflowGap: (fields: Pick<GapEvent, "from" | "to" | "dropped">) => E;
  /** Read up to `#read`; when it is used up, `#newer` takes its place: after a rush nothing stays allocated. */
  #older: (E | undefined)[] = [];
  #read = 0;
  #newer: E[] = [];
  #dropped = { count: 0, total: 0, from: 0, to: 0 };
  #abandoned = false;
  #reader = false;
  #ended: { failure?: { error: unknown } } | undefined;
  /** Answers the reader who waits. */
  #waiting: ((answer: IteratorResult<E, undefined> | Promise<never>) => void) | undefined;

  /**
   * @param capacity most events kept
   * @param overflowGap makes the event that stands for dropped ones
   */
  constructor(capacity: number, overflowGap: (fields: Pick<GapEvent, "from" | "to" | "dropped">) => E) {
    this.#capacity = capacity;
    this.#overflowGap = overflowGap;
  }

  /** Events waiting. */
  get size(): number {
    return this.#older.length - this.#read + this.#newer.length;
  }

  /** Events dropped since the start. */
  get dropped(): number {
    return this.#dropped.total;
  }

  push(event: E): void {
    if (this.#ended !== undefined) return;
    if (this.#waiting !== undefined) {
      const resolve = this.#waiting;
      this.#waiting = undefined;
      return resolve({ done: false, value: event });
    }
    if (this.#abandoned) return this.#countDrop(event);
    if (this.size >= this.#capacity) {
      if (!this.#reader) return this.#abandon(event);
      const oldest = this.#shift();
      if (oldest !== undefined) this.#countDrop(oldest);
    }
    this.#newer.push(event);
  }

  /** No event follows. What waits is still read; then the reader ends, or fails with `failure`. */
  end(failure?: { error: unknown }): void {
    if (this.#ended !== undefined) return;
    this.#ended = failure === undefined ? {} : { failure };
    const waiting = this.#waiting;
    this.#waiting = undefined;
    waiting?.(failure === undefined ? { done: true, value: undefined } : Promise.reject(failure.error));
  }

  /**
   * The one reader's iterator.
   * @param onReturn called when the loop is left early
   * @throws {TypeError} when there is a reader already: each event goes to one place only
   */
  iterate(onReturn: () => void): AsyncIterator<E, undefined> {
    if (this.#reader) throw new TypeError("Cannot iterate over the live: it is being iterated already, use on()");
    this.#reader = true;
    this.#abandoned = false;
    let failed = false;
    return {
      next: () => {
        const value = this.#take();
        if (value !== undefined) return Promise.resolve({ done: false, value });
        if (this.#ended !== undefined) {
          const { failure } = this.#ended;
          if (failure === undefined || failed) return Promise.resolve({ done: true, value: undefined });
          failed = true;
          return Promise.reject(failure.error);
        }
        if (this.#waiting !== undefined) {
          return Promise.reject(new TypeError("Cannot read the next event: the one before is still awaited"));
        }
        return new Promise((resolve) => void (this.#waiting = resolve));
      },
      return: () => {
        this.#clear();
        onReturn();
        return Promise.resolve({ done: true, value: undefined });
      },
    };
  }

  #take(): E | undefined {
    const { count, from, to } = this.#dropped;
    if (count === 0) return this.#shift();
    this.#dropped.count = 0;
    return this.#overflowGap({ from, to, dropped: count });
  }

  #shift(): E | undefined {
    if (this.#read === this.#older.length) {
      this.#older = this.#newer;
      this.#newer = [];
      this.#read = 0;
    }
    if (this.#read === this.#older.length) return undefined;
    const event = this.#older[this.#read];
    this.#older[this.#read++] = undefined;
    return event;
  }

  #clear(): void {
    this.#older = [];
    this.#newer = [];
    this.#read = 0;
  }

  #countDrop(event: E): void {
    const dropped = this.#dropped;
    if (dropped.count === 0) dropped.from = event.receivedAt;
    dropped.to = Math.max(dropped.from, event.receivedAt);
    dropped.count++;
    dropped.total++;
  }

  #abandon(event: E): void {
    for (let oldest = this.#shift(); oldest !== undefined; oldest = this.#shift()) this.#countDrop(oldest);
    this.#countDrop(event);
    this.#clear();
    this.#abandoned = true;
  }
}
