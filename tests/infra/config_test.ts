import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { describe, it } from "node:test";
import { checkStage, STAGE_NAMES, stageConfig } from "../../infra/config.ts";

const dev = stageConfig("dev");
const fault = (settings: unknown): string => (assertThrows(() => checkStage(settings)) as Error).message;

describe("stageConfig()", () => {
  it("knows its stages", () => {
    assertEquals(STAGE_NAMES, ["dev", "prod"]);
    for (const stage of STAGE_NAMES) assertEquals(stageConfig(stage).stage, stage);
    for (const stage of ["", "toString", "staging"]) {
      const error = assertThrows(() => stageConfig(stage));
      assert(error instanceof RangeError);
      assertStringIncludes(error.message, "must be one of dev, prod");
    }
  });
});

describe("checkStage()", () => {
  it("takes what the presets are", () => assertEquals(checkStage(dev), dev));

  it("names every fault at once", () => {
    const { region: _, ...rest } = dev;
    const message = fault({
      ...rest,
      account: "12345",
      budgetUsd: 0.5,
      extra: 1,
      corsOrigins: ["https://a.example/x"],
    });
    assertEquals(
      message,
      "Cannot use the settings in infra/config.ts: account must be the 12 digits of an AWS account; region is missing; " +
        "budgetUsd must be a whole number; budgetUsd must be at least 1; corsOrigins.0 must be origins, without a path; " +
        "extra is no setting",
    );
  });

  it("wants the right form of account and region", () => {
    for (const account of ["", "1234", "12345678901x", 123_456_789_012]) {
      assertStringIncludes(fault({ ...dev, account }), "account ");
    }
    for (const region of ["", "europe", "us-east", "eu_west_1"]) {
      assertStringIncludes(fault({ ...dev, region }), "region must be a region such as eu-west-1");
    }
    for (const region of ["eu-west-1", "us-gov-west-1", "ap-southeast-2"]) checkStage({ ...dev, region });
  });

  it("refuses schedules under a minute", () => {
    for (const pollMinutes of [0, 0.5, -1]) {
      assertStringIncludes(fault({ ...dev, pollMinutes }), "pollMinutes is under a minute");
    }
    assertStringIncludes(fault({ ...dev, pollMinutes: 1.5 }), "pollMinutes must be a whole number of minutes");
  });

  it("refuses tasks that are too small for their slots, and sizes that Fargate does not have", () => {
    const recorder = (more: object) => fault({ ...dev, recorder: { ...dev.recorder, ...more } });
    assertStringIncludes(recorder({ slots: 200 }), "memoryMiB is too small: 200 slots need at least 6656");
    assertStringIncludes(recorder({ slots: 200 }), "cpu is too small: 200 slots need at least 3200");
    assertStringIncludes(recorder({ cpu: 300 }), "recorder.cpu must be 256, 512, 1024, 2048 or 4096 CPU units");
    assertStringIncludes(recorder({ memoryMiB: 8_192 }), "memoryMiB must be 1024 to 4096 in steps of 1024");
    assertStringIncludes(recorder({ memoryMiB: 1_500 }), "memoryMiB must be 1024 to 4096 in steps of 1024");
    assertStringIncludes(recorder({ diskGiB: 10 }), "recorder.diskGiB must be at least 21");
  });

  it("checks the policies of alerts and retention, which must fit into a function's variables", () => {
    assertStringIncludes(
      fault({ ...dev, retention: { default: { recordingDays: -1 } } }),
      "retention.default.recordingDays",
    );
    assertStringIncludes(
      fault({ ...dev, alerts: { targets: [{ name: "x", url: "http://a.example" }] } }),
      "alerts.targets.0",
    );
    const hosts = Object.fromEntries(Array.from({ length: 200 }, (_, i) => [`host${i}`, { recordingDays: 1 }]));
    assertStringIncludes(fault({ ...dev, retention: { hosts } }), "retention must be at most 2500 characters as JSON");
  });

  it("takes names of secrets, and never a secret", () => {
    const identities = { ...dev.identities, poller: "sessionid=abc" };
    const message = fault({ ...dev, identities });
    assertStringIncludes(message, "identities.poller must be the name of a Systems Manager parameter");
    assert(!message.includes("abc"));
  });
});
