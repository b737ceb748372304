/**
 * One side of the recorder's bench: records N streams in its own way, hashes every segment, and prints one JSON line of
 * {@link WorkerResult}. It begins when a line comes on its standard input.
 *
 * `bun tests/bench/recorder_worker.ts SIDE SERVER STREAMS FOLDER [PROGRAM]`
 * @module
 */
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import { TikTok } from "../../sdk/mod.ts";
import { record, thumbnailTurns } from "../../recorder/mod.ts";

/** The ways of recording that are compared; `thumbnails` is in process, too. */
export type Side = "inprocess" | "thumbnails" | "ffmpeg" | "plain" | "streamlink";

/** What one side did. */
export interface WorkerResult {
  /** Of this process and of those that it started, s. */
  cpuSeconds: number;
  files: number;
  /** Bytes of pictures and sound in the segments; all bytes where there are no segments. */
  mediaBytes: number;
  /** What must not be: gaps, problems, ends that are none. */
  faults: string[];
}

const [side = "", server = "", streamsText, folder = "", program = ""] = process.argv.slice(2);
const streams = Number(streamsText);

/** CPU of this process and of its children that have ended, s (proc(5): 14 to 17 of `stat`, in ticks of 10 ms). */
function cpuSeconds(): number {
  const fields = readFileSync("/proc/self/stat", "utf8").replace(/^.*\) /, "").split(" ").slice(11, 15).map(Number);
  return fields.reduce((sum, ticks) => sum + ticks, 0) / 100;
}

const isOurs = (side: string): side is "inprocess" | "thumbnails" | "ffmpeg" =>
  ["inprocess", "thumbnails", "ffmpeg"].includes(side);

const roomOf = (index: number): string => String(7_300_000_000_000_000_000n + BigInt(index));

/** Through the public door: pictures, a quiet socket, journal, playlist and manifest. */
async function recordAll(side: "inprocess" | "thumbnails" | "ffmpeg"): Promise<string[]> {
  const socket = server.replace("http:", "ws:");
  const tiktok = new TikTok({ baseUrls: { web: server, webcast: server, socket } });
  // The programs beside it make no pictures, either.
  const thumbnails = side === "thumbnails" ? { thumbnailTurns: thumbnailTurns() } : { thumbnailEveryMs: 0 };
  const options = {
    tiktok,
    dir: folder,
    engine: side === "ffmpeg" ? side : "inprocess" as const,
    ...thumbnails,
    ...(program === "" ? {} : { ffmpegPath: program }),
  };
  const all = Array.from({ length: streams }, (_, index) => record({ roomId: roomOf(index) }, options).done);
  return (await Promise.all(all)).flatMap(({ end, gaps, problems }) => [
    ...end.kind === "ended" ? [] : [`${end.kind} ${end.detail}`],
    ...gaps.map(({ missingMs }) => `gap of ${missingMs} ms`),
    ...problems.map(({ half, detail }) => `${half}: ${detail}`),
  ]);
}

function run(command: string, args: string[]): Promise<string[]> {
  const child = spawn(command, args, { cwd: folder, stdio: ["ignore", "ignore", "inherit"] });
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => resolve(code === 0 ? [] : [`${command} ended with ${code}`]));
  });
}

function plainArguments(index: number): string[] {
  return [
    ...["-hide_banner", "-loglevel", "error", "-nostdin", "-i", `${server}/stream/${roomOf(index)}.flv`],
    ...["-c", "copy", "-f", "hls", "-hls_time", "6", "-hls_segment_type", "fmp4", "-hls_playlist_type", "event"],
    ...["-hls_fmp4_init_filename", `init_${index}.mp4`, "-hls_segment_filename", `${index}_%04d.m4s`, `${index}.m3u8`],
  ];
}

function streamlinkArguments(index: number): string[] {
  const url = `httpstream://${server}/stream/${roomOf(index)}.flv`;
  return ["--no-config", "--loglevel", "error", "--output", `${index}.flv`, url, "best"];
}

async function runAll(): Promise<string[]> {
  await mkdir(folder, { recursive: true });
  const each = (index: number): Promise<string[]> => {
    if (isOurs(side)) throw new Error(`${side} is no program`);
    return run(program, side === "plain" ? plainArguments(index) : streamlinkArguments(index));
  };
  const faults = (await Promise.all(Array.from({ length: streams }, (_, index) => each(index)))).flat();
  // Our engines hash each segment; so does this side.
  for (const path of filesOf()) createHash("sha256").update(readFileSync(path)).digest("hex");
  return faults;
}

function filesOf(): string[] {
  const names = readdirSync(folder, { recursive: true, encoding: "utf8" });
  return names.filter((name) => /\.(m4s|flv)$/.test(name)).map((name) => join(folder, name));
}

/** What the `mdat` boxes of a segment hold. */
function mediaBytesOf(path: string): number {
  const bytes = readFileSync(path);
  if (!path.endsWith(".m4s")) return bytes.length;
  let sum = 0;
  for (let at = 0; at + 8 <= bytes.length; at += bytes.readUInt32BE(at)) {
    if (bytes.toString("latin1", at + 4, at + 8) === "mdat") sum += bytes.readUInt32BE(at) - 8;
  }
  return sum;
}

// Loaded before it begins, so that it counts as idle.
if (side === "inprocess" || side === "thumbnails") await import("../../recorder/inprocess_hls.ts");
process.stdout.write("ready\n");
await new Promise((resolve) => void process.stdin.once("data", resolve));
process.stdin.pause();
const before = cpuSeconds();
const faults = isOurs(side) ? await recordAll(side) : await runAll();
const after = cpuSeconds();
const files = filesOf();
const mediaBytes = files.reduce((sum, path) => sum + mediaBytesOf(path), 0);
const result: WorkerResult = { cpuSeconds: after - before, files: files.length, mediaBytes, faults };
process.stdout.write(`${JSON.stringify(result)}\n`);
process.exit(0);
