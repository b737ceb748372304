import type { AppErrorCode } from "../contract/errors.ts";
import type { Quality } from "../contract/quality.ts";
import type { Page, PageRequest } from "./page.ts";

/**
 * State of a recording. `wanted`: no recorder has it. `recording`: one has it, or had it until its lease ran out.
 * `finished`: nothing more will come, unless it is reopened. `deleting`: what it holds is being removed.
 */
export type RecordingState = "wanted" | "recording" | "finished" | "deleting";

/** What one recorder made in one go: a folder of its own. */
export interface RecordingPart {
  /** The lease token that it was made under; parts play in the order of this number. */
  part: number;
  /** Path of its folder, with `/`, relative to the place that holds all recordings. */
  folder: string;
  startedAt: number;
}

/** How a recording came to its end. */
export interface RecordingOutcome {
  /** `ended`: the live is over. `stopped`: somebody asked for it. `failed`: it cannot go on. */
  kind: "ended" | "stopped" | "failed";
  /** Why it failed. */
  code?: AppErrorCode;
  detail?: string;
}

/** The recording of one room. */
export interface Recording {
  /** The room id: a room has one recording. */
  id: string;
  username: string;
  title: string;
  /** The quality that is asked for. @default the best picture */
  quality?: Quality;
  /** The quality that its newest part shows, as TikTok names it; absent before the first picture. */
  recordedQuality?: string;
  state: RecordingState;
  createdAt: number;
  /** When it may be claimed, ms: at once while wanted, at the end of the lease while recording; absent when finished. */
  dueAt?: number;
  /** Grows by one with each claim. Every write of a recorder carries it, and only the newest is let through. */
  leaseToken: number;
  /** Who holds the lease, for people to read. */
  leaseOwner?: string;
  /** Failed tries in a row. */
  failures: number;
  parts: RecordingPart[];
  /** Out of retention's reach. */
  kept: boolean;
  /** When its events were deleted by policy, ms; totals and video are still there. */
  eventsDeletedAt?: number;
  /** When somebody asked for its end, ms. Who holds the lease sees it at the next renewal, and ends the recording. */
  stopAt?: number;
  /** When the first part began, ms. */
  startedAt?: number;
  endedAt?: number;
  outcome?: RecordingOutcome;
  /** Closed segments of all parts, their size, and their playing time. */
  segments: number;
  bytes: number;
  durationMs: number;
}

/** A claim on a recording. */
export interface Lease {
  recordingId: string;
  token: number;
}

/** A closed segment of video. */
export interface Segment {
  part: number;
  /** Number within the part, from 0. */
  index: number;
  /** File name within the part's folder. */
  uri: string;
  /** Wall time of its first picture, ms. */
  startAt: number;
  durationMs: number;
  bytes: number;
  /** Hash of the file, lower-case hex. */
  sha256: string;
}

/** Which recordings of a list. */
export interface RecordingFilter {
  /** Those of one host, a normalised name. */
  username?: string;
  state?: Exclude<RecordingState, "deleting">;
}

/** What a pool of recorders asks for. */
export interface RecordingClaim {
  /** Who claims. */
  owner: string;
  now: number;
  /** How long the lease holds without a renewal, ms. */
  leaseMs: number;
  /** Most recordings. */
  limit: number;
}

