import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { spawn } from "node:child_process";
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import process from "node:process";
import { after, before, beforeEach, describe, it } from "node:test";
import { bun, ROOT } from "../../scripts/tools.mjs";

interface Run {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** Plays AWS's and the CDK's command lines: writes down how they were called, and answers out of files. */
const FAKE = `#!/usr/bin/env node
const { appendFileSync, readFileSync, existsSync } = require("node:fs");
const { basename, join } = require("node:path");
const args = process.argv.slice(2);
const name = basename(process.argv[1]);
appendFileSync(join(__dirname, "calls"), [name, ...args].join(" ") + "\\n");
if (name === "cdk") process.exit(0);
const file = join(__dirname, args[1] + (args[1] === "get-parameter" ? args[3].replaceAll("/", "_") : ""));
if (existsSync(file)) process.stdout.write(readFileSync(file));
else { process.stderr.write("An error occurred (ParameterNotFound)"); process.exit(254); }
`;

describe("commands", () => {
  let bin: string;
  let api: Server;
  let healthy: boolean;

  before(async () => {
    bin = mkdtempSync(join(tmpdir(), "roomtone-commands-"));
    for (const name of ["aws", "cdk"]) {
      writeFileSync(join(bin, name), FAKE);
      chmodSync(join(bin, name), 0o755);
    }
    api = createServer((request, response) => {
      const path = request.url ?? "";
      const open = path === "/health"
        ? '{"status":"ok"}'
        : path === "/openapi.json"
        ? '{"openapi":"3.1.0"}'
        : undefined;
      const status = !healthy ? 500 : open === undefined ? 401 : 200;
      response.writeHead(status, { "content-type": "application/json" }).end(open ?? "{}");
    });
    await new Promise<void>((resolve) => api.listen(0, "127.0.0.1", resolve));
    const url = `http://127.0.0.1:${(api.address() as AddressInfo).port}`;
    const Outputs = [
      { OutputKey: "Url", OutputValue: url },
      { OutputKey: "TableName", OutputValue: "roomtone-dev" },
    ];
    writeFileSync(join(bin, "get-caller-identity"), JSON.stringify({ Account: "123456789012" }));
    writeFileSync(join(bin, "describe-stacks"), JSON.stringify({ Stacks: [{ Outputs }] }));
    const Value = JSON.stringify({ proxy: "http://me:my-secret@proxy.example:3128" });
    writeFileSync(
      join(bin, "get-parameter_roomtone_dev_poller"),
      JSON.stringify({ Parameter: { Type: "SecureString", Value } }),
    );
  });
  beforeEach(() => {
    healthy = true;
    rmSync(join(bin, "calls"), { force: true });
  });
  after(() => {
    api.close();
    rmSync(bin, { recursive: true });
  });

  const calls = (): string[] => {
    try {
      return readFileSync(join(bin, "calls"), "utf8").trim().split("\n");
    } catch {
      // Nothing was called.
      return [];
    }
  };
  const run = (script: string, args: string[], input = ""): Promise<Run> =>
    new Promise((resolve) => {
      const child = spawn(bun(), [join(ROOT, "scripts", script), ...args], {
        cwd: tmpdir(),
        env: {
          PATH: [bin, dirname(process.execPath), process.env.PATH].join(delimiter),
          ROOMTONE_CDK: join(bin, "cdk"),
        },
        stdio: ["pipe", "pipe", "pipe"],
      });
      let [stdout, stderr] = ["", ""];
      child.stdout.setEncoding("utf8").on("data", (text: string) => stdout += text);
      child.stderr.setEncoding("utf8").on("data", (text: string) => stderr += text);
      child.on("close", (code) => resolve({ code, stdout, stderr }));
      child.stdin.end(input);
    });

  it("deploy --dry-run shows sizes and templates, and looks at no account", async () => {
    const { code, stdout, stderr } = await run("deploy.ts", ["dev", "--dry-run"]);
    assertEquals([code, stderr, calls()], [0, "", []]);
    assert(/dist\/links\/index\.mjs \d+ KB/.test(stdout), stdout);
    assertStringIncludes(stdout, "cdk.out/Roomtone-dev-Watch.template.json");
    assertStringIncludes(stdout, "No account was looked at");
  });

  it("deploy asks after the difference, and does nothing without a yes", async () => {
    const { code, stdout, stderr } = await run("deploy.ts", ["dev"], "no\n");
    assertEquals([code, stderr], [1, "Nothing was deployed\n"]);
    assertStringIncludes(stdout, "Deploy dev into account 123456789012, us-east-1?");
    assertEquals(calls().map((call) => call.split(" ").slice(0, 2).join(" ")), ["aws sts", "cdk diff"]);
  });

  it("deploy looks whether it works, says who each identity is, and how to make the first key", async () => {
    const { code, stdout, stderr } = await run("deploy.ts", ["dev"], "yes\n");
    assertEquals([code, stderr], [0, ""]);
    const [, , deploy = "", outputs = ""] = calls();
    assert(/^cdk deploy --all --require-approval never --app \S+cdk\.out --no-notices/.test(deploy), deploy);
    assertStringIncludes(outputs, "--stack-name Roomtone-dev-Api --region us-east-1");
    assertStringIncludes(stdout, "ok    GET /health: 200");
    assertStringIncludes(stdout, "ok    GET /watchlist without a key: 401");
    assertStringIncludes(stdout, "ok    identity poller (/roomtone/dev/poller): proxy");
    assertStringIncludes(
      stdout,
      "ok    identity recorder (/roomtone/dev/recorder): no such parameter: a guest, no proxy",
    );
    assert(!stdout.includes("my-secret"));
    assertStringIncludes(stdout, "ROOMTONE_TABLE_NAME=roomtone-dev bun run roomtone key create");
  });

  it("deploy fails when what is deployed does not work", async () => {
    healthy = false;
    const { code, stdout, stderr } = await run("deploy.ts", ["dev", "--yes"]);
    assertEquals([code, stderr], [1, "dev is deployed and does not work: see the lines with FAIL\n"]);
    assertStringIncludes(stdout, "FAIL  GET /health: 500");
  });

  it("deploy stops before it builds for prod without an account, without a stage, and for an unknown one", async () => {
    for (
      const [args, said] of [
        [["prod"], "infra/config.ts names no account for it"],
        [[], "usage: bun run deploy STAGE"],
        [["dev", "--force"], "usage: bun run deploy STAGE"],
        [["staging"], "it must be one of dev, prod"],
      ] as const
    ) {
      const { code, stdout, stderr } = await run("deploy.ts", [...args]);
      assertEquals([code, stdout], [1, ""]);
      assertStringIncludes(stderr, said);
    }
    assertEquals(calls(), []);
  });

  it("destroy keeps the data unless told", async () => {
    const kept = await run("destroy.ts", ["dev"], "yes\n");
    assertEquals([kept.code, kept.stderr], [0, ""]);
    assertStringIncludes(kept.stdout, "Roomtone-dev-Data is kept");
    const stacks = (call = "") => call.match(/Roomtone-dev-\w+/g);
    assertEquals(
      stacks(calls().at(-1)),
      ["Watch", "Consumer", "Api", "Poller", "Recorder"].map((p) => `Roomtone-dev-${p}`),
    );
    assertEquals((await run("destroy.ts", ["dev", "--data", "--yes"])).code, 0);
    assertEquals(stacks(calls().at(-1))?.at(-1), "Roomtone-dev-Data");
    const guarded = await run("destroy.ts", ["prod", "--data", "--yes"]);
    assertEquals(guarded.code, 1);
    assertStringIncludes(guarded.stderr, "Cannot delete the data of prod: it is guarded");
  });
});
