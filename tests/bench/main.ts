/**
 * `npm run bench`: the project's numbers, each compared with its other side in one run, because machines are noisy.
 * `npm run bench -- decode` runs one; `npm run bench -- recorder`, which takes minutes, runs only by name; numbers behind a
 * name, as in `soak 2`, are its own arguments. A number that misses its target is said in the table; all benchmarks run,
 * and the exit code is that of the first that failed.
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
  cli: "tests/bench/cli.ts",
  fuzz: "tests/bench/fuzz.ts",
  poller: "tests/bench/poller.ts",
  events: "tests/bench/events.ts",
  consumer: "tests/bench/consumer.ts",
  console: "tests/bench/console.ts",
};

/** Those that take minutes. */
const BY_NAME_ONLY: Record<string, string> = {
  recorder: "tests/bench/recorder.ts",
  soak: "tests/bench/soak.ts",
};

const all = { ...BENCHMARKS, ...BY_NAME_ONLY };
const chosen = process.argv.slice(2);
const isNumber = (text: string): boolean => /^[\d.]+$/.test(text);
let failed = 0;
for (const [index, name] of (chosen.length > 0 ? chosen : Object.keys(BENCHMARKS)).entries()) {
  if (isNumber(name)) continue;
  const program = all[name];
  if (program === undefined) {
    process.stderr.write(`there is no benchmark ${name}: ${Object.keys(all).join(", ")}\n`);
    process.exit(2);
  }
  process.stdout.write(`\n== ${name}\n`);
  const behind = chosen.slice(index + 1);
  const end = behind.findIndex((each) => !isNumber(each));
  const args = end < 0 ? behind : behind.slice(0, end);
  const { status } = spawnSync(bun(), [join(ROOT, program), ...args], { cwd: ROOT, stdio: "inherit" });
  if (status !== 0) failed ||= status ?? 1;
}
process.exit(failed);
