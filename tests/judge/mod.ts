/**
 * Judges a recording from outside: what ffprobe finds in its files, against the stand-in's log of what was written.
 * It reads the playlist, the segments and the manifest, and knows nothing of the code that made them.
 *
 * ```ts
 * const judgement = await judge(folder);
 * const verdict = compareTags(judgement.packets, room.tags(), room.connections(), sampleHashes(source.tags));
 * assertEquals(verdict.missing, []);
 * assertEquals(verdict.twice, []);
 * ```
 * @module
 */
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import process from "node:process";
import type { FlvTag } from "../standin/flv_source.ts";
import type { ConnectionRecord, TagRecord } from "../standin/flv_server.ts";

/** One frame or packet of sound, as ffprobe read it from the recording. */
export interface JudgedPacket {
  type: "video" | "audio";
  dtsMs: number;
  durationMs: number;
  /** MD5 of the sample, hexadecimal. */
  md5: string;
}

/** What {@link judge} found. */
export interface Judgement {
  packets: JudgedPacket[];
  /** Media that the packets cover: holes above a second are not counted. */
  durationMs: number;
  /** Sum of the playlist's segment durations. */
  listedMs: number;
  segments: number;
  discontinuities: number;
  /** Whether the playlist was closed. */
  closed: boolean;
  /** Packets that do not come later than the one before them on their track. */
  backSteps: number;
  /** Sum of the manifest's gaps; `undefined` without a manifest. */
  missingMs: number | undefined;
  /** Segments whose file is not what the manifest says. */
  wrongFiles: string[];
  /** What ffprobe complained about. */
  complaints: string[];
}

/** Options of {@link judge}. */
export interface JudgeOptions {
  /** @default ROOMTONE_FFPROBE, else ffprobe from PATH */
  ffprobePath?: string;
}

const HOLE_MS = 1000;

/**
 * Judges a recording's folder. Nothing in it is changed, and a playlist that is still open is no obstacle.
 * @throws Error when there is no playlist or ffprobe does not run
 */
