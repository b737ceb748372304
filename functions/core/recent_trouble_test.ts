import { assertEquals } from "@std/assert";
import { describe, it } from "node:test";
import { CaptureLogger } from "../../tests/fakes/capture_logger.ts";
import { ManualClock } from "../../tests/fakes/manual_clock.ts";
import { RecentTrouble } from "./recent_trouble.ts";

/** The beginning of a minute. */
const T0 = 1_760_000_040_000;

describe("RecentTrouble", () => {
  it("counts warnings and errors by minute and by name, and tells every line on", async () => {
    const clock = new ManualClock(T0);
    const inner = new CaptureLogger();
    const recent = new RecentTrouble(clock);
    const logger = recent.around(inner);
    logger.info("listening");
    logger.warn("claim_failed", { owner: "a" });
    await clock.advance(59_999);
    logger.warn("claim_failed");
    await clock.advance(1);
    logger.error("poll_failed");
    assertEquals(inner.lines.map(({ event }) => event), ["listening", "claim_failed", "claim_failed", "poll_failed"]);
    const { minutes, kinds } = recent.report();
    assertEquals(minutes.length, 15);
    assertEquals(minutes.slice(-2), [{ at: T0, warnings: 2, errors: 0 }, { at: T0 + 60_000, warnings: 0, errors: 1 }]);
    assertEquals(minutes[0], { at: T0 - 13 * 60_000, warnings: 0, errors: 0 });
    assertEquals(kinds, [
      { event: "poll_failed", level: "error", count: 1, lastAt: T0 + 60_000 },
      { event: "claim_failed", level: "warn", count: 2, lastAt: T0 + 59_999 },
    ]);
  });

  it("forgets what is older than its minutes", async () => {
    const clock = new ManualClock(T0);
    const recent = new RecentTrouble(clock);
    recent.around(new CaptureLogger()).warn("claim_failed");
    await clock.advance(14 * 60_000);
    assertEquals(recent.report().minutes[0], { at: T0, warnings: 1, errors: 0 });
    await clock.advance(60_000);
    const { minutes, kinds } = recent.report();
    assertEquals([minutes[0]?.at, kinds, minutes.some(({ warnings }) => warnings > 0)], [T0 + 60_000, [], false]);
  });
});
