/**
 * `sdk/api.txt`: the public API of the SDK, door by door, for review. `bun scripts/api.ts` writes it after a wanted
 * change; `--check` fails when it does not match the source.
 * @module
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { apiLines } from "./api_text.ts";
import { docsOf, doorsOf } from "./deno_doc.ts";
import { ROOT } from "./tools.mjs";

const FILE = join(ROOT, "sdk", "api.txt");

const doors = doorsOf("sdk");
const modules = docsOf(doors.map(({ file }) => file));
const sections = modules.map((module, index) => `# ${doors[index]?.title}\n${apiLines(module).join("\n")}\n`);
const text = `Written by scripts/api.ts: the reviewed public API of ${doors[0]?.title}.\n\n${sections.join("\n")}`;

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
