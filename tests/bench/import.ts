/**
 * What importing the built SDK costs in each runtime: a process that imports it against one that imports an empty
 * module, in turns. Exits with 1 when a target is missed.
 * @module
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { pathToFileURL } from "node:url";
import { buildSdk } from "../../scripts/build_sdk.ts";
import { bun, deno, node24 } from "../../scripts/tools.mjs";

const ROUNDS = 15;
const MAX_MS = 40;
const MAX_MB = 10;

const RUNTIMES: [name: string, program: () => string, args: string[]][] = [
  ["Bun", bun, []],
  ["Deno", deno, ["run", "-A", "--no-check"]],
  ["Node 24", node24, []],
];

interface Cost {
  ms: number;
  mb: number;
}

function median(numbers: readonly number[]): number {
  const sorted = [...numbers].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

/** Wall time of a whole process, and its memory at the end. */
function run(program: string, args: string[], file: string): Cost {
  const from = performance.now();
  const { status, stdout, stderr } = spawnSync(program, [...args, file], { encoding: "utf8" });
  const ms = performance.now() - from;
  if (status !== 0) throw new Error(`importing failed:\n${stderr}`);
  return { ms, mb: Number(stdout) / 1024 / 1024 };
}

const folder = mkdtempSync(join(tmpdir(), "roomtone-bench-"));
let met = true;
try {
  const sdkDir = join(folder, "sdk");
  buildSdk(sdkDir);
  const write = (name: string, source: string): string => {
    const file = join(folder, name);
    const ending = `import process from "node:process"; process.stdout.write(String(process.memoryUsage().rss));`;
    writeFileSync(file, `${source}\n${ending}\n`);
    return file;
  };
  writeFileSync(join(folder, "empty.mjs"), "export const TikTok = 1;\n");
  const importOf = (path: string) =>
    `import { TikTok } from ${JSON.stringify(pathToFileURL(path).href)}; globalThis.kept = TikTok;`;
  const empty = write("import_empty.mjs", importOf(join(folder, "empty.mjs")));
  const sdk = write("import_sdk.mjs", importOf(join(sdkDir, "mod.js")));
  process.stdout.write(`import of the built SDK above an empty module, median of ${ROUNDS} processes each\n`);
  for (const [name, find, args] of RUNTIMES) {
    const program = find();
    const costs: [Cost, Cost][] = [];
    // The first round fills the caches of files and of compiled code.
    for (let round = 0; round <= ROUNDS; round++) {
      const pair: [Cost, Cost] = [run(program, args, empty), run(program, args, sdk)];
      if (round > 0) costs.push(pair);
    }
    const of = (pick: (cost: Cost) => number) => [
      median(costs.map(([one]) => pick(one))),
      median(costs.map(([, one]) => pick(one))),
    ];
    const [emptyMs = NaN, sdkMs = NaN] = of(({ ms }) => ms);
    const [emptyMb = NaN, sdkMb = NaN] = of(({ mb }) => mb);
    const ok = sdkMs - emptyMs <= MAX_MS && sdkMb - emptyMb <= MAX_MB;
    met &&= ok;
    process.stdout.write(
      `${name.padEnd(8)} ${(sdkMs - emptyMs).toFixed(1)} ms (${sdkMs.toFixed(1)} - ${emptyMs.toFixed(1)})` +
        `  ${(sdkMb - emptyMb).toFixed(1)} MB (${sdkMb.toFixed(1)} - ${emptyMb.toFixed(1)})${ok ? "" : "  MISSED"}\n`,
    );
  }
  process.stdout.write(`target: at most ${MAX_MS} ms and ${MAX_MB} MB\n`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
process.exit(met ? 0 : 1);
