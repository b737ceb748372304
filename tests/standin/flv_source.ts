/**
 * The picture that the streams show: a moving test pattern with a tone, encoded once by ffmpeg (H.264 and AAC in FLV),
 * kept in a cache folder and cut into tags. The stream loops it with timestamps that go on.
 * @module
 */
import { createHash } from "node:crypto";
import { spawn } from "node:child_process";
import { mkdir, readFile, rename, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { QUALITIES } from "./pages.ts";

export const TAG_AUDIO = 8;
export const TAG_VIDEO = 9;
export const TAG_SCRIPT = 18;

/** One FLV tag. */
export interface FlvTag {
  /** 8 audio, 9 video, 18 script. */
  readonly type: number;
  /** Decode time, ms. */
  readonly timestampMs: number;
  readonly payload: Uint8Array;
  /** MD5 of the payload, hexadecimal. */
  readonly md5: string;
  readonly keyframe: boolean;
  /** A sequence header or metadata: describes, carries no picture or sound. */
  readonly header: boolean;
}

/** A looping stream. */
export interface FlvSource {
  /** Metadata and sequence headers, which open every connection. */
  readonly headers: readonly FlvTag[];
  /** Pictures and sound by time from 0. The first picture is a keyframe. */
  readonly tags: readonly FlvTag[];
  /** Length of one turn, ms. */
  readonly loopMs: number;
}

const FRAMES_PER_SECOND = 25;
const FRAME_MS = 1000 / FRAMES_PER_SECOND;

/** Makes a tag from its payload. */
export function makeTag(type: number, timestampMs: number, payload: Uint8Array): FlvTag {
  const first = payload[0] ?? 0;
  // AVC, HEVC as codec id 12, and the layout of Enhanced RTMP.
  const isOld = (first & 0x80) === 0 && [7, 12].includes(first & 0x0f) && payload[1] === 0;
  const isPictureHeader = type === TAG_VIDEO && (isOld || (first & 0x8f) === 0x80);
  const isAacHeader = type === TAG_AUDIO && first >> 4 === 10 && payload[1] === 0;
  return {
    type,
    timestampMs,
    payload,
    md5: createHash("md5").update(payload).digest("hex"),
    keyframe: type === TAG_VIDEO && ((first >> 4) & 7) === 1 && !isPictureHeader,
    header: type === TAG_SCRIPT || isPictureHeader || isAacHeader,
  };
}

/**
 * Cuts an FLV file into tags.
 * @throws RangeError when it is no FLV or stops inside a tag
 */
export function parseFlv(bytes: Uint8Array): FlvTag[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < 13 || bytes[0] !== 0x46 || bytes[1] !== 0x4c || bytes[2] !== 0x56) {
    throw new RangeError("Cannot read the FLV: its first bytes are not FLV's");
  }
  const tags: FlvTag[] = [];
  let offset = view.getUint32(5) + 4;
  while (offset < bytes.length) {
    if (offset + 15 > bytes.length) throw new RangeError("Cannot read the FLV: it stops inside a tag");
    const size = view.getUint32(offset) & 0xffffff;
    const timestampMs = (view.getUint32(offset + 4) >>> 8) + (bytes[offset + 7] ?? 0) * 0x1000000;
    if (offset + 15 + size > bytes.length) throw new RangeError("Cannot read the FLV: it stops inside a tag");
    tags.push(makeTag((bytes[offset] ?? 0) & 0x1f, timestampMs, bytes.slice(offset + 11, offset + 11 + size)));
    offset += 15 + size;
  }
  return tags;
}

/** Writes a tag with its 11-byte head and the length that follows it. */
export function encodeTag(tag: FlvTag, timestampMs: number): Uint8Array {
  const size = tag.payload.length;
  const bytes = new Uint8Array(15 + size);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, size);
  bytes[0] = tag.type;
  view.setUint32(4, (timestampMs & 0xffffff) << 8);
  bytes[7] = (timestampMs >>> 24) & 0xff;
  bytes.set(tag.payload, 11);
  view.setUint32(11 + size, 11 + size);
  return bytes;
}

/** The 13 bytes before the first tag. */
export function flvHeader(content: { audio: boolean; video: boolean }): Uint8Array {
  return Uint8Array.of(0x46, 0x4c, 0x56, 1, (content.audio ? 4 : 0) | (content.video ? 1 : 0), 0, 0, 0, 9, 0, 0, 0, 0);
}

/** The tag that closes a file's pictures: a live has none. */
const isEndOfSequence = (tag: FlvTag): boolean =>
  tag.type === TAG_VIDEO && ((tag.payload[0] ?? 0) & 0x80) === 0 && tag.payload[1] === 2;

/**
 * Arranges tags into a loop: times from 0, in order.
 * @param loopMs length of one turn; by the pictures when absent
 * @throws RangeError without a keyframe at the start
 */
export function makeSource(tags: readonly FlvTag[], loopMs?: number): FlvSource {
  const media = tags.filter((tag) => !tag.header && !isEndOfSequence(tag));
  const pictures = media.filter((tag) => tag.type === TAG_VIDEO);
  const first = pictures[0];
  if (first === undefined || !first.keyframe) {
    throw new RangeError("Cannot loop the stream: it starts without a keyframe");
  }
  const length = loopMs ?? Math.round(pictures.length * FRAME_MS);
  // Sound that ends after the last picture sounds under the first ones of the next turn.
  const shifted = media
    .map((tag) => ({ ...tag, timestampMs: (tag.timestampMs - first.timestampMs + length) % length }))
    .sort((one, other) => one.timestampMs - other.timestampMs);
  const headers = tags.filter((tag) => tag.header).sort((one, other) => other.type - one.type);
  return { headers, tags: shifted, loopMs: length };
}

