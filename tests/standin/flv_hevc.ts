/**
 * HEVC in FLV, which ffmpeg before 6.1 neither writes nor reads: ffmpeg encodes H.265 as a plain byte stream, and this
 * muxer puts it into tags, in the older layout (codec id 12) or in that of Enhanced RTMP (`hvc1`). Records:
 * ISO/IEC 14496-15, 8.3.3; NAL units: ITU-T H.265, 7.3 and annex B.
 * @module
 */
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, readFile, rename } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { type FlvSource, makeSource, makeTag, TAG_AUDIO, TAG_VIDEO } from "./flv_source.ts";

/** How HEVC stands in FLV. */
export type HevcLayout = "legacy" | "enhanced";

const FRAMES_PER_SECOND = 25;
const VPS = 32;
const SPS = 33;
const PPS = 34;
const DELIMITER = 35;

/** Whether this ffmpeg can encode H.265. */
export function canEncodeHevc(ffmpeg: string): boolean {
  return (spawnSync(ffmpeg, ["-hide_banner", "-encoders"], { encoding: "utf8" }).stdout ?? "").includes(" libx265 ");
}

/** Encodes a moving picture, 426 by 240, a keyframe each 2 s; kept in a cache folder. */
async function encode(ffmpeg: string, seconds: number): Promise<Uint8Array> {
  const folder = join(tmpdir(), "roomtone-standin");
  const path = join(folder, `hevc-${seconds}s-v1.h265`);
  if (!existsSync(path)) {
    await mkdir(folder, { recursive: true });
    const draft = `${path}.${process.pid}`;
    const { status, stderr } = spawnSync(ffmpeg, [
      ...["-v", "error", "-nostdin", "-y", "-f", "lavfi", "-i", `testsrc2=size=426x240:rate=${FRAMES_PER_SECOND}`],
      ...["-t", String(seconds), "-c:v", "libx265", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-b:v", "300k"],
      ...["-x265-params", "keyint=50:min-keyint=50:scenecut=0:bframes=0:aud=1:repeat-headers=1:log-level=none"],
      ...["-f", "hevc", draft],
    ], { encoding: "utf8" });
    if (status !== 0) throw new Error(`Cannot encode H.265: ${stderr}`);
    await rename(draft, path);
  }
  return new Uint8Array(await readFile(path));
}

/** NAL units of a byte stream, without start codes. */
function unitsOf(bytes: Uint8Array): Uint8Array[] {
  const starts: number[] = [];
  for (let at = 0; at + 3 <= bytes.length; at++) {
    if (bytes[at] === 0 && bytes[at + 1] === 0 && bytes[at + 2] === 1) starts.push(at + 3);
  }
  return starts.map((start, index) => {
    let end = (starts[index + 1] ?? bytes.length + 3) - 3;
    // The longer start code has a zero more; no unit ends with one.
    while (end > start && bytes[end - 1] === 0) end--;
    return bytes.subarray(start, end);
  });
}

const typeOf = (unit: Uint8Array): number => ((unit[0] ?? 0) >> 1) & 63;
const isKey = (unit: Uint8Array): boolean => typeOf(unit) >= 16 && typeOf(unit) <= 21;
const sized = (unit: Uint8Array, bytes: number): number[] =>
  Array.from({ length: bytes }, (_, index) => (unit.length >>> (8 * (bytes - 1 - index))) & 0xff);

/** HEVCDecoderConfigurationRecord of 4:2:0 with 8 bits. */
function recordOf(units: readonly Uint8Array[]): Uint8Array {
  const sets = [VPS, SPS, PPS].map((type) => units.find((unit) => typeOf(unit) === type) ?? new Uint8Array(0));
  const [, sps = new Uint8Array(0)] = sets;
  // Behind the unit's head and one byte of ids, without the bytes that keep start codes from appearing.
  const plain = [...sps].filter((byte, index) => !(byte === 3 && sps[index - 1] === 0 && sps[index - 2] === 0));
  const profileAndLevel = plain.slice(3, 15);
  return Uint8Array.from([
    ...[1, ...profileAndLevel, 0xf0, 0, 0xfc, 0xfd, 0xf8, 0xf8, 0, 0, 0x0f, sets.length],
    ...sets.flatMap((unit) => [0x80 | typeOf(unit), 0, 1, ...sized(unit, 2), ...unit]),
  ]);
}

/** The bytes before the codec's own: kinds are 0 for a header, 1 for pictures with a composition time, 3 without. */
function headOf(layout: HevcLayout, kind: 0 | 1, keyframe: boolean): number[] {
  const frame = keyframe ? 1 : 2;
  if (layout === "legacy") return [(frame << 4) | 12, kind, 0, 0, 0];
  const fourCc = [..."hvc1"].map((letter) => letter.charCodeAt(0));
  // Both kinds of coded pictures are sent.
  if (kind === 1 && keyframe) return [0x80 | (frame << 4) | 1, ...fourCc, 0, 0, 0];
  return [0x80 | (frame << 4) | (kind === 0 ? 0 : 3), ...fourCc];
}

/**
 * A loop with HEVC pictures and the sound of another one.
 * @param sound its length is the loop's
 */
export async function hevcSource(ffmpeg: string, sound: FlvSource, layout: HevcLayout): Promise<FlvSource> {
  const units = unitsOf(await encode(ffmpeg, sound.loopMs / 1000));
  const pictures: Uint8Array[][] = [];
  for (const unit of units) {
    if (typeOf(unit) === DELIMITER) pictures.push([]);
    else if (typeOf(unit) < VPS) pictures.at(-1)?.push(unit);
  }
  const tags = pictures.map((slices, index) => {
    const head = headOf(layout, 1, slices.some(isKey));
    const data = slices.flatMap((unit) => [...sized(unit, 4), ...unit]);
    return makeTag(TAG_VIDEO, index * 1000 / FRAMES_PER_SECOND, Uint8Array.from([...head, ...data]));
  });
  const header = makeTag(TAG_VIDEO, 0, Uint8Array.from([...headOf(layout, 0, true), ...recordOf(units)]));
  const heard = (tag: { type: number }): boolean => tag.type === TAG_AUDIO;
  return makeSource([header, ...sound.headers.filter(heard), ...tags, ...sound.tags.filter(heard)], sound.loopMs);
}
