/**
 * Writes the repaired stream: one ffmpeg per part, and every segment that it closes goes into the recording's folder.
 * @module
 */
import { encodeFlvHeader, encodeFlvTag, type FlvPart, type FlvRepaired } from "@roomtone/sdk/media";
import type { Clock } from "@roomtone/sdk";
import { FfmpegHls } from "./ffmpeg_hls.ts";
import { type RecordingFolder, workNames } from "./recording_folder.ts";
import type { ManifestPart, RecordedGap, RecordedSegment } from "./types.ts";

/** An ffmpeg that dies this often without closing a segment in between is given up. */
const MAX_DEATHS = 3;
/** Most media that is kept to be written again, should ffmpeg die. */
const MAX_KEPT_BYTES = 64 * 1024 * 1024;

/** Options of {@link MediaWriter}. */
export interface MediaWriterOptions {
  folder: RecordingFolder;
  ffmpeg: string;
  segmentMs: number;
  clock: Clock;
  onSegment: (segment: RecordedSegment) => void;
  onGap: (gap: RecordedGap) => void;
  /** ffmpeg died and was started anew. */
  onTrouble: (detail: string) => void;
}

interface KeptTag {
  track: "audio" | "video";
  timestampMs: number;
  atMs: number;
  bytes: Uint8Array;
}

/** A part that ffmpeg is at. */
interface OpenPart {
  index: number;
  source: FlvPart;
  hls: FfmpegHls;
  /** Headers of the part, as they were written. */
  headers: Uint8Array[];
  /** Media that is in no adopted segment yet. */
  kept: KeptTag[];
  keptBytes: number;
  seen: Set<"audio" | "video">;
  /** Wall time minus media time at the live's edge, ms. */
  anchorMs: number;
  anchored: boolean;
  /** Closed by ffmpeg, not adopted yet. */
  closed: string[];
}

/** The disk or ffmpeg does not work; the text says how. */
export class WriterError extends Error {
  override readonly name = "WriterError" as const;
}

/** See the module. Calls may not overlap. */
export class MediaWriter {
  readonly #options: MediaWriterOptions;
  #open: OpenPart | undefined;
  #deaths = 0;
  #adopting: Promise<void> = Promise.resolve();
  #failure: { error: unknown } | undefined;
  #endMs = 0;

  constructor(options: MediaWriterOptions) {
    this.#options = options;
  }

  /** Media time up to which tags were taken, ms. */
  get endMs(): number {
    return this.#endMs;
  }

  /**
   * Writes what the repair gave out; resolves when ffmpeg can take more.
   * @throws {WriterError} when it cannot be written
   */
  async take(items: readonly FlvRepaired[]): Promise<void> {
    const waiting: Uint8Array[] = [];
    for (const item of items) {
      if (item.kind === "gap") {
        await this.#options.folder.addGap(item.gap);
        this.#options.onGap(item.gap);
      } else if (item.kind === "part") {
        await this.#write(waiting.splice(0));
        await this.#close();
        await this.#start(item.part, item.part.reason, item.part.startMs);
      } else {
        const bytes = await this.#keep(item);
        if (bytes !== undefined) waiting.push(bytes);
      }
    }
    await this.#write(waiting);
  }

  /**
   * Closes the last part.
   * @throws {WriterError} when it cannot be written
   */
  async finish(): Promise<void> {
    await this.#close();
  }

  /** Leaves what is not written; the way out after a failure. */
  async abandon(): Promise<void> {
    this.#open?.hls.kill();
    await this.#open?.hls.exit;
    await this.#adopting;
  }

