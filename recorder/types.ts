/**
 * What goes into a recording and what comes out of it. Times ending in `At` are wall time, ms since 1970; `startMs` and
 * `mediaMs` are media time, ms from the recording's start.
 * @module
 */
import type { Clock, LiveErrorCode, LiveEvent, StreamLink, StreamPreferences, TikTok } from "@roomtone/sdk";
import type { FlvGapReason } from "@roomtone/sdk/media";

/** Whom to record: a name in any form that the SDK takes, or a room. There the name only names the folder. */
export type RecordTarget = string | { readonly roomId: string; readonly username?: string };

/**
 * What writes the segments: a writer in this process, or ffmpeg as a child process, which needs more of the machine.
 * What the former cannot take (sound that is no AAC, such as MP3) goes to ffmpeg, in a new part. H.265 is always written
 * in process.
 */
export type RecordingEngine = "ffmpeg" | "inprocess";

/** Runs work when it is its turn, one at a time. Work never fails. */
export type ThumbnailTurns = (work: () => Promise<void>) => Promise<void>;

/** Options of {@link record}. */
export interface RecordOptions {
  /** Folder that holds all recordings; made when it is not there. */
  dir: string;
  /** The client to look, listen and fetch with. @default a new one */
  tiktok?: TikTok;
  /**
   * Which stream to take. The same picture over HLS is next where it cannot be had over FLV, and then others.
   * @default the best H.264 picture, over FLV
   */
  preferences?: StreamPreferences;
  /** What writes the segments. @default "inprocess" */
  engine?: RecordingEngine;
  /** Adds one `recording.mp4` at the end. @default false */
  mp4?: boolean;
  /**
   * Shortest length of a segment, ms, 500 to 60_000; it ends at the next keyframe. In process it ends at five times the
   * length even where no keyframe comes.
   * @default 6_000
   */
  segmentMs?: number;
  /**
   * A segment that has grown to this many bytes ends within a second, keyframe or not, 1_048_576 to 1_073_741_824. ffmpeg
   * does not know such a limit: what it writes ends at keyframes only.
   * @default 67_108_864
   */
  segmentMaxBytes?: number;
  /** Silence after which the stream is opened anew, ms, 500 to 600_000. @default 15_000 */
  stallTimeoutMs?: number;
  /**
   * While the disk has less room than this, bytes, pictures and sound are not recorded: a `problem` tells, and a gap with
   * the reason `paused` once there is room again. 0 leaves it to the disk. @default 268_435_456
   */
  minFreeBytes?: number;
  /** Tells the free space of the disk that holds a path, bytes. @default the system's answer */
  freeBytes?: (path: string) => Promise<number>;
  /**
   * Media time from one thumbnail to the next, ms, up to 86_400_000; the last segment has one, too. ffmpeg makes them;
   * where there is none a `problem` tells so. 0: none are made. @default 60_000
   */
  thumbnailEveryMs?: number;
  /** Shared by recordings whose thumbnails are made one at a time, see `thumbnailTurns()`. @default its own */
  thumbnailTurns?: ThumbnailTurns;
  /** Time without any data from TikTok after which the recording fails, ms. @default 120_000 */
  giveUpMs?: number;
  /**
   * In process it is needed for `mp4`, and for what cannot be written there; without it the rest works.
   * @default the variable ROOMTONE_FFMPEG, else `ffmpeg` on PATH
   */
  ffmpegPath?: string;
  /** Where ffmpeg is looked for. @default the environment of the process */
  env?: Readonly<Record<string, string | undefined>>;
  /** Stops the recording as {@link Recording.stop} does. */
  signal?: AbortSignal;
  /** @default the host's clock */
  clock?: Clock;
}

/** How a recording came to its end. */
export interface RecordingEnd {
  /** `ended`: the live is over, confirmed by HTTP. `stopped`: somebody asked for it. `failed`: it could not go on. */
  kind: "ended" | "stopped" | "failed";
  /** Why it failed. `internal`: ffmpeg or the disk. */
  code?: LiveErrorCode | "internal";
  detail?: string;
  /** Whether recording the same room again may work. */
  retryable: boolean;
}

/** A closed segment, as it is told. */
export interface RecordedSegment {
  /** Number within the recording, from 0. */
  index: number;
  /** File name within the folder. */
  uri: string;
  /** Wall time of its first picture. */
  startAt: number;
  durationMs: number;
  bytes: number;
  /** Hash of the file, lower-case hex. */
  sha256: string;
}

/** A closed segment in the manifest. */
export interface ManifestSegment extends RecordedSegment {
  /** {@link ManifestPart.index} of the part that it belongs to. */
  part: number;
  startMs: number;
}

/** A run of segments that one init file plays. */
export interface ManifestPart {
  index: number;
  /** File name of its init segment. */
  init: string;
  /**
   * Why it begins: the recording does, media is missing before it, the decoder's parameters changed, or another
   * writer had to go on (`writer`).
   */
  reason: "start" | "gap" | "parameters" | "writer";
  startMs: number;
  /** Codecs by track. */
  codecs: { audio?: string; video?: string };
  /** What wrote it. */
  engine: RecordingEngine;
}

