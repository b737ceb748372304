/**
 * Runs the tests on Bun, Deno, Node 24 and Node 22 and closes with one line: `N passed, N failed, N skipped`.
 *
 * `npm test` runs all; `npm test -- sdk recorder/flv` only files whose path holds one of these texts;
 * `--runtime bun|deno|node|node22` only there.
 * @module
 */
import { spawn } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative, sep } from "node:path";
import process from "node:process";
import { parseArgs } from "node:util";
import { bun, deno, node22, node24, ROOT } from "./tools.mjs";

interface Runtime {
  name: "bun" | "deno" | "node" | "node22";
  program: () => string;
  args: (files: string[], report: string) => string[];
  /** Path prefixes whose tests run here: docs/decisions.md says why which. */
  folders: string[];
}

const PORTABLE = ["sdk/", "functions/client/", "functions/contract/", "functions/core/", "functions/http/"];
const SERVER = ["functions/", "recorder/", "infra/", "tests/infra/", "tests/integration/", "tests/suites/"];

const nodeArgs: Runtime["args"] = (files, report) => [
  "--test",
  "--test-concurrency=1",
  "--test-reporter=spec",
  "--test-reporter-destination=stdout",
  "--test-reporter=junit",
  `--test-reporter-destination=${report}`,
  ...files,
];

const RUNTIMES: Runtime[] = [
  {
    name: "bun",
    program: bun,
    args: (files, report) => [
      "test",
      "--timeout=120000",
      "--reporter=junit",
      `--reporter-outfile=${report}`,
      ...files.map((file) => `./${file}`),
    ],
    folders: [""],
  },
  {
    name: "deno",
    program: deno,
    args: (files, report) => ["test", "-A", "--no-check", "--quiet", `--junit-path=${report}`, ...files],
    folders: PORTABLE,
  },
  {
    name: "node",
    program: node24,
    args: nodeArgs,
    folders: [...PORTABLE, ...SERVER],
  },
  { name: "node22", program: node22, args: nodeArgs, folders: ["sdk/"] },
];

/** One runtime's whole run is ended after this long. */
const RUN_TIMEOUT_MS = 35 * 60_000;
const SKIPPED_FOLDERS = new Set(["node_modules", "dist", ".tools", ".git", "cdk.out", "recordings"]);

interface Count {
  passed: number;
  failed: number;
  skipped: number;
}

function testFiles(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return SKIPPED_FOLDERS.has(entry.name) ? [] : testFiles(path);
    return entry.name.endsWith("_test.ts") ? [relative(ROOT, path).split(sep).join("/")] : [];
  }).sort();
}

function countReport(report: string): Count {
  let xml = "";
  try {
    xml = readFileSync(report, "utf8");
  } catch (error) {
    process.stderr.write(`no report was written: ${error instanceof Error ? error.message : String(error)}\n`);
  }
  const count = (pattern: RegExp): number => xml.match(pattern)?.length ?? 0;
  const failed = count(/<(failure|error)[\s>/]/g);
  const skipped = count(/<skipped[\s>/]/g);
  return { passed: count(/<testcase[\s>]/g) - failed - skipped, failed, skipped };
}

async function run(runtime: Runtime, files: string[], scratch: string): Promise<Count> {
  const report = join(scratch, `${runtime.name}.xml`);
  const started = performance.now();
  const child = spawn(runtime.program(), runtime.args(files, report), {
    cwd: ROOT,
    env: { ...process.env, NO_COLOR: "1", NODE_NO_WARNINGS: "1" },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const output: string[] = [];
  child.stdout.setEncoding("utf8").on("data", (text: string) => output.push(text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => output.push(text));
  const timer = setTimeout(() => child.kill("SIGKILL"), RUN_TIMEOUT_MS);
  const code = await new Promise<number>((resolve) => child.on("close", (status) => resolve(status ?? 1)));
  clearTimeout(timer);
  const counted = countReport(report);
  // A file that does not load, or a run that was ended, fails without a test case to count.
  if (code !== 0 && counted.failed === 0) counted.failed = 1;
  const text = output.join("");
  if (counted.failed > 0) process.stdout.write(`${text}\n`);
  else for (const line of text.match(/^.*\bSKIPPED: .*$/gm) ?? []) process.stdout.write(`${line.trim()}\n`);
  const seconds = ((performance.now() - started) / 1000).toFixed(0);
  process.stdout.write(
    `${runtime.name}: ${files.length} files, ${counted.passed} passed, ${counted.failed} failed, ` +
      `${counted.skipped} skipped, ${seconds} s\n`,
  );
  return counted;
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { runtime: { type: "string" } },
});
const chosen = RUNTIMES.filter((runtime) => values.runtime === undefined || runtime.name === values.runtime);
const all = testFiles(ROOT).filter((file) =>
  positionals.length === 0 || positionals.some((text) => file.includes(text))
);
const scratch = mkdtempSync(join(tmpdir(), "roomtone-test-"));
const total: Count = { passed: 0, failed: 0, skipped: 0 };
try {
  for (const runtime of chosen) {
    const files = all.filter((file) => runtime.folders.some((folder) => file.startsWith(folder)));
    if (files.length === 0) continue;
    const counted = await run(runtime, files, scratch);
    total.passed += counted.passed;
    total.failed += counted.failed;
    total.skipped += counted.skipped;
  }
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
process.stdout.write(`${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped\n`);
process.exit(total.failed > 0 || total.passed === 0 ? 1 : 0);
