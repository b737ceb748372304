/**
 * `npm run bench`: the project's numbers, each compared with its other side in one run, because machines are noisy.
 * `npm run bench -- decode` runs one; `npm run bench -- recorder`, which takes minutes, runs only by name. A number that
 * misses its target is said in the table; all benchmarks run, and the exit code is that of the first that failed.
 * @module
 */
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import process from "node:process";
import { bun, ROOT } from "../../scripts/tools.mjs";

/** Each benchmark is a program of its own, so that none warms up or starves another. */
const BENCHMARKS: Record<string, string> = {
  api: "tests/bench/api.ts",
  decode: "tests/bench/decode.ts",
  rooms: "tests/bench/rooms.ts",
  import: "tests/bench/import.ts",
  fuzz: "tests/bench/fuzz.ts",
  poller: "tests/bench/poller.ts",
  events: "tests/bench/events.ts",
};

/** Those that take minutes. */
const BY_NAME_ONLY: Record<string, string> = {
  recorder: "tests/bench/recorder.ts",
};

const all = { ...BENCHMARKS, ...BY_NAME_ONLY };
const chosen = process.argv.slice(2);
const names = chosen.length > 0 ? chosen : Object.keys(BENCHMARKS);
let failed = 0;
for (const name of names) {
  const program = all[name];
  if (program === undefined) {
    process.stderr.write(`there is no benchmark ${name}: ${Object.keys(all).join(", ")}\n`);
    process.exit(2);
  }
  process.stdout.write(`\n== ${name}\n`);
  const { status } = spawnSync(bun(), [join(ROOT, program)], { cwd: ROOT, stdio: "inherit" });
  if (status !== 0) failed ||= status ?? 1;
}
process.exit(failed);
