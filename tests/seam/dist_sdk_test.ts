/** The built SDK, used from a folder outside the clone: the README's script, types, size. */
import { assert, assertEquals } from "@std/assert";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { after, before, describe, it } from "node:test";
import { gzipSync } from "node:zlib";
import { buildSdk } from "../../scripts/build_sdk.ts";
import { bun, deno, node24, ROOT } from "../../scripts/tools.mjs";
import { runProgram } from "../checks/run_program.ts";
import { startStandin } from "../standin/mod.ts";
import { liveUntilHeard } from "./live_until_heard.ts";

type Standin = Awaited<ReturnType<typeof startStandin>>;

/** The first TypeScript block of the README. */
function readmeScript(): string {
  const found = /```ts\n(.*?)```/s.exec(readFileSync(join(ROOT, "README.md"), "utf8"));
  assert(found?.[1] !== undefined, "the README has no script");
  return found[1];
}

describe("dist/sdk", () => {
  let scratch = "";
  let standin: Standin;
  let files: string[] = [];

  before(async () => {
    standin = await startStandin({ media: false });
    scratch = mkdtempSync(join(tmpdir(), "roomtone-dist-"));
    files = buildSdk(join(scratch, "sdk"));
    // "@roomtone/sdk" for the script: the built file, with the stand-in's addresses for its defaults.
    writeFileSync(
      join(scratch, "dialled.js"),
      `import { TikTok as Plain } from "./sdk/mod.js";\nexport * from "./sdk/mod.js";\n` +
        `const baseUrls = ${JSON.stringify(standin.baseUrls)};\n` +
        `export class TikTok extends Plain { constructor(options) { super({ baseUrls, ...options }); } }\n`,
    );
    const folder = join(scratch, "node_modules", "@roomtone", "sdk");
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, "package.json"), `{"name":"@roomtone/sdk","type":"module","exports":"./mod.js"}`);
    writeFileSync(join(folder, "mod.js"), `export * from "../../../dialled.js";\n`);
    // What a program installs for the door /node.
    symlinkSync(join(ROOT, "node_modules", "undici"), join(scratch, "node_modules", "undici"), "dir");
    writeFileSync(join(scratch, "import_map.json"), `{"imports":{"@roomtone/sdk":"./dialled.js"}}`);
    writeFileSync(join(scratch, "script.ts"), readmeScript());
    writeFileSync(join(scratch, "typed.ts"), readmeScript().replace("@roomtone/sdk", "./sdk/mod.js"));
  });
  after(async () => {
    await standin.stop();
    rmSync(scratch, { recursive: true, force: true });
  });

  it("is one file of at most 60 KB gzipped, which imports nothing", () => {
    const code = readFileSync(join(scratch, "sdk", "mod.js"));
    const size = gzipSync(code, { level: 9 }).length;
    assert(size <= 60 * 1024, `${size} bytes`);
    assertEquals(code.toString().match(/\b(?:import|export)\b[^;()]{0,200}\bfrom\s*["'][^"']+["']/g), null);
    assert(files.every((file) => existsSync(file)));
    for (const name of ["mod.d.ts", "package.json", "LICENSE"]) {
      assert(files.includes(join(scratch, "sdk", name)), name);
    }
  });

  const runs: [string, () => string, string[]][] = [
    ["Deno with --allow-net alone", deno, [
      "run",
      "--allow-net",
      "--no-prompt",
      "--import-map=import_map.json",
      "script.ts",
    ]],
    ["Bun", bun, ["script.ts"]],
    ["Node 24", node24, ["script.ts"]],
  ];
  for (const [name, program, args] of runs) {
    it(`runs the README's script on ${name}`, async () => {
      const from = standin.requests.length;
      const room = standin.room("some.host");
      liveUntilHeard(room, "readme");
      const { code, output } = await runProgram(program(), args, { cwd: scratch });
      assertEquals(code, 0, output);
      const lines = output.trim().split("\n");
      assertEquals(lines.at(-1), "the live is over", output);
      assert(lines.filter((line) => line.includes(": ")).length >= 50, output);
      const gifts = lines.filter((line) => / sent \d+ x /.test(line));
      assert(gifts.length > 0 && gifts.every((line) => !line.includes(" sent 0 x ")), output);
      const requests = standin.requests.slice(from);
      assertEquals(requests.map((request) => request.userAgents.length), requests.map(() => 1));
    });
  }

  const doors: [string, () => string, string[]][] = [
    ["node", node24, []],
    ["bun", bun, []],
    ["deno", deno, ["run", "--allow-net", "--allow-read", "--allow-env", "--no-prompt"]],
  ];
  for (const [door, program, args] of doors) {
    it(`sends a client's requests to the proxy by the door /${door}`, async () => {
      const seen: string[] = [];
      const proxy = createServer((socket) => {
        socket.on("error", () => undefined);
        socket.once("data", (bytes) => {
          seen.push(bytes.toString("latin1").split("\r\n")[0] ?? "");
          socket.end("HTTP/1.1 502 Bad Gateway\r\n\r\n");
        });
      });
      await new Promise<void>((resolve) => proxy.listen(0, "127.0.0.1", resolve));
      const address = proxy.address();
      const port = typeof address === "object" && address !== null ? address.port : 0;
      writeFileSync(
        join(scratch, `through_${door}.mjs`),
        `import { TikTok } from "./sdk/mod.js";\nimport { proxied } from "./sdk/${door}.js";\n` +
          `const tiktok = new TikTok({ ...proxied({ proxy: "http://127.0.0.1:${port}" }) });\n` +
          `await tiktok.roomStatus("some.host").catch((error) => console.log(error.code));\n`,
      );
      try {
        const { output } = await runProgram(program(), [...args, `through_${door}.mjs`], { cwd: scratch });
        assertEquals([output.trim(), seen[0]], ["network", "CONNECT www.tiktok.com:443 HTTP/1.1"]);
      } finally {
        await new Promise((resolve) => proxy.close(resolve));
      }
    });
  }

  it("brings types that Deno and tsc accept", async () => {
    const checked = await runProgram(deno(), ["check", "--no-config", "typed.ts"], { cwd: scratch });
    assertEquals([checked.code, checked.code === 0 ? "" : checked.output], [0, ""]);
    writeFileSync(
      join(scratch, "wrong.ts"),
      `import { TikTok } from "./sdk/mod.js";\nnew TikTok().live("a").on("chat", (event) => event.nonsense);\n`,
    );
    const wrong = await runProgram(deno(), ["check", "--no-config", "wrong.ts"], { cwd: scratch });
    assert(wrong.code !== 0 && wrong.output.includes("nonsense"), wrong.output);
    const tsc = join(ROOT, "node_modules", "typescript", "bin", "tsc");
    const options = ["--noEmit", "--strict", "--module", "nodenext", "--target", "esnext", "--lib", "esnext,dom"];
    writeFileSync(join(scratch, "package.json"), `{"type":"module"}`);
    const typed = await runProgram(process.execPath, [tsc, ...options, "typed.ts"], { cwd: scratch });
    assertEquals([typed.code, typed.output], [0, ""]);
  });
});
