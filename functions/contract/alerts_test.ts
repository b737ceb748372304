import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { describe, it } from "node:test";
import { AlertsConfig, loadConfig } from "./config.ts";

const load = (alerts: unknown) =>
  loadConfig(AlertsConfig, {
    ROOMTONE_TABLE_NAME: "t",
    ROOMTONE_ALERTS: typeof alerts === "string" ? alerts : JSON.stringify(alerts),
  }).alerts;
const hook = (more: Record<string, unknown> = {}) => ({
  name: "ops",
  url: "https://hooks.example/live?key=hidden",
  secretEnv: "OPS_SECRET",
  ...more,
});

describe("ROOMTONE_ALERTS", () => {
  it("has defaults: nobody is told, of 1000 diamonds, of everything and everybody", () => {
    assertEquals(load(""), { giftDiamonds: 1_000, allowLoopback: false, targets: [] });
    const kinds = ["live_started", "live_ended", "gift_over", "recording_failed"] as const;
    assertEquals(load({ targets: [hook()] }).targets, [{ ...hook(), kinds: [...kinds] }]);
  });

  it("takes webhooks and topics", () => {
    const topic = { name: "topic", topicArn: "arn:aws:sns:eu-west-1:123456789012:lives.fifo" };
    const parameter = { ...hook({ name: "b" }), secretEnv: undefined, secretParameter: "/roomtone/b" };
    const { targets } = load({
      giftDiamonds: 5,
      targets: [hook({ kinds: ["gift_over"], hosts: ["a.b"] }), parameter, topic],
    });
    assertEquals(targets.map(({ name }) => name), ["ops", "b", "topic"]);
  });

  it("takes webhooks on this machine, without TLS too, only where that is allowed", () => {
    const local = hook({ url: "http://127.0.0.1:8080/" });
    assertEquals(load({ allowLoopback: true, targets: [local] }).targets.length, 1);
    assertStringIncludes(String(assertThrows(() => load({ targets: [local] }))), "https://");
  });

  const WRONG: [string, unknown][] = [
    ["no JSON", "{"],
    ["a list", []],
    ["an unknown setting", { gifts: 5 }],
    ["a threshold of nothing", { giftDiamonds: 0 }],
    ["plain HTTP elsewhere", { allowLoopback: true, targets: [hook({ url: "http://hooks.example/" })] }],
    ["another scheme", { targets: [hook({ url: "file:///etc/passwd" })] }],
    ["a user in the URL", { targets: [hook({ url: "https://me:hidden@hooks.example/" })] }],
    ["no URL", { targets: [hook({ url: "hidden" })] }],
    ["no secret", { targets: [hook({ secretEnv: undefined })] }],
    ["two secrets", { targets: [hook({ secretParameter: "/a" })] }],
    ["the secret itself", { targets: [hook({ secret: "hidden" })] }],
    ["an odd name", { targets: [hook({ name: "Ops team" })] }],
    ["the same name twice", { targets: [hook(), hook()] }],
    ["an unknown kind", { targets: [hook({ kinds: ["live"] })] }],
    ["an odd host", { targets: [hook({ hosts: ["@Some.Host"] })] }],
    ["an ARN of something else", { targets: [{ name: "a", topicArn: "arn:aws:sqs:eu-west-1:123456789012:q" }] }],
    ["both a URL and a topic", { targets: [hook({ topicArn: "arn:aws:sns:eu-west-1:123456789012:lives" })] }],
  ];
  for (const [what, alerts] of WRONG) {
    it(`refuses ${what}, and shows nothing of it`, () => {
      const error = assertThrows(() => load(alerts));
      assert(error instanceof TypeError && error.message.includes("ROOMTONE_ALERTS"), String(error));
      assert(!error.message.includes("hidden"), error.message);
    });
  }
});
