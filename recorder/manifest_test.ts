import { assertEquals } from "@std/assert";
import { describe, it } from "node:test";
import fc from "fast-check";
import { type JournalLine, parseJsonLines, type StartLine } from "./journal.ts";
import { manifestOf, stateOf } from "./manifest.ts";

const START: StartLine = {
  type: "start",
  version: 1,
  host: { username: "some.host" },
  roomId: "7300000000000000001",
  title: "Title",
  startedAt: 1000,
  segmentMs: 6000,
};
const SEGMENT = {
  index: 0,
  part: 0,
  uri: "a.m4s",
  startMs: 0,
  startAt: 1000,
  durationMs: 6000,
  bytes: 10,
  sha256: "ab",
};
const LINES: JournalLine[] = [
  START,
  {
    type: "part",
    index: 0,
    init: "i0.mp4",
    reason: "start",
    startMs: 0,
    codecs: { video: "avc" },
    engine: "ffmpeg",
    at: 1000,
  },
  { type: "track", part: 0, track: "video", startMs: 40 },
  { type: "segment", source: "0000_000000.m4s", ...SEGMENT },
  { type: "segment", source: "0000_000001.m4s", ...SEGMENT, index: 1, uri: "b.m4s", startMs: 6000, bytes: 20 },
  { type: "thumbnail", uri: "t.jpg", segment: 0, mediaMs: 0, at: 1000, bytes: 5 },
  { type: "gap", mediaMs: 12000, fromMs: 13000, toMs: 16000, missingMs: 3000, reason: "stalled" },
  {
    type: "part",
    index: 1,
    init: "i1.mp4",
    reason: "gap",
    startMs: 12000,
    codecs: { video: "avc" },
    engine: "ffmpeg",
    at: 16000,
  },
  { type: "problem", half: "events", at: 5000, code: "network", detail: "gone" },
  { type: "dropped", index: 0 },
];

describe("stateOf()", () => {
  it("tells what the lines say", () => {
    const state = stateOf(LINES);
    assertEquals(state?.segments.map(({ index }) => index), [1]);
    assertEquals(state?.parts[0]?.tracks, { video: 40 });
    assertEquals([...state?.sources.keys() ?? []], ["0000_000000.m4s", "0000_000001.m4s"]);
    assertEquals(state?.end, undefined);
  });

  it("knows no recording without its first line", () => {
    assertEquals(stateOf([]), undefined);
    assertEquals(stateOf(LINES.slice(1)), undefined);
  });
});

describe("manifestOf()", () => {
  it("sums up, and leaves out parts without a segment", () => {
    const state = stateOf(LINES);
    if (state === undefined) throw new Error("there is no state");
    const manifest = manifestOf(state, {
      end: { kind: "ended", retryable: false },
      endedAt: 20_000,
      recovered: false,
      eventsByType: { chat: 3, gift: 1 },
    });
    assertEquals(manifest.totals, {
      durationMs: 6000,
      bytes: 20,
      segments: 1,
      missingMs: 3000,
      events: 4,
      eventsByType: { chat: 3, gift: 1 },
    });
    assertEquals(manifest.parts, [
      { index: 0, init: "i0.mp4", reason: "start", startMs: 0, codecs: { video: "avc" }, engine: "ffmpeg" },
    ]);
    assertEquals(manifest.thumbnails, [{ uri: "t.jpg", segment: 0, mediaMs: 0, at: 1000, bytes: 5 }]);
    assertEquals([manifest.segments.length, manifest.gaps.length, manifest.problems.length], [1, 1, 1]);
  });
});

describe("parseJsonLines()", () => {
  const bytes = new TextEncoder().encode(LINES.map((line) => `${JSON.stringify(line)}\n`).join(""));

  it("reads whole lines, wherever the file is cut", () => {
    fc.assert(fc.property(fc.nat(bytes.length), (length) => {
      const { values, soundBytes } = parseJsonLines(bytes.slice(0, length));
      assertEquals(values, LINES.slice(0, values.length));
      assertEquals(parseJsonLines(bytes.slice(0, soundBytes)).values, values);
    }));
    assertEquals(parseJsonLines(bytes), { values: LINES, soundBytes: bytes.length });
  });

  it("stops at bytes that are no text", () => {
    const spoilt = new Uint8Array([...bytes, 0x22, 0xff, 0x22, 10]);
    assertEquals(parseJsonLines(spoilt).soundBytes, bytes.length);
  });
});
