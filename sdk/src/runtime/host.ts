/**
 * What a client takes from its host when its options leave it open. The only place that looks at global names.
 * @module
 */
import { LiveError } from "../errors.ts";
import type { Clock, Fetch, Socket, SocketFactory, SocketHandlers } from "../ports.ts";
import { type RawHost, rawSocketFactory } from "./deno_socket.ts";
import { type NativeWebSocketConstructor, webSocketFactory } from "./web_socket.ts";

/** The global object, as far as it is looked at. */
export interface HostGlobals {
  fetch?: unknown;
  WebSocket?: unknown;
  Deno?: unknown;
}

/** The host's fetch, bound to nothing. @throws {TypeError} when there is none */
export function hostFetch(globals: HostGlobals): Fetch {
  const { fetch } = globals;
  if (typeof fetch !== "function") throw new TypeError("Cannot make a client: this host has no fetch, pass one");
  return (url, init) => fetch.call(globals, url, init) as Promise<Response>;
}

/** Options of {@link chooseSocket}. */
export interface SocketChoice {
  /** Always wins. */
  WebSocket: NativeWebSocketConstructor | undefined;
  fetch: Fetch;
  clock: Clock;
  globals: HostGlobals;
}

/**
 * The sockets of this host: raw connections where it offers them (Deno), else its native WebSocket. On a host with
 * neither, everything but sockets works, and each socket is refused with the reason.
 */
export function chooseSocket(choice: SocketChoice): SocketFactory {
  const { WebSocket: given, fetch, clock, globals } = choice;
  if (given === undefined) {
    const host = rawHost(globals.Deno);
    if (host !== undefined) {
      return rawSocketFactory({ host, randomBytes: (length) => crypto.getRandomValues(new Uint8Array(length)) });
    }
  }
  const native = given ?? globals.WebSocket;
  if (typeof native !== "function") return noSockets;
  return webSocketFactory({ WebSocket: native as NativeWebSocketConstructor, fetch, clock });
}

const noSockets: SocketFactory = {
  open: (_url, _options, handlers) =>
    refusedSocket(
      new LiveError("network", "Open the socket: this host has no WebSocket", {
        remedy: "Use Node 22+, Bun or Deno, or pass the option WebSocket or socket",
        retryable: false,
      }),
      handlers,
    ),
};

/** A socket that never opens: `cause` is told once, unless it is closed before. */
export function refusedSocket(cause: LiveError, handlers: SocketHandlers): Socket {
  let closed = false;
  queueMicrotask(() => closed || handlers.refused({ cause }));
  return {
    send: () => undefined,
    close: () => {
      closed = true;
    },
  };
}

function rawHost(namespace: unknown): RawHost | undefined {
  const { connect, connectTls } = (namespace ?? {}) as { connect?: unknown; connectTls?: unknown };
  return typeof connect === "function" && typeof connectTls === "function" ? namespace as RawHost : undefined;
}
