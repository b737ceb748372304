import { assertEquals } from "@std/assert";
import { describe, it } from "node:test";
import { Timeline } from "./timeline.ts";

const WALL = 1_700_000_000_000;

describe("the clock of a recording", () => {
  const line = new Timeline([
    { mediaMs: 0, durationMs: 4_000, wallMs: WALL },
    { mediaMs: 4_000, durationMs: 4_100, wallMs: WALL + 4_020 },
    // A minute is missing.
    { mediaMs: 8_100, durationMs: 4_000, wallMs: WALL + 68_100 },
    { mediaMs: 12_100, durationMs: 4_000, wallMs: undefined },
  ]);

  it("places in the player and times of day lead to each other", () => {
    assertEquals(line.durationMs, 16_100);
    assertEquals([0, 5_000, 8_100, 16_000].map((mediaMs) => (line.wallOf(mediaMs) ?? 0) - WALL), [
      ...[0, 5_000, 68_100, 76_000],
    ]);
    assertEquals([0, 5_000, 68_100, 76_000].map((ms) => line.mediaOf(WALL + ms)), [0, 5_000, 8_100, 16_000]);
  });

  it("a time that is missing leads to what comes next, and is listed", () => {
    assertEquals(line.holes, [{ mediaMs: 8_100, fromMs: WALL + 8_100, toMs: WALL + 68_100 }]);
    assertEquals(line.mediaOf(WALL + 30_000), 8_100);
    assertEquals([line.mediaOf(WALL - 5_000), line.mediaOf(WALL + 999_999)], [0, 16_100]);
  });

  it("without video there is no time", () => {
    const none = new Timeline([]);
    assertEquals([none.durationMs, none.wallOf(5), none.mediaOf(WALL)], [0, undefined, 0]);
  });
});
