/**
 * Writes the repaired stream: one writer per part, and every segment that it closes goes into the recording's folder.
 * @module
 */
import type { FlvPart, FlvRepaired, FlvTag } from "@roomtone/sdk/media";
import type { Clock } from "@roomtone/sdk";
import { FfmpegHls } from "./ffmpeg_hls.ts";
import type { ClosedSegment, PartWriter, PartWriterOptions, TrackTimes, WriterExit } from "./part_writer.ts";
import { type RecordingFolder, workNames } from "./recording_folder.ts";
import type { ManifestPart, ManifestSegment, RecordedGap, RecordingEngine } from "./types.ts";

/** A writer that dies this often without closing a segment in between is given up. */
const MAX_DEATHS = 3;
/** Most media that is kept to be written again, should the writer die. */
const MAX_KEPT_BYTES = 64 * 1024 * 1024;

/** Options of {@link MediaWriter}. */
export interface MediaWriterOptions {
  folder: RecordingFolder;
  /** What writes, as long as it can take the stream. */
  engine: RecordingEngine;
  /** `undefined` where there is none. */
  ffmpeg: string | undefined;
  segmentMs: number;
  segmentMaxBytes: number;
  clock: Clock;
  onPart: (part: ManifestPart) => void;
  onSegment: (segment: ManifestSegment) => void;
  onGap: (gap: RecordedGap) => void;
  /** A writer died or could not take the stream, and another one was started. */
  onTrouble: (detail: string) => void;
}

interface KeptTag {
  track: "audio" | "video";
  atMs: number;
  tag: FlvTag;
}

/** A part that a writer is at. */
interface OpenPart {
  index: number;
  source: FlvPart;
  engine: RecordingEngine;
  writer: PartWriter;
  /** Headers of the part, as they were written. */
  headers: FlvTag[];
  /** Media that would be lost with the writer. */
  kept: KeptTag[];
  keptBytes: number;
  seen: Set<"audio" | "video">;
  /** Wall time minus media time at the live's edge, ms. */
  anchorMs: number;
  anchored: boolean;
  /** Closed by the writer, not adopted yet. */
  closed: ClosedSegment[];
}

