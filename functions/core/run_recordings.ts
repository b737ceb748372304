import type { Recording, RecordingClaim } from "../ports/recording_store.ts";
import { RecordingSession, type SessionDeps, type SessionOptions } from "./recording_session.ts";
import { waited } from "./waiting.ts";

/** How a pool of recorders works. */
export interface RecorderPoolOptions extends SessionOptions {
  /** Name of this process, for people to read. */
  owner: string;
  /** Recordings at the same time. */
  slots: number;
  /** How often free slots look for recordings, ms. */
  claimIntervalMs: number;
  /** The pool ends after this time without a recording, ms. @default never */
  idleExitMs?: number;
  /** Longest time that {@link RecorderPool.stop} takes to hand over, ms. @default 100000 */
  handOverMs?: number;
}

/** Recorders at work. */
export interface RecorderPool {
  /** Resolves when the pool has ended: idle for long, or stopped. */
  readonly done: Promise<void>;
  /** Recordings that run right now. */
  active(): number;
  /** Events of theirs that wait for the store. */
  waitingEvents(): number;
  /** Looks for recordings now, not at the next interval. */
  wake(): void;
  /**
   * Finishes a recording for good, in place of waiting until the wish is seen at the next renewal of its lease. One that
   * another process has is left to it.
   */
  finish(recordingId: string): void;
  /** Ends every recording cleanly and gives it back, so that another recorder goes on with it at once. */
  stop(): Promise<void>;
}

const HAND_OVER_MS = 100_000;
/** After the store was away nothing is claimed for this time, ms: whoever recorded on renews its lease in less. */
const AFTER_OUTAGE_MS = 5_000;

/** Claims recordings and records them, as many at a time as there are slots. */
export function runRecordings(deps: SessionDeps, options: RecorderPoolOptions): RecorderPool {
  const { store, clock, logger } = deps;
  const { owner, slots, leaseMs, claimIntervalMs, idleExitMs = Infinity, handOverMs = HAND_OVER_MS } = options;
  const sessions = new Set<RecordingSession>();
  const stopping = new AbortController();
  let pause = new AbortController();
  /** The last claim, which the store did not answer: it may have got recordings that nobody begins. */
  let unanswered: RecordingClaim | undefined;
  let claimFrom = -Infinity;

  const wake = () => pause.abort();

  const begin = (recording: Recording) => {
    const session = new RecordingSession(deps, options, recording);
    sessions.add(session);
    session.done.then(() => {
      sessions.delete(session);
      wake();
    });
  };

  const claim = async () => {
    const limit = slots - sessions.size;
    if (limit <= 0) return;
    // After the store was away, a session renews its lease first: a claim would take its recording away from itself.
    if ([...sessions].some((session) => session.overdue())) return;
    if (clock.now() < claimFrom) return;
    try {
      if (unanswered !== undefined) {
        await store.undoClaim(unanswered);
        // It is back. Leases ran out that their recorders could not renew: those come first.
        unanswered = undefined;
        claimFrom = clock.now() + AFTER_OUTAGE_MS;
        return;
      }
      unanswered = { owner, now: clock.now(), leaseMs, limit };
      const claimed = await store.claimRecordings(unanswered);
      unanswered = undefined;
      for (const recording of claimed) {
        if (stopping.signal.aborted) {
          const lease = { recordingId: recording.id, token: recording.leaseToken };
          await store.releaseRecording(lease, { dueAt: clock.now(), failures: recording.failures });
        } else begin(recording);
      }
    } catch (error) {
      logger.warn("claim_failed", { owner, error });
    }
  };

  const loop = async () => {
    let busyAt = clock.now();
    while (!stopping.signal.aborted) {
      pause = new AbortController();
      await claim();
      if (sessions.size > 0) busyAt = clock.now();
      if (clock.now() - busyAt >= idleExitMs) return;
      await waited(clock, claimIntervalMs, AbortSignal.any([pause.signal, stopping.signal]));
    }
  };
  const done = loop();

  return {
    done,
    active: () => sessions.size,
    waitingEvents: () => [...sessions].reduce((sum, session) => sum + session.waitingEvents, 0),
    wake,
    finish(recordingId) {
      for (const session of sessions) if (session.recordingId === recordingId) session.finish();
    },
    async stop() {
      stopping.abort();
      const handedOver = new AbortController();
      for (const session of sessions) session.stop();
      // A claim that is under way begins nothing any more.
      const all = done.then(() => Promise.all([...sessions].map((session) => session.done)));
      all.then(() => handedOver.abort());
      if (await waited(clock, handOverMs, handedOver.signal)) {
        const recordingIds = [...sessions].map((session) => session.recordingId);
        logger.error("hand_over_took_too_long", { owner, recordings: sessions.size, recordingIds });
        for (const session of sessions) session.abandon();
      }
    },
  };
}
