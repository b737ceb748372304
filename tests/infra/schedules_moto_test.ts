import { assert, assertEquals } from "@std/assert";
import { App } from "aws-cdk-lib";
import { Template } from "aws-cdk-lib/assertions";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { stageConfig } from "../../infra/config.ts";
import { RoomtoneStack } from "../../infra/stacks/roomtone_stack.ts";
import { LAMBDAS } from "../../scripts/build_functions.ts";
import { startMoto } from "../engines/moto.ts";

const { engine, skipped } = await startMoto();

/** A call of EventBridge Scheduler's REST API. */
async function call(method: string, name: string, body?: object): Promise<{ status: number; body: unknown }> {
  const reply = await fetch(`${engine?.endpoint}/schedules/${name}`, {
    method,
    headers: {
      "content-type": "application/json",
      authorization: "AWS4-HMAC-SHA256 Credential=local/20260101/us-east-1/scheduler/aws4_request",
    },
    body: JSON.stringify(body),
  });
  const text = await reply.text();
  return { status: reply.status, body: text === "" ? undefined : JSON.parse(text) };
}

/** The value with made-up ARNs in place of what CloudFormation fills in when it deploys. */
function filledIn(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(filledIn);
  if (typeof value !== "object" || value === null) return value;
  if ("Fn::GetAtt" in value) {
    const [id] = value["Fn::GetAtt"] as string[];
    return `arn:aws:lambda:us-east-1:123456789012:function:${id}`;
  }
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, filledIn(each)]));
}

describe("the schedules of the stack, on moto's Scheduler", () => {
  if (engine === undefined) return it(`SKIPPED: ${skipped}`, { skip: skipped }, () => {});

  let scratch: string;
  let schedules: [string, Record<string, unknown>][];

  before(() => {
    scratch = mkdtempSync(join(tmpdir(), "roomtone-schedules-"));
    const distDir = join(scratch, "dist");
    for (const name of [...LAMBDAS, "recorder_task"]) {
      mkdirSync(join(distDir, name), { recursive: true });
      for (const file of ["index.mjs", "Dockerfile"]) writeFileSync(join(distDir, name, file), "");
    }
    const app = new App({ outdir: join(scratch, "out"), analyticsReporting: false });
    const template = Template.fromStack(new RoomtoneStack(app, "Roomtone", { config: stageConfig("dev"), distDir }));
    schedules = Object.entries(template.findResources("AWS::Scheduler::Schedule")).map(([name, { Properties }]) => [
      name,
      filledIn(Properties) as Record<string, unknown>,
    ]);
  });
  after(async () => {
    rmSync(scratch, { recursive: true });
    await engine.stop();
  });

  it("each one is made, is there as it was declared, and goes", async () => {
    assert(schedules.some(([, { Description }]) => Description === "Checks the watchlist"));
    for (const [name, declared] of schedules) {
      const created = await call("POST", name, declared);
      assertEquals(created.status, 200, JSON.stringify(created.body));
      const { status, body } = await call("GET", name);
      assertEquals(status, 200);
      const found = body as Record<string, unknown>;
      for (const key of Object.keys(declared)) assertEquals(found[key], declared[key], `${name}: ${key}`);
      assertEquals((await call("DELETE", name)).status, 200);
      assertEquals((await call("GET", name)).status, 404);
    }
  });
});
