/**
 * WebSockets over a native constructor that takes headers (Node 22+, Bun). Native sockets hide why a handshake was
 * refused, so the same URL is then asked once more by a plain fetch, and its answer names the refusal where it can: an
 * answer that only misses the upgrade explains nothing.
 * @module
 */
import { LiveError } from "../errors.ts";
import type { Clock, Fetch, Socket, SocketFactory, SocketHandlers, SocketRefusal } from "../ports.ts";
import { bytesOf, closureOf, refusalOf } from "./socket_events.ts";

/** What is used of a native WebSocket. */
export interface NativeWebSocket {
  /** Set to `arraybuffer`. */
  binaryType: string;
  /** 1 when it is open. */
  readonly readyState: number;
  /** Sends one binary message. */
  send(data: Uint8Array<ArrayBuffer>): void;
  /** Begins the closing handshake. */
  close(code?: number): void;
  /** Ends the connection without waiting, where the host offers that. */
  terminate?(): void;
  /** Listens to `open`, `message`, `close` and `error`. */
  addEventListener(type: string, listener: (event: unknown) => void): void;
}

/** A native WebSocket constructor whose second argument takes headers. */
export type NativeWebSocketConstructor = new (
  url: string,
  options: { headers: Record<string, string> },
) => NativeWebSocket;

/** Options of {@link webSocketFactory}. */
export interface WebSocketFactoryOptions {
  WebSocket: NativeWebSocketConstructor;
  /** Asks for the reason of a refusal. */
  fetch: Fetch;
  clock: Clock;
}

/** Time for the question why, ms. */
const ASK_WHY_MS = 5_000;
const OPEN = 1;

/** {@link SocketFactory} over a native WebSocket. */
export function webSocketFactory(options: WebSocketFactoryOptions): SocketFactory {
  return { open: (url, { headers }, handlers) => new WebSocketAdapter(options, url, headers, handlers) };
}

class WebSocketAdapter implements Socket {
  readonly #options: WebSocketFactoryOptions;
  readonly #native: NativeWebSocket | undefined;
  readonly #handlers: SocketHandlers;
  readonly #asking = new AbortController();
  #opened = false;
  /** Set once the outcome is known: no further native event counts. */
  #done = false;
  /** Set by the caller's close: no handler is called afterwards. */
  #closed = false;

  constructor(
    options: WebSocketFactoryOptions,
    url: string,
    headers: Record<string, string>,
    handlers: SocketHandlers,
  ) {
    this.#options = options;
    this.#handlers = handlers;
    let native: NativeWebSocket;
    try {
      native = new options.WebSocket(url, { headers });
    } catch (cause) {
      const error = new LiveError("network", "Open the socket: this host's WebSocket takes no headers", {
        remedy: "Use Node 22+, Bun or Deno, or pass the option socket",
        retryable: false,
        cause,
      });
      queueMicrotask(() => this.#finish(() => handlers.refused({ cause: error })));
      return;
    }
    this.#native = native;
    native.binaryType = "arraybuffer";
    native.addEventListener("open", () => {
      if (this.#done) return native.close();
      this.#opened = true;
      handlers.opened();
    });
    native.addEventListener("message", (event) => {
      const bytes = bytesOf(event);
      if (!this.#done && bytes !== undefined) handlers.message(bytes);
    });
    native.addEventListener("close", (event) => this.#onEnd(url, headers, event));
    native.addEventListener("error", (event) => this.#onEnd(url, headers, event));
  }

  send(bytes: Uint8Array): void {
    if (this.#done || this.#native?.readyState !== OPEN) return;
    this.#native.send(bytes as Uint8Array<ArrayBuffer>);
  }

  close(): void {
    this.#done = true;
    this.#closed = true;
    this.#asking.abort(new DOMException("the socket was closed", "AbortError"));
    this.#native?.close();
    // A native close waits for the server's answer, on a dead connection for ever; Bun's terminate() does not. What
    // was sent before, the close frame included, still goes out.
    this.#native?.terminate?.();
  }

  #onEnd(url: string, headers: Record<string, string>, event: unknown): void {
    if (this.#done) return;
    if (this.#opened) {
      return this.#finish(() => this.#handlers.closed(closureOf(event)));
    }
    this.#done = true;
    void this.#askWhy(url, headers, event).then((refusal) => {
      if (!this.#closed) this.#handlers.refused(refusal);
    });
  }

  #finish(report: () => void): void {
    if (this.#done) return;
    this.#done = true;
    report();
  }

  /** What the server says to a plain request for the socket's URL; never rejects. */
  async #askWhy(url: string, headers: Record<string, string>, event: unknown): Promise<SocketRefusal> {
    const { fetch, clock } = this.#options;
    const late = new LiveError("deadline", `Open the socket: no answer within ${ASK_WHY_MS} ms`);
    const timer = clock.setTimeout(() => this.#asking.abort(late), ASK_WHY_MS);
    const stopped = Promise.withResolvers<never>();
    this.#asking.signal.addEventListener("abort", () => stopped.reject(this.#asking.signal.reason), { once: true });
    try {
      const request = fetch(url.replace(/^ws/, "http"), { headers, redirect: "manual", signal: this.#asking.signal });
      const response = await Promise.race([request, stopped.promise]);
      await response.body?.cancel();
      return explains(response) ? refusalOf(response) : { cause: errorOf(event) };
    } catch (cause) {
      return { cause: errorOf(event) ?? cause };
    } finally {
      clock.clearTimeout(timer);
    }
  }
}

/** Answers to a request that misses the upgrade: they say nothing about the one that had it. */
const MISSING_UPGRADE: ReadonlySet<number> = new Set([400, 404, 405, 426]);

/** Whether the answer to a plain request tells why the upgrade was refused. */
function explains({ status, headers }: Response): boolean {
  const handshakeStatus = headers.get("handshake-status");
  // A message about anything but the missing upgrade, such as a parameter, holds for the upgrade too.
  const message = headers.get("handshake-msg") ?? "";
  if (status === 400 && message !== "" && !/upgrade|websocket|handshake|connection|method/i.test(message)) return true;
  const isRefusal = handshakeStatus === null ? status >= 400 : handshakeStatus !== "200";
  return isRefusal && !MISSING_UPGRADE.has(status) && !MISSING_UPGRADE.has(Number(handshakeStatus));
}

function errorOf(event: unknown): unknown {
  return (event as { error?: unknown }).error;
}
