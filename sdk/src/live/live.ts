/**
 * The public side of a live: an async iterator, handlers, and two promises.
 * @module
 */
import type { ConnectedEvent, LiveEvent, LiveEventOf, LiveEventType, LiveState, StateEvent } from "../events/types.ts";
import type { RoomTarget } from "../web/rooms.ts";
import { type LiveContext, type LiveCounters, LiveDriver } from "./driver.ts";
import { EventQueue } from "./event_queue.ts";
import type { LiveEnd, LiveRecord } from "./live_record.ts";
import { statesOf } from "./live_states.ts";

/** Options of one live. */
export interface LiveOptions {
  /** Ends the live; the loop and `done` then fail with its reason. */
  signal?: AbortSignal;
  /** Events kept for a slow `for await` loop; the oldest are dropped beyond it. @default 10_000 */
  queueSize?: number;
  /**
   * Reads the gift list before connecting (about 2.6 MB, once an hour for all lives of a client) and fills in what gift
   * messages leave out; each gift event then has its {@link GiftEvent.details}. Without the list they stay as they are.
   * @default false
   */
  giftDetails?: boolean;
}

/** Events kept for a slow reader. */
export const DEFAULT_QUEUE_SIZE = 10_000;

/**
 * A live that is being listened to. It starts at once, reconnects by itself, and ends with the `ended` event, with
 * {@link Live.close}, or with an error.
 *
 * The first look at the host is made once: an offline host or a refusal is an error at once. From then on routes are
 * tried in the order of {@link TikTokOptions.routes}; one that refuses makes way for the next, and after a round without
 * luck comes a pause. When the host begins anew in another room, the live goes on there, on the same socket where there
 * is one; a live of a room id ends with its room.
 *
 * Read it with `for await`, or with {@link Live.on}, or both. Leaving the loop closes the live. A slow loop loses the
 * oldest events beyond the queue's size, and a `gap` event of reason `queue_overflow` says how many. When nobody has
 * started a loop by the time that the queue is full, the queue is emptied and kept empty.
 *
 * @example
 * ```ts
 * import { TikTok } from "@roomtone/sdk";
 * const live = new TikTok().live("some.host");
 * live.on("gift", (gift) => console.log(gift.user.nickname, gift.count, gift.name));
 * for await (const event of live) {
 *   if (event.type === "chat") console.log(event.user.username, event.text);
 * }
 * ```
 */
export class Live implements AsyncIterable<LiveEvent> {
  /**
   * The first `connected` event. Fails when the live ends before: with the error, with the signal's reason, or with an
   * `AbortError` after {@link Live.close}. It never fails unhandled: awaiting it is up to you.
   */
  readonly connected: Promise<ConnectedEvent>;
  /**
   * How the live ended: `closed` is {@link Live.close}. Fails with the error that ended it, or with the signal's
   * reason. It never fails unhandled, so a program that only uses {@link Live.on} should await it.
   */
  readonly done: Promise<LiveEnd>;
  readonly #driver: LiveDriver;
  readonly #queue: EventQueue<LiveEvent>;
  readonly #recorders: ((record: LiveRecord) => void)[] = [];
  readonly #handlers = new Map<LiveEventType, Set<(event: never) => void>>();

