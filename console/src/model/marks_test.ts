import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { describe, it } from "node:test";
import type { Break } from "./event_log.ts";
import { barOf, type BarOptions } from "./marks.ts";
import { Timeline } from "./timeline.ts";

const T = 1_700_000_000_000;
const HOUR = 3_600_000;
const video = new Timeline([
  { mediaMs: 0, durationMs: 600_000, wallMs: T },
  // Two minutes are missing.
  { mediaMs: 600_000, durationMs: 600_000, wallMs: T + 720_000 },
]);
const none = {
  timeline: video,
  breaks: [],
  parts: [],
  startedAtMs: T,
  firstEventMs: T,
  lastEventMs: T,
  nowMs: undefined,
};
const textsOf = (options: Partial<BarOptions>) =>
  barOf({ ...none, ...options }).marks.map(({ lane, kind, fromMs, toMs, text }) => [
    ...[lane, kind, fromMs - T, toMs - T, text],
  ]);
const hole = ["video", "missing", 600_000, 720_000, "No video for 2:00"];

describe("the bar of a recording's time", () => {
  it("shows missing video as long as it was, which the player's time does not", () => {
    const bar = barOf(none);
    assertEquals([bar.fromMs, bar.toMs], [T, T + 1_320_000]);
    assertEquals(bar.video.map(({ fromMs, toMs }) => [fromMs - T, toMs - T]), [[0, 600_000], [720_000, 1_320_000]]);
    assertEquals(textsOf({}), [hole]);
  });

  it("a picture that is late while the recording runs is a gap that lasts", () => {
    const end = 1_320_000;
    assertEquals(textsOf({ nowMs: T + end + 9_000 }), [hole]);
    // As late as three segments may be; then it is missing.
    assertEquals(textsOf({ nowMs: T + end + 3 * 600_000 + 1 }).at(-1), [
      ...["video", "missing", end, end + 3 * 600_000 + 1, "No video since 20:00; it is waited for"],
    ]);
  });

  it("video that began late, or ended before the events, is missing there", () => {
    const short = new Timeline([{ mediaMs: 0, durationMs: 6_000, wallMs: T + 60_000 }]);
    const options = { timeline: short, lastEventMs: T + 200_000 };
    assertEquals(textsOf(options), [
      ["video", "missing", 0, 60_000, "No video for the first 1:00"],
      ["video", "missing", 66_000, 200_000, "No video from 0:06 to the end, 2:14"],
    ]);
    assertEquals(
      textsOf({ ...options, startedAtMs: T + 50_000, firstEventMs: T + 50_000, lastEventMs: T + 76_000 }),
      [],
    );
  });

  it("a new connection is a sign; what it cost is told once", () => {
    const at = 900_000;
    const gap: Break = { kind: "gap", fromMs: T + at, toMs: T + at + 8_000, reason: "reconnect", dropped: undefined };
    const again: Break = { kind: "reconnect", fromMs: T + at, toMs: T + at + 8_000, reason: "direct" };
    const told = ["events", "missing", at, at + 8_000, "Events may be missing for 0:08: the connection broke"];
    const sign = ["events", "sign", at + 8_000, at + 8_000, "Connected again, direct route"];
    assertEquals(textsOf({ breaks: [gap, again] }), [hole, told, sign]);
    assertEquals(textsOf({ breaks: [again] }), [
      ...[hole, ["events", "missing", at, at + 8_000, "No events for 0:08: there was no connection"], sign],
    ]);
    assertEquals(textsOf({ breaks: [{ ...again, fromMs: T + at + 7_000 }] }), [hole, sign]);
  });

  it("parts, pauses and the end are told", () => {
    const breaks: Break[] = [
      { kind: "paused", fromMs: T + 60_000, toMs: T + 90_000, reason: "" },
      { kind: "ended", fromMs: T + 1_320_000, toMs: T + 1_320_000, reason: "ended" },
    ];
    const parts = [{ part: 1, startedAtMs: T }, { part: 2, startedAtMs: T + 720_000 }];
    assertEquals(textsOf({ breaks, parts }).filter(([lane]) => lane === "whole").map(([, , , , text]) => text), [
      ...["The host paused for 0:30", "Part 2 begins: a recorder took over", "The live ended"],
    ]);
  });

  it("however many there are, marks of a lane do not lie upon each other, and none is lost", () => {
    const times = fc.array(fc.tuple(fc.nat(HOUR), fc.nat(60_000)), { maxLength: 2_000 });
    fc.assert(
      fc.property(times, (times) => {
        const breaks = times.map(([fromMs, lengthMs]): Break => ({
          ...{ kind: "gap", fromMs: T + fromMs, toMs: T + fromMs + lengthMs, reason: "stale" },
        }));
        const { marks } = barOf({ ...none, timeline: new Timeline([]), breaks, lastEventMs: T + 2 * HOUR });
        assert(marks.length <= 151);
        for (const [index, mark] of marks.entries()) assert(index === 0 || mark.fromMs > (marks[index - 1]?.toMs ?? 0));
        for (const { fromMs, toMs = 0 } of breaks) {
          assert(marks.some((mark) => mark.fromMs <= fromMs && mark.toMs >= toMs));
        }
      }),
      { numRuns: 30 },
    );
  });

  it("without anything it is a bar still", () => {
    const bar = barOf({
      ...none,
      timeline: new Timeline([]),
      startedAtMs: undefined,
      firstEventMs: Infinity,
      lastEventMs: 0,
    });
    assertEquals([bar.marks, bar.video, bar.toMs > bar.fromMs], [[], [], true]);
  });
});