/** Recordings, and who records them. */
export interface RecordingStore {
  /**
   * Creates the recording of a room, `wanted` and due at once. One that exists stays as it is.
   * @returns the recording as stored, and whether it is new
   */
  wantRecording(
    wanted: { roomId: string; username: string; title: string; quality?: Quality | undefined },
    now: number,
  ): Promise<{ recording: Recording; created: boolean }>;
  /**
   * Asks for another quality. Who holds the lease sees it at the next renewal, and gives the recording back, so that it
   * goes on with a part in that quality.
   * @returns the recording as stored, or `undefined` when there is none
   */
  askQuality(recordingId: string, quality: Quality): Promise<Recording | undefined>;
  /**
   * Notes which quality is being recorded.
   * @throws LeaseLostError
   */
  noteQuality(lease: Lease, quality: string): Promise<void>;
  /**
   * Makes a finished recording wanted again, and due at once; nobody asks for its end any more.
   * @param seen id and token as they were read
   * @returns false, with nothing changed, when it is not finished or has been claimed since
   */
  reopenRecording(seen: Lease, now: number): Promise<boolean>;
  getRecording(recordingId: string): Promise<Recording | undefined>;
  /** All recordings but those that are being deleted, or those of the filter, the newest first. */
  listRecordings(page: PageRequest, filter?: RecordingFilter): Promise<Page<Recording>>;
  /**
   * Asks for the end of a recording: one that waits is finished at once, one that is being recorded gets
   * {@link Recording.stopAt}, and one that is over stays as it is.
   * @returns the recording as stored, or `undefined` when there is none
   */
  stopRecording(recordingId: string, now: number): Promise<Recording | undefined>;
  /**
   * Takes a finished recording out of use: it becomes `deleting`, and is neither listed nor reopened any more. One that
   * is not finished stays as it is.
   * @returns the recording as stored, or `undefined` when there is none
   */
  retireRecording(recordingId: string): Promise<Recording | undefined>;
  /**
   * Removes what is stored of a recording that is `deleting`: segments, events, totals, and the recording itself last, so
   * that a removal which was cut short can be done again. Any other recording stays as it is.
   */
  deleteRecording(recordingId: string): Promise<void>;
  /** Recordings at work and those that wait, by the time at which anybody may claim them; at most `limit`. */
  listOpenRecordings(limit: number): Promise<Recording[]>;
  /** How many recordings wait for a recorder: wanted, or with a lease that ran out. */
  countDueRecordings(now: number): Promise<number>;
  /**
   * Claims recordings with `dueAt <= now`, the longest due first: they become `recording`, with a token one higher
   * and a lease until `now + leaseMs`, on condition that nobody did so in between.
   */
  claimRecordings(claim: RecordingClaim): Promise<Recording[]>;
  /**
   * Takes back a claim whose answer did not come: what it got, and nobody renewed or claimed since, is due again at once.
   * To be called with what the claim was called with.
   */
  undoClaim(claim: RecordingClaim): Promise<void>;
  /**
   * Renews a lease until `now + leaseMs`. One that ran out is renewed too, as long as nobody claimed the recording.
   * @returns the recording as stored, for what others may have changed
   * @throws LeaseLostError
   */
  renewLease(lease: Lease, request: { now: number; leaseMs: number }): Promise<Recording>;
  /**
   * Notes the folder of the part that this lease makes; `startedAt` of the recording is that of its first part.
   * Saying it again changes nothing.
   * @throws LeaseLostError
   */
  addPart(lease: Lease, part: { folder: string; startedAt: number }): Promise<void>;
  /**
   * Lists a closed segment and adds it to the recording's sums, both or neither. A segment that is listed already
   * changes nothing.
   * @throws LeaseLostError
   */
  addSegment(lease: Lease, segment: Segment): Promise<void>;
  /**
   * Lists a segment whose recorder died before it told of it, and adds it to the sums, whoever has the recording now.
   * @returns false, with nothing changed, when it is listed already, or there is no such recording or part
   */
  restoreSegment(recordingId: string, segment: Segment): Promise<boolean>;
  /** Segments in playing order: by part, then by number. */
  listSegments(recordingId: string, page: PageRequest): Promise<Page<Segment>>;
  /**
   * Gives the recording back: `wanted`, to be claimed from `dueAt` on.
   * @param release `failures` is the new count: 0 after a hand-over
   * @throws LeaseLostError
   */
  releaseRecording(lease: Lease, release: { dueAt: number; failures: number }): Promise<void>;
  /**
   * Ends the recording.
   * @throws LeaseLostError
   */
  finishRecording(lease: Lease, finish: { endedAt: number; outcome: RecordingOutcome }): Promise<void>;
}
