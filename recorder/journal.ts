/**
 * `segments.jsonl`: what happened to a recording, one line each, appended as it happens. After a crash the recording is
 * closed from it.
 * @module
 */
import { readFile, truncate } from "node:fs/promises";
import type {
  ManifestPart,
  ManifestSegment,
  ManifestThumbnail,
  RecordedGap,
  RecordedProblem,
  RecordingEnd,
  StreamCounts,
} from "./types.ts";

/** File name of the journal. */
export const JOURNAL = "segments.jsonl";

/** First line of a journal. */
export interface StartLine {
  type: "start";
  version: 1;
  host: { username: string; id?: string };
  roomId: string;
  title: string;
  startedAt: number;
  segmentMs: number;
}

/** A line of the journal. */
export type JournalLine =
  | StartLine
  /** `at`: wall time of its first tag, ms. */
  | ({ type: "part"; at: number } & ManifestPart)
  /** Media time of the first tag of a part's track, ms: ffmpeg starts each track at 0. */
  | { type: "track"; part: number; track: "audio" | "video"; startMs: number }
  /** `source`: name of ffmpeg's own file. */
  | ({ type: "segment"; source: string } & ManifestSegment)
  /** A segment whose file turned out to be damaged. */
  | { type: "dropped"; index: number }
  | ({ type: "thumbnail" } & ManifestThumbnail)
  | ({ type: "gap" } & RecordedGap)
  | ({ type: "problem" } & RecordedProblem)
  | { type: "end"; end: RecordingEnd; endedAt: number; stream?: StreamCounts };

/** Lines of a file of JSON lines, and the length of its whole lines. */
export interface JsonLines {
  values: unknown[];
  /** Size of what is sound, bytes: what follows is a line that a crash cut. */
  soundBytes: number;
}

/** Reads JSON lines up to the first that is cut or broken. */
export function parseJsonLines(bytes: Uint8Array): JsonLines {
  const values: unknown[] = [];
  const decoder = new TextDecoder("utf-8", { fatal: true });
  let soundBytes = 0;
  for (let end = bytes.indexOf(10); end >= 0; end = bytes.indexOf(10, soundBytes)) {
    try {
      values.push(JSON.parse(decoder.decode(bytes.subarray(soundBytes, end))));
    } catch {
      // A line that a crash tore: nothing behind it can be trusted.
      break;
    }
    soundBytes = end + 1;
  }
  return { values, soundBytes };
}

/** Reads a file of JSON lines and cuts off a last line that is not whole. A file that is not there is empty. */
export async function readJsonLines(path: string): Promise<unknown[]> {
  const bytes = await readFile(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return undefined;
    throw error;
  });
  if (bytes === undefined) return [];
  const { values, soundBytes } = parseJsonLines(bytes);
  if (soundBytes < bytes.length) await truncate(path, soundBytes);
  return values;
}