/** The disk or the writer does not work; the text says how. */
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
   * Writes what the repair gave out; resolves when the writer can take more.
   * @throws {WriterError} when it cannot be written
   */
  async take(items: readonly FlvRepaired[]): Promise<void> {
    const waiting: FlvTag[] = [];
    for (const item of items) {
      if (item.kind === "gap") {
        await this.#options.folder.addGap(item.gap);
        this.#options.onGap(item.gap);
      } else if (item.kind === "part") {
        await this.#write(waiting.splice(0));
        await this.#close();
        await this.#start(item.part, item.part.reason, item.part.startMs, this.#engineFor(item.part));
      } else {
        if (await this.#keep(item)) waiting.push(item.tag);
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
    this.#open?.writer.kill();
    await this.#open?.writer.exit;
    await this.#adopting;
  }

  /** ffmpeg before 6.1 leaves HEVC in FLV out and says nothing about it. */
  #engineFor({ codecs }: FlvPart): RecordingEngine {
    return codecs.video === "hevc" ? "inprocess" : this.#options.engine;
  }

  async #start(
    source: FlvPart,
    reason: ManifestPart["reason"],
    startMs: number,
    engine: RecordingEngine,
  ): Promise<void> {
    const { folder, segmentMs, segmentMaxBytes, clock } = this.#options;
    const codecs = { ...source.codecs };
    const { index, init } = await folder.addPart({ reason, startMs, codecs, engine, at: clock.now() });
    this.#options.onPart({ index, init, reason, startMs, codecs, engine });
    const writer = await this.#openWriter(engine, {
      cwd: folder.workPath,
      clock,
      segmentMs,
      segmentMaxBytes,
      codecs,
      names: workNames(index),
      onStored: (lastMs) => forget(part, lastMs),
      onSegment: (segment) => {
        part.closed.push(segment);
        return this.#adopting = this.#adopting.then(() => this.#adopt(part, false));
      },
    });
    const part: OpenPart = {
      index,
      source,
      engine,
      writer,
      headers: [],
      kept: [],
      keptBytes: 0,
      seen: new Set(),
      anchorMs: Infinity,
      anchored: false,
      closed: [],
    };
    this.#open = part;
  }

  /** Programs that never write in process do not load the muxer. */
  async #openWriter(engine: RecordingEngine, options: PartWriterOptions): Promise<PartWriter> {
    if (engine === "ffmpeg") {
      const { ffmpeg } = this.#options;
      if (ffmpeg === undefined) throw new WriterError("Write the video: this stream needs ffmpeg, and there is none");
      return new FfmpegHls({ ...options, ffmpeg });
    }
    const { InprocessHls } = await import("./inprocess_hls.ts");
    return new InprocessHls(options);
  }

  /** Notes what is needed to write a tag again. @returns whether it is to be written */
  async #keep({ tag, role, atMs }: Extract<FlvRepaired, { kind: "tag" }>): Promise<boolean> {
    const part = this.#open;
    // ffmpeg would make a subtitle track of scripts.
    if (part === undefined || tag.type === "script") return false;
    if (role !== "media") {
      part.headers.push(tag);
      return true;
    }
    this.#endMs = Math.max(this.#endMs, tag.timestampMs);
    await this.#note(part, { track: tag.type, atMs, tag });
    return true;
  }

  async #note(part: OpenPart, kept: KeptTag): Promise<void> {
    const { track, atMs, tag: { timestampMs, payload } } = kept;
    if (!part.seen.has(track)) {
      part.seen.add(track);
      await this.#options.folder.addTrack(part.index, track, timestampMs);
    }
    if (!part.anchored) part.anchorMs = Math.min(part.anchorMs, atMs - timestampMs);
    part.kept.push(kept);
    part.keptBytes += payload.length;
    while (part.keptBytes > MAX_KEPT_BYTES) part.keptBytes -= part.kept.shift()?.tag.payload.length ?? 0;
  }

  async #write(tags: FlvTag[]): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure.error;
    if (tags.length === 0 || this.#open === undefined) return;
    if (!await this.#open.writer.write(tags)) await this.#restart(this.#open);
  }

  async #close(): Promise<void> {
    for (let part = this.#open; part !== undefined; part = this.#open) {
      const outcome = await part.writer.end();
      await this.#adoptRest(part);
      if (outcome.ok) {
        if (part.kept.length > 0) this.#options.onTrouble(`${part.engine} left out ${part.kept.length} tags`);
        break;
      }
      // It ended with media in hand: another one gets what is missing.
      await this.#restart(part, outcome);
    }
    this.#open = undefined;
  }

  /** The writer is gone: what is in no adopted segment goes to another one. */
  async #restart(dead: OpenPart, known?: WriterExit): Promise<void> {
    const { detail, refused = false } = known ?? await dead.writer.exit;
    await this.#adoptRest(dead);
    const [first] = dead.kept;
    if (!refused && ++this.#deaths >= MAX_DEATHS) {
      this.#open = undefined;
      throw new WriterError(`Write the video: ${dead.engine} ended ${this.#deaths} times (${detail})`);
    }
    const { onTrouble } = this.#options;
    if (refused) onTrouble(`ffmpeg goes on: the stream cannot be written in process (${detail})`);
    else onTrouble(`${dead.engine} ended and was started anew (${detail})`);
    const engine = refused ? "ffmpeg" : dead.engine;
    await this.#start(dead.source, "writer", first?.tag.timestampMs ?? this.#endMs, engine);
    const part = this.#open;
    if (part === undefined) return;
    for (const kept of dead.kept) await this.#note(part, kept);
    part.headers.push(...dead.headers);
    await part.writer.write([...dead.headers, ...dead.kept.map(({ tag }) => tag)]);
  }

  async #adoptRest(part: OpenPart): Promise<void> {
    this.#adopting = this.#adopting.then(() => this.#adopt(part, true));
    await this.#adopting;
    if (this.#failure !== undefined) throw this.#failure.error;
  }

  /** Adopts the closed segments of a part. One that is not whole is looked at again when the next one is closed. */
  async #adopt(part: OpenPart, last: boolean): Promise<void> {
    try {
      for (let closed = part.closed[0]; closed !== undefined; closed = part.closed[0]) {
        if (!part.anchored) part.anchored = true;
        const adopted = await this.#options.folder.adopt(part.index, closed, part.anchorMs);
        if (adopted === undefined && !last) return;
        part.closed.shift();
        if (adopted === undefined) continue;
        this.#deaths = 0;
        forget(part, adopted.lastMs);
        this.#options.onSegment(adopted.segment);
      }
    } catch (error) {
      this.#failure ??= { error };
    }
  }
}

/** Lets go of media that is safe on the disk. */
function forget(part: OpenPart, lastMs: TrackTimes): void {
  part.kept = part.kept.filter(({ track, tag }) => tag.timestampMs > (lastMs[track] ?? -1));
  part.keptBytes = part.kept.reduce((sum, { tag }) => sum + tag.payload.length, 0);
}
