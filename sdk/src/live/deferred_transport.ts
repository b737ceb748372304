/**
 * A transport that has to ask over HTTP before it is there.
 * @module
 */
import { isLiveError, LiveError } from "../errors.ts";
import type { Transport, TransportHandlers } from "./transport.ts";

/**
 * Prepares, then opens.
 * @param prepare gets a signal that ends with the transport
 * @param open makes the transport of what was prepared
 */
export function deferred<T>(
  prepare: (signal: AbortSignal) => Promise<T>,
  open: (prepared: T) => Transport,
  handlers: Pick<TransportHandlers, "refused">,
): Transport {
  const lifetime = new AbortController();
  let transport: Transport | undefined;
  void (async () => {
    try {
      const prepared = await prepare(lifetime.signal);
      if (!lifetime.signal.aborted) transport = open(prepared);
    } catch (cause) {
      if (!lifetime.signal.aborted) handlers.refused(liveErrorOf(cause));
    }
  })();
  return {
    send: (payloadType, bytes) => transport?.send(payloadType, bytes),
    after: (run) => transport === undefined ? run() : transport.after(run),
    close: () => {
      lifetime.abort(new DOMException("the route was given up", "AbortError"));
      transport?.close();
    },
  };
}

/** What a route failed with; anything that is no error of the SDK is a fault of its own. */
export function liveErrorOf(cause: unknown): LiveError {
  if (isLiveError(cause)) return cause;
  return new LiveError("signer_failed", "Reach the room: the route failed", { cause });
}
