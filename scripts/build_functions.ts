/**
 * Bundles the AWS processes: `dist/<name>/index.mjs` for each Lambda function, and `dist/recorder_task` with the bundle,
 * the health check and the Dockerfile of the recorder. Each bundle has its source map beside it.
 *
 * `bun scripts/build_functions.ts`
 * @module
 */
import { spawnSync } from "node:child_process";
import { copyFileSync, cpSync, mkdirSync, rmSync, statSync } from "node:fs";
import { basename, dirname, join, relative } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { builtConsole } from "./console.mjs";
import { bun, ROOT } from "./tools.mjs";

const ENTRIES = join(ROOT, "functions", "entry", "aws");

/** Names of the Lambda functions' bundles. */
export const LAMBDAS = [
  "links",
  "user_info",
  "followings",
  "system",
  "poller",
  "consumer",
  "alerts",
  "retention",
  "canary",
] as const;

/**
 * Builds all bundles anew.
 * @param outDir folder that gets one folder for each bundle
 * @returns files that were written
 * @throws Error with Bun's output when one does not build
 */
export function buildFunctions(outDir: string = join(ROOT, "dist")): string[] {
  const files = LAMBDAS.map((name) => {
    const file = join(outDir, name, "index.mjs");
    buildLambda(name, file);
    return file;
  });
  const task = join(outDir, "recorder_task");
  bundle(join(ENTRIES, "recorder.task.ts"), join(task, "index.mjs"));
  bundleInto(join(ENTRIES, "recorder_health.ts"), join(task, "health.mjs"));
  copyFileSync(join(ENTRIES, "recorder.Dockerfile"), join(task, "Dockerfile"));
  return [...files, join(task, "index.mjs")];
}

/** A line for each bundle with its size, which is what Lambda loads; source maps are read when something fails. */
export function sizeLines(files: readonly string[]): string {
  return files.map((file) => `${relative(ROOT, file)} ${(statSync(file).size / 1024).toFixed(0)} KB\n`).join("");
}

/** Builds one Lambda function's bundle into a folder of its own. */
export function buildLambda(name: (typeof LAMBDAS)[number], file: string): void {
  bundleLambda(join(ENTRIES, `${name}.lambda.ts`), file);
  // The console's files lie beside the code that serves them.
  if (name === "system") cpSync(builtConsole(bun()), join(dirname(file), "console"), { recursive: true });
}

/** Bundles a program as a Lambda function into one file, and removes what was in its folder. */
export function bundleLambda(entry: string, file: string): void {
  const folder = join(file, "..");
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  runBun(entry, [join(ROOT, "scripts", "bundle_lambda.ts"), entry, file]);
}

/** Bundles a program for Node into one file with its source map, and removes what was in its folder. */
function bundle(entry: string, file: string): void {
  rmSync(dirname(file), { recursive: true, force: true });
  bundleInto(entry, file, "--sourcemap=linked");
}

/** Bundles a program for Node into one file. */
function bundleInto(entry: string, file: string, ...more: string[]): void {
  runBun(entry, [
    "build",
    entry,
    `--outdir=${dirname(file)}`,
    `--entry-naming=${basename(file)}`,
    "--target=node",
    "--format=esm",
    "--minify",
    ...more,
  ]);
}

function runBun(entry: string, args: string[]): void {
  const { status, stdout, stderr } = spawnSync(bun(), args, { cwd: ROOT, encoding: "utf8" });
  if (status !== 0) throw new Error(`Cannot bundle ${relative(ROOT, entry)}: ${stdout}${stderr}`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  process.stdout.write(sizeLines(buildFunctions()));
}
