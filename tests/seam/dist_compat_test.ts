/** The built compat door, used from a folder outside the clone: the scripts of connector 1.x with only their import changed. */
import { assert, assertEquals } from "@std/assert";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { after, before, describe, it } from "node:test";
import { buildSdk } from "../../scripts/build_sdk.ts";
import { bun, deno, node24, ROOT } from "../../scripts/tools.mjs";
import { runProgram } from "../checks/run_program.ts";
import { startStandin } from "../standin/mod.ts";
import { liveUntilHeard } from "./live_until_heard.ts";

type Standin = Awaited<ReturnType<typeof startStandin>>;

const SEED = join(ROOT, "..", "shared", "seeds", "tiktok_live_connector_1x.md");
const HOST = "officialgeilegisela";

/** The seed's first script, as its page has it: from `require` to the last handler. */
function seedScript(): string {
  const found = /^const \{ WebcastPushConnection \} = require.*?(?=^\/\/ \.\.\.and more)/ms.exec(
    readFileSync(SEED, "utf8"),
  );
  assert(found !== null, "the seed has no script");
  // The translation put blanks into the template literals' `${ }`, which JavaScript does not mind.
  return found[0].replace("'tiktok-live-connector'", "'@roomtone/sdk/compat'");
}

/** The migration page's script. */
function pageScript(): string {
  const page = readFileSync(join(ROOT, "docs", "migrate_from_connector.md"), "utf8");
  const found = /```js\n(.*?)```/s.exec(page);
  assert(found?.[1] !== undefined, "the page has no script");
  return found[1];
}

describe("dist/sdk/compat", () => {
  let scratch = "";
  let standin: Standin;

  before(async () => {
    standin = await startStandin({ media: false });
    scratch = mkdtempSync(join(tmpdir(), "roomtone-compat-"));
    // "@roomtone/sdk/compat" for the scripts: the built files, with the stand-in's addresses for their defaults.
    const folder = join(scratch, "node_modules", "@roomtone", "sdk");
    // In there, since Deno lets a package load only what is in node_modules too.
    buildSdk(join(folder, "built"));
    const dialled = `class extends Plain { constructor(id, options) { ` +
      `super(id, { tiktok: { baseUrls: ${JSON.stringify(standin.baseUrls)} }, ...options }); } }`;
    writeFileSync(
      join(folder, "compat.mjs"),
      `import { WebcastPushConnection as Plain } from "./built/compat.js";\n` +
        `export const WebcastPushConnection = ${dialled};\n`,
    );
    writeFileSync(
      join(folder, "compat.cjs"),
      `const { WebcastPushConnection: Plain } = require("./built/compat.cjs");\n` +
        `exports.WebcastPushConnection = ${dialled};\n`,
    );
    const door = { require: "./compat.cjs", default: "./compat.mjs" };
    writeFileSync(
      join(folder, "package.json"),
      JSON.stringify({ name: "@roomtone/sdk", version: "1.0.0", exports: { "./compat": door } }),
    );
    writeFileSync(join(scratch, "package.json"), JSON.stringify({ dependencies: { "@roomtone/sdk": "1.0.0" } }));
    writeFileSync(join(scratch, "page.mjs"), pageScript());
    if (existsSync(SEED)) writeFileSync(join(scratch, "seed.cjs"), seedScript());
    else if (process.env["CI"] === "true") throw new Error(`There is no ${SEED}`);
  });
  after(async () => {
    await standin.stop();
    rmSync(scratch, { recursive: true, force: true });
  });

  const programs: [string, () => string, string[]][] = [
    ["Deno", deno, ["run", "-A", "--no-prompt"]],
    ["Bun", bun, []],
    ["Node 24", node24, []],
  ];
  for (const [name, program, args] of programs) {
    it(
      `runs the seed's script through require on ${name}`,
      { skip: !existsSync(SEED) && "the seed is not here" },
      async () => {
        const room = standin.room(HOST);
        liveUntilHeard(room, "seed");
        const { code, output } = await runProgram(program(), [...args, "seed.cjs"], { cwd: scratch });
        assertEquals(code, 0, output);
        assert(output.includes(`Connected to roomId ${room.roomId}`), output);
        const lines = output.trim().split("\n");
        assert(lines.filter((line) => /\(userId: ?\d+ ?\) writes: /.test(line)).length >= 50, output);
        assert(lines.some((line) => /\(userId: ?\d+ ?\) sends ?\d+/.test(line)), output);
      },
    );

    it(`runs the migration page's script through import on ${name}`, async () => {
      const room = standin.room("some.host");
      liveUntilHeard(room, "page");
      const { code, output } = await runProgram(program(), [...args, "page.mjs"], { cwd: scratch });
      assertEquals(code, 0, output);
      const lines = output.trim().split("\n");
      assert(lines.includes(`Connected to room ${room.roomId}`), output);
      assert(lines.filter((line) => line.includes(" writes: ")).length >= 50, output);
      assertEquals(lines.at(-1), "The live is over", output);
    });
  }

  it("brings types that tsc accepts for import and for require", async () => {
    const text = (path: string) =>
      `import { WebcastPushConnection } from "${path}";\n` +
      `new WebcastPushConnection("a").on("chat", (data) => { const text: string = data.comment; void text; });\n`;
    writeFileSync(join(scratch, "typed.mts"), text("./node_modules/@roomtone/sdk/built/compat.js"));
    writeFileSync(join(scratch, "typed.cts"), text("./node_modules/@roomtone/sdk/built/compat.cjs"));
    const tsc = join(ROOT, "node_modules", "typescript", "bin", "tsc");
    const options = ["--noEmit", "--strict", "--module", "nodenext", "--target", "esnext", "--lib", "esnext,dom"];
    const typed = await runProgram(process.execPath, [tsc, ...options, "typed.mts", "typed.cts"], { cwd: scratch });
    assertEquals([typed.code, typed.output], [0, ""]);
    writeFileSync(
      join(scratch, "wrong.cts"),
      text("./node_modules/@roomtone/sdk/built/compat.cjs").replace("data.comment", "data.nonsense"),
    );
    const wrong = await runProgram(process.execPath, [tsc, ...options, "wrong.cts"], { cwd: scratch });
    assert(wrong.code !== 0 && wrong.output.includes("nonsense"), wrong.output);
  });
});
