/**
 * Waits until a host is on air, asking now and then.
 * @module
 */
import { pause } from "../deadline.ts";
import { isLiveError, type LiveError } from "../errors.ts";
import type { Clock } from "../ports.ts";
import type { RoomStatus } from "./room_status.ts";
import { notOnAir } from "./rooms.ts";

/** Options of {@link TikTok.waitUntilLive}. */
export interface WaitUntilLiveOptions {
  /** Ends the waiting; the call then throws its reason. */
  signal?: AbortSignal;
  /** Time between two questions, ms, 1,000 to 86,400,000; up to a tenth more at random. @default 30_000 */
  intervalMs?: number;
  /** Told after each question that found nobody on air. An error that it throws ends the waiting. */
  onWait?: (wait: LiveWait) => void;
}

/** A pause of {@link TikTok.waitUntilLive}. */
export interface LiveWait {
  /** When the next question is asked, ms since 1970. */
  until: number;
  /** The refusal that came in place of an answer; absent when the host is not live. */
  error?: LiveError;
}

/** What {@link watchForLive} needs. */
export interface WatchOptions {
  clock: Clock;
  random: () => number;
  intervalMs: number;
  /** Asks TikTok about the host. */
  status: (signal: AbortSignal | undefined) => Promise<RoomStatus>;
  /** A normalised name. */
  username: string;
  signal: AbortSignal | undefined;
  onWait: ((wait: LiveWait) => void) | undefined;
}

/** Doublings of the interval after refusals in a row. */
const MAX_DOUBLINGS = 4;

/**
 * Asks until the host is live or on hold. A refusal is never taken for "offline": the next question comes later, and
 * not before the time that TikTok names.
 * @throws {LiveError} one that waiting cannot mend, such as `not_found` or `private`
 * @throws the caller's `signal.reason`, unwrapped
 */
export async function watchForLive(options: WatchOptions): Promise<RoomStatus> {
  const { clock, random, intervalMs, status, username, signal, onWait } = options;
  let refusals = 0;
  for (;;) {
    let waitMs = intervalMs;
    let refusal: LiveError | undefined;
    try {
      const found = await status(signal);
      const why = notOnAir(found, username);
      if (why === undefined) return found;
      if (why.code !== "offline") throw why;
      refusals = 0;
    } catch (error) {
      if (!isLiveError(error) || !error.retryable) throw error;
      refusal = error;
      refusals = Math.min(refusals + 1, MAX_DOUBLINGS);
      waitMs = Math.max(intervalMs * 2 ** refusals, error.retryAfterMs ?? 0);
    }
    waitMs *= 1 + random() / 10;
    onWait?.({ until: clock.now() + waitMs, ...(refusal === undefined ? {} : { error: refusal }) });
    await pause(clock, waitMs, signal);
  }
}
