/**
 * What recording costs, all sides in one run: 50 streams of 2 Mb/s each, written by our engine in process, by the same
 * with thumbnails (one a minute and the last one), by our ffmpeg engine, by plain `ffmpeg -c copy` with the same HLS, and
 * by streamlink, every segment hashed; then 200 streams at once in process without a lost byte. Linux only: it reads
 * `/proc`.
 *
 * `npm run bench -- recorder`; `bun tests/bench/recorder.ts STREAMS SECONDS MANY` for other numbers. Exits with 1 when a
 * target is missed.
 * @module
 */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, renameSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { bun, media, ROOT, streamlink } from "../../scripts/tools.mjs";
import type { SentStats } from "./recorder_server.ts";
import type { Side, WorkerResult } from "./recorder_worker.ts";

const MAX_INPROCESS_RATIO = 0.5;
const MAX_FFMPEG_RATIO = 1.7;
const MAX_MB = 6;
const SAMPLE_MS = 500;
/** Programs start, and the first segment is not closed, ms. */
const WARM_UP_MS = 8_000;
/** Longest time over the length of the streams; a machine that cannot keep up would never end. */
const HANG_MS = 120_000;

const [streams = 50, seconds = 25, many = 200] = process.argv.slice(2).map(Number);
const { ffmpeg } = media();
const say = (line: string): void => void process.stdout.write(`${line}\n`);

/** A picture that is hard to pack, so that the bit rate is what is asked for. */
function makeStream(): string {
  const path = join(tmpdir(), `roomtone-bench-2m-${seconds}s.flv`);
  if (existsSync(path)) return path;
  const draft = `${path}.${process.pid}`;
  const { status, stderr } = spawnSync(ffmpeg, [
    ...["-v", "error", "-nostdin", "-y", "-f", "lavfi", "-i", "testsrc2=size=1280x720:rate=25,noise=alls=12:allf=t"],
    ...["-f", "lavfi", "-i", "sine=frequency=330:sample_rate=44100", "-t", String(seconds)],
    ...["-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-g", "50", "-sc_threshold", "0"],
    ...["-b:v", "1936k", "-minrate", "1936k", "-maxrate", "1936k", "-bufsize", "968k"],
    ...["-c:a", "aac", "-b:a", "64k", "-ac", "2", "-flvflags", "no_duration_filesize", "-f", "flv", draft],
  ], { encoding: "utf8" });
  if (status !== 0) throw new Error(`ffmpeg did not make the stream: ${stderr}`);
  renameSync(draft, path);
  return path;
}

/** A program and all that it started. */
function familyOf(pid: number): number[] {
  const children = new Map<number, number[]>();
  for (const name of readdirSync("/proc").filter((each) => /^\d+$/.test(each))) {
    const stat = readOr(`/proc/${name}/stat`);
    const parent = Number(stat.replace(/^.*\) /, "").split(" ")[1]);
    children.set(parent, [...children.get(parent) ?? [], Number(name)]);
  }
  const family = [pid];
  for (const member of family) family.push(...children.get(member) ?? []);
  return family;
}

/** A program that has ended has no files. */
function readOr(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

function pssMb(pid: number): number {
  const kilobytes = familyOf(pid).map((each) =>
    Number(/^Pss:\s+(\d+)/m.exec(readOr(`/proc/${each}/smaps_rollup`))?.[1] ?? 0)
  );
  return kilobytes.reduce((sum, kb) => sum + kb, 0) / 1024;
}

function firstLine(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    child.once("exit", (code) => reject(new Error(`it ended with ${code} before it began`)));
    child.stdout?.once("data", (text: Uint8Array) => resolve(new TextDecoder().decode(text).trim()));
  });
}

interface Outcome extends WorkerResult {
  sent: SentStats;
  /** Above the idle process, of each stream: at work on average, and at the worst moment; MB. */
  meanMb: number;
  peakMb: number;
}

async function measure(side: Side, count: number, server: string, program: string): Promise<Outcome> {
  await fetch(`${server}/bench/stats`);
  const folder = await mkdtemp(join(tmpdir(), "roomtone-bench-"));
  const worker = join(ROOT, "tests/bench/recorder_worker.ts");
  const child = spawn(bun(), [worker, side, server, String(count), folder, program], {
    cwd: ROOT,
    stdio: ["pipe", "pipe", "inherit"],
  });
  const ended = new Promise<number | null>((resolve) => void child.on("close", resolve));
  const hang = setTimeout(() => child.kill(), seconds * 1000 + HANG_MS);
  let sampler: ReturnType<typeof setInterval> | undefined;
  try {
    await firstLine(child);
    const pid = child.pid ?? 0;
    const idleMb = pssMb(pid);
    const samples: { atMs: number; mb: number }[] = [];
    const startedAt = Date.now();
    let text = "";
    child.stdout.on("data", (chunk: Uint8Array) => void (text += new TextDecoder().decode(chunk)));
    child.stdin.write("go\n");
    sampler = setInterval(() => samples.push({ atMs: Date.now() - startedAt, mb: pssMb(pid) }), SAMPLE_MS);
    if (await ended !== 0) throw new Error(`${side} did not end well, or not within ${HANG_MS / 1000} s over`);
    const result = JSON.parse(text) as WorkerResult;
    const sent = await (await fetch(`${server}/bench/stats`)).json() as SentStats;
    const atWork = samples.filter(({ atMs }) => atMs > WARM_UP_MS && atMs < seconds * 1000).map(({ mb }) => mb);
    const perStream = (mb: number): number => (mb - idleMb) / count;
    return {
      ...result,
      sent,
      meanMb: perStream(atWork.reduce((sum, mb) => sum + mb, 0) / atWork.length),
      peakMb: perStream(Math.max(...samples.map(({ mb }) => mb))),
    };
  } finally {
    clearInterval(sampler);
    clearTimeout(hang);
    child.kill();
    await rm(folder, { recursive: true, force: true });
  }
}

