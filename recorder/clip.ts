/**
 * Cuts a stretch out of a recording into one MP4 file, with ffmpeg. The segments go to ffmpeg through a pipe: it is given
 * no address and no key, wherever they come from.
 * @module
 */
import { Buffer } from "node:buffer";
import { createReadStream } from "node:fs";
import { mkdtemp, open, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import process from "node:process";
import { clipEntries, type ClipEntry, clipGaps, clipRuns } from "./clip_playlist.ts";
import { RecorderError } from "./errors.ts";
import { runFfmpeg } from "./ffmpeg_hls.ts";
import { findFfmpeg } from "./find_ffmpeg.ts";
import { pictureSize, readInit, readMovieMs } from "./fmp4.ts";
import { PLAYLIST } from "./recording_folder.ts";

/** Longest clip, ms. */
const MOST_MS = 6 * 3_600_000;
/** Bytes in which the length of a finished file stands. */
const HEAD_BYTES = 4_096;

/** A recording that is not a folder of this machine. */
export interface ClipSource {
  /** Text of its HLS playlist. */
  playlist: string;
  /** Opens a file by its address in the playlist. */
  open(uri: string, signal: AbortSignal): Promise<AsyncIterable<Uint8Array>>;
}

/** Options of {@link clip}. */
export interface ClipOptions {
  /** Where the clip begins on the player's clock: the playing time of the segments before it, gaps left out, ms. */
  fromMs: number;
  /** Where it ends, ms; up to six hours behind `fromMs`. What is behind the recording's end is left out. */
  toMs: number;
  /** File to write; one that is there is replaced. It is there whole or not at all. */
  output: string;
  /**
   * Begins exactly at `fromMs`, which encodes picture and sound anew. Else they are copied, which is quick and loses
   * nothing, from the keyframe at or before `fromMs` on. @default false
   */
  exact?: boolean;
  /** Most bytes that are read of the recording. @default any number */
  maxBytes?: number;
  /** Told of each segment that was read. */
  onProgress?: (progress: { segments: number; of: number }) => void;
  /** @default the variable ROOMTONE_FFMPEG, else `ffmpeg` on PATH */
  ffmpegPath?: string;
  /** Where ffmpeg is looked for. @default the environment of the process */
  env?: Readonly<Record<string, string | undefined>>;
  signal?: AbortSignal;
}

/** A clip that was made. */
export interface Clip {
  /** Absolute path. */
  path: string;
  bytes: number;
  /** Where it really begins on the player's clock, ms. */
  startMs: number;
  durationMs: number;
  /** Whether it was encoded anew: as it was asked for, or as picture or sound change their format on the way. */
  encoded: boolean;
  /** Where something is missing in it, on the player's clock, and how much: the clip goes on without a pause. */
  gaps: { atMs: number; missingMs: number }[];
}

/** What the steps of a clip work with. */
interface Work {
  source: ClipSource;
  ffmpeg: string;
  folder: string;
  signal: AbortSignal;
}

/**
 * Makes one MP4 of a recording between two times, also of one that goes on, as far as its segments are closed.
 * @param source folder of a recording, or a source that is elsewhere
 * @throws {RangeError} for times that are none
 * @throws {RecorderError} `ffmpeg_missing`; `not_a_recording`; `no_video`; `out_of_range` for a clip behind the end;
 *   `clip_failed`
 *
 * @example
 * ```ts
 * import { clip } from "@roomtone/recorder";
 * const folder = "recordings/some.host/2026-11-21T10-31-02Z_7300000000000000001";
 * const { startMs, gaps } = await clip(folder, { fromMs: 90_000, toMs: 135_000, output: "clip.mp4" });
 * console.log(startMs, gaps);
 * ```
 */
export async function clip(source: string | ClipSource, options: ClipOptions): Promise<Clip> {
  const { fromMs, toMs, exact = false, maxBytes = Infinity, ffmpegPath, env = process.env } = options;
  const { signal = new AbortController().signal, onProgress = () => {} } = options;
  if (!(fromMs >= 0 && toMs > fromMs && toMs - fromMs <= MOST_MS)) {
    throw new RangeError(`fromMs and toMs must be times of 0 or more, the second behind the first, at most 6 h apart`);
  }
  signal.throwIfAborted();
  const ffmpeg = await findFfmpeg(ffmpegPath, env);
  const from = typeof source === "string" ? await folderSource(source) : source;
  const { entries, endMs } = entriesBetween(clipEntries(from.playlist), fromMs, toMs);
  const runs = clipRuns(entries);
  const output = resolve(options.output);
  const folder = await mkdtemp(join(dirname(output), ".clip-"));
  const work: Work = { source: from, ffmpeg, folder, signal };
  try {
    const inits = await Promise.all(runs.map(([first]) => bytesOf(work, first.init)));
    const encoded = exact || !areEqual(inits);
    checkTracks(inits, runs);
    const size = encoded && runs.length > 1 ? pictureSize(inits[0] ?? new Uint8Array()) : undefined;
    const total = { read: 0, segments: 0 };
    for (const [index, run] of runs.entries()) {
      const startMs = run[0].startMs;
      const lastMs = (run.at(-1) ?? run[0]).endMs;
      const cut = encoded
        ? encoding(Math.max(fromMs, startMs) - startMs, Math.min(endMs, lastMs) - startMs, size)
        : COPY;
      const feed = async function* (): AsyncGenerator<Uint8Array> {
        yield inits[index] ?? new Uint8Array();
        for (const { uri } of run) {
          for await (const bytes of await from.open(uri, signal)) {
            total.read += bytes.length;
            if (total.read > maxBytes) throw tooLarge(maxBytes);
            yield bytes;
          }
          onProgress({ segments: ++total.segments, of: entries.length });
        }
      };
      const tracks = ["-map", "0:v:0?", "-map", "0:a:0?"];
      const input = ["-f", "mp4", "-protocol_whitelist", "pipe", "-i", "pipe:0"];
      await call(work, [...input, ...tracks, ...cut, "-f", "mp4", `run_${index}.mp4`], feed());
    }
    const lengths = runs.map((run) => encoded ? undefined : (run.at(-1) ?? run[0]).endMs - run[0].startMs);
    await writeFile(join(folder, "runs.txt"), concatList(lengths));
    const firstMs = runs[0]?.[0].startMs ?? 0;
    const seek = encoded ? [] : ["-ss", seconds(fromMs - firstMs)];
    // What is copied begins with the keyframe, at 0, and not in the middle of an edit list, which some players pass over.
    const length = encoded ? [] : ["-t", seconds(endMs - fromMs), "-avoid_negative_ts", "make_zero"];
    await call(work, [
      ...[...seek, "-f", "concat", "-protocol_whitelist", "file", "-i", "runs.txt", ...length],
      ...["-c", "copy", "-movflags", "+faststart", "-f", "mp4", "clip.mp4"],
    ]);
    const made = join(folder, "clip.mp4");
    const durationMs = readMovieMs(await headOf(made));
    const { size: bytes } = await stat(made);
    if (durationMs === undefined || durationMs === 0) {
      throw failed("nothing that can be played was recorded there: no keyframe");
    }
    signal.throwIfAborted();
    await rename(made, output);
    const startMs = encoded ? fromMs : Math.max(0, endMs - durationMs);
    return { path: output, bytes, startMs, durationMs, encoded, gaps: clipGaps(entries) };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const COPY = ["-c", "copy", "-copyinkf"];

/** Encodes a stretch of the input. @param size that all stretches of a clip have; none where there is one only */
function encoding(fromMs: number, toMs: number, size: { width: number; height: number } | undefined): string[] {
  const [w, h] = [size?.width, size?.height];
  const fit = `scale=${w}:${h}:force_original_aspect_ratio=decrease,pad=${w}:${h}:(ow-iw)/2:(oh-ih)/2,setsar=1`;
  return [
    ...["-ss", seconds(fromMs), "-t", seconds(toMs - fromMs), ...size === undefined ? [] : ["-vf", fit]],
    ...["-c:v", "libx264", "-preset", "veryfast", "-crf", "18", "-pix_fmt", "yuv420p"],
    ...["-c:a", "aac", "-b:a", "160k", "-ar", "44100", "-ac", "2", "-video_track_timescale", "90000"],
  ];
}

async function folderSource(folder: string): Promise<ClipSource> {
  const path = resolve(folder);
  const playlist = await readFile(join(path, PLAYLIST), "utf8").catch((cause: NodeJS.ErrnoException) => {
    if (cause.code !== "ENOENT" && cause.code !== "ENOTDIR") throw cause;
    const remedy = "Pass the folder of one recording";
    throw new RecorderError("not_a_recording", `Clip ${path}: it holds no recording`, remedy, { cause });
  });
  return {
    playlist,
    open: (uri) => {
      // The playlist is our own; a name in it leads nowhere else all the same.
      if (!/^[\w-][\w.-]*$/.test(uri)) throw failed("the playlist names a file outside of its folder");
      return Promise.resolve(createReadStream(join(path, uri)));
    },
  };
}

/** The segments of a clip, and where it ends. */
function entriesBetween(all: readonly ClipEntry[], fromMs: number, toMs: number) {
  const end = all.at(-1);
  if (end === undefined) {
    throw new RecorderError("no_video", "Clip the recording: it has no video", "Ask again when a segment is closed");
  }
  if (fromMs >= end.endMs) {
    throw new RecorderError(
      "out_of_range",
      `Clip from ${seconds(fromMs)} s: the recording ends at ${seconds(end.endMs)} s`,
      "Give a time before its end",
    );
  }
  return {
    entries: all.filter((each) => each.startMs < toMs && each.endMs > fromMs),
    endMs: Math.min(toMs, end.endMs),
  };
}

function areEqual(inits: readonly Uint8Array[]): boolean {
  const [first] = inits;
  return first === undefined || inits.every((each) => Buffer.compare(each, first) === 0);
}

/** One file has the same tracks from its start to its end. */
function checkTracks(inits: readonly Uint8Array[], runs: readonly (readonly ClipEntry[])[]): void {
  const kinds = inits.map((init) => (readInit(init) ?? []).map(({ kind }) => kind).toSorted().join());
  const other = kinds.findIndex((each) => each !== kinds[0]);
  if (other < 0) return;
  const at = seconds(runs[other]?.[0]?.startMs ?? 0);
  throw new RecorderError(
    "clip_failed",
    `Clip the recording: at ${at} s picture or sound begins or ends`,
    `Make one clip up to ${at} s and one from there`,
  );
}

async function bytesOf({ source, signal }: Work, uri: string): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of await source.open(uri, signal)) chunks.push(chunk);
  return Buffer.concat(chunks);
}

async function headOf(path: string): Promise<Uint8Array> {
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read(new Uint8Array(HEAD_BYTES), 0, HEAD_BYTES, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}

async function call({ ffmpeg, folder, signal }: Work, args: string[], input?: AsyncIterable<Uint8Array>) {
  const outcome = await runFfmpeg(ffmpeg, ["-hide_banner", "-nostdin", "-loglevel", "warning", "-y", ...args], folder, {
    signal,
    input,
  });
  signal.throwIfAborted();
  if (!outcome.ok) throw failed(`ffmpeg failed (${outcome.detail})`);
}

/** @param lengthsMs of the runs; without them the files' own count */
function concatList(lengthsMs: readonly (number | undefined)[]): string {
  const files = lengthsMs.map((ms, index) =>
    `file run_${index}.mp4\n${ms === undefined ? "" : `duration ${seconds(ms)}\n`}`
  );
  return `ffconcat version 1.0\n${files.join("")}`;
}

function tooLarge(maxBytes: number): RecorderError {
  return new RecorderError(
    "clip_failed",
    `Clip the recording: the stretch has more than ${Math.round(maxBytes / 1_000_000)} MB`,
    "Ask for a shorter one",
  );
}

function failed(detail: string): RecorderError {
  return new RecorderError("clip_failed", `Clip the recording: ${detail}`, "Try another stretch, or the exact way");
}

function seconds(ms: number): string {
  return (ms / 1000).toFixed(3);
}
