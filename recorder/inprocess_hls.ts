/**
 * Cuts one part into fMP4 segments in this process: packets are held until their segment is closed, and mediabunny
 * muxes them then. Nothing is decoded.
 * @module
 */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type FlvTag, readFlvPayload } from "@roomtone/sdk/media";
import { readFlvPacket } from "./flv_packets.ts";
import { type MuxPacket, muxSegment, type TrackSetups } from "./mux_segment.ts";
import { readAacParameters, readAvcParameters, readHevcParameters } from "./parameter_sets.ts";
import type { PartWriter, PartWriterOptions, WriterExit } from "./part_writer.ts";

/** More than this without a keyframe is not held in memory. */
const MAX_HELD_BYTES = 32 * 1024 * 1024;
/** Samples of a packet of AAC. */
const AAC_SAMPLES = 1024;
/** Length of a picture that is alone in its part, ms. */
const LONE_PICTURE_MS = 40;

/** The stream is none that this writer can take. */
class Refusal extends Error {
  override readonly name = "Refusal" as const;
}

interface OpenSegment {
  startMs: number;
  video: MuxPacket[];
  audio: MuxPacket[];
  bytes: number;
  lastMs: { audio?: number; video?: number };
}

/** See the module. */
export class InprocessHls implements PartWriter {
  readonly #options: PartWriterOptions;
  readonly #setups: TrackSetups = {};
  readonly #ended = Promise.withResolvers<WriterExit>();
  readonly exit: Promise<WriterExit> = this.#ended.promise;
  #isOver = false;
  #open: OpenSegment | undefined;
  #segments = 0;
  /** Between the last two pictures, ms. */
  #pictureMs = LONE_PICTURE_MS;

  constructor(options: PartWriterOptions) {
    this.#options = options;
  }

  async write(tags: readonly FlvTag[]): Promise<boolean> {
    return await this.#unlessRefused(async () => {
      for (const tag of tags) {
        if (this.#isOver) return;
        await this.#take(tag);
      }
    });
  }

  async end(): Promise<WriterExit> {
    const done = await this.#unlessRefused(async () => {
      const open = this.#open;
      if (open === undefined) return;
      const { video, audio } = open.lastMs;
      const endMs = video === undefined
        ? Math.round((audio ?? open.startMs) + this.#soundMs())
        : video + this.#pictureMs;
      await this.#close(open, endMs);
    });
    if (done) this.#over({ ok: true, detail: "" });
    return await this.exit;
  }

  kill(): void {
    this.#over({ ok: false, detail: "stopped" });
  }

  #over(exit: WriterExit): void {
    this.#isOver = true;
    this.#open = undefined;
    this.#ended.resolve(exit);
  }

  async #unlessRefused(work: () => Promise<void>): Promise<boolean> {
    if (this.#isOver) return false;
    try {
      await work();
    } catch (error) {
      const detail = error instanceof Error ? error.message : String(error);
      this.#over({ ok: false, detail, refused: error instanceof Refusal });
    }
    return !this.#isOver;
  }

  async #take(tag: FlvTag): Promise<void> {
    const { role, codec, keyframe } = readFlvPayload(tag);
    if (tag.type === "script") return;
    if (role === "header") return this.#setUp(tag.type, codec, readFlvPacket(tag).data);
    if (this.#setups[tag.type] === undefined) throw new Refusal(`cannot write ${codec}`);
    const { data, compositionMs } = readFlvPacket(tag);
    if (tag.type === "video") await this.#beforePicture(tag.timestampMs, keyframe);
    else if (this.#setups.video === undefined) await this.#beforeSound(tag.timestampMs);
    const open = this.#open ??= { startMs: tag.timestampMs, video: [], audio: [], bytes: 0, lastMs: {} };
    const durationMs = tag.type === "video" ? this.#pictureMs : this.#soundMs();
    open[tag.type].push({ data, decodeMs: tag.timestampMs, compositionMs, durationMs, keyframe });
    open.lastMs[tag.type] = tag.timestampMs;
    open.bytes += data.length;
    if (open.bytes > MAX_HELD_BYTES) throw new Refusal(`${open.bytes} bytes came without a keyframe`);
  }

  #setUp(type: "audio" | "video", codec: string, data: Uint8Array): void {
    if (type === "audio") {
      const audio = codec === "aac" || codec === "mp4a" ? readAacParameters(data) : undefined;
      if (audio === undefined) throw new Refusal(`cannot write this ${codec}`);
      this.#setups.audio = { ...audio, config: data };
      return;
    }
    const video = codec === "avc" ? readAvcParameters(data) : codec === "hevc" ? readHevcParameters(data) : undefined;
    if (video === undefined) throw new Refusal(`cannot write this ${codec}`);
    this.#setups.video = { ...video, kind: codec === "avc" ? "avc" : "hevc", record: data };
  }

  #soundMs(): number {
    return AAC_SAMPLES * 1000 / (this.#setups.audio?.sampleRate ?? AAC_SAMPLES);
  }

  /** Closes the segment before a keyframe that comes late enough. */
  async #beforePicture(timestampMs: number, keyframe: boolean): Promise<void> {
    const open = this.#open;
    const lastMs = open?.lastMs.video;
    if (open === undefined || lastMs === undefined) return;
    this.#pictureMs = timestampMs - lastMs;
    if (keyframe && timestampMs - open.startMs >= this.#options.segmentMs) await this.#close(open, timestampMs);
  }

  async #beforeSound(timestampMs: number): Promise<void> {
    const open = this.#open;
    if (open === undefined || timestampMs - open.startMs < this.#options.segmentMs) return;
    await this.#close(open, timestampMs);
  }

  /**
   * Muxes what is held and hands it over.
   * @param endMs when the next segment begins
   */
  async #close(open: OpenSegment, endMs: number): Promise<void> {
    const { cwd, names, onSegment } = this.#options;
    const { video, audio, lastMs } = open;
    const last = video.at(-1);
    if (last !== undefined) last.durationMs = Math.max(1, endMs - last.decodeMs);
    this.#open = undefined;
    const muxed = await muxSegment(this.#setups, { video, audio }).catch((error: unknown) => {
      throw new Refusal(error instanceof Error ? error.message : String(error));
    });
    if (this.#isOver) return;
    if (this.#segments === 0) await writeFile(join(cwd, names.init), muxed.init);
    const file = names.segmentPattern.replace("%06d", String(this.#segments++).padStart(6, "0"));
    await onSegment({ file, held: { bytes: muxed.segment, lastMs, endMs } });
  }
}
