import { assertEquals } from "@std/assert";
import { describe, it } from "node:test";
import fc from "fast-check";
import { readSegment, wholeFragments } from "./fmp4.ts";
import { makeFragment, type Packet } from "./fragment.ts";
import { joined } from "./joined.ts";

const anyPackets = (stepMs: number): fc.Arbitrary<Packet[]> =>
  fc.tuple(
    fc.nat(10_000_000),
    fc.array(fc.tuple(fc.uint8Array({ maxLength: 40 }), fc.integer({ min: -80, max: 400 }), fc.boolean()), {
      minLength: 1,
      maxLength: 20,
    }),
  ).map(([startMs, rest]) =>
    rest.map(([data, compositionMs, keyframe], index) => ({
      data,
      decodeMs: startMs + index * stepMs,
      compositionMs,
      durationMs: stepMs,
      keyframe,
    }))
  );

const anyFragment = fc.tuple(anyPackets(40), anyPackets(23)).map(([video, audio]) =>
  makeFragment(1, [{ id: 1, timescale: 16_000, packets: video }, { id: 2, timescale: 44_100, packets: audio }])
);

describe("makeFragment()", () => {
  it("tells the times of each track, and holds all data in order", () => {
    fc.assert(fc.property(anyPackets(40), anyPackets(23), (video, audio) => {
      const bytes = joined(makeFragment(7, [
        { id: 1, timescale: 16_000, packets: video },
        { id: 2, timescale: 44_100, packets: audio },
      ]));
      const spans = readSegment(bytes);
      const ticks = (ms: number, timescale: number) => BigInt(Math.round(ms * timescale / 1000));
      const [first, second] = [video[0]?.decodeMs ?? 0, audio[0]?.decodeMs ?? 0];
      assertEquals(spans?.get(1)?.start, ticks(first, 16_000));
      assertEquals(spans?.get(1)?.end, ticks(first + video.length * 40, 16_000));
      assertEquals(spans?.get(2)?.start, ticks(second, 44_100));
      assertEquals(spans?.get(2)?.end, ticks(second + audio.length * 23, 44_100));
      const data = [...video, ...audio].flatMap((packet) => [...packet.data]);
      assertEquals([...bytes.subarray(bytes.length - data.length)], data);
    }));
  });
});

describe("wholeFragments()", () => {
  it("counts the fragments that a cut left whole, and nothing behind them", () => {
    fc.assert(fc.property(fc.array(anyFragment, { minLength: 1, maxLength: 5 }), fc.nat(), (fragments, cut) => {
      const pieces = fragments.map(joined);
      const all = joined(pieces);
      const length = cut % (all.length + 1);
      const ends = pieces.map((_, index) => joined(pieces.slice(0, index + 1)).length);
      const whole = ends.findLast((end) => end <= length) ?? 0;
      assertEquals(wholeFragments(all.slice(0, length)), whole);
    }));
  });
});