/** Sound alone. */
export function soundOnly(source: FlvSource): FlvSource {
  return {
    ...source,
    headers: source.headers.filter((tag) => tag.type !== TAG_VIDEO),
    tags: source.tags.filter((tag) => tag.type === TAG_AUDIO),
  };
}

/** Where streams come from. */
export interface MediaSource {
  /** The loop of a quality: `origin`, `hd`, `sd`, `ld` or `ao`. */
  source(key: string): Promise<FlvSource>;
}

/** How the pictures are made. */
export interface MediaOptions {
  /** @default "ffmpeg" from PATH */
  ffmpegPath?: string;
  /** Folder for the encoded files. @default one in the system's folder for temporary files */
  cacheDir?: string;
  /** Length of the loop in seconds: within it every picture and every packet of sound differs. @default 30 */
  seconds?: number;
}

/** Arguments that encode all qualities in one run; they hold for ffmpeg builds from 2018 on. */
function ffmpegArguments(folder: string, seconds: number): string[] {
  const scaled = QUALITIES.map((quality, index) => `[s${index}]scale=${quality.width}:${quality.height}[v${index}]`);
  const [best] = QUALITIES;
  const graph = `[0:v]split=${QUALITIES.length}${QUALITIES.map((_, index) => `[s${index}]`).join("")};${
    scaled.join(";")
  }`;
  const tone = (hertz: number): string => `0.2*sin(2*PI*(${hertz}+30*t)*t)+0.05*(random(0)-0.5)`;
  return [
    ...["-v", "error", "-nostdin", "-y"],
    ...["-f", "lavfi", "-i", `testsrc2=size=${best?.width}x${best?.height}:rate=${FRAMES_PER_SECOND}`],
    ...["-f", "lavfi", "-i", `aevalsrc=${tone(220)}|${tone(330)}:s=44100`],
    ...["-filter_complex", graph],
    ...QUALITIES.flatMap((quality, index) => [
      ...["-t", String(seconds), "-map", `[v${index}]`, "-map", "1:a"],
      ...["-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-bf", index === 0 ? "2" : "0"],
      ...["-b:v", `${quality.bitrateKbps}k`, "-g", String(FRAMES_PER_SECOND * 2), "-sc_threshold", "0"],
      ...["-c:a", "aac", "-b:a", "64k", "-ac", "2", "-flvflags", "no_duration_filesize", "-f", "flv"],
      join(folder, `${quality.key}.flv`),
    ]),
  ];
}

function run(command: string, args: string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: ["ignore", "ignore", "pipe"] });
    let errors = "";
    child.stderr.on("data", (chunk: Buffer) => errors += chunk.toString());
    child.on(
      "error",
      (cause) => reject(new Error(`Cannot encode the test picture: ${command} did not start`, { cause })),
    );
    child.on("close", (code) => {
      if (code === 0) resolve();
      else reject(new Error(`Cannot encode the test picture: ${command} ended with ${code}: ${errors.slice(-2000)}`));
    });
  });
}

/** The picture in every quality: encoded on first use, read from the cache after that. */
export class MediaLibrary implements MediaSource {
  readonly #options: Required<MediaOptions>;
  #encoded: Promise<string> | undefined;
  readonly #sources = new Map<string, Promise<FlvSource>>();

  constructor(options: MediaOptions) {
    this.#options = {
      ffmpegPath: options.ffmpegPath ?? "ffmpeg",
      cacheDir: options.cacheDir ?? join(tmpdir(), "roomtone-standin"),
      seconds: options.seconds ?? 30,
    };
  }

  source(key: string): Promise<FlvSource> {
    let source = this.#sources.get(key);
    if (source === undefined) {
      source = key === "ao" ? this.source("ld").then(soundOnly) : this.#read(key);
      this.#sources.set(key, source);
    }
    return source;
  }

  async #read(key: string): Promise<FlvSource> {
    this.#encoded ??= this.#encode();
    return makeSource(parseFlv(new Uint8Array(await readFile(join(await this.#encoded, `${key}.flv`)))));
  }

  async #encode(): Promise<string> {
    const { ffmpegPath, cacheDir, seconds } = this.#options;
    const recipe = createHash("md5").update(ffmpegArguments("", seconds).join(" ")).digest("hex").slice(0, 12);
    const folder = join(cacheDir, recipe);
    if (await exists(folder)) return folder;
    await mkdir(cacheDir, { recursive: true });
    // Made beside and renamed: another stand-in never sees half a folder.
    const draft = join(cacheDir, `${recipe}.${process.pid}.${Date.now()}`);
    await mkdir(draft);
    try {
      await run(ffmpegPath, ffmpegArguments(draft, seconds));
      await rename(draft, folder);
    } catch (error) {
      await rm(draft, { recursive: true, force: true });
      if (!await exists(folder)) throw error;
    }
    return folder;
  }
}

async function exists(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (error) {
    if ((error as { code?: unknown }).code === "ENOENT") return false;
    throw error;
  }
}
