import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { describe, it } from "node:test";
import { envNames, loadConfig, PollerConfig } from "./config.ts";
import { environment } from "./environment.ts";

const required = {
  tableName: "t",
  ecsCluster: "c",
  ecsTaskDefinition: "d",
  ecsSubnets: ["subnet-1", "subnet-2"],
  ecsSecurityGroups: ["sg-1"],
};

describe("environment()", () => {
  it("names every variable of the process, with defaults, and loadConfig() reads the settings back", () => {
    const env = environment(PollerConfig, { ...required, recorderSlots: 25 });
    assertEquals(Object.keys(env).sort(), envNames(PollerConfig).sort());
    assertEquals(env.ROOMTONE_POLL_INTERVAL_MS, "60000");
    assertEquals(env.ROOMTONE_DYNAMODB_URL, "");
    const config = loadConfig(PollerConfig, env);
    assertEquals([config.ecsSubnets, config.recorderSlots], [["subnet-1", "subnet-2"], 25]);
    assertEquals(config.dynamodbUrl, undefined);
  });

  it("names settings that are missing or bad", () => {
    const { tableName: _, ...rest } = required;
    const message = String(assertThrows(() => environment(PollerConfig, { ...rest, maxTasks: 0 })));
    assertStringIncludes(message, "ROOMTONE_TABLE_NAME is missing");
    assertStringIncludes(message, "ROOMTONE_MAX_TASKS must be at least 1");
  });
});
