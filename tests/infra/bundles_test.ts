import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { Buffer } from "node:buffer";
import { execFile } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { gunzipSync } from "node:zlib";
import { buildFunctions, LAMBDAS } from "../../scripts/build_functions.ts";
import { node24, ROOT } from "../../scripts/tools.mjs";
import { apiGatewayEvent } from "../fakes/lambda_events.ts";

interface Run {
  code: number;
  stdout: string;
  stderr: string;
}

/** Runs Node 24, as Lambda and the image do, with these variables and no others. */
function node(args: string[], cwd: string, env: Record<string, string>): Promise<Run> {
  return new Promise((resolve) => {
    execFile(node24(), args, { cwd, env, encoding: "utf8" }, (error, stdout, stderr) => {
      resolve({ code: typeof error?.code === "number" ? error.code : error === null ? 0 : -1, stdout, stderr });
    });
  });
}

const lambdaEnv = {
  AWS_REGION: "local",
  AWS_ACCESS_KEY_ID: "local",
  AWS_SECRET_ACCESS_KEY: "local",
  ROOMTONE_TABLE_NAME: "t",
  ROOMTONE_BUCKET_NAME: "b",
  ROOMTONE_ECS_CLUSTER: "c",
  ROOMTONE_ECS_TASK_DEFINITION: "d",
  ROOMTONE_ECS_SUBNETS: "s",
  ROOMTONE_ECS_SECURITY_GROUPS: "g",
};

