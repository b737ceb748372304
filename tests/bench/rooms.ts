/**
 * 5,000 rooms at 5 messages a second each, in one Bun process on one core: memory with all duplicate windows full,
 * events lost or late, and CPU. The load comes over loopback from a process of its own, on the other core, once in
 * frames of five messages and once in a frame for each message, which costs five times the frames and the gunzip.
 *
 * `npm run bench -- rooms`; `bun tests/bench/rooms.ts ROOMS MESSAGES_PER_FRAME...` for other numbers. Exits with 1 when
 * a target is missed.
 * @module
 */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { cpus } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { bun, onPath, ROOT } from "../../scripts/tools.mjs";
import type { RoomsResult, RoomsRun } from "./rooms_worker.ts";

const MESSAGES_PER_SECOND = 5;
const SECONDS = 20;
const MAX_KB = 60;
const MAX_LATE_MS = 1000;
/** Longest run of the measured process; a machine that cannot keep up would never end. */
const HANG_MS = 6 * 60_000;
/** Files that are open beside the sockets. */
const OTHER_FILES = 300;

const [rooms = 5000, ...asked] = process.argv.slice(2).map(Number);
const frameSizes = asked.length > 0 ? asked : [5, 1];
const say = (line: string): void => void process.stdout.write(`${line}\n`);

/** A program, kept to one core where that can be done. */
function pinned(core: number, args: string[]): [program: string, args: string[]] {
  const taskset = cpus().length > 1 ? onPath("taskset") : undefined;
  return taskset === undefined ? [bun(), args] : [taskset, ["-c", String(core), bun(), ...args]];
}

function startLoad(): Promise<{ load: ChildProcess; url: string }> {
  const [program, args] = pinned(0, [join(ROOT, "tests/bench/rooms_load.ts"), String(MESSAGES_PER_SECOND)]);
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
  const { idle, runs, faults } = result;
  const perRoom = (memory: { pssKb: number }) => `${keptKb(memory).toFixed(1)} KB`;
  const keptKb = (memory: { pssKb: number }) => (memory.pssKb - idle.pssKb) / rooms;
  let met = true;
  const row = (
    what: string,
    value: (run: RoomsRun) => string,
    target = "",
    holds: (run: RoomsRun) => boolean = () => true,
  ): void => {
    const cells = runs.map((run) => {
      met &&= holds(run);
      return `${value(run)}${holds(run) ? "" : " MISSED"}`.padEnd(28);
    });
    say(`${what.padEnd(30)} ${cells.join("")}${target}`.trimEnd());
  };
  say(`connected in ${result.connectSeconds.toFixed(1)} s, windows filled in ${result.fillSeconds.toFixed(1)} s`);
  row("messages in a frame", ({ messagesPerFrame }) => String(messagesPerFrame), "target");
  row(
    "memory kept, of each room",
    ({ collected }) => perRoom(collected),
    `at most ${MAX_KB} KB`,
    ({ collected }) => keptKb(collected) <= MAX_KB,
  );
  row(
    "events sent, received",
    ({ load, received }) => `${load.sent}, ${received}`,
    "none lost",
    ({ load, received }) => load.sent === received,
  );
  row(
    "late at worst (p50, p99)",
    ({ worstMs, p50Ms, p99Ms }) => `${worstMs} ms (${p50Ms}, ${p99Ms})`,
    `at most ${MAX_LATE_MS} ms`,
    ({ worstMs }) => worstMs <= MAX_LATE_MS,
  );
  row("CPU, of a core", ({ cpu }) => `${(cpu * 100).toFixed(0)} %`);
  row("with garbage, of each room", ({ full }) => perRoom(full));
  row("peak RSS", ({ peakRssKb }) => `${(peakRssKb / 1024).toFixed(0)} MB`);
  row("the load itself was late by", ({ load }) => `${load.latestMs} ms, counted above`);
  say(`gaps, reconnects, drops: ${faults.join(", ") || "none"}`);
  return met && faults.length === 0;
}

async function main(): Promise<boolean> {
  if (limit() < rooms + OTHER_FILES) {
    say(`${rooms} sockets need more open files than ${limit()}: run \`ulimit -n ${rooms + OTHER_FILES}\` first`);
    return false;
  }
  say(
    `${rooms} rooms in one Bun process, each with ${MESSAGES_PER_SECOND} messages a second in gzip frames, ${SECONDS} s`,
  );
  const { load, url } = await startLoad();
  try {
    const worker = join(ROOT, "tests/bench/rooms_worker.ts");
    const [program, args] = pinned(1, [worker, url, String(rooms), String(SECONDS), ...frameSizes.map(String)]);
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
