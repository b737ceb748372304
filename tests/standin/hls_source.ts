/**
 * Segments of live HLS: the tags of a time, put into an MPEG transport stream by ffmpeg as they are, and kept in a cache
 * folder.
 * @module
 */
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { encodeTag, flvHeader, type FlvSource, type FlvTag, TAG_AUDIO, TAG_SCRIPT, TAG_VIDEO } from "./flv_source.ts";

/** What a segment holds. */
export interface SegmentCut {
  /** Media time since the live began, ms: from the first, before the second. */
  fromMs: number;
  toMs: number;
  /** What its timestamps are later than that, ms. */
  offsetMs: number;
}

/** A tag on the live's time. */
export interface TimedTag {
  tag: FlvTag;
  /** Media time since the live began, ms. */
  mediaMs: number;
}

/** The tags of a looping source between two times. */
export function tagsBetween({ tags, loopMs }: FlvSource, fromMs: number, toMs: number): TimedTag[] {
  const found: TimedTag[] = [];
  for (let turn = Math.floor(fromMs / loopMs); turn * loopMs < toMs; turn++) {
    for (const tag of tags) {
      const mediaMs = turn * loopMs + tag.timestampMs;
      if (mediaMs >= fromMs && mediaMs < toMs) found.push({ tag, mediaMs });
    }
  }
  return found;
}

function run(command: string, args: string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: ["ignore", "ignore", "pipe"] });
    let errors = "";
    child.stderr.on("data", (chunk: Uint8Array) => errors += new TextDecoder().decode(chunk));
    child.on("error", reject);
    child.on("close", (code) => {
      if (code === 0) resolve();
      else reject(new Error(`Cannot make the segment: ${command} ended with ${code}: ${errors.slice(-2000)}`));
    });
  });
}

/** Makes segments, each once. */
export class SegmentLibrary {
  readonly #ffmpeg: string;
  readonly #folder: string;
  readonly #names = new WeakMap<FlvSource, string>();
  readonly #made = new Map<string, Promise<Uint8Array>>();

  constructor({ ffmpegPath, cacheDir }: { ffmpegPath?: string; cacheDir?: string }) {
    this.#ffmpeg = ffmpegPath ?? process.env["ROOMTONE_FFMPEG"] ?? "ffmpeg";
    this.#folder = join(cacheDir ?? join(tmpdir(), "roomtone-standin"), "segments");
  }

  /** Bytes of the segment. */
  segment(source: FlvSource, cut: SegmentCut): Promise<Uint8Array> {
    const name = `${this.#nameOf(source)}_${cut.fromMs}_${cut.toMs}_${cut.offsetMs}.ts`;
    const made = this.#made.get(name) ?? this.#make(source, cut, join(this.#folder, name));
    this.#made.set(name, made);
    return made;
  }

  #nameOf(source: FlvSource): string {
    const known = this.#names.get(source);
    if (known !== undefined) return known;
    const hash = createHash("md5");
    for (const { md5 } of [...source.headers, ...source.tags]) hash.update(md5);
    const name = hash.digest("hex").slice(0, 12);
    this.#names.set(source, name);
    return name;
  }

  async #make(source: FlvSource, cut: SegmentCut, path: string): Promise<Uint8Array> {
    const cached = await readFile(path).catch(() => undefined);
    if (cached !== undefined) return new Uint8Array(cached);
    await mkdir(this.#folder, { recursive: true });
    const draft = await mkdtemp(join(this.#folder, "draft-"));
    try {
      const has = (type: number): boolean => source.tags.some((tag) => tag.type === type);
      const headers = source.headers.filter(({ type }) => type !== TAG_SCRIPT);
      const stamp = (mediaMs: number): number => mediaMs + cut.offsetMs;
      const bytes = [
        flvHeader({ audio: has(TAG_AUDIO), video: has(TAG_VIDEO) }),
        ...headers.map((tag) => encodeTag(tag, stamp(cut.fromMs))),
        ...tagsBetween(source, cut.fromMs, cut.toMs).map(({ tag, mediaMs }) => encodeTag(tag, stamp(mediaMs))),
      ];
      await writeFile(join(draft, "in.flv"), Buffer.concat(bytes));
      const out = join(draft, "out.ts");
      await run(this.#ffmpeg, [
        ...["-v", "error", "-nostdin", "-y", "-f", "flv", "-i", join(draft, "in.flv"), "-map", "0", "-c", "copy"],
        ...["-copyinkf", "-copyts", "-muxdelay", "0", "-muxpreload", "0", "-f", "mpegts", out],
      ]);
      const made = new Uint8Array(await readFile(out));
      await rename(out, path);
      return made;
    } finally {
      await rm(draft, { recursive: true, force: true });
    }
  }
}