describe("bundles", () => {
  /** Below the clone, so that the AWS SDK is found, which Lambda has at hand for its functions. */
  let dist: string;
  let elsewhere: string;

  before(() => {
    mkdirSync(join(ROOT, "dist"), { recursive: true });
    dist = mkdtempSync(join(ROOT, "dist", "test-"));
    elsewhere = mkdtempSync(join(tmpdir(), "roomtone-bundle-"));
    buildFunctions(dist);
  });
  after(() => {
    for (const folder of [dist, elsewhere]) rmSync(folder, { recursive: true, force: true });
  });

  /** Calls the handler of a bundle in a process of its own. */
  const call = (name: string, event: unknown, env: Record<string, string> = lambdaEnv): Promise<Run> => {
    const script = `
      const { handler } = await import(${JSON.stringify(join(dist, name, "index.mjs"))});
      console.log(JSON.stringify(await handler(${JSON.stringify(event)}, {})));
    `;
    return node(["--input-type=module", "-e", script], dist, env);
  };
  const answerOf = ({ stdout }: Run) => JSON.parse(stdout.trim().split("\n").at(-1) ?? "") as Record<string, unknown>;

  it("hold at most 300 KB of code each, one file with its source map beside it", () => {
    for (const name of LAMBDAS) {
      const data = name === "system" ? ["console", "openapi.json"] : [];
      assertEquals(readdirSync(join(dist, name)).sort(), [...data, "index.mjs", "index.mjs.map"].sort());
      const code = readFileSync(join(dist, name, "index.mjs"));
      assert(code.length <= 300_000, `${name} has ${code.length} bytes`);
      assert(code.includes("//# sourceMappingURL=index.mjs.map"), name);
      const { sources } = JSON.parse(readFileSync(join(dist, name, "index.mjs.map"), "utf8")) as { sources: string[] };
      assert(sources.some((source) => source.endsWith(`/${name}.lambda.ts`)), name);
    }
  });

  it("hold the engine that listens to lives in the recorder's and the canary's only", () => {
    const listens = (name: string) => readFileSync(join(dist, name, "index.mjs"), "utf8").includes("im_enter_room");
    assertEquals(["recorder_task", ...LAMBDAS].filter(listens), ["recorder_task", "canary"]);
  });

  it("load the client of the table when they start, and others when they need them", () => {
    for (const name of LAMBDAS) {
      const code = readFileSync(join(dist, name, "index.mjs"), "utf8");
      const loaded = [...code.matchAll(/\bfrom\s*"(@aws-sdk\/[\w-]+)"/g)].map(([, specifier]) => specifier);
      assertEquals([...new Set(loaded)].sort(), ["@aws-sdk/client-dynamodb", "@aws-sdk/util-dynamodb"], name);
    }
  });

  it("answer API Gateway events on Node 24", async () => {
    for (
      const [name, target, status] of [
        ["links", "/api/links", 401],
        ["user_info", "/tiktok/user-info", 401],
        ["followings", "/tiktok/user-followings?secUid=MS4wLjABAAAA", 401],
        ["system", "/watchlist/no%2Fname", 401],
      ] as const
    ) {
      const run = await call(name, apiGatewayEvent("GET", target));
      assertEquals(run.stderr, "", name);
      assertEquals(answerOf(run).statusCode, status, name);
    }
  });

  it("describe the API from the file beside the bundle", async () => {
    const { statusCode, body } = answerOf(await call("system", apiGatewayEvent("GET", "/openapi.json")));
    assertEquals(statusCode, 200);
    assertEquals(Object.keys(JSON.parse(String(body)).paths).includes("/recordings"), true);
  });

  it("serve the console from the files beside the bundle, packed, to browsers", async () => {
    const files = readdirSync(join(dist, "system", "console"), { recursive: true, withFileTypes: true });
    const bytes = files.filter((file) => file.isFile()).map(({ parentPath, name }) =>
      statSync(join(parentPath, name)).size
    );
    // Files of the page are no code of the function's: it reads one when somebody asks for it.
    assert(bytes.length > 2 && bytes.reduce((sum, size) => sum + size, 0) <= 1_500_000, `${bytes.join(" ")} bytes`);
    const browser = { accept: "text/html,*/*;q=0.8", "accept-encoding": "gzip, deflate, br" };
    const page = answerOf(await call("system", apiGatewayEvent("GET", "/", browser)));
    const headers = page.headers as Record<string, string>;
    assertEquals([page.statusCode, page.isBase64Encoded, headers["content-encoding"]], [200, true, "gzip"]);
    assertMatch(headers["content-security-policy"] ?? "", /media-src 'self' blob: https:\/\/[\w.-]+\.amazonaws\.com;/);
    const html = gunzipSync(Buffer.from(String(page.body), "base64")).toString();
    const [script = ""] = html.match(/\/console\/assets\/[\w.-]+\.js/) ?? [];
    const asset = answerOf(await call("system", apiGatewayEvent("GET", script, browser)));
    const about = asset.headers as Record<string, string>;
    assertEquals([asset.statusCode, about["content-type"]], [200, "text/javascript; charset=utf-8"]);
    assertStringIncludes(about["cache-control"] ?? "", "immutable");
    assert(gunzipSync(Buffer.from(String(asset.body), "base64")).length > 1_000);
    assertEquals(
      answerOf(await call("system", apiGatewayEvent("GET", "/console/..%2findex.mjs", browser))).statusCode,
      404,
    );
  });

  it("take a stream event on Node 24", async () => {
    assertEquals(answerOf(await call("consumer", { Records: [] })), { batchItemFailures: [] });
  });

  it("name the settings that are missing", async () => {
    const { code, stderr } = await call("poller", {}, {});
    assertEquals(code, 1);
    assertStringIncludes(stderr, "ROOMTONE_ECS_CLUSTER is missing");
    assertStringIncludes(stderr, "ROOMTONE_TABLE_NAME is missing");
  });

  it("of the recorder task needs nothing beside it, and its image holds it", async () => {
    const { code, stderr } = await node([join(dist, "recorder_task", "index.mjs")], elsewhere, {});
    assertEquals(code, 1);
    assertStringIncludes(stderr, "ROOMTONE_TABLE_NAME is missing");
    assertEquals(existsSync(join(dist, "recorder_task", "Dockerfile")), true);
  });
});
