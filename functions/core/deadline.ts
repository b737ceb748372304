import { AppError } from "../contract/errors.ts";
import type { Clock } from "../ports/clock.ts";
import type { LiveLookup } from "../ports/live_lookup.ts";

/** What answers that come from TikTok are made with. */
export interface LookupDeps {
  lookup: LiveLookup;
  clock: Clock;
}

/** Time for the answer to one request, ms. */
export const DEADLINE_MS = 20_000;

/** The failure of what took too long. @param action such as `Read the room` */
export function lateError(action: string): AppError {
  return new AppError("deadline", `${action}: no answer within ${DEADLINE_MS / 1000} s`, {
    remedy: "Try again, or ask for less at once",
  });
}

/**
 * Gives work {@link DEADLINE_MS}.
 * @param action what it does, such as `Read the room`
 * @param work gets a signal that aborts when time is up
 * @throws AppError `deadline`
 */
export async function withinDeadline<T>(
  clock: Clock,
  action: string,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const late = new AbortController();
  const done = new AbortController();
  const deadline = clock.sleep(DEADLINE_MS, done.signal).then(
    () => {
      late.abort(lateError(action));
      throw late.signal.reason;
    },
    () => new Promise<never>(() => {}),
  );
  try {
    return await Promise.race([work(late.signal), deadline]);
  } finally {
    done.abort();
  }
}
