/**
 * `sdk/api.txt`: the public API of the SDK, door by door, for review. `bun scripts/api.ts` writes it after a wanted
 * change; `--check` fails when it does not match the source.
 * @module
 */
import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { pathToFileURL } from "node:url";
import { apiLines, type DocModule } from "./api_text.ts";
import { deno, ROOT } from "./tools.mjs";

const FILE = join(ROOT, "sdk", "api.txt");

const { name, exports }: { name: string; exports: Record<string, string> } = JSON.parse(
  readFileSync(join(ROOT, "sdk", "package.json"), "utf8"),
);
const doors = Object.entries(exports).map(([door, file]) => ({
  title: join(name, door),
  file: join(ROOT, "sdk", file),
}));
const run = spawnSync(deno(), ["doc", "--json", ...doors.map(({ file }) => file)], {
  cwd: ROOT,
  encoding: "utf8",
  maxBuffer: 256 * 1024 * 1024,
  env: { ...process.env, NO_COLOR: "1" },
});
if (run.status !== 0) throw new Error(`Cannot read the API: ${run.stderr}`);
const { version, nodes }: { version: number; nodes: Record<string, DocModule> } = JSON.parse(run.stdout);
if (version !== 2) throw new Error(`Cannot read the API: deno doc writes format ${version}, not 2`);

const sections = doors.map(({ title, file }) => {
  const module = nodes[pathToFileURL(file).href];
  if (module === undefined) throw new Error(`Cannot read the API: deno doc says nothing of ${title}`);
  return `# ${title}\n${apiLines(module).join("\n")}\n`;
});
const text = `Written by scripts/api.ts: the reviewed public API of ${name}.\n\n${sections.join("\n")}`;

if (!process.argv.includes("--check")) {
  writeFileSync(FILE, text);
} else {
  const committed = readFileSync(FILE, "utf8");
  if (committed !== text) {
    const [before, after] = [committed, text].map((one) => new Set(one.split("\n")));
    const gone = committed.split("\n").filter((line) => !after?.has(line)).map((line) => `- ${line}`);
    const come = text.split("\n").filter((line) => !before?.has(line)).map((line) => `+ ${line}`);
    process.stderr.write(`sdk/api.txt differs; after review: bun scripts/api.ts\n${[...gone, ...come].join("\n")}\n`);
    process.exit(1);
  }
}
