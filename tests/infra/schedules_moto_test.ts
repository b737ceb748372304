import { assert, assertEquals } from "@std/assert";
import { after, before, describe, it } from "node:test";
import { startMoto } from "../engines/moto.ts";
import { synthesise } from "./synthesise.ts";

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

  let schedules: [string, Record<string, unknown>][];

  before(() => {
    schedules = Object.entries(synthesise("dev").resources("AWS::Scheduler::Schedule")).map((
      [name, { Properties }],
    ) => [
      name,
      filledIn(Properties) as Record<string, unknown>,
    ]);
  });
  after(() => engine.stop());

  it("each one is made, is there as it was declared, and goes", async () => {
    assert(schedules.some(([, { Description }]) => /of the watchlist$/.test(String(Description))));
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
