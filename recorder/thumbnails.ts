/**
 * Pictures of a recording: one in a while and the last one, each made by ffmpeg from a closed segment. They are made
 * beside the recording, at low priority; a picture that cannot be made is told of and left out.
 * @module
 */
import { rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import type { Clock } from "@roomtone/sdk";
import { runFfmpeg } from "./ffmpeg_hls.ts";
import { type RecordingFolder, WORK } from "./recording_folder.ts";
import type { ManifestSegment, ManifestThumbnail, ThumbnailTurns } from "./types.ts";

/** Time for one picture, ms. */
const PICTURE_MS = 20_000;
/** How long the end of the recording waits for its last picture, ms. */
const LAST_MS = 10_000;
/** Largest width and height. */
const MAX_SIDE_PX = 640;

/** Arguments for one small JPEG of the first picture of a segment; made for ffmpeg 4.1 and later. */
function thumbnailArguments(init: string, segment: string, output: string): string[] {
  const side = (name: string) => `'min(${MAX_SIDE_PX},${name})'`;
  return [
    ...["-hide_banner", "-nostdin", "-loglevel", "warning", "-y", "-threads", "1"],
    ...["-protocol_whitelist", "file,concat", "-f", "mp4", "-i", `concat:${init}|${segment}`],
    ...["-map", "0:v:0", "-frames:v", "1", "-threads", "1", "-filter_threads", "1"],
    ...["-vf", `scale=${side("iw")}:${side("ih")}:force_original_aspect_ratio=decrease`],
    ...["-c:v", "mjpeg", "-pix_fmt", "yuvj420p", "-q:v", "4", "-f", "image2", "-update", "1", output],
  ];
}

/** Makes turns of which only one is on at a time, in the order of the calls. */
export function thumbnailTurns(): ThumbnailTurns {
  let last: Promise<void> = Promise.resolve();
  return (work) => last = last.then(work);
}

/** Options of {@link Thumbnails}. */
export interface ThumbnailsOptions {
  folder: RecordingFolder;
  ffmpeg: string;
  /** Media time from one picture to the next, ms. */
  everyMs: number;
  clock: Clock;
  turns: ThumbnailTurns;
  onThumbnail: (thumbnail: ManifestThumbnail) => void;
  /** A picture could not be made. */
  onProblem: (error: Error) => void;
}

/** See the module. */
export class Thumbnails {
  readonly #options: ThumbnailsOptions;
  readonly #stopped = new AbortController();
  /** Media time from which on a segment gets a picture, ms. */
  #dueMs = -Infinity;
  /** The newest segment with a picture or one to come. */
  #taken = -1;
  /** Waits for its turn. A newer one takes its place. */
  #next: ManifestSegment | undefined;
  #working: Promise<void> = Promise.resolve();

  constructor(options: ThumbnailsOptions) {
    this.#options = options;
  }

  /** Tells of a segment that was closed; never waits. */
  segment(segment: ManifestSegment): void {
    if (segment.startMs >= this.#dueMs && this.#hasPictures(segment)) this.#take(segment);
  }

  /** Makes the last picture, if there is time for it. Never fails. */
  async finish(): Promise<void> {
    const { folder, clock, onProblem } = this.#options;
    const last = folder.state.segments.findLast((segment) => this.#hasPictures(segment));
    if (last !== undefined && last.index > this.#taken) this.#take(last);
    const timer = clock.setTimeout(() => {
      onProblem(new Error("Make a thumbnail: there was no time for the last one"));
      this.stop();
    }, LAST_MS);
    const stopped = new Promise<void>((resolve) => {
      this.#stopped.signal.addEventListener("abort", () => resolve(), { once: true });
      if (this.#stopped.signal.aborted) resolve();
    });
    await Promise.race([this.#working, stopped]);
    clock.clearTimeout(timer);
    this.stop();
  }

  /** Leaves what is not made. */
  stop(): void {
    this.#stopped.abort();
  }

  #hasPictures({ part }: ManifestSegment): boolean {
    return this.#options.folder.state.parts.find(({ index }) => index === part)?.codecs.video !== undefined;
  }

  #take(segment: ManifestSegment): void {
    this.#dueMs = segment.startMs + this.#options.everyMs;
    this.#taken = segment.index;
    const isWaiting = this.#next !== undefined;
    this.#next = segment;
    if (!isWaiting) this.#working = this.#options.turns(() => this.#make());
  }

  async #make(): Promise<void> {
    const segment = this.#next;
    this.#next = undefined;
    if (segment === undefined || this.#stopped.signal.aborted) return;
    const { onThumbnail, onProblem } = this.#options;
    try {
      onThumbnail(await this.#picture(segment));
    } catch (error) {
      // Who stopped it knows why, and may have closed the folder.
      if (this.#stopped.signal.aborted) return;
      onProblem(new Error(`Make a thumbnail: ${error instanceof Error ? error.message : String(error)}`));
    }
  }

  async #picture({ index, part, uri: source, startMs, startAt }: ManifestSegment): Promise<ManifestThumbnail> {
    const { folder, ffmpeg, clock } = this.#options;
    const init = folder.state.parts.find((each) => each.index === part)?.init;
    if (init === undefined) throw new Error(`segment ${index} has no part`);
    const made = `${WORK}/thumbnail.jpg`;
    const late = new AbortController();
    const timer = clock.setTimeout(() => late.abort(), PICTURE_MS);
    const signal = AbortSignal.any([late.signal, this.#stopped.signal]);
    try {
      const outcome = await runFfmpeg(ffmpeg, thumbnailArguments(init, source, made), folder.path, {
        lowPriority: true,
        signal,
      });
      if (!outcome.ok) throw new Error(`ffmpeg failed (${signal.aborted ? "it took too long" : outcome.detail})`);
      const { size } = await stat(join(folder.path, made));
      const uri = `thumbnail_${String(index).padStart(6, "0")}.jpg`;
      await rename(join(folder.path, made), join(folder.path, uri));
      const thumbnail: ManifestThumbnail = { uri, segment: index, mediaMs: startMs, at: startAt, bytes: size };
      await folder.addThumbnail(thumbnail);
      return thumbnail;
    } finally {
      clock.clearTimeout(timer);
      await rm(join(folder.path, made), { force: true });
    }
  }
}
