/**
 * Cuts one part into fMP4 segments in this process. A segment goes to the disk in fragments of about a second: that is
 * all that memory holds of it, and all that a crash can take. Nothing is decoded.
 * @module
 */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type FlvTag, readFlvPayload } from "@roomtone/sdk/media";
import { type Mp4Track, readInit } from "./fmp4.ts";
import { readFlvPacket } from "./flv_packets.ts";
import { makeFragment, type Packet } from "./fragment.ts";
import { makeInitSegment, type TrackSetups } from "./init_segment.ts";
import { readAacParameters, readAvcParameters, readHevcParameters } from "./parameter_sets.ts";
import type { PartWriter, PartWriterOptions, TrackTimes, WriterExit } from "./part_writer.ts";
import { SegmentFile } from "./segment_file.ts";

/** Media that is held before it goes to the disk, ms. */
const FRAGMENT_MS = 1_000;
/** Sound alone goes to the disk when no picture has come for this long, ms. */
const LATE_PICTURE_MS = 3_000;
/** More than this is not held. */
const MAX_HELD_BYTES = 4 * 1024 * 1024;
/** A segment without a keyframe is cut at this multiple of its length. */
const MAX_LENGTHS = 5;
/** Samples of a packet of AAC. */
const AAC_SAMPLES = 1024;
/** Length of a picture that is alone in its part, ms. */
const LONE_PICTURE_MS = 40;

/** The stream is none that this writer can take. */
class Refusal extends Error {
  override readonly name = "Refusal" as const;
}

interface OpenSegment {
  name: string;
  startMs: number;
  file: SegmentFile | undefined;
  /** What is held. */
  video: Packet[];
  audio: Packet[];
  heldBytes: number;
  heldFromMs: number;
  /** Times of the last tag by track. */
  lastMs: TrackTimes;
  /** The same for what is in the file. */
  storedMs: TrackTimes;
  /** Up to where the file reaches. */
  storedEndMs: number;
}

/** See the module. */
export class InprocessHls implements PartWriter {
  readonly #options: PartWriterOptions;
  readonly #setups: TrackSetups = {};
  readonly #ended = Promise.withResolvers<WriterExit>();
  readonly exit: Promise<WriterExit> = this.#ended.promise;
  #isOver = false;
  #tracks: readonly Mp4Track[] | undefined;
  #open: OpenSegment | undefined;
  #segments = 0;
  #fragments = 0;
  /** Between the last two pictures, ms. */
  #pictureMs = LONE_PICTURE_MS;

  constructor(options: PartWriterOptions) {
    this.#options = options;
  }