/** A small JPEG of the first picture of a segment. */
export interface ManifestThumbnail {
  /** File name within the folder. */
  uri: string;
  /** {@link RecordedSegment.index} of the segment that it shows. */
  segment: number;
  mediaMs: number;
  /** Wall time of the picture. */
  at: number;
  bytes: number;
}

/** Media that never came, or whose file is damaged. */
export interface RecordedGap {
  /** Where it is missing. */
  mediaMs: number;
  /** Wall time of the last media before it. */
  fromMs: number;
  /** Wall time of the first media after it. */
  toMs: number;
  /** Length of what is missing, ms. */
  missingMs: number;
  reason: FlvGapReason | "damaged";
}

/** Trouble of one half of the recording; the other half went on. */
export interface RecordedProblem {
  /** `thumbnails`: nothing is missing but pictures. */
  half: "video" | "events" | "thumbnails";
  at: number;
  code: LiveErrorCode | "internal";
  detail: string;
}

/** What was read of the stream, left out of it and mended; a crash takes the counts. */
export interface StreamCounts {
  /** FLV tags with media, each counted once. */
  tags: number;
  /** Tags that came again after a reconnect. */
  duplicateTags: number;
  repeatedHeaders: number;
  /** Tags whose decoder parameters never came. */
  undecodableTags: number;
  /** Tags that the end of a connection cut. */
  cutTags: number;
  garbageBytes: number;
  /** Jumps of the sender's clock, mended without a loss. */
  clockJumps: number;
  /** Connections that brought media. */
  connections: number;
}

/** Sums over a recording. */
export interface ManifestTotals extends Partial<StreamCounts> {
  /** Playing time of all segments, ms. */
  durationMs: number;
  /** Size of all segments. */
  bytes: number;
  segments: number;
  /** Length of all gaps, ms. */
  missingMs: number;
  /** Events in `events.jsonl`. */
  events: number;
  eventsByType: Record<string, number>;
}

/** `manifest.json`: what a finished recording holds. */
export interface Manifest {
  version: 1;
  host: { username: string; id?: string };
  roomId: string;
  title: string;
  /** When the recording began, ms since 1970. */
  startedAt: number;
  /** When it ended, ms since 1970. */
  endedAt: number;
  end: RecordingEnd;
  /** True when the recorder died and {@link repair} closed the recording. */
  recovered: boolean;
  parts: ManifestPart[];
  segments: ManifestSegment[];
  /** Those that could be made, in the order of their segments. */
  thumbnails: ManifestThumbnail[];
  gaps: RecordedGap[];
  problems: RecordedProblem[];
  totals: ManifestTotals;
  /** `recording.mp4` when it was asked for and made. */
  mp4?: string;
}

/** How far a recording is. */
export interface RecordingProgress {
  /** Media received, ms. */
  durationMs: number;
  /** Size of the closed segments. */
  bytes: number;
  /** Closed segments. */
  segments: number;
  gaps: number;
  events: number;
}

/** The stream that is being recorded. */
export type RecordedStream = Pick<StreamLink, "quality" | "codec" | "protocol" | "resolution" | "bitrateKbps">;

/** What a recording tells, by name. */
export interface RecordingEvents {
  /** The room is found and the folder is there. */
  started: { folder: string; roomId: string; username: string; title: string; startedAt: number };
  /** A part begins: the first, and one at each gap, change of codec or size, and change of writer. */
  part: ManifestPart;
  /** Media of a stream came: of the first one, and of each that is another than the one before. */
  stream: RecordedStream;
  segment: RecordedSegment;
  thumbnail: ManifestThumbnail;
  gap: RecordedGap;
  /** About once a second. */
  progress: RecordingProgress;
  /** An event of the live, also those that the client makes. */
  event: LiveEvent;
  problem: RecordedProblem;
  /** Nothing more comes in; files are being closed. */
  ended: RecordingEnd;
  finished: Manifest;
}

/** A recording at work. Iterating it gives its progress. */
export interface Recording extends AsyncIterable<RecordingProgress> {
  /** Absolute path; empty until `started`. */
  readonly folder: string;
  /**
   * The manifest, once every file is closed. Fails when nothing could be recorded: with a LiveError (`offline`,
   * `not_found`, a refusal...), a {@link RecorderError}, or the signal's reason.
   * It never fails unhandled: awaiting it is up to you.
   */
  readonly done: Promise<Manifest>;
  /**
   * Ends the recording cleanly.
   * @returns {@link Recording.done}
   */
  stop(): Promise<Manifest>;
  /**
   * Calls `handler` for each event of one name. An error in a handler is the program's own: it surfaces as an uncaught
   * error and does not disturb the recording.
   * @returns takes the handler off again
   */
  on<K extends keyof RecordingEvents>(name: K, handler: (event: RecordingEvents[K]) => void): () => void;
}
