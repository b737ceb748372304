/** What this machine has for the work: runtime, ffmpeg, disk, clock, proxies. */
import { findFfmpeg, RecorderError } from "@roomtone/recorder";
import { execFile } from "node:child_process";
import { statfs } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { promisify } from "node:util";
import { formatBytes } from "../format.ts";
import type { Finding } from "./finding.ts";

type Env = Readonly<Record<string, string | undefined>>;

const MB = 1024 * 1024;
/** Below this a recording waits for room (`--min-free-mb`). */
const LEAST_FREE_BYTES = 256 * MB;
/** Some hours of one recording. */
const ROOMY_BYTES = 5 * 1024 * MB;
/** TikTok's answers tell whole seconds, so less than this is nothing. */
const MAX_CLOCK_OFFSET_MS = 5_000;
const PROGRAM_TIMEOUT_MS = 10_000;

/** What ffmpeg is used for, and the codec of its list that it needs for it; `D` reads, `E` writes. */
const CODECS: readonly [codec: string, way: "D" | "E", use: string][] = [
  ["h264", "D", "thumbnails"],
  ["hevc", "D", "thumbnails of H.265"],
  ["mjpeg", "E", "thumbnails"],
  ["aac", "D", "sound"],
  ["mp3", "D", "sound that is no AAC"],
];

/** The runtime, and the parts of it that not every version has. */
export async function checkRuntime(versions: NodeJS.ProcessVersions, platform: string): Promise<Finding> {
  const name = versions["bun"] ? `Bun ${versions["bun"]}` : versions["deno"] ? `Deno ${versions["deno"]}` : undefined;
  const detail = `${name ?? `Node ${versions.node}`} on ${platform}`;
  try {
    await import("node:sqlite");
    return { check: "runtime", state: "ok", detail };
  } catch {
    return {
      check: "runtime",
      state: "failed",
      detail: `${detail}: it has no node:sqlite, which watch, recordings and serve keep their facts in`,
      remedy: "Use Bun 1.4 or Node 24, or newer",
    };
  }
}

async function output(program: string, args: string[]): Promise<string> {
  return (await promisify(execFile)(program, args, { timeout: PROGRAM_TIMEOUT_MS, maxBuffer: 4 * MB })).stdout;
}

/**
 * The codecs of `ffmpeg -codecs` that are wanted and missing, each with its use.
 * @param list what ffmpeg printed: lines such as ` DEV.LS h264  H.264 / AVC`
 */
export function missingCodecs(list: string): string[] {
  const ways = new Map<string, string>();
  for (const [, flags = "", codec = ""] of list.matchAll(/^ ([D.][E.][VASDT.][I.][L.][S.]) (\S+)/gm)) {
    ways.set(codec, flags);
  }
  return CODECS.filter(([codec, way]) => !ways.get(codec)?.slice(0, 2).includes(way)).map(([codec, way, use]) =>
    `${way === "D" ? "reads" : "writes"} no ${codec} (${use})`
  );
}

/** ffmpeg, and ffprobe beside it or on PATH. */
export async function checkFfmpeg(env: Env): Promise<Finding[]> {
  let ffmpeg: string;
  try {
    ffmpeg = await findFfmpeg(undefined, env);
  } catch (error) {
    if (!(error instanceof RecorderError)) throw error;
    const named = Boolean(env["ROOMTONE_FFMPEG"]);
    const without = named ? "" : ": recordings go on without it, but have no --mp4, no clips and no thumbnails";
    return [{
      check: "ffmpeg",
      state: named ? "failed" : "warning",
      detail: `${error.message}${without}`,
      remedy: error.remedy,
      code: error.code,
    }];
  }
  return [await askFfmpeg(ffmpeg), await askFfprobe(env, ffmpeg)];
}

async function askFfmpeg(ffmpeg: string): Promise<Finding> {
  const remedy = "Install another build of ffmpeg, or name its file in ROOMTONE_FFMPEG";
  try {
    const version = /^ffmpeg version (\S+)/.exec(await output(ffmpeg, ["-version"]))?.[1] ?? "of an unknown version";
    const missing = missingCodecs(await output(ffmpeg, ["-hide_banner", "-codecs"]));
    const detail = `ffmpeg ${version}`;
    if (missing.length === 0) return { check: "ffmpeg", state: "ok", detail: `${detail}, with the codecs it takes` };
    return { check: "ffmpeg", state: "warning", detail: `${detail}: it ${missing.join(", ")}`, remedy };
  } catch (error) {
    const reason = error instanceof Error ? error.message.split("\n")[0] : String(error);
    return { check: "ffmpeg", state: "failed", detail: `it does not run: ${reason}`, remedy };
  }
}

