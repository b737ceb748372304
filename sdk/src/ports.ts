/**
 * What the SDK takes from its host: time, randomness, fetch and sockets. All of them are arguments, so that tests can
 * fake time and dial a stand-in, and so that two clients share nothing.
 * @module
 */

/** Time, as an argument. */
export interface Clock {
  /** Milliseconds since 1970 (UTC). */
  now(): number;
  /** Runs `run` once after `delayMs`; returns a handle for {@link Clock.clearTimeout}. */
  setTimeout(run: () => void, delayMs: number): unknown;
  /** Takes a timer back; one that ran already does no harm. */
  clearTimeout(timer: unknown): void;
}

/** The host's own clock. */
export const systemClock: Clock = {
  now: () => Date.now(),
  setTimeout: (run, delayMs) => setTimeout(run, delayMs),
  clearTimeout: (timer) => clearTimeout(timer as ReturnType<typeof setTimeout>),
};

/** The web's `fetch`, as far as the SDK uses it. */
export type Fetch = (url: string, init: RequestInit) => Promise<Response>;

/** Why a socket did not open. Every field is absent when the host hides it. */
export interface SocketRefusal {
  /** HTTP status of the answer in place of 101. */
  status?: number;
  /** `Handshake-Status` header, such as `415`. */
  handshakeStatus?: string;
  /** `Handshake-Msg` header, such as `DEVICE_BLOCKED`. */
  handshakeMessage?: string;
  /** `Retry-After` header: seconds, or a date. */
  retryAfter?: string;
  /** Log id of the answer. */
  logId?: string;
  /** What the host threw: a name that does not resolve, a refused connection, a wrong certificate. */
  cause?: unknown;
}

/** How a socket ended after it was open. */
export interface SocketClosure {
  /** Close code of RFC 6455; 1006 when the connection just broke. */
  code: number;
  /** What the server said; empty when nothing. */
  reason: string;
}

/** What a socket tells. Exactly one of `opened` and `refused` comes first; after `opened`, at most one `closed`. */
export interface SocketHandlers {
  /** The handshake is done. */
  opened(): void;
  /** The handshake failed. */
  refused(refusal: SocketRefusal): void;
  /** One whole message, whatever frames it came in. */
  message(bytes: Uint8Array): void;
  /** The connection ended. */
  closed(closure: SocketClosure): void;
}

/** A connection that is open or opening. */
export interface Socket {
  /** Sends one binary message; does nothing when the socket is not open. */
  send(bytes: Uint8Array): void;
  /** Ends the connection, also one that is still opening; no handler is called from here on. */
  close(): void;
}

/** Opens WebSockets with headers of the client's own. */
export interface SocketFactory {
  /**
   * Begins to open a socket.
   * @param url `ws:` or `wss:` URL
   * @param options headers to send, each exactly once
   */
  open(url: string, options: { headers: Record<string, string> }, handlers: SocketHandlers): Socket;
}
