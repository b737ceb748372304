/**
 * What can be known without running the product: types, format, lint, generated code up to date.
 * @module
 */
import { assertEquals } from "@std/assert";
import { describe, it } from "node:test";
import { join } from "node:path";
import { bun, deno } from "../../scripts/tools.mjs";
import { runProgram } from "./run_program.ts";
import { ROOT, sourceFiles } from "./source_files.ts";

const TSC = join(ROOT, "node_modules", "typescript", "bin", "tsc");

async function passes(program: string, args: string[]): Promise<void> {
  const { code, output } = await runProgram(program, args);
  assertEquals({ code, output: code === 0 ? "" : output }, { code: 0, output: "" });
}

describe("the source", () => {
  it("type-checks", () => passes(bun(), [TSC, "-p", "tsconfig.json"]));
  it("is formatted", () => passes(deno(), ["fmt", "--check", "--quiet", ...sourceFiles(/\.ts$/).filter(handWritten)]));
  it("passes the linter", () => passes(deno(), ["lint", "--quiet", ...sourceFiles(/\.ts$/).filter(handWritten)]));
  it("has its generated code up to date", () => passes(bun(), ["proto/codegen.ts", "--check"]));
});

function handWritten(file: string): boolean {
  return !file.startsWith("sdk/src/gen/");
}