  async write(tags: readonly FlvTag[]): Promise<boolean> {
    return await this.#unlessRefused(async () => {
      for (const tag of tags) {
        if (this.#isOver) return;
        const waiting = this.#take(tag);
        if (waiting !== undefined) await waiting;
      }
    });
  }

  async end(): Promise<WriterExit> {
    const done = await this.#unlessRefused(async () => {
      if (this.#open !== undefined) await this.#close(this.#open, this.#endOf(this.#open));
    });
    if (done) this.#over({ ok: true, detail: "" });
    return await this.exit;
  }

  kill(): void {
    const file = this.#open?.file;
    const over = () => this.#over({ ok: false, detail: "stopped" });
    this.#isOver = true;
    if (file === undefined) over();
    else file.abandon().then(over, over);
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
      let detail = describe(error);
      this.#isOver = true;
      try {
        // What is on the disk is nobody else's to write again.
        if (this.#open !== undefined) await this.#seal(this.#open, this.#open.storedEndMs);
      } catch (more) {
        detail += `; ${describe(more)}`;
      }
      this.#over({ ok: false, detail, refused: error instanceof Refusal });
    }
    return !this.#isOver;
  }

  /** @returns what to wait for, where the disk has to be */
  #take(tag: FlvTag): Promise<void> | undefined {
    if (tag.type === "script") return undefined;
    const payload = readFlvPayload(tag);
    if (payload.role === "header") return this.#setUp(tag.type, payload.codec, readFlvPacket(tag).data);
    if (this.#setups[tag.type] === undefined) throw new Refusal(`cannot write ${payload.codec}`);
    const waiting = this.#before(tag, payload.keyframe);
    if (waiting === undefined) return this.#hold(tag, payload.keyframe);
    return waiting.then(() => this.#hold(tag, payload.keyframe));
  }

  #hold(tag: FlvTag, keyframe: boolean): undefined {
    if (tag.type === "script" || this.#isOver) return;
    const { timestampMs } = tag;
    const { data, compositionMs } = readFlvPacket(tag);
    const open = this.#open ??= {
      name: this.#options.names.segmentPattern.replace("%06d", String(this.#segments++).padStart(6, "0")),
      startMs: timestampMs,
      file: undefined,
      video: [],
      audio: [],
      heldBytes: 0,
      heldFromMs: timestampMs,
      lastMs: {},
      storedMs: {},
      storedEndMs: timestampMs,
    };
    if (open.heldBytes === 0) open.heldFromMs = timestampMs;
    const durationMs = tag.type === "video" ? this.#pictureMs : this.#soundMs();
    open[tag.type].push({ data, decodeMs: timestampMs, compositionMs, durationMs, keyframe });
    open.lastMs[tag.type] = timestampMs;
    open.heldBytes += data.length;
  }

  #setUp(type: "audio" | "video", codec: string, data: Uint8Array): undefined {
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

  /** Where a segment ends that nothing follows. */
  #endOf({ lastMs: { video, audio }, startMs }: OpenSegment): number {
    return video === undefined ? Math.round((audio ?? startMs) + this.#soundMs()) : video + this.#pictureMs;
  }

  /** Stores what is held, or closes the segment, where the tag is one to do that before. */
  #before({ type, timestampMs }: FlvTag, keyframe: boolean): Promise<void> | undefined {
    const open = this.#open;
    if (open === undefined) return undefined;
    const heldMs = timestampMs - open.heldFromMs;
    const tooMuch = open.heldBytes >= MAX_HELD_BYTES;
    if (type === "audio" && this.#setups.video !== undefined) {
      return tooMuch || heldMs >= LATE_PICTURE_MS ? this.#store(open, this.#endOf(open)) : undefined;
    }
    const lastMs = open.lastMs[type === "video" ? "video" : "audio"];
    if (lastMs === undefined) return undefined;
    if (type === "video") this.#pictureMs = timestampMs - lastMs;
    const lengthMs = timestampMs - open.startMs;
    const { segmentMs, segmentMaxBytes } = this.#options;
    const isLong = lengthMs >= segmentMs * MAX_LENGTHS || (open.file?.bytes ?? 0) >= segmentMaxBytes;
    if ((keyframe && lengthMs >= segmentMs) || isLong) return this.#close(open, timestampMs);
    return tooMuch || heldMs >= FRAGMENT_MS ? this.#store(open, timestampMs) : undefined;
  }

  /**
   * Puts what is held into the segment's file.
   * @param endMs when the next picture begins, or the next sound where there are no pictures
   */
  async #store(open: OpenSegment, endMs: number): Promise<void> {
    if (open.heldBytes === 0) return;
    const last = open.video.at(-1);
    if (last !== undefined) last.durationMs = Math.max(1, endMs - last.decodeMs);
    const known = this.#tracks ?? await this.#describe();
    const tracks = known.flatMap(({ id, kind, timescale }) => {
      const packets = kind === "other" ? [] : open[kind];
      return packets.length === 0 ? [] : [{ id, timescale, packets }];
    });
    open.file ??= await SegmentFile.create(join(this.#options.cwd, open.name));
    await open.file.append(makeFragment(++this.#fragments, tracks));
    open.video = [];
    open.audio = [];
    open.heldBytes = 0;
    open.storedMs = { ...open.lastMs };
    open.storedEndMs = endMs;
    this.#options.onStored(open.storedMs);
  }

  /** Writes the init segment. */
  async #describe(): Promise<readonly Mp4Track[]> {
    const init = await makeInitSegment(this.#setups).catch((error: unknown) => {
      throw new Refusal(describe(error));
    });
    const tracks = readInit(init);
    if (tracks === undefined) throw new Refusal("the init segment makes no sense");
    await writeFile(join(this.#options.cwd, this.#options.names.init), init);
    return this.#tracks = tracks;
  }

  async #close(open: OpenSegment, endMs: number): Promise<void> {
    await this.#store(open, endMs);
    await this.#seal(open, endMs);
  }

  /**
   * Closes the segment's file and hands it over.
   * @param endMs when the next segment begins
   */
  async #seal({ name, file, storedMs }: OpenSegment, endMs: number): Promise<void> {
    this.#open = undefined;
    if (file === undefined) return;
    const { bytes, sha256 } = await file.close();
    if (bytes > 0) await this.#options.onSegment({ file: name, done: { bytes, sha256, lastMs: storedMs, endMs } });
  }
}

function describe(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