export async function judge(folder: string, options: JudgeOptions = {}): Promise<Judgement> {
  const ffprobe = options.ffprobePath ?? process.env["ROOMTONE_FFPROBE"] ?? "ffprobe";
  const playlist = await readFile(join(folder, "index.m3u8"), "utf8");
  const temporary = await mkdtemp(join(tmpdir(), "roomtone-judge-"));
  try {
    const copy = join(temporary, "copy.m3u8");
    await writeFile(copy, closedCopy(playlist, resolve(folder)));
    const { packets, complaints } = await probe(ffprobe, copy);
    const lines = playlist.split(/\r?\n/);
    const durations = lines.flatMap((line) => /^#EXTINF:([\d.]+)/.exec(line)?.[1] ?? []).map(Number);
    return {
      packets,
      durationMs: coveredMs(packets),
      listedMs: Math.round(durations.reduce((sum, seconds) => sum + seconds, 0) * 1000),
      segments: durations.length,
      discontinuities: lines.filter((line) => line === "#EXT-X-DISCONTINUITY").length,
      closed: lines.includes("#EXT-X-ENDLIST"),
      backSteps: countBackSteps(packets),
      complaints,
      ...await readManifest(folder),
    };
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
}

/** The playlist with an end, since ffprobe waits for ever without one, and with whole paths. */
function closedCopy(playlist: string, folder: string): string {
  const whole = (name: string): string => join(folder, name);
  const lines = playlist.split(/\r?\n/).filter((line) => line !== "" && line !== "#EXT-X-ENDLIST").map((line) => {
    if (!line.startsWith("#")) return whole(line);
    return line.startsWith("#EXT-X-MAP:") ? line.replace(/URI="([^"]*)"/, (_, name) => `URI="${whole(name)}"`) : line;
  });
  return `${[...lines, "#EXT-X-ENDLIST"].join("\n")}\n`;
}

interface ProbedPacket {
  codec_type?: string;
  dts_time?: string;
  pts_time?: string;
  duration_time?: string;
  data_hash?: string;
}

async function probe(ffprobe: string, file: string): Promise<{ packets: JudgedPacket[]; complaints: string[] }> {
  const wanted = "packet=codec_type,dts_time,pts_time,duration_time,data_hash";
  const { out, errors } = await run(ffprobe, [
    ...["-v", "warning", "-protocol_whitelist", "file", "-allowed_extensions", "ALL", "-f", "hls", "-i", file],
    ...["-show_packets", "-show_data_hash", "md5", "-show_entries", wanted, "-of", "json"],
  ]);
  const { packets = [] } = JSON.parse(out) as { packets?: ProbedPacket[] };
  return {
    packets: packets.flatMap((packet): JudgedPacket[] => {
      const { codec_type: type, dts_time, pts_time, duration_time, data_hash = "" } = packet;
      if (type !== "video" && type !== "audio") return [];
      const dtsMs = Number(dts_time ?? pts_time) * 1000;
      return [{ type, dtsMs, durationMs: Number(duration_time ?? 0) * 1000, md5: data_hash.replace(/^md5:/i, "") }];
    }),
    complaints: errors.split("\n").map((line) => line.trim()).filter((line) => line !== ""),
  };
}

function run(command: string, args: string[]): Promise<{ out: string; errors: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: ["ignore", "pipe", "pipe"] });
    const out: Uint8Array[] = [];
    const errors: Uint8Array[] = [];
    child.stdout.on("data", (chunk: Uint8Array) => out.push(chunk));
    child.stderr.on("data", (chunk: Uint8Array) => errors.push(chunk));
    child.on("error", (cause) => reject(new Error(`Cannot judge the recording: ${command} did not start`, { cause })));
    child.on("close", (code) => {
      const told = Buffer.concat(errors).toString();
      if (code === 0) resolve({ out: Buffer.concat(out).toString(), errors: told });
      else reject(new Error(`Cannot judge the recording: ${command} ended with ${code}: ${told.slice(-1000)}`));
    });
  });
}

const byTrack = (packets: readonly JudgedPacket[]): JudgedPacket[][] =>
  (["video", "audio"] as const).map((type) => packets.filter((packet) => packet.type === type))
    .filter((track) => track.length > 0);

function countBackSteps(packets: readonly JudgedPacket[]): number {
  return byTrack(packets).reduce((sum, track) =>
    sum + track.filter((packet, index) => {
      const before = track[index - 1];
      return !Number.isFinite(packet.dtsMs) || (before !== undefined && packet.dtsMs <= before.dtsMs);
    }).length, 0);
}

/** What the longer track covers, without holes. */
function coveredMs(packets: readonly JudgedPacket[]): number {
  return Math.max(
    0,
    ...byTrack(packets).map((track) =>
      track.reduce((sum, packet, index) => {
        const stepMs = (track[index + 1]?.dtsMs ?? packet.dtsMs + packet.durationMs) - packet.dtsMs;
        return sum + (stepMs > 0 && stepMs <= HOLE_MS ? stepMs : packet.durationMs);
      }, 0)
    ),
  );
}

interface ManifestShape {
  gaps?: { missingMs?: number }[];
  segments?: { uri: string; bytes: number; sha256: string }[];
}

async function readManifest(folder: string): Promise<{ missingMs: number | undefined; wrongFiles: string[] }> {
  let text: string;
  try {
    text = await readFile(join(folder, "manifest.json"), "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") {
      return { missingMs: undefined, wrongFiles: [] };
    }
    throw error;
  }
  const { gaps = [], segments = [] } = JSON.parse(text) as ManifestShape;
  const wrongFiles: string[] = [];
  for (const { uri, bytes, sha256 } of segments) {
    const file = await readFile(join(folder, uri));
    const hash = createHash("sha256").update(file).digest("hex");
    if (file.length !== bytes || hash !== sha256) wrongFiles.push(uri);
  }
  return { missingMs: gaps.reduce((sum, gap) => sum + (gap.missingMs ?? 0), 0), wrongFiles };
}

