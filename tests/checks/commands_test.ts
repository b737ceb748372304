/** Every command of the command line has a test, examples that are right, and its place in the docs. */
import { assert, assertEquals } from "@std/assert";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { after, before, describe, it } from "node:test";
import { COMMANDS } from "../../cli/commands.ts";
import { commandLinePage } from "../../scripts/command_line.ts";
import { runCommandLine } from "../fakes/command_line.ts";
import { read, sourceFiles } from "./source_files.ts";

const NOWHERE = "http://127.0.0.1:1";
/** They start a system of their own: tests of theirs run them. */
const STARTS: ReadonlySet<string> = new Set(["serve", "demo"]);

/** The words of the examples in a command's help. */
function examplesOf(usage: string): string[][] {
  const [, text = ""] = usage.split(/\n {2}Examples?:\n/);
  return text.split("\n").flatMap((line) => {
    const [, words] = /(?:^|\| )\s*roomtone ([^|>]+)/.exec(line) ?? [];
    return words === undefined ? [] : [words.trim().split(/ +/)];
  });
}

describe("every command", () => {
  let dir: string;
  let folder: string;
  before(async () => {
    folder = process.cwd();
    dir = await mkdtemp(join(tmpdir(), "roomtone-examples-"));
    process.chdir(dir);
  });
  after(async () => {
    process.chdir(folder);
    await rm(dir, { recursive: true });
  });

  it("is run by a test, through the command line", () => {
    const tests = sourceFiles(/^(cli|tests)\/.*_test\.ts$/)
      .filter((file) => file !== "tests/checks/commands_test.ts")
      .map(read)
      .filter((text) => /\brunCli\(|\brunCommandLine\(|"cli", "main\.ts"|cli\/main\.ts/.test(text));
    const untested = Object.keys(COMMANDS).filter((name) =>
      // The first of a list of words, or behind the program's file.
      !tests.some((text) => new RegExp(`\\[\\s*"${name}"|main\\.ts"\\), "${name}"|\\bcli\\("${name}"`).test(text))
    );
    assertEquals(untested, []);
  });

  it("takes --json, and shows examples whose options its help explains", async () => {
    for (const [name, { load }] of Object.entries(COMMANDS)) {
      const { usage } = await load();
      assert(/--json\b/.test(usage), `${name} takes no --json`);
      const examples = examplesOf(usage);
      assert(examples.length > 0, `${name} has no example`);
      const [explained = ""] = usage.split(/\n {2}Examples?:\n/);
      for (const [first, ...words] of examples) {
        assertEquals(first, name);
        for (const word of words.filter((each) => each.startsWith("--"))) {
          const option = word.split("=")[0] ?? "";
          assert(explained.includes(option), `${name}: ${option} is not explained`);
        }
      }
    }
  });

  it("has examples that are right command lines", async () => {
    const env = {
      ROOMTONE_DATA_DIR: dir,
      ROOMTONE_TIKTOK_WEB_URL: NOWHERE,
      ROOMTONE_TIKTOK_WEBCAST_URL: NOWHERE,
      ROOMTONE_TIKTOK_SOCKET_URL: NOWHERE.replace("http", "ws"),
    };
    for (const [name, { load }] of Object.entries(COMMANDS)) {
      if (STARTS.has(name)) continue;
      for (const words of examplesOf((await load()).usage)) {
        // Somebody has pressed Ctrl-C before it begins: what is right costs no request.
        const signal = AbortSignal.abort(new Error("Ctrl-C"));
        const { code, err } = await runCommandLine(words, { env, signal, input: "some.host\n" });
        assert(code !== 2, `roomtone ${words.join(" ")}\n${err.join("\n")}`);
      }
    }
  });

  it("is told in docs/command_line.md", async () => {
    const file = join("docs", "command_line.md");
    assert(read(file) === await commandLinePage(), "it is out of date: run bun scripts/command_line.ts");
  });
});