/** What was sent and is not in the segments. */
function lostOf({ sent, mediaBytes, faults }: Outcome, count: number): string {
  const short = sent.whole === count ? [] : [`${count - sent.whole} streams not read to their end`];
  const bytes = sent.mediaBytes === mediaBytes ? [] : [`${sent.mediaBytes - mediaBytes} bytes`];
  return [...short, ...bytes, ...faults.slice(0, 3)].join(", ") || "nothing";
}

function row(what: string, value: string, met?: boolean): boolean {
  say(`${what.padEnd(30)} ${value}${met === false ? "  MISSED" : ""}`);
  return met !== false;
}

function tell(what: string, outcome: Outcome, base: Outcome, count = streams): string {
  const { cpuSeconds, meanMb, peakMb } = outcome;
  const ratio = cpuSeconds / count / (base.cpuSeconds / streams);
  row(
    what,
    `CPU ${cpuSeconds.toFixed(1).padStart(5)} s, ${ratio.toFixed(2)} times plain; memory of each ` +
      `${meanMb.toFixed(1)} MB, at worst ${peakMb.toFixed(1)}; ${outcome.files} files`,
  );
  return lostOf(outcome, count);
}

async function compare(server: string): Promise<boolean> {
  const plain = await measure("plain", streams, server, ffmpeg);
  tell("plain ffmpeg -c copy", plain, plain);
  const inprocess = await measure("inprocess", streams, server, ffmpeg);
  const inprocessLost = tell("our engine in process", inprocess, plain);
  tell("in process, with thumbnails", await measure("thumbnails", streams, server, ffmpeg), plain);
  const ours = await measure("ffmpeg", streams, server, ffmpeg);
  const oursLost = tell("our engine ffmpeg", ours, plain);
  const program = streamlink();
  if (program === undefined) row("streamlink", "skipped: it needs Python 3.10 with venv and pip");
  else tell("streamlink, FLV as it comes", await measure("streamlink", streams, server, program), plain);
  const crowd = await measure("inprocess", many, server, ffmpeg);
  const crowdLost = tell(`our engine in process, ${many}`, crowd, plain, many);
  say("");
  const inprocessRatio = inprocess.cpuSeconds / plain.cpuSeconds;
  const oursRatio = ours.cpuSeconds / plain.cpuSeconds;
  const results = [
    row(
      "CPU in process",
      `${inprocessRatio.toFixed(2)} times plain (target: at most ${MAX_INPROCESS_RATIO})`,
      inprocessRatio <= MAX_INPROCESS_RATIO,
    ),
    row(
      "CPU of the ffmpeg engine",
      `${oursRatio.toFixed(2)} times plain (target: at most ${MAX_FFMPEG_RATIO})`,
      oursRatio <= MAX_FFMPEG_RATIO,
    ),
    row(
      "memory of each, in process",
      `${inprocess.peakMb.toFixed(1)} MB at worst (target: at most ${MAX_MB}); plain ffmpeg ${plain.peakMb.toFixed(1)}`,
      inprocess.peakMb <= MAX_MB,
    ),
    row("lost in process", `${inprocessLost} (target: nothing)`, inprocessLost === "nothing"),
    row("lost by the ffmpeg engine", `${oursLost} (target: nothing)`, oursLost === "nothing"),
    row(`lost of ${many} in process`, `${crowdLost} (target: nothing)`, crowdLost === "nothing"),
  ];
  row("the server was late by", `${Math.max(inprocess.sent.latestMs, crowd.sent.latestMs)} ms at worst`);
  return results.every(Boolean);
}

async function main(): Promise<boolean> {
  if (process.platform !== "linux") {
    say("skipped: memory and CPU of processes are read from /proc, which is Linux's");
    return true;
  }
  say(`${streams} streams of 2 Mb/s, ${seconds} s; CPU with all children, memory (PSS) above the idle process`);
  const server = spawn(bun(), [join(ROOT, "tests/bench/recorder_server.ts"), makeStream()], {
    cwd: ROOT,
    stdio: ["ignore", "pipe", "inherit"],
  });
  try {
    return await compare(await firstLine(server));
  } finally {
    server.removeAllListeners("exit");
    server.kill();
  }
}

process.exit(await main() ? 0 : 1);
