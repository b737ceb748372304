import { assertEquals } from "@std/assert";
import { describe, it } from "node:test";
import { readClipMs } from "@roomtone/functions/client";
import { placeText, readClip } from "./clip_times.ts";

describe("times of a clip", () => {
  it("are read as people type them, and written so that they are read again", () => {
    const places = ["90", "1:30", "1:02:03.5", " 0:07.25 ", "", "1:", "x", "-1", "1:2:3:4"].map(readClipMs);
    assertEquals(places, [90_000, 90_000, 3_723_500, 7_250, ...Array(5).fill(undefined)]);
    assertEquals([0, 7_250, 90_400, 3_723_500].map(placeText), ["0:00", "0:07.2", "1:30.4", "1:02:03.5"]);
    assertEquals(readClipMs(placeText(3_723_500)), 3_723_500);
  });

  it("make a clip of up to ten minutes", () => {
    assertEquals(readClip("1:30", "2:15"), { fromMs: 90_000, toMs: 135_000 });
    assertEquals(readClip("0", "10:00"), { fromMs: 0, toMs: 600_000 });
    for (const [from, to] of [["", "5"], ["5", ""], ["5", "5"], ["6", "5"], ["0", "10:01"]] as const) {
      assertEquals(Object.keys(readClip(from, to)), ["wrong"], `${from} to ${to}`);
    }
  });
});