  async #start(source: FlvPart, reason: ManifestPart["reason"], startMs: number): Promise<void> {
    const { folder, ffmpeg, segmentMs, clock } = this.#options;
    const { index } = await folder.addPart({ reason, startMs, codecs: { ...source.codecs }, at: clock.now() });
    const names = workNames(index);
    const hls = new FfmpegHls({
      ffmpeg,
      cwd: folder.workPath,
      clock,
      segmentMs,
      names,
      onSegment: (file) => {
        part.closed.push(file);
        this.#adopting = this.#adopting.then(() => this.#adopt(part, false));
      },
    });
    const part: OpenPart = {
      index,
      source,
      hls,
      headers: [],
      kept: [],
      keptBytes: 0,
      seen: new Set(),
      anchorMs: Infinity,
      anchored: false,
      closed: [],
    };
    this.#open = part;
    const { audio, video } = source.codecs;
    await hls.write(encodeFlvHeader({ audio: audio !== undefined, video: video !== undefined }));
  }

  /** Encodes a tag and notes what is needed to write it again. */
  async #keep(item: Extract<FlvRepaired, { kind: "tag" }>): Promise<Uint8Array | undefined> {
    const part = this.#open;
    const { tag, role, atMs } = item;
    // ffmpeg would make a subtitle track of scripts.
    if (part === undefined || tag.type === "script") return undefined;
    const bytes = encodeFlvTag(tag);
    if (role !== "media") {
      part.headers.push(bytes);
      return bytes;
    }
    this.#endMs = Math.max(this.#endMs, tag.timestampMs);
    await this.#note(part, { track: tag.type, timestampMs: tag.timestampMs, atMs, bytes });
    return bytes;
  }

  async #note(part: OpenPart, tag: KeptTag): Promise<void> {
    if (!part.seen.has(tag.track)) {
      part.seen.add(tag.track);
      await this.#options.folder.addTrack(part.index, tag.track, tag.timestampMs);
    }
    if (!part.anchored) part.anchorMs = Math.min(part.anchorMs, tag.atMs - tag.timestampMs);
    part.kept.push(tag);
    part.keptBytes += tag.bytes.length;
    while (part.keptBytes > MAX_KEPT_BYTES) part.keptBytes -= part.kept.shift()?.bytes.length ?? 0;
  }

  async #write(chunks: Uint8Array[]): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure.error;
    if (chunks.length === 0 || this.#open === undefined) return;
    if (!await this.#open.hls.write(joined(chunks))) await this.#restart(this.#open);
  }

  async #close(): Promise<void> {
    for (let part = this.#open; part !== undefined; part = this.#open) {
      const outcome = await part.hls.end();
      await this.#adoptRest(part);
      if (outcome.ok) {
        if (part.kept.length > 0) this.#options.onTrouble(`ffmpeg left out ${part.kept.length} tags`);
        break;
      }
      // It died with media in hand: another one gets what is missing.
      await this.#restart(part, outcome.detail);
    }
    this.#open = undefined;
  }

  /** ffmpeg is gone: what is in no adopted segment goes to another one. */
  async #restart(dead: OpenPart, known?: string): Promise<void> {
    const detail = known ?? (await dead.hls.exit).detail;
    await this.#adoptRest(dead);
    const [first] = dead.kept;
    if (++this.#deaths >= MAX_DEATHS) {
      this.#open = undefined;
      throw new WriterError(`Write the video: ffmpeg ended ${this.#deaths} times (${detail})`);
    }
    this.#options.onTrouble(`ffmpeg ended and was started anew (${detail})`);
    await this.#start(dead.source, "writer", first?.timestampMs ?? this.#endMs);
    const part = this.#open;
    if (part === undefined) return;
    for (const tag of dead.kept) await this.#note(part, tag);
    part.headers.push(...dead.headers);
    await part.hls.write(joined([...dead.headers, ...dead.kept.map(({ bytes }) => bytes)]));
  }

  async #adoptRest(part: OpenPart): Promise<void> {
    this.#adopting = this.#adopting.then(() => this.#adopt(part, true));
    await this.#adopting;
    if (this.#failure !== undefined) throw this.#failure.error;
  }

  /** Adopts the closed segments of a part. One that is not whole is looked at again when the next one is closed. */
  async #adopt(part: OpenPart, last: boolean): Promise<void> {
    try {
      for (let file = part.closed[0]; file !== undefined; file = part.closed[0]) {
        if (!part.anchored) part.anchored = true;
        const adopted = await this.#options.folder.adopt(part.index, file, part.anchorMs);
        if (adopted === undefined && !last) return;
        part.closed.shift();
        if (adopted === undefined) continue;
        this.#deaths = 0;
        const { lastMs } = adopted;
        part.kept = part.kept.filter(({ track, timestampMs }) => timestampMs > (lastMs[track] ?? -1));
        part.keptBytes = part.kept.reduce((sum, tag) => sum + tag.bytes.length, 0);
        const { index, uri, startAt, durationMs, bytes, sha256 } = adopted.segment;
        this.#options.onSegment({ index, uri, startAt, durationMs, bytes, sha256 });
      }
    } catch (error) {
      this.#failure ??= { error };
    }
  }
}

function joined(chunks: readonly Uint8Array[]): Uint8Array {
  const [only] = chunks;
  if (chunks.length === 1 && only !== undefined) return only;
  const all = new Uint8Array(chunks.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const chunk of chunks) {
    all.set(chunk, at);
    at += chunk.length;
  }
  return all;
}
