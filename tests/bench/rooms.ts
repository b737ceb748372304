/**
 * 5,000 rooms at 5 messages a second each, in one Bun process on one core: memory with all duplicate windows full,
 * events lost or late, and CPU. The load comes over loopback from a process of its own, on the other core.
 *
 * `npm run bench -- rooms`; `bun tests/bench/rooms.ts ROOMS MESSAGES_PER_FRAME` for other numbers. Exits with 1 when a
 * target is missed.
 * @module
 */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { cpus } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { bun, onPath, ROOT } from "../../scripts/tools.mjs";
import type { RoomsResult } from "./rooms_worker.ts";

const MESSAGES_PER_SECOND = 5;
const SECONDS = 20;
const MAX_KB = 60;
const MAX_LATE_MS = 1000;
/** Longest run of the measured process; a machine that cannot keep up would never end. */
const HANG_MS = 4 * 60_000;
/** Files that are open beside the sockets. */
const OTHER_FILES = 300;

const [rooms = 5000, messagesPerFrame = 5] = process.argv.slice(2).map(Number);
const say = (line: string): void => void process.stdout.write(`${line}\n`);

/** A program, kept to one core where that can be done. */
function pinned(core: number, args: string[]): [program: string, args: string[]] {
  const taskset = cpus().length > 1 ? onPath("taskset") : undefined;
  return taskset === undefined ? [bun(), args] : [taskset, ["-c", String(core), bun(), ...args]];
}

function startLoad(): Promise<{ load: ChildProcess; url: string }> {
  const [program, args] = pinned(0, [
    join(ROOT, "tests/bench/rooms_load.ts"),
    String(MESSAGES_PER_SECOND),
    String(messagesPerFrame),
  ]);
  const load = spawn(program, args, { cwd: ROOT, stdio: ["ignore", "pipe", "inherit"] });
  return new Promise((resolve, reject) => {
    load.on("exit", (code) => reject(new Error(`the load ended with ${code}`)));
    load.stdout?.once("data", (text: Uint8Array) => resolve({ load, url: new TextDecoder().decode(text).trim() }));
  });
}

function limit(): number {
  const { status, stdout } = spawnSync("sh", ["-c", "ulimit -n"], { encoding: "utf8" });
  return status === 0 && stdout.trim() !== "unlimited" ? Number(stdout) : Infinity;
}

function report(result: RoomsResult): boolean {
  const { load, idle, full, collected, received, faults } = result;
  const perRoom = (memory: { pssKb: number }) => (memory.pssKb - idle.pssKb) / rooms;
  const row = (what: string, value: string, met?: boolean): boolean => {
    say(`${what.padEnd(34)} ${value}${met === false ? "  MISSED" : ""}`);
    return met !== false;
  };
  row("connected", `${result.connectSeconds.toFixed(1)} s; windows filled in ${result.fillSeconds.toFixed(1)} s`);
  const kept = perRoom(collected);
  const results = [
    row("memory kept, of each room", `${kept.toFixed(1)} KB (target: at most ${MAX_KB})`, kept <= MAX_KB),
    row("events sent, received", `${load.sent}, ${received} (target: none lost)`, load.sent === received),
    row(
      "late at worst",
      `${result.worstMs} ms; p50 ${result.p50Ms}, p99 ${result.p99Ms} (target: at most ${MAX_LATE_MS})`,
      result.worstMs <= MAX_LATE_MS,
    ),
    row("gaps, reconnects, drops", faults.join(", ") || "none", faults.length === 0),
  ];
  row("memory with garbage under load", `${perRoom(full).toFixed(1)} KB of each room`);
  row("idle process, peak RSS", `${(idle.rssKb / 1024).toFixed(0)} MB, ${(result.peakRssKb / 1024).toFixed(0)} MB`);
  row("CPU", `${(result.cpu * 100).toFixed(0)} % of a core`);
  row("the load itself was late by", `${load.latestMs} ms at worst, which counts as the SDK's`);
  return results.every(Boolean);
}

async function main(): Promise<boolean> {
  if (limit() < rooms + OTHER_FILES) {
    say(`${rooms} sockets need more open files than ${limit()}: run \`ulimit -n ${rooms + OTHER_FILES}\` first`);
    return false;
  }
  say(
    `${rooms} rooms in one Bun process, each with ${MESSAGES_PER_SECOND} messages a second in gzip frames of ${messagesPerFrame}, ${SECONDS} s`,
  );
  const { load, url } = await startLoad();
  try {
    const worker = join(ROOT, "tests/bench/rooms_worker.ts");
    const [program, args] = pinned(1, [worker, url, String(rooms), String(SECONDS)]);
    const run = spawn(program, args, { cwd: ROOT, stdio: ["ignore", "pipe", "inherit"], timeout: HANG_MS });
    let output = "";
    run.stdout.on("data", (text: Uint8Array) => void (output += new TextDecoder().decode(text)));
    const code = await new Promise<number | null>((resolve) => void run.on("close", resolve));
    if (code === 0) return report(JSON.parse(output) as RoomsResult);
    say(`the measured process failed, or did not end within ${HANG_MS / 1000} s`);
    return false;
  } finally {
    load.removeAllListeners("exit");
    load.kill();
  }
}

process.exit(await main() ? 0 : 1);
