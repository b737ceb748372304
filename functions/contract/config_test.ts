import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { describe, it } from "node:test";
import { envName, envNames, loadConfig, LocalConfig, PollerConfig } from "./config.ts";

describe("loadConfig()", () => {
  it("fills in defaults and reads numbers, flags and lists", () => {
    const config = loadConfig(LocalConfig, { ROOMTONE_PORT: "0", ROOMTONE_MP4: "true", ROOMTONE_POLL_JITTER: "0.5" });
    assertEquals(config.port, 0);
    assertEquals([config.mp4, config.engine], [true, "inprocess"]);
    assertEquals(loadConfig(LocalConfig, { ROOMTONE_ENGINE: "ffmpeg" }).engine, "ffmpeg");
    assertEquals([config.minFreeBytes, config.thumbnailEveryMs], [268_435_456, 60_000]);
    assertEquals(loadConfig(LocalConfig, { ROOMTONE_THUMBNAIL_EVERY_MS: "0" }).thumbnailEveryMs, 0);
    assertEquals(loadConfig(LocalConfig, { ROOMTONE_MIN_FREE_BYTES: "0" }).minFreeBytes, 0);
    assertEquals(loadConfig(LocalConfig, { ROOMTONE_SEGMENT_MAX_BYTES: "1048576" }).segmentMaxBytes, 1_048_576);
    assertEquals(config.pollJitter, 0.5);
    assertEquals(config.host, "127.0.0.1");
    assertEquals(config.tiktokWebUrl, "https://www.tiktok.com");
    const poller = loadConfig(PollerConfig, {
      ROOMTONE_TABLE_NAME: "t",
      ROOMTONE_ECS_CLUSTER: "c",
      ROOMTONE_ECS_TASK_DEFINITION: "d",
      ROOMTONE_ECS_SUBNETS: "subnet-1, subnet-2",
      ROOMTONE_ECS_SECURITY_GROUPS: "sg-1",
    });
    assertEquals(poller.ecsSubnets, ["subnet-1", "subnet-2"]);
  });

  it("reads how long recordings are kept", () => {
    assertEquals(loadConfig(LocalConfig, {}).retention, { default: {}, hosts: {} });
    const read = (retention: unknown) => loadConfig(LocalConfig, { ROOMTONE_RETENTION: JSON.stringify(retention) });
    const hosts = { "some.host": { recordingDays: null, eventDays: 0.5 } };
    assertEquals(read({ default: { recordingDays: 90 }, hosts }).retention, { default: { recordingDays: 90 }, hosts });
    assertThrows(() => loadConfig(LocalConfig, { ROOMTONE_RETENTION: "90 days" }));
    const bad = [{ default: { days: 1 } }, { default: { recordingDays: -1 } }, { hosts: { "@Some.Host": {} } }, 7];
    for (const each of bad) assertStringIncludes(String(assertThrows(() => read(each))), "ROOMTONE_RETENTION");
  });

  it("tells what a flag takes", () => {
    const error = assertThrows(() => loadConfig(LocalConfig, { ROOMTONE_SEND_MESSAGES: "1" }));
    assertStringIncludes(String(error), "ROOMTONE_SEND_MESSAGES must be true or false");
  });

  it("lists every bad variable by its name", () => {
    const error = assertThrows(() =>
      loadConfig(PollerConfig, {
        ROOMTONE_POLL_INTERVAL_MS: "soon",
        ROOMTONE_POLL_JITTER: "2",
        ROOMTONE_TIKTOK_WEB_URL: "ftp://x",
        ROOMTONE_ECS_CLUSTER: " ",
      })
    );
    const message = String(error);
    assertStringIncludes(message, "ROOMTONE_POLL_INTERVAL_MS must be a whole number");
    assertStringIncludes(message, "ROOMTONE_POLL_JITTER must be at most 1");
    assertStringIncludes(message, "ROOMTONE_TIKTOK_WEB_URL must be a URL");
    assertStringIncludes(message, "ROOMTONE_ECS_CLUSTER is missing");
    assertStringIncludes(message, "ROOMTONE_TABLE_NAME is missing");
  });
});

describe("envName()", () => {
  it("turns a setting into its variable", () => {
    assertEquals(envName("tableName"), "ROOMTONE_TABLE_NAME");
    assertEquals(envNames(LocalConfig).includes("ROOMTONE_RECORDER_SLOTS"), true);
  });
});
