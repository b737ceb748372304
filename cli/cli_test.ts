import { assert, assertEquals } from "@std/assert";
import { readdir, readFile } from "node:fs/promises";
import { describe, it } from "node:test";
import { runCli } from "./cli.ts";
import { COMMANDS } from "./commands.ts";

async function run(argv: string[]) {
  const out: string[] = [];
  const err: string[] = [];
  const code = await runCli(argv, {
    out: (line) => out.push(line),
    err: (line) => err.push(line),
    status: () => undefined,
    env: {},
    signal: new AbortController().signal,
    now: () => 0,
  });
  return { code, out: out.join("\n"), err: err.join("\n") };
}

describe("roomtone --help", () => {
  it("names every command that there is, with the first two lines of its own help", async () => {
    const folder = new URL("./commands/", import.meta.url);
    const files = (await readdir(folder)).filter((file) => file.endsWith(".ts") && !file.endsWith("_test.ts"));
    const text = await Promise.all(files.map((file) => readFile(new URL(file, folder), "utf8")));
    const names = files.filter((_, i) => text[i]?.includes("export const usage"));
    assertEquals(Object.keys(COMMANDS).sort(), names.map((file) => file.slice(0, -".ts".length)).sort());
    const { code, out } = await run(["--help"]);
    assertEquals(code, 0);
    for (const [name, { overview }] of Object.entries(COMMANDS)) {
      const own = await run([name, "--help"]);
      assertEquals([own.code, own.out.split("\n").slice(0, 2).join("\n")], [0, overview], name);
      assert(out.includes(overview), name);
    }
  });

  it("is what a wrong command line is answered with", async () => {
    const { code, err } = await run(["nonsense"]);
    assertEquals([code, err.split("\n")[0]], [2, 'there is no command "nonsense"']);
    assert(err.includes("Exit codes: "));
    assertEquals([(await run([])).code, (await run(["--remote"])).code], [2, 2]);
  });
});
