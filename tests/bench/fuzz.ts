/**
 * One million mutated messages, batches and frames through the decoders: no hang, no growth, no throw outside LiveError.
 *
 * `npm run bench -- fuzz`; `bun tests/bench/fuzz.ts RUNS SEED` for other numbers. It starts itself once more, so that a
 * hang is seen from outside.
 * @module
 */
import { spawnSync } from "node:child_process";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { bun } from "../../scripts/tools.mjs";
import { fuzz, fuzzCorpus, type FuzzResult } from "./fuzz_run.ts";

const RUNS = 1_000_000;
/** Inputs between two looks at the heap. */
const STEP = 100_000;
/** Longest run; the machine of the first measurement took two minutes. */
const HANG_MS = 20 * 60_000;
const MAX_GROWTH_MB = 16;

const [runsText = String(RUNS), seed = "roomtone", role] = process.argv.slice(2);
const runs = Number(runsText);
const say = (line: string): void => void process.stdout.write(`${line}\n`);

function heapMb(): number {
  (globalThis as { Bun?: { gc(wait: boolean): void } }).Bun?.gc(true);
  return process.memoryUsage().heapUsed / 1024 / 1024;
}

function run(): boolean {
  const { messages, captured } = fuzzCorpus();
  say(`${runs} inputs from ${captured} captured and ${messages.length - captured} invented messages, seed ${seed}`);
  const total: FuzzResult = { runs: 0, outcomes: {}, refusals: 0, whole: 0, slowestMs: 0, slowestRun: -1, faults: [] };
  const started = performance.now();
  // The first step compiles and fills what stays; growth counts from its end.
  let before = NaN;
  while (total.runs < runs) {
    const step = fuzz(messages, seed, Math.min(STEP, runs - total.runs), total.runs);
    total.runs += step.runs;
    total.refusals += step.refusals;
    total.whole += step.whole;
    if (step.slowestMs > total.slowestMs) {
      total.slowestMs = step.slowestMs;
      total.slowestRun = step.slowestRun;
    }
    total.faults.push(...step.faults);
    for (const [name, count] of Object.entries(step.outcomes)) {
      total.outcomes[name] = (total.outcomes[name] ?? 0) + count;
    }
    if (Number.isNaN(before)) before = heapMb();
  }
  const after = heapMb();
  const seconds = (performance.now() - started) / 1000;
  const outcomes = Object.entries(total.outcomes).sort(([, a], [, b]) => b - a).map(([name, n]) => `${name} ${n}`);
  say(`decoded        ${outcomes.join(", ")}`);
  say(
    `refused        ${total.refusals} frames and batches, each by a LiveError; ${total.whole} whole messages were read`,
  );
  say(`time           ${seconds.toFixed(0)} s, slowest input ${total.slowestMs.toFixed(1)} ms`);
  const again = fuzz(messages, seed, 1, total.slowestRun).slowestMs;
  say(`               that was input ${total.slowestRun}, which takes ${again.toFixed(1)} ms when run again`);
  say(`heap           ${before.toFixed(1)} MB after ${STEP}, ${after.toFixed(1)} MB at the end`);
  say(`wrong throws   ${total.faults.length}`);
  for (const fault of total.faults) say(fault);
  return total.faults.length === 0 && after - before < MAX_GROWTH_MB;
}

if (role === "run") {
  process.exit(run() ? 0 : 1);
} else {
  const args = [fileURLToPath(import.meta.url), runsText, seed, "run"];
  const child = spawnSync(bun(), args, { stdio: "inherit", timeout: HANG_MS });
  if (child.error !== undefined) say(`HANG: no end within ${HANG_MS / 60_000} minutes`);
  say(child.status === 0 ? "fuzz           ok" : "fuzz           FAILED");
  process.exit(child.status ?? 1);
}
