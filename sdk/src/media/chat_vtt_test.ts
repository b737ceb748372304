import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { describe, it } from "node:test";
import { chatCues, mediaClock } from "@roomtone/sdk/media";

describe("chat as subtitles", () => {
  it("mediaClock() never runs backwards, and is within the video", () => {
    const spans = fc.array(fc.record({ gap: fc.nat(20_000), durationMs: fc.integer({ min: 1, max: 10_000 }) }));
    fc.assert(
      fc.property(spans, fc.array(fc.nat(200_000)), (given, moments) => {
        let startAt = 0;
        const segments = given.map(({ gap, durationMs }) => {
          const segment = { startAt: startAt + gap, durationMs };
          startAt += gap + durationMs;
          return segment;
        });
        const clock = mediaClock(segments);
        const total = given.reduce((sum, { durationMs }) => sum + durationMs, 0);
        const times = moments.sort((a, b) => a - b).map(clock);
        assertEquals(times, [...times].sort((a, b) => a - b));
        assert(times.every((each) => each >= 0 && each <= total));
        let mediaMs = 0;
        for (const { startAt, durationMs } of segments) {
          assertEquals(clock(startAt), mediaMs);
          mediaMs += durationMs;
        }
      }),
    );
  });

  it("chatCues() never goes back in time, and passes over what is no line of chat", () => {
    const cue = chatCues((wallMs) => wallMs);
    const said = { type: "chat", text: "a", user: { nickname: "", username: "ann" } };
    assertEquals(cue({ ...said, receivedAt: 3_661_001 }), "01:01:01.001 --> 01:01:06.001\n<v ann>a\n\n");
    assertEquals(cue({ ...said, receivedAt: 5 }), "01:01:01.001 --> 01:01:06.001\n<v ann>a\n\n");
    for (const other of [{ type: "like" }, {}, { ...said, text: 5 }, { ...said, history: true, at: 1 }, said]) {
      assertEquals(cue(other), "");
    }
  });
});
