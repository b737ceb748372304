/**
 * A clock and sockets that a test moves by hand.
 * @module
 */
import type { Clock, Socket, SocketClosure, SocketFactory, SocketHandlers, SocketRefusal } from "../ports.ts";
import { type ClientFrame, decodeClientFrame } from "./encode.ts";

interface Timer {
  readonly at: number;
  readonly run: () => void;
}

/** Rounds of promise callbacks that {@link settle} lets pass: more than any chain of awaits in the SDK. */
const SETTLE_ROUNDS = 100;

/** Lets pending promise callbacks run, without any real time. */
export async function settle(): Promise<void> {
  for (let round = 0; round < SETTLE_ROUNDS; round++) await Promise.resolve();
}

/**
 * A {@link Clock} that stands still until {@link FakeClock.advance} moves it.
 *
 * @example
 * ```ts
 * import { FakeClock } from "@roomtone/sdk/testing";
 * const clock = new FakeClock(1_700_000_000_000);
 * clock.setTimeout(() => console.log("ten seconds later"), 10_000);
 * await clock.advance(10_000);
 * ```
 */
export class FakeClock implements Clock {
  #now: number;
  readonly #timers = new Set<Timer>();

  /**
   * Makes a clock that stands still.
   * @param startMs the first time, ms since 1970
   */
  constructor(startMs = 1_700_000_000_000) {
    this.#now = startMs;
  }

  /** The time that was set, ms since 1970. */
  now(): number {
    return this.#now;
  }

  /** Keeps a timer until {@link FakeClock.advance} passes it. */
  setTimeout(run: () => void, delayMs: number): unknown {
    const timer = { at: this.#now + Math.max(0, delayMs), run };
    this.#timers.add(timer);
    return timer;
  }

  /** Takes a timer back. */
  clearTimeout(timer: unknown): void {
    this.#timers.delete(timer as Timer);
  }

  /** Timers that wait: none should be left when a client is closed. */
  get waiting(): number {
    return this.#timers.size;
  }

  /**
   * Moves the time on, and runs what falls due on the way, in order, with the promise callbacks that follow from it.
   * @param ms how far, milliseconds
   */
  async advance(ms: number): Promise<void> {
    const end = this.#now + ms;
    await settle();
    for (let timer = this.#next(end); timer !== undefined; timer = this.#next(end)) {
      this.#timers.delete(timer);
      this.#now = Math.max(this.#now, timer.at);
      timer.run();
      await settle();
    }
    this.#now = end;
  }

  /** The first timer due until `end`; of several at one time the one that was set first. */
  #next(end: number): Timer | undefined {
    let first: Timer | undefined;
    for (const timer of this.#timers) {
      if (timer.at <= end && (first === undefined || timer.at < first.at)) first = timer;
    }
    return first;
  }
}

/** One dialled connection; the test plays the server. */
export class FakeSocket implements Socket {
  /** What was dialled. */
  readonly url: string;
  /** Headers of the handshake. */
  readonly headers: Readonly<Record<string, string>>;
  /** What the client sent while the socket was open. */
  readonly sent: Uint8Array[] = [];
  readonly #handlers: SocketHandlers;
  #state: "opening" | "open" | "closed" = "opening";

  /** Made by {@link FakeSockets}. */
  constructor(url: string, headers: Record<string, string>, handlers: SocketHandlers) {
    this.url = url;
    this.headers = headers;
    this.#handlers = handlers;
  }

  /** Whether either side has ended it. */
  get closed(): boolean {
    return this.#state === "closed";
  }

  /** {@link FakeSocket.sent}, decoded. */
  get frames(): ClientFrame[] {
    return this.sent.map(decodeClientFrame);
  }

  /** The client sends; kept in {@link FakeSocket.sent}. */
  send(bytes: Uint8Array): void {
    if (this.#state === "open") this.sent.push(bytes);
  }

  /** The client ends it; no handler is called. */
  close(): void {
    this.#state = "closed";
  }

  /** The server accepts. */
  accept(): void {
    if (this.#state !== "opening") return;
    this.#state = "open";
    this.#handlers.opened();
  }

  /** The server refuses, or is not there. */
  refuse(refusal: SocketRefusal = {}): void {
    if (this.#state !== "opening") return;
    this.#state = "closed";
    this.#handlers.refused(refusal);
  }

  /** The server sends one binary message. */
  push(bytes: Uint8Array): void {
    if (this.#state === "open") this.#handlers.message(bytes);
  }

  /** The server closes, or the connection breaks. */
  drop(closure: SocketClosure = { code: 1006, reason: "" }): void {
    if (this.#state !== "open") return;
    this.#state = "closed";
    this.#handlers.closed(closure);
  }
}

/** A {@link SocketFactory} that connects to nothing and keeps what was dialled, in order. */
export class FakeSockets implements SocketFactory {
  /** Every socket that was dialled, oldest first. */
  readonly dialled: FakeSocket[] = [];

  /** The client dials; the socket stays opening until the test decides. */
  open(url: string, options: { headers: Record<string, string> }, handlers: SocketHandlers): FakeSocket {
    const socket = new FakeSocket(url, options.headers, handlers);
    this.dialled.push(socket);
    return socket;
  }

  /** The socket that was dialled last. */
  get last(): FakeSocket {
    const socket = this.dialled.at(-1);
    if (socket === undefined) throw new Error("Cannot take the last socket: none was dialled");
    return socket;
  }
}
