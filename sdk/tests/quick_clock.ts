/** Clocks for tests against the stand-in, over real sockets and requests. */
import { type Clock, systemClock } from "../mod.ts";

/** Time for the question why a socket was refused. Its answer is real work, so it has all of it on any clock here. */
const ASK_WHY_MS = 5_000;
const startedAt = Date.now();

/** Runs twenty times as fast, so that back-off, time-outs and cool-downs can be seen without waiting for them. */
export const quickClock: Clock = {
  now: () => startedAt + (Date.now() - startedAt) * 20,
  setTimeout: (run, delayMs) => systemClock.setTimeout(run, delayMs === ASK_WHY_MS ? delayMs : delayMs / 20),
  clearTimeout: systemClock.clearTimeout,
};

/** Back-off passes at once; the rest as above. */
export const hastyClock: Clock = {
  ...quickClock,
  setTimeout: (run, delayMs) =>
    delayMs < ASK_WHY_MS ? systemClock.setTimeout(run, delayMs / 1000) : quickClock.setTimeout(run, delayMs),
};