  /** Use {@link TikTok.live}. */
  constructor(context: LiveContext, target: RoomTarget, options: LiveOptions) {
    const { signal, queueSize = DEFAULT_QUEUE_SIZE } = options;
    if (!Number.isInteger(queueSize) || queueSize < 1) {
      throw new RangeError(`Cannot open a live: 'queueSize' must be a positive integer, got ${queueSize}`);
    }
    const connected = Promise.withResolvers<ConnectedEvent>();
    const done = Promise.withResolvers<LiveEnd>();
    this.connected = connected.promise;
    this.done = done.promise;
    // The loop gets the same error; without these a program that iterates would crash on the promises it never reads.
    this.connected.catch(ignore);
    this.done.catch(ignore);
    this.#queue = new EventQueue<LiveEvent>(queueSize, ({ from, to, dropped }) => {
      const base = { id: "", roomId: this.roomId, at: to, receivedAt: to, history: false };
      return { ...base, type: "gap", from, to, reason: "queue_overflow", dropped };
    });
    const onAbort = () => this.#driver.stop({ reason: signal?.reason });
    this.#driver = new LiveDriver({
      context,
      target,
      giftDetails: options.giftDetails === true,
      handlers: {
        event: (event) => {
          if (event.type === "connected") connected.resolve(event);
          // Into the queue first: a handler that closes the live takes nothing from the loop.
          this.#queue.push(event);
          this.#dispatch(event);
        },
        record: (record) => {
          for (const recorder of this.#recorders) recorder(record);
        },
        finished: (outcome) => {
          signal?.removeEventListener("abort", onAbort);
          if ("failure" in outcome) {
            const { error } = outcome.failure;
            connected.reject(error);
            done.reject(error);
            this.#queue.end(outcome.failure);
          } else {
            connected.reject(new DOMException("the live was over before it was connected", "AbortError"));
            done.resolve(outcome.end);
            this.#queue.end();
          }
        },
      },
    });
    signal?.addEventListener("abort", onAbort, { once: true });
    // Not before the caller could add handlers, or they would miss the first events.
    queueMicrotask(() => signal?.aborted ? onAbort() : this.#driver.start());
  }

  /** Id of the room; empty until it is resolved. A host who starts anew while we reconnect changes it. */
  get roomId(): string {
    return this.#driver.roomId;
  }

  /** What the connection is doing now. */
  get state(): LiveState {
    return this.#driver.state;
  }

  /** What was counted so far, as a copy; `dropped` are events that a slow or missing loop did not take. */
  get counters(): Readonly<LiveCounters> & { readonly dropped: number } {
    const { counters } = this.#driver;
    const { events, unknownMethods } = counters;
    return {
      ...counters,
      events: { ...events },
      unknownMethods: { ...unknownMethods },
      dropped: this.#queue.dropped,
    };
  }

  /**
   * Calls `handler` for each event of one type, as it comes. An error in a handler is the program's own:
   * it surfaces as an uncaught error and does not disturb the live.
   * @returns takes the handler off again
   */
  on<T extends LiveEventType>(type: T, handler: (event: LiveEventOf<T>) => void): () => void {
    const handlers = this.#handlers.get(type) ?? new Set();
    this.#handlers.set(type, handlers);
    // A wrapper of its own, so that the same function added twice is called twice and taken off once.
    const wrapper = (event: LiveEventOf<T>) => handler(event);
    handlers.add(wrapper);
    return () => void handlers.delete(wrapper);
  }

  /**
   * Changes of state from now on, for a loop of its own. It ends with the live, also with one that fails; leaving it
   * leaves the live alone.
   *
   * @example
   * ```ts
   * import { TikTok } from "@roomtone/sdk";
   * const live = new TikTok().live("some.host");
   * for await (const { from, to, reason } of live.states()) console.log(`${from} -> ${to}: ${reason}`);
   * ```
   */
  states(): AsyncGenerator<StateEvent, void> {
    return statesOf(this);
  }

  /**
   * Hands every step of the live to `recorder`, from the start on; `recordFrames` of `@roomtone/sdk/replay` makes a
   * file of them.
   * @param recorder called as each step is done; it must not throw
   * @throws {TypeError} when the live has started: call it before anything is awaited
   */
  onRecord(recorder: (record: LiveRecord) => void): void {
    if (this.state !== "idle") throw new TypeError("Cannot record the live: it has started already");
    this.#recorders.push(recorder);
  }

  /** Ends the live: socket and timers are gone when it returns. */
  close(): void {
    this.#driver.stop();
  }

  /**
   * The events, for `for await`.
   * @throws {TypeError} when the live is being iterated already
   */
  [Symbol.asyncIterator](): AsyncIterator<LiveEvent, undefined> {
    return this.#queue.iterate(() => this.close());
  }

  #dispatch(event: LiveEvent): void {
    for (const handler of [...this.#handlers.get(event.type) ?? []]) {
      try {
        handler(event as never);
      } catch (error) {
        queueMicrotask(() => {
          throw error;
        });
      }
    }
  }
}

/** Marks a promise's failure as seen: the loop throws the same error. */
function ignore(): void {
  return undefined;
}
