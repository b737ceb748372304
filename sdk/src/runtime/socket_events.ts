/**
 * What native WebSockets tell, in the SDK's own terms.
 * @module
 */
import type { SocketClosure, SocketRefusal } from "../ports.ts";

/** An answer in place of the upgrade, as far as it is looked at; `get` takes names in lower case. */
interface RefusingAnswer {
  readonly status: number;
  readonly headers: { get(name: string): string | null | undefined };
}

/** The answer of a server that did not upgrade. */
export function refusalOf({ status, headers }: RefusingAnswer): SocketRefusal {
  const shown = (name: string) => headers.get(name) ?? undefined;
  const handshakeStatus = shown("handshake-status");
  const handshakeMessage = shown("handshake-msg");
  const retryAfter = shown("retry-after");
  const logId = shown("x-tt-logid");
  return {
    status,
    ...(handshakeStatus === undefined ? {} : { handshakeStatus }),
    ...(handshakeMessage === undefined ? {} : { handshakeMessage }),
    ...(retryAfter === undefined ? {} : { retryAfter }),
    ...(logId === undefined ? {} : { logId }),
  };
}

/** The bytes of a `message` event; `undefined` when it carries none. */
export function bytesOf(event: unknown): Uint8Array | undefined {
  const data = (event as { data?: unknown }).data;
  if (data instanceof ArrayBuffer) return new Uint8Array(data);
  if (ArrayBuffer.isView(data)) return new Uint8Array(data.buffer, data.byteOffset, data.byteLength).slice();
  return typeof data === "string" ? new TextEncoder().encode(data) : undefined;
}

/** What a `close` event says; 1006 when it is none, such as an `error` event. */
export function closureOf(event: unknown): SocketClosure {
  const { code, reason } = event as { code?: unknown; reason?: unknown };
  return { code: typeof code === "number" ? code : 1006, reason: typeof reason === "string" ? reason : "" };
}
