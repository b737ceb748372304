/** What is published: the source on JSR's side, `dist/sdk` on npm's. */
import { assertEquals } from "@std/assert";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { buildSdk } from "../../scripts/build_sdk.ts";
import { bun, deno, packageChecker } from "../../scripts/tools.mjs";
import { runProgram } from "./run_program.ts";
import { read, ROOT } from "./source_files.ts";

describe("the published SDK", () => {
  let scratch = "";
  before(() => {
    scratch = mkdtempSync(join(tmpdir(), "roomtone-packages-"));
    buildSdk(join(scratch, "sdk"));
  });
  after(() => rmSync(scratch, { recursive: true, force: true }));

  it("has the same name, version, licence and doors for Deno as for npm", () => {
    const { publish: _publish, ...forDeno } = JSON.parse(read("sdk/deno.json"));
    const { name, version, license, exports } = JSON.parse(read("sdk/package.json"));
    assertEquals(forDeno, { name, version, license, exports });
  });

  it("passes Deno's rules for publishing", async () => {
    const publish = ["publish", "--dry-run", "--allow-dirty", "--quiet"];
    const { code, output } = await runProgram(deno(), publish, { cwd: join(ROOT, "sdk") });
    assertEquals(code, 0, output);
  });

  it("passes publint", async () => {
    const args = [packageChecker("publint"), "run", join(scratch, "sdk"), "--strict", "--pack", "false"];
    const { code, output } = await runProgram(bun(), args);
    assertEquals(code, 0, output);
  });

  it("brings types that every resolution of ES modules finds", async () => {
    const packed = await runProgram(bun(), ["pm", "pack", "--destination", scratch], { cwd: join(scratch, "sdk") });
    assertEquals(packed.code, 0, packed.output);
    const archive = readdirSync(scratch).find((file) => file.endsWith(".tgz")) ?? "";
    const args = [packageChecker("attw"), join(scratch, archive), "--profile", "esm-only", "--format", "ascii"];
    const { code, output } = await runProgram(bun(), args);
    assertEquals(code, 0, output);
  });

  it("has doors whose types fit together", async () => {
    writeFileSync(join(scratch, "package.json"), `{"type":"module"}`);
    writeFileSync(
      join(scratch, "doors.ts"),
      `import { TikTok } from "./sdk/mod.js";
       import { recordFrames, replay } from "./sdk/replay.js";
       import { fetchUpgradeSockets } from "./sdk/workers.js";
       import { eulerSigner } from "./sdk/euler.js";
       import { encodeMessage, FakeClock } from "./sdk/testing.js";
       import { proxied as bunProxied } from "./sdk/bun.js";
       import { proxied as denoProxied } from "./sdk/deno.js";
       import { proxied, type ProxyOptions } from "./sdk/node.js";
       const through: ProxyOptions = { proxy: "http://proxy.example:3128" };
       for (const parts of [proxied(through), bunProxied(through), denoProxied(through)]) new TikTok({ ...parts });
       const clock = new FakeClock();
       const tiktok = new TikTok({ socket: fetchUpgradeSockets(), signer: eulerSigner({}), clock });
       recordFrames(tiktok.live("some.host"));
       replay(encodeMessage("WebcastChatMessage", { content: "hi" }), { clock });\n`,
    );
    const tsc = join(ROOT, "node_modules", "typescript", "bin", "tsc");
    const options = ["--noEmit", "--strict", "--module", "nodenext", "--target", "esnext", "--lib", "esnext,dom"];
    const { code, output } = await runProgram(bun(), [tsc, ...options, "doors.ts"], { cwd: scratch });
    assertEquals([code, output], [0, ""]);
  });
});