/** Only people and the demo use ffprobe. */
async function askFfprobe(env: Env, ffmpeg: string): Promise<Finding> {
  const beside = join(dirname(ffmpeg), "ffprobe");
  const places = [env["ROOMTONE_FFPROBE"], beside, "ffprobe"].filter((place): place is string => Boolean(place));
  for (const place of places) {
    const text = await output(place, ["-version"]).catch(() => "");
    const version = /^ffprobe version (\S+)/.exec(text)?.[1];
    if (version !== undefined) return { check: "ffprobe", state: "ok", detail: `ffprobe ${version}` };
  }
  return {
    check: "ffprobe",
    state: "warning",
    detail: "there is none: the demo cannot look into its recording",
    remedy: "Install it (it comes with ffmpeg), or name its file in ROOMTONE_FFPROBE",
  };
}

/**
 * Room on the disk of the folder, or of the nearest folder above it that is there.
 * @param freeBytes tells the free space of a folder that is there
 */
export async function checkDisk(folder: string, freeBytes: (folder: string) => Promise<number>): Promise<Finding> {
  const free = await freeOfNearest(resolve(folder), freeBytes);
  const detail = `${formatBytes(free)} free for ${folder}`;
  const remedy = "Delete old recordings (roomtone retention), or name another folder in ROOMTONE_DATA_DIR";
  if (free < LEAST_FREE_BYTES) {
    return { check: "disk", state: "failed", detail: `${detail}: recordings wait below 256 MB`, remedy };
  }
  if (free < ROOMY_BYTES) return { check: "disk", state: "warning", detail: `${detail}: a few hours at most`, remedy };
  return { check: "disk", state: "ok", detail };
}

async function freeOfNearest(folder: string, freeBytes: (folder: string) => Promise<number>): Promise<number> {
  try {
    return await freeBytes(folder);
  } catch (error) {
    const above = dirname(folder);
    if (above === folder) throw error;
    return await freeOfNearest(above, freeBytes);
  }
}

/** The system's answer about a folder's disk. */
export async function freeBytesOf(folder: string): Promise<number> {
  const { bavail, bsize } = await statfs(folder);
  return bavail * bsize;
}

/**
 * This machine's clock against the `Date` of answers.
 * @param offsetsMs how far this clock is ahead of each answer's, ms; caches answer with old dates, so the smallest counts
 */
export function checkClock(offsetsMs: readonly number[]): Finding {
  const [offset] = [...offsetsMs].sort((a, b) => Math.abs(a) - Math.abs(b));
  if (offset === undefined) {
    return {
      check: "clock",
      state: "skipped",
      detail: "no answer told the time",
      remedy: "Mend the network, then run this again",
    };
  }
  if (Math.abs(offset) <= MAX_CLOCK_OFFSET_MS) return { check: "clock", state: "ok", detail: "within 5 s of TikTok's" };
  const seconds = Math.round(Math.abs(offset) / 1000);
  return {
    check: "clock",
    state: "failed",
    detail: `this clock is ${seconds} s ${
      offset > 0 ? "ahead of" : "behind"
    } TikTok's: times of events and videos are off`,
    remedy: "Switch on time synchronisation (timedatectl set-ntp true), or set the clock",
  };
}

const PROXY_VARIABLES = ["HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"] as const;

/** Proxies that the environment names, by host and port alone, and what goes through them. */
export function checkProxy(env: Env, versions: NodeJS.ProcessVersions): Finding {
  const found = PROXY_VARIABLES.flatMap((name) => {
    const value = env[name];
    return value ? [`${name} is ${URL.parse(value)?.host || "no URL"}`] : [];
  });
  if (found.length === 0) return { check: "proxy", state: "ok", detail: "none in the environment" };
  const effect = versions["bun"]
    ? "Bun sends pages, calls and media through HTTPS_PROXY, but not the socket: TikTok sees two addresses"
    : "this runtime may send pages through it and the socket past it: TikTok then sees two addresses";
  return {
    check: "proxy",
    state: "warning",
    detail: `${found.join(", ")}; ${effect}`,
    remedy: "Unset it and let the whole machine use the proxy, or use proxied() of @roomtone/sdk in a program",
  };
}
