/**
 * How fast the core messages become public events with their fields read, against `tiktok-live-connector`'s
 * deserializeMessage on the same bytes, in each runtime; and how large the SDK is in a browser.
 *
 * The connector is installed into a temporary folder and removed afterwards: it is no dependency of this project.
 * @module
 */
import { Buffer } from "node:buffer";
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { gzipSync } from "node:zlib";
import { encodeMessage } from "@roomtone/sdk/testing";
import { bun, deno, node24, onPath, ROOT } from "../../scripts/tools.mjs";
import { MessageGenerator } from "../standin/generator.ts";
import { createRandom } from "../standin/prng.ts";
import { inventHost } from "../standin/users.ts";
import type { WorkerResult } from "./decode_worker.ts";

const CONNECTOR = "tiktok-live-connector";
const CONNECTOR_VERSION = "2.5.0";
const ROUNDS = 5;
const GENERATED_MESSAGES = 700;
/** Packages that may be installed along with the SDK. */
const MAX_PACKAGES = 3;
const MAX_BUNDLE_KB = 60;
/** Ratio that the decoding of every field has to reach. */
const WHOLE_TARGET = 0.9;

const CORE_METHODS: ReadonlySet<string> = new Set([
  "WebcastChatMessage",
  "WebcastGiftMessage",
  "WebcastMemberMessage",
  "WebcastSocialMessage",
  "WebcastLikeMessage",
  "WebcastRoomUserSeqMessage",
]);

interface Runtime {
  name: string;
  program: () => string;
  args: string[];
  /** Ratio to reach. */
  target: number;
}

const RUNTIMES: Runtime[] = [
  { name: "Bun", program: bun, args: [], target: 10 },
  { name: "Deno", program: deno, args: ["run", "-A", "--no-check"], target: 8 },
  { name: "Node 24", program: node24, args: [], target: 6 },
];

/** The core messages as NDJSON: the captured ones when they are at hand, else invented ones. */
function coreMessages(): { lines: string[]; source: string } {
  const captures = join(ROOT, "../shared/captures/messages.ndjson");
  if (existsSync(captures)) {
    const lines = readFileSync(captures, "utf8").trim().split("\n").map((line) => {
      const { method, payload } = JSON.parse(line) as { method: string; payload: string };
      return { method, payload };
    });
    const core = lines.filter(({ method }) => CORE_METHODS.has(method)).map((line) => JSON.stringify(line));
    return { lines: core, source: "captured" };
  }
  const generator = new MessageGenerator("bench", inventHost(createRandom("bench/host"), "bench.host"), 1);
  const lines: string[] = [];
  while (lines.length < GENERATED_MESSAGES) {
    const { method, fields, common, atMs } = generator.next();
    if (!CORE_METHODS.has(method)) continue;
    const head = {
      ...common,
      method,
      msgId: 7_300_000_000_000_000_000n + BigInt(lines.length),
      roomId: "7300000000000000000",
    };
    const createTime = 1_700_000_000_000 + Math.round(atMs);
    const bytes = encodeMessage(method as "WebcastChatMessage", { ...fields, common: { ...head, createTime } });
    lines.push(JSON.stringify({ method, payload: Buffer.from(bytes).toString("base64") }));
  }
  return { lines, source: "generated" };
}

/** Installs the connector into `folder` with npm, or with Bun where there is no npm; no script of it runs. */
function installConnector(folder: string): string {
  writeFileSync(join(folder, "package.json"), "{}");
  const npm = onPath(process.platform === "win32" ? "npm.cmd" : "npm");
  const packageName = `${CONNECTOR}@${CONNECTOR_VERSION}`;
  const [program, args] = npm === undefined ? [bun(), ["add", "--ignore-scripts", "--silent", packageName]] : [npm, [
    "install",
    "--prefix",
    folder,
    "--ignore-scripts",
    "--no-audit",
    "--no-fund",
    "--loglevel=error",
    packageName,
  ]];
  const run = spawnSync(program, args, { cwd: folder, encoding: "utf8", shell: process.platform === "win32" });
  if (run.status !== 0) throw new Error(`installing ${packageName} failed:\n${run.stdout}${run.stderr}`);
  return join(folder, "node_modules", CONNECTOR);
}