/** What {@link compareTags} found. */
export interface TagVerdict {
  /** Different whole media tags that were written. */
  written: number;
  /** Of them, those that are in the recording exactly as often as they were written anew. */
  once: number;
  /** Written whole and not in the recording. */
  missing: TagRecord[];
  /** In the recording more often than the live had them. */
  twice: { type: number; md5: string; times: number }[];
  /** The last tags of connections that the recorder itself hung up: written, perhaps never read. */
  unread: TagRecord[];
  /** Packets that nobody wrote whole. */
  foreign: JudgedPacket[];
}

/**
 * MD5 of the sample that a tag's payload holds, by MD5 of the whole payload. MP4 leaves out the 5 bytes before a
 * picture (8 where Enhanced RTMP has a composition time) and the 2 before AAC.
 */
export function sampleHashes(tags: readonly FlvTag[]): Map<string, string> {
  return new Map(tags.map((tag) => {
    const isEnhanced = ((tag.payload[0] ?? 0) & 0x8f) === 0x81;
    const sample = tag.payload.subarray(tag.type === 9 ? (isEnhanced ? 8 : 5) : 2);
    return [tag.md5, createHash("md5").update(sample).digest("hex")];
  }));
}

/**
 * Compares packets with the stand-in's log. A tag that a reconnect brought again counts once: `mediaMs` tells. The
 * picture loops, so that one payload may rightly be there once for each turn.
 * @param hashes see {@link sampleHashes}
 */
export function compareTags(
  packets: readonly JudgedPacket[],
  tags: readonly TagRecord[],
  connections: readonly ConnectionRecord[],
  hashes: ReadonlyMap<string, string>,
): TagVerdict {
  const media = tags.filter((tag) => !tag.header && tag.type !== 18 && tag.state === "whole");
  const different = [...new Map(media.map((tag) => [`${tag.type} ${tag.mediaMs} ${tag.md5}`, tag])).values()];
  const key = (type: number | string, md5: string): string => `${type === 9 || type === "video" ? "v" : "a"} ${md5}`;
  const keyOf = (tag: TagRecord): string => key(tag.type, hashes.get(tag.md5) ?? "unknown");
  const wanted = Map.groupBy(different, keyOf);
  const found = Map.groupBy(packets, (packet) => key(packet.type, packet.md5));
  const verdict: TagVerdict = { written: different.length, once: 0, missing: [], twice: [], unread: [], foreign: [] };
  const absent = new Set<TagRecord>();
  for (const [name, same] of wanted) {
    const times = found.get(name)?.length ?? 0;
    const [first] = same;
    verdict.once += Math.min(times, same.length);
    if (times > same.length && first !== undefined) verdict.twice.push({ type: first.type, md5: first.md5, times });
    // Which of equal tags are absent cannot be told: the last ones are named.
    for (const tag of same.slice(times)) absent.add(tag);
  }
  verdict.foreign = packets.filter((packet) => !wanted.has(key(packet.type, packet.md5)));
  const unread = unreadTags(media, connections, absent);
  for (const tag of absent) (unread.has(tag) ? verdict.unread : verdict.missing).push(tag);
  return verdict;
}

/** Absent tags behind the last present one of a connection that the client ended. */
function unreadTags(
  media: readonly TagRecord[],
  connections: readonly ConnectionRecord[],
  absent: ReadonlySet<TagRecord>,
): Set<TagRecord> {
  const unread = new Set<TagRecord>();
  for (const { connection, closedBy } of connections) {
    if (closedBy !== "client") continue;
    const own = media.filter((tag) => tag.connection === connection);
    const lastPresent = own.findLastIndex((tag) => !absent.has(tag));
    for (const tag of own.slice(lastPresent + 1)) unread.add(tag);
  }
  return unread;
}
