import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { describe, it } from "node:test";
import type { HlsMedia } from "./hls_playlist.ts";
import { HlsTimeline, type TimedSegment } from "./hls_timeline.ts";

const LENGTH_MS = 2_000;
const START_MS = 1_000_000;

/** A window on a live of equal segments. */
function windowOf(first: number, count: number, epoch = "a"): HlsMedia {
  return {
    kind: "media",
    targetMs: LENGTH_MS,
    ended: false,
    unsupported: undefined,
    segments: Array.from({ length: count }, (_, index) => ({
      sequence: first + index,
      url: `https://cdn.example/${epoch}${first + index}.ts?sign=${Math.random()}`,
      durationMs: LENGTH_MS,
      discontinuity: false,
      missing: false,
    })),
  };
}

const numbers = (segments: readonly TimedSegment[]): string =>
  segments.map(({ sequence, broken }) => `${sequence}${broken ? "!" : ""}`).join(" ");

describe("HlsTimeline", () => {
  it("gives out each segment once, and when its media was made", () => {
    const timeline = new HlsTimeline(-Infinity);
    const first = timeline.take(windowOf(10, 3), START_MS);
    assertEquals(numbers(first), "10 11 12");
    assertEquals(first.map(({ fromMs, toMs }) => [fromMs - START_MS, toMs - START_MS]), [
      [-6000, -4000],
      [-4000, -2000],
      [
        -2000,
        0,
      ],
    ]);
    assertEquals(numbers(timeline.take(windowOf(10, 3), START_MS + 500)), "");
    const [next] = timeline.take(windowOf(11, 3), START_MS + 2_700);
    // That the playlist was read late says nothing about when the media was made.
    assertEquals([next?.sequence, next?.fromMs, next?.toMs], [13, START_MS, START_MS + 2_000]);
  });

  it("tells where numbers were jumped over, and gives their time to the gap", () => {
    const timeline = new HlsTimeline(-Infinity);
    timeline.take(windowOf(10, 3), START_MS);
    const after = timeline.take(windowOf(17, 3), START_MS + 14_000);
    assertEquals(numbers(after), "17! 18 19");
    assertEquals(after[0]?.fromMs, START_MS + 8_000);
    // Also where the playlist was read a little late.
    const late = new HlsTimeline(-Infinity);
    late.take(windowOf(10, 3), START_MS);
    const [next] = late.take(windowOf(14, 1), START_MS + 5_000);
    assertEquals([next?.broken, next?.fromMs], [true, START_MS + 2_000]);
  });

  it("passes over segments that the server says are missing", () => {
    const timeline = new HlsTimeline(-Infinity);
    const playlist = windowOf(10, 3);
    const [, second] = playlist.segments;
    if (second !== undefined) second.missing = true;
    assertEquals(numbers(timeline.take(playlist, START_MS)), "10 12!");
  });

  it("ignores an old copy, and follows numbers that begin anew", () => {
    const timeline = new HlsTimeline(-Infinity);
    timeline.take(windowOf(10, 4), START_MS);
    assertEquals(numbers(timeline.take(windowOf(9, 3), START_MS + 500)), "");
    assertEquals(numbers(timeline.take(windowOf(11, 4), START_MS + 2_000)), "14");
    const anew = timeline.take(windowOf(0, 2, "b"), START_MS + 9_000);
    assertEquals(numbers(anew), "0! 1");
    assertEquals(anew[1]?.toMs, START_MS + 9_000);
    assertEquals(numbers(timeline.take(windowOf(1, 2, "b"), START_MS + 11_000)), "2");
  });

  it("leaves out what earlier connections brought, but for a segment's length", () => {
    const timeline = new HlsTimeline(START_MS - 3_000);
    assertEquals(numbers(timeline.take(windowOf(10, 5), START_MS)), "12 13 14");
    // All that is there is old: what comes next is taken up none the less.
    const late = new HlsTimeline(START_MS + 60_000);
    assertEquals(numbers(late.take(windowOf(10, 5), START_MS)), "");
    assertEquals(numbers(late.take(windowOf(11, 5), START_MS + 2_000)), "15");
  });

  it("gives out numbers in order, or anew and says so, and no time to come, whatever windows it sees", () => {
    const step = fc.record({ first: fc.nat(40), count: fc.nat(6), waitMs: fc.nat(8_000) });
    fc.assert(fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
      const timeline = new HlsTimeline(-Infinity);
      let nowMs = START_MS;
      let lastNumber = -1;
      for (const { first, count, waitMs } of steps) {
        nowMs += waitMs;
        for (const { sequence, fromMs, toMs, broken } of timeline.take(windowOf(first, count), nowMs)) {
          assert(toMs <= nowMs && toMs - fromMs === LENGTH_MS, `${fromMs} ${toMs}`);
          assert(lastNumber < 0 || broken || sequence === lastNumber + 1, `${sequence} came after ${lastNumber}`);
          lastNumber = sequence;
        }
      }
    }));
  });

  it("gives out every segment of a live that is read often enough, in order and without a break", () => {
    fc.assert(fc.property(fc.array(fc.integer({ min: 300, max: 4_000 }), { maxLength: 40 }), (waitsMs) => {
      const timeline = new HlsTimeline(-Infinity);
      let nowMs = START_MS;
      const got: TimedSegment[] = [];
      for (const waitMs of [0, ...waitsMs]) {
        nowMs += waitMs;
        got.push(...timeline.take(windowOf(Math.floor((nowMs - START_MS) / LENGTH_MS), 4), nowMs));
      }
      assertEquals(got.map(({ sequence }) => sequence), got.map((_, index) => index));
      got.forEach(({ broken, fromMs }, index) => {
        assertEquals(broken, false);
        if (index > 0) assertEquals(fromMs, got[index - 1]?.toMs);
      });
    }));
  });
});
