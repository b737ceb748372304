/**
 * One host, recorded as long as it was asked for: one live, to its real end, or one live after another.
 * @module
 */
import type { Manifest, Recording } from "@roomtone/recorder";
import { type Clock, isLiveError, LiveError, type LiveWait } from "@roomtone/sdk";

/** Time between two questions whether a host is back, ms. */
const BACK_INTERVAL_MS = 15_000;

/** After an answer that should end the waiting, such as "there is no such name", the next question waits longer. */
const ODD_ANSWER_INTERVALS = 8;

/** What becomes of a host, as it happens. */
export type HostState =
  /** Nobody is live; with `quietUntil` only that long, for a host who may be back. */
  | { state: "waiting"; nextCheckAt: number; quietUntil?: number; error?: LiveError }
  | { state: "recording"; folder: string; roomId: string; title: string; startedAt: number }
  /** The live is over, or was stopped: files are being closed. */
  | { state: "closing" }
  | { state: "finished"; folder: string; manifest: Manifest }
  /** A try that recorded nothing; another one follows, or `done`. */
  | { state: "failed"; error: unknown }
  /** Nothing more is recorded of this host. */
  | { state: "done"; outcome: HostOutcome };

/** `ok`: the last recording ended or was stopped. `interrupted`: it was stopped before anything was recorded. */
export type HostOutcome = "ok" | "failed" | "interrupted";

/** What {@link followHost} needs. */
export interface FollowOptions {
  /** Begins a recording of the host's present live. */
  record: () => Recording;
  /** Waits until the host is live, as `TikTok.waitUntilLive` does. */
  waitUntilLive: (
    options: { intervalMs: number; signal: AbortSignal; onWait: (wait: LiveWait) => void },
  ) => Promise<unknown>;
  clock: Clock;
  /** Ends the recording cleanly, and the waiting. */
  signal: AbortSignal;
  /** Time after an end in which the host may come back, ms; 0: an end is an end. */
  quietMs: number;
  /** Time between two questions whether the host is live, ms; 0: the host's next live is not waited for. */
  pollIntervalMs: number;
  tell: (state: HostState) => void;
}

/** The options, and whether TikTok has told anything about the host yet: then the name is right. */
type Following = FollowOptions & { known: { answered: boolean } };

/** Records a host as long as the options say. Never fails: failures are told. */
export async function followHost(given: FollowOptions): Promise<HostOutcome> {
  const options: Following = { ...given, known: { answered: false } };
  const { signal, quietMs, pollIntervalMs, tell } = options;
  let outcome: HostOutcome = "interrupted";
  const follows = pollIntervalMs > 0;
  try {
    let back = !follows || await waitForLive(options, pollIntervalMs);
    while (back && !signal.aborted) {
      const { last, mayBeBack } = await recordOnce(options, follows);
      if (last !== undefined) outcome = last;
      if (!mayBeBack || signal.aborted) break;
      back = quietMs > 0 && await waitForLive(options, BACK_INTERVAL_MS, quietMs);
      if (!back && follows) back = await waitForLive(options, pollIntervalMs);
    }
  } catch (error) {
    if (!signal.aborted) {
      outcome = "failed";
      tell({ state: "failed", error });
    }
  }
  if (outcome === "interrupted" && follows && signal.aborted) outcome = "ok";
  tell({ state: "done", outcome });
  return outcome;
}

/** One recording; `last` is absent where there was no live to record. */
async function recordOnce(
  { record, quietMs, signal, tell, clock, known }: Following,
  follows: boolean,
): Promise<{ last?: HostOutcome; mayBeBack: boolean }> {
  const goesOn = follows || quietMs > 0;
  const recording = record();
  recording.on("started", ({ folder, roomId, title, startedAt }) => {
    known.answered = true;
    tell({ state: "recording", folder, roomId, title, startedAt });
  });
  recording.on("ended", () => tell({ state: "closing" }));
  let manifest: Manifest;
  try {
    manifest = await recording.done;
  } catch (error) {
    if (signal.aborted) return { last: "interrupted", mayBeBack: false };
    const offline = isLiveError(error) && error.code === "offline";
    // The live that was seen is over again.
    if (offline && follows) return { mayBeBack: true };
    tell({ state: "failed", error });
    return { last: "failed", mayBeBack: goesOn && await mayPass(error, tell, clock, signal) };
  }
  const { folder } = recording;
  const { kind, code, detail, retryable } = manifest.end;
  tell({ state: "finished", folder, manifest });
  if (kind !== "failed") return { last: "ok", mayBeBack: kind === "ended" && goesOn };
  const error = failureOf(code, detail ?? "Record the live: it could not go on", retryable);
  tell({ state: "failed", error });
  return { last: "failed", mayBeBack: goesOn && await mayPass(error, tell, clock, signal) };
}

function failureOf(code: Manifest["end"]["code"], detail: string, retryable: boolean): Error {
  return code === undefined || code === "internal" ? new Error(detail) : new LiveError(code, detail, { retryable });
}

/** Whether another try makes sense; it comes after a pause. */
async function mayPass(
  error: unknown,
  tell: FollowOptions["tell"],
  clock: Clock,
  signal: AbortSignal,
): Promise<boolean> {
  if (!isLiveError(error) || !error.retryable) return false;
  const pauseMs = Math.max(BACK_INTERVAL_MS, error.retryAfterMs ?? 0);
  tell({ state: "waiting", nextCheckAt: clock.now() + pauseMs, error });
  await pause(clock, pauseMs, signal);
  return true;
}

/**
 * Waits for the host. A host about whom TikTok has answered before is waited for whatever it answers now.
 * @returns whether the host is live; false once the time is up
 */
async function waitForLive(
  { waitUntilLive, clock, signal, tell, known }: Following,
  intervalMs: number,
  mostMs?: number,
): Promise<boolean> {
  const late = new AbortController();
  const quietUntil = mostMs === undefined ? undefined : clock.now() + mostMs;
  const timer = mostMs === undefined ? undefined : clock.setTimeout(() => late.abort(), mostMs);
  try {
    const both = AbortSignal.any([signal, late.signal]);
    const onWait = ({ until, error }: LiveWait): void => {
      known.answered ||= error === undefined;
      tell({
        state: "waiting",
        nextCheckAt: until,
        ...(quietUntil === undefined ? {} : { quietUntil }),
        ...(error === undefined ? {} : { error }),
      });
    };
    for (;;) {
      try {
        await waitUntilLive({ intervalMs, signal: both, onWait });
        known.answered = true;
        return true;
      } catch (error) {
        if (!isLiveError(error) || !known.answered) throw error;
        onWait({ until: clock.now() + intervalMs * ODD_ANSWER_INTERVALS, error });
        await pause(clock, intervalMs * ODD_ANSWER_INTERVALS, both);
      }
    }
  } catch (error) {
    if (late.signal.aborted && !signal.aborted) return false;
    throw error;
  } finally {
    if (timer !== undefined) clock.clearTimeout(timer);
  }
}

/** Waits. */
export async function pause(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const onAbort = () => reject(signal.reason);
  signal.addEventListener("abort", onAbort, { once: true });
  const timer = clock.setTimeout(resolve, ms);
  try {
    await promise;
  } finally {
    clock.clearTimeout(timer);
    signal.removeEventListener("abort", onAbort);
  }
}
