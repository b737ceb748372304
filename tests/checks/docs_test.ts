/** The public API is documented, its examples and those of the docs type-check, and `sdk/api.txt` lists it. */
import { assert, assertEquals } from "@std/assert";
import { describe, it } from "node:test";
import { bun, deno } from "../../scripts/tools.mjs";
import { runProgram } from "./run_program.ts";
import { read, sourceFiles } from "./source_files.ts";

const doors = Object.values<string>(JSON.parse(read("sdk/package.json")).exports).map((file) => `sdk/${file.slice(2)}`);

/** The wire messages are generated from proto/, which carries what is known of each field. */
const GENERATED = /references private type 'Messages'/;
/** What an example shows need not be used in it: unused imports and variables. */
const UNUSED = ["TS6133", "TS6192", "TS6196", "TS6198"];

/** Blocks that begin with a head such as `error[missing-jsdoc]` or `TS2304 [ERROR]`. */
function blocks(output: string, head: RegExp): string[] {
  const found: string[] = [];
  for (const line of output.split("\n")) {
    if (head.test(line)) found.push(line);
    else if (/^\s+(-->|at) /.test(line) && found.length > 0) found.push(`${found.pop()} ${line.trim()}`);
  }
  return found;
}

describe("the public API", () => {
  it("says of each symbol what it means", async () => {
    const { code, output } = await runProgram(deno(), ["doc", "--lint", ...doors]);
    const faults = blocks(output, /^error\[/);
    assertEquals(code === 0, faults.length === 0, output);
    assertEquals(faults.filter((fault) => !GENERATED.test(fault)), []);
  });

  it("has examples that type-check, in comments and on pages", async () => {
    const pages = sourceFiles(/^(README|docs\/.*)\.md$/).filter((file) => /^```(ts|js)$/m.test(read(file)));
    assert(pages.length >= 5, String(pages));
    const files = sourceFiles(/^sdk\/.*\.ts$/).filter((file) =>
      !file.endsWith("_test.ts") && /^ \* ```ts/m.test(read(file))
    ).concat(pages);
    const { code, output } = await runProgram(deno(), ["check", "--doc-only", ...files]);
    const faults = blocks(output, /^TS\d+ \[ERROR\]/);
    assertEquals(code === 0, faults.length === 0, output);
    assertEquals(faults.filter((fault) => !UNUSED.some((unused) => fault.startsWith(unused))), []);
  });

  it("is what sdk/api.txt lists", async () => {
    const { code, output } = await runProgram(bun(), ["scripts/api.ts", "--check"]);
    assertEquals([code, output], [0, ""]);
  });
});
