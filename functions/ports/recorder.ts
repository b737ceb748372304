import type { AppErrorCode } from "../contract/errors.ts";
import type { Quality } from "../contract/quality.ts";
import type { Segment } from "./recording_store.ts";

/** What to record. */
export interface RecordingJob {
  recordingId: string;
  roomId: string;
  username: string;
  /** Number of the part to make. */
  part: number;
  /** What to record: where it is not offered the best below, else the best there is. @default the best */
  quality?: Quality | undefined;
}

/** An event of the live, ready to be stored. */
export interface EventLine {
  type: string;
  /** Message id; empty for events without one. */
  id: string;
  /** Time of the event, ms. */
  at: number;
  /** Diamonds that it adds. */
  diamonds: number;
  /** The event as one line of JSON. */
  json: string;
}

/** What a running recorder tells. */
export type RecorderEvent =
  | { type: "started"; folder: string; startedAt: number }
  /** Pictures come in this quality from now on, as TikTok names it. */
  | { type: "quality"; quality: string }
  | { type: "segment"; segment: Omit<Segment, "part"> }
  | { type: "event"; event: EventLine }
  | { type: "progress"; data: Record<string, unknown> }
  | { type: "gap"; data: Record<string, unknown> };

/** How a recorder's run came to its end, and when (ms). @default `endedAt` is when {@link RecorderRun.done} resolves */
export type RecorderResult = RecorderEnd & { endedAt?: number };

/** How a recorder's run came to its end. */
export type RecorderEnd =
  /** The live is over, confirmed. */
  | { kind: "ended" }
  /** {@link RecorderRun.stop} was called; the live may go on. */
  | { kind: "stopped" }
  /** It could not go on. Retryable: another try may work. */
  | { kind: "failed"; code: AppErrorCode; detail: string; retryable: boolean };

/** A recorder at work on one room. */
export interface RecorderRun {
  /** Resolves when every file is closed and every event was told. Never rejects. */
  done: Promise<RecorderResult>;
  /** Asks for a clean end; {@link RecorderRun.done} tells when it is reached. */
  stop(): void;
}

/** Records rooms: video and events. */
export interface Recorder {
  /**
   * Starts to record.
   * @param tell is called in order, one call at a time, and must not throw
   */
  start(job: RecordingJob, tell: (event: RecorderEvent) => void): RecorderRun;
}
