/**
 * The port between the recorder and what cuts a part of the stream into fMP4 segments. Two engines stand behind it:
 * ffmpeg as a child process, and a writer in this process.
 * @module
 */
import type { Clock } from "@roomtone/sdk";
import type { FlvPart, FlvTag } from "@roomtone/sdk/media";

/** How a writer ended. */
export interface WriterExit {
  /** True when it closed all that it was given. */
  ok: boolean;
  /** Why it ended, as its own words tell. */
  detail: string;
  /** True when it works, and this stream is none that it can take. */
  refused?: boolean;
}

/** Media times by track, ms. */
export interface TrackTimes {
  audio?: number;
  video?: number;
}

/** A segment that a writer has closed. */
export interface ClosedSegment {
  /** Name of its file in the work folder. */
  file: string;
  /** Told by a writer whose files are on the recording's clock and need not be read again. */
  done?: FinishedSegment;
}

/** A segment's file as it stays. */
export interface FinishedSegment {
  bytes: number;
  /** Hash of the file, lower-case hex. */
  sha256: string;
  /** Time of the last tag by track. */
  lastMs: TrackTimes;
  /** Time at which the next segment begins, ms. */
  endMs: number;
}

/** Writes one part. Calls of {@link write} and {@link end} may not overlap. */
export interface PartWriter {
  /** How it ended. Never fails. */
  readonly exit: Promise<WriterExit>;
  /**
   * Takes tags, headers before media; resolves when it can take more.
   * @returns false when it is gone, or cannot take them
   */
  write(tags: readonly FlvTag[]): Promise<boolean>;
  /** Says that nothing more comes, and waits until everything is closed. */
  end(): Promise<WriterExit>;
  /** Ends it at once; what is not closed is lost. */
  kill(): void;
}

/** What a {@link PartWriter} is opened with. */
export interface PartWriterOptions {
  /** Folder to work in. The init segment is put there, under its name. */
  cwd: string;
  clock: Clock;
  segmentMs: number;
  /** A segment that has grown to this many bytes is closed, where the writer can cut without a keyframe. */
  segmentMaxBytes: number;
  /** Tracks of the part. */
  codecs: FlvPart["codecs"];
  names: { playlist: string; init: string; segmentPattern: string };
  /** Told of each closed segment, in order; resolves when it is in the recording, or cannot be taken into it. */
  onSegment: (segment: ClosedSegment) => Promise<void>;
  /** Told up to where the part is in files of which even a crash leaves what is whole. */
  onStored: (lastMs: TrackTimes) => void;
}
