import type { Clock } from "../ports/clock.ts";

/**
 * Waits, and takes an abort for an answer.
 * @returns false when `signal` ended the wait
 */
export async function waited(clock: Clock, ms: number, signal: AbortSignal): Promise<boolean> {
  if (signal.aborted) return false;
  try {
    await clock.sleep(ms, signal);
    return true;
  } catch (error) {
    if (signal.aborted) return false;
    throw error;
  }
}

/**
 * Time to wait before the next of several tries: doubled for each that failed.
 * @param failures that there were in a row, 1 or more
 */
export function backOffMs(firstMs: number, failures: number, longestMs: number): number {
  return Math.min(longestMs, firstMs * 2 ** Math.min(failures - 1, 30));
}
