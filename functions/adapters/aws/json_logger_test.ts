import { assertEquals } from "@std/assert";
import { describe, it } from "node:test";
import { jsonLogger } from "./json_logger.ts";

describe("jsonLogger()", () => {
  it("says in each line what it is about, unless the line itself does", () => {
    const lines: string[] = [];
    let calls = 0;
    const about = () => ({ functionName: "poller", traceId: `Root=${++calls}` });
    const logger = jsonLogger((line) => lines.push(line), { now: () => 0 }, about);
    logger.info("first");
    logger.warn("second", { traceId: "the caller's" });
    assertEquals(lines.map((line) => JSON.parse(line)).map(({ functionName, traceId }) => [functionName, traceId]), [
      ["poller", "Root=1"],
      ["poller", "the caller's"],
    ]);
  });

  it("writes one JSON object a line, without secrets", () => {
    const lines: string[] = [];
    const logger = jsonLogger((line) => lines.push(line), { now: () => 1_760_000_000_000 });
    logger.info("started", { roomId: "7300000000000000001", cookie: "ttwid=1" });
    logger.error("failed", { error: new TypeError("line 1\nline 2"), event: "hidden by the line's own" });
    assertEquals(lines.map((line) => JSON.parse(line)), [
      {
        ...{ time: "2025-10-09T08:53:20.000Z", level: "info", event: "started" },
        ...{ roomId: "7300000000000000001", cookie: "[redacted]" },
      },
      {
        ...{ time: "2025-10-09T08:53:20.000Z", level: "error", event: "failed" },
        error: { name: "TypeError", message: "line 1\nline 2" },
      },
    ]);
    assertEquals(lines.some((line) => line.includes("\n")), false);
  });
});
