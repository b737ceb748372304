/**
 * A room over HTTP: each answer says from where and when to ask for the next (protocol.md 3).
 * @module
 */
import type { PollPosition } from "../web/im_fetch.ts";
import type { FetchResult } from "../wire/frames.ts";
import { liveErrorOf } from "./deferred_transport.ts";
import type { RouteContext } from "./routes.ts";
import type { Transport, TransportHandlers } from "./transport.ts";

/** Time between two polls when an answer does not say, ms. */
export const POLL_MS = 1000;
/** Shortest and longest time that an answer may ask for, ms. */
export const POLL_LIMITS_MS = [500, 10_000] as const;

/**
 * Time until the next poll, ms.
 * @param leastMs what the program asks for, ms; the answer may ask for more
 */
export function pollDelayMs({ fetchIntervalMs }: FetchResult, leastMs?: number): number {
  const [least, most] = POLL_LIMITS_MS;
  if (fetchIntervalMs <= 0) return leastMs ?? POLL_MS;
  return Math.max(Math.min(most, Math.max(least, fetchIntervalMs)), leastMs ?? 0);
}

const START: PollPosition = { cursor: "", internalExt: new Uint8Array(0) };

/**
 * Polls a room. It is open once TikTok itself has answered: a signer's first answer alone proves nothing, and is told
 * then. The first poll that fails ends it.
 */
export function openPolling(context: RouteContext, roomId: string, handlers: TransportHandlers): Transport {
  const { clock, signed, pollIntervalMs } = context;
  const lifetime = new AbortController();
  const { signal } = lifetime;
  let timer: unknown;
  let open = false;

  const poll = async (position: PollPosition) => {
    const { result, bytes } = await signed.poll(roomId, position, signal);
    return { result, bytes, receivedAt: clock.now() };
  };
  const tell = ({ result, bytes, receivedAt }: Awaited<ReturnType<typeof poll>>) => {
    if (!signal.aborted) handlers.batch(result, { frame: undefined, bytes, receivedAt });
  };
  const failed = (cause: unknown) => {
    if (signal.aborted) return;
    const error = liveErrorOf(cause);
    if (open) handlers.closed(error);
    else handlers.refused(error);
  };
  const goOn = (last: FetchResult) => {
    if (signal.aborted) return;
    timer = clock.setTimeout(() => {
      void poll(last).then((batch) => {
        tell(batch);
        goOn(batch.result);
      }).catch(failed);
    }, pollDelayMs(last, pollIntervalMs));
  };

  void (async () => {
    const first = signed.canFetch ? await signed.first(roomId, "polling", signal) : undefined;
    const second = await poll(first?.result ?? START);
    if (signal.aborted) return;
    open = true;
    signed.forget(roomId);
    handlers.opened();
    if (first !== undefined) tell(first);
    tell(second);
    goOn(second.result);
  })().catch(failed);

  return {
    // Position and interval stand in each request: there is nothing to send.
    send: () => undefined,
    after: (run) => run(),
    close: () => {
      lifetime.abort(new DOMException("the route was given up", "AbortError"));
      clock.clearTimeout(timer);
    },
  };
}