function runWorker({ program, args }: Runtime, connectorDir: string, messagesFile: string): WorkerResult {
  const worker = join(ROOT, "tests/bench/decode_worker.ts");
  const run = spawnSync(program(), [...args, worker, connectorDir, messagesFile, String(ROUNDS)], {
    cwd: ROOT,
    encoding: "utf8",
  });
  if (run.status !== 0) throw new Error(`the decode benchmark failed:\n${run.stderr}`);
  return JSON.parse(run.stdout) as WorkerResult;
}

function median(numbers: readonly number[]): number {
  const sorted = [...numbers].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

/** Median over the rounds of one side's rate by the other's. */
function ratio(ours: readonly number[], theirs: readonly number[]): number {
  return median(ours.map((rate, round) => rate / (theirs[round] ?? Number.NaN)));
}

function thousands(rate: number): string {
  return `${Math.round(rate / 1000)}k`;
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

function printRow(cells: readonly string[]): void {
  const widths = [9, 11, 11, 8, 16, 8, 13];
  print(cells.map((cell, index) => cell.padEnd(widths[index] ?? 0)).join(" ").trimEnd());
}

function decodeTable(): void {
  const folder = mkdtempSync(join(tmpdir(), "roomtone-bench-"));
  try {
    const { lines, source } = coreMessages();
    const messagesFile = join(folder, "messages.ndjson");
    writeFileSync(messagesFile, lines.join("\n"));
    const connectorDir = installConnector(folder);
    print(`${lines.length} ${source} core messages to events; messages a second, median of ${ROUNDS} rounds`);
    print(`against ${CONNECTOR} ${CONNECTOR_VERSION}; "top names" reads the names of all top viewers, too`);
    print(`"every field" decodes event.message, too; its target is ${WHOLE_TARGET}`);
    printRow(["runtime", "roomtone", "connector", "times", "with top names", "target", "every field"]);
    for (const runtime of RUNTIMES) {
      const { ours, oursWithTopNames, oursWhole, connector } = runWorker(runtime, connectorDir, messagesFile);
      const times = ratio(ours, connector);
      const whole = ratio(oursWhole, connector);
      printRow([
        runtime.name,
        thousands(median(ours)),
        thousands(median(connector)),
        times.toFixed(1),
        ratio(oursWithTopNames, connector).toFixed(1),
        `${runtime.target}${times < runtime.target ? "  MISSED" : ""}`,
        `${whole.toFixed(2)}${whole < WHOLE_TARGET ? "  MISSED" : ""}`,
      ]);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function bundleSize(): void {
  const folder = mkdtempSync(join(tmpdir(), "roomtone-bundle-"));
  try {
    const bundle = join(folder, "sdk.js");
    const args = ["build", "--minify", "--target=browser", join(ROOT, "sdk/mod.ts"), "--outfile", bundle];
    const run = spawnSync(bun(), args, { encoding: "utf8" });
    if (run.status !== 0) throw new Error(`bundling the SDK failed:\n${run.stderr}`);
    const bytes = readFileSync(bundle);
    const packedKb = gzipSync(bytes, { level: 9 }).length / 1000;
    const missed = packedKb > MAX_BUNDLE_KB ? "  MISSED" : "";
    print(`SDK bundle: ${(bytes.length / 1000).toFixed(0)} KB minified, ${packedKb.toFixed(1)} KB gzipped`);
    print(`target: at most ${MAX_BUNDLE_KB} KB gzipped${missed}`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Names of the packages that come along when the SDK is installed. */
function installedPackages(name: string, found = new Set<string>()): Set<string> {
  const file = join(ROOT, name === "@roomtone/sdk" ? "sdk" : join("node_modules", name), "package.json");
  const { dependencies = {} }: { dependencies?: Record<string, string> } = JSON.parse(readFileSync(file, "utf8"));
  for (const dependency of Object.keys(dependencies)) {
    if (found.has(dependency)) continue;
    found.add(dependency);
    installedPackages(dependency, found);
  }
  return found;
}

function packageCount(): void {
  const packages = [...installedPackages("@roomtone/sdk")];
  const missed = packages.length > MAX_PACKAGES ? "  MISSED" : "";
  print(`packages installed with the SDK: ${packages.length} (${packages.join(", ")})`);
  print(`target: at most ${MAX_PACKAGES}${missed}`);
}

decodeTable();
bundleSize();
packageCount();
