import {
  type Manifest,
  record,
  type RecordedSegment,
  RecorderError,
  type RecordingEnd,
  type RecordingEngine,
  repair,
  thumbnailTurns,
} from "@roomtone/recorder";
import { isLiveError, type StreamPreferences, type TikTok } from "@roomtone/sdk";
import { readdir } from "node:fs/promises";
import { join, relative, resolve, sep } from "node:path";
import { QUALITIES, type Quality } from "../../contract/quality.ts";
import type { Recorder, RecorderResult } from "../../ports/recorder.ts";
import type { Segment } from "../../ports/recording_store.ts";
import { toLine } from "./event_files.ts";

/** How {@link mediaRecorder} records. */
export interface MediaRecorderOptions {
  tiktok: TikTok;
  /** Folder that holds the folders of all recordings. */
  dir: string;
  /** Length of a segment, ms. */
  segmentMs: number;
  /** Most bytes of a segment. @default the recorder's */
  segmentMaxBytes?: number;
  /** Time without a byte after which the stream is opened anew, ms. */
  stallTimeoutMs: number;
  /** Also make MP4 files at the end. */
  mp4: boolean;
  /** What writes the segments. @default the recorder's */
  engine?: RecordingEngine;
  /** While the disk has less room than this, bytes, pictures and sound wait. @default the recorder's */
  minFreeBytes?: number;
  /** Media time from one thumbnail to the next, ms; 0: none. @default the recorder's */
  thumbnailEveryMs?: number;
  /** Path of ffmpeg. @default found on this machine */
  ffmpeg?: string;
}

/** Records rooms with `@roomtone/recorder`: each part is a recording of its own there, with a folder of its own. */
export function mediaRecorder(options: MediaRecorderOptions): Recorder {
  const { ffmpeg: ffmpegPath, tiktok, dir, segmentMs, segmentMaxBytes, stallTimeoutMs, mp4, engine } = options;
  const { minFreeBytes, thumbnailEveryMs } = options;
  const segments = { segmentMs, segmentMaxBytes };
  const thumbnails = { thumbnailEveryMs, thumbnailTurns: thumbnailTurns() };
  const settings = { tiktok, dir, stallTimeoutMs, mp4, ffmpegPath, engine, minFreeBytes, ...segments, ...thumbnails };
  return {
    start({ roomId, username, quality }, tell) {
      const recording = record({ roomId, username }, { ...settings, preferences: preferencesOf(quality) });
      let stopped = false;
      recording.on("started", ({ folder, startedAt }) => {
        const path = relative(resolve(dir), resolve(folder)).replaceAll(sep, "/");
        tell({ type: "started", folder: path, startedAt });
      });
      recording.on("stream", ({ quality }) => tell({ type: "quality", quality }));
      recording.on("segment", (segment) => tell({ type: "segment", segment: toSegment(segment) }));
      recording.on("gap", (gap) => tell({ type: "gap", data: { ...gap } }));
      recording.on("progress", (progress) => tell({ type: "progress", data: { ...progress } }));
      recording.on("event", (event) => tell({ type: "event", event: toLine(event) }));
      const done = recording.done.then(
        ({ end }: Manifest) => toResult(end),
        (error: unknown): RecorderResult => stopped ? { kind: "stopped" } : toFailure(error),
      );
      return {
        done,
        stop() {
          stopped = true;
          // `done` tells how it went, in either case.
          recording.stop().then(() => done, () => done);
        },
      };
    },
  };
}

/**
 * Finds recordings that a crash left open: folders without a manifest.
 * @param dir folder that holds the folders of all recordings, by host
 * @returns their paths
 */
export async function openRecordings(dir: string): Promise<string[]> {
  const open: string[] = [];
  for (const host of await foldersIn(dir)) {
    for (const folder of await foldersIn(host)) {
      const files = await readdir(folder);
      if (!files.includes("manifest.json")) open.push(folder);
    }
  }
  return open;
}

async function foldersIn(path: string): Promise<string[]> {
  const entries = await readdir(path, { withFileTypes: true });
  return entries.filter((entry) => entry.isDirectory()).map((entry) => join(path, entry.name));
}

/** Closes the folder of a recording that was cut short. */
export async function repairFolder(folder: string, signal: AbortSignal): Promise<void> {
  await repair(folder, { signal });
}

/**
 * The quality that is asked for, then the best below it; after those the recorder takes the best there is. TikTok sends
 * some qualities at 60 pictures a second, too.
 */
function preferencesOf(quality: Quality | undefined): StreamPreferences {
  if (quality === undefined) return {};
  return { qualities: QUALITIES.slice(QUALITIES.indexOf(quality)).flatMap((each) => [each, `${each}_60`]) };
}

/** Times of segments are kept in whole milliseconds. */
function toSegment({ index, uri, startAt, durationMs, bytes, sha256 }: RecordedSegment): Omit<Segment, "part"> {
  return { index, uri, startAt: Math.round(startAt), durationMs: Math.round(durationMs), bytes, sha256 };
}

function toResult(end: RecordingEnd): RecorderResult {
  if (end.kind === "stopped") return { kind: "stopped" };
  if (end.kind !== "failed") return { kind: "ended" };
  return {
    kind: "failed",
    code: end.code ?? "internal",
    detail: end.detail ?? "it says no more",
    retryable: end.retryable,
  };
}

/** A recording that did not come to a folder of its own. */
function toFailure(error: unknown): RecorderResult {
  if (isLiveError(error)) {
    const { code, message: detail, retryable } = error;
    // The room was live a moment ago: its live ended before the recorder came.
    return code === "offline" ? { kind: "ended" } : { kind: "failed", code, detail, retryable };
  }
  const detail = error instanceof Error ? error.message : String(error);
  return { kind: "failed", code: "internal", detail, retryable: !(error instanceof RecorderError) };
}
