import { describe, it } from "node:test";
import fc from "fast-check";
import { assert, assertEquals } from "@std/assert";
import type { FlvItem } from "./flv_reader.ts";
import { FlvRepair } from "./flv_repair.ts";
import type { FlvGap, FlvPart, FlvRepaired } from "./flv_repaired.ts";
import type { FlvTag, FlvTagType } from "./flv_tag.ts";

const START_AT_MS = 1_700_000_000_000;
const FRAME_MS = 40;
const SOUND_MS = 23;

/** A tag of the live, on the live's own clock. */
interface Frame {
  type: Exclude<FlvTagType, "script">;
  timeMs: number;
  keyframe: boolean;
  payload: Uint8Array;
}

/**
 * Picture frames are all different, but for those of a loop; sound repeats four payloads, as silence does.
 * @param loopFrames after so many frames the same ones come again
 */
function makeLive(lengthMs: number, framesPerKeyframe: number, loopFrames = Infinity): Frame[] {
  const frames: Frame[] = [];
  for (let n = 0; n * FRAME_MS < lengthMs; n++) {
    const keyframe = n % framesPerKeyframe === 0;
    const picture = n % loopFrames;
    const payload = Uint8Array.of(keyframe ? 0x17 : 0x27, 1, 0, 0, 0, picture >> 8, picture & 255);
    frames.push({ type: "video", timeMs: n * FRAME_MS, keyframe, payload });
  }
  for (let n = 0; n * SOUND_MS < lengthMs; n++) {
    frames.push({ type: "audio", timeMs: n * SOUND_MS, keyframe: false, payload: Uint8Array.of(0xaf, 1, n % 4) });
  }
  return frames.sort((a, b) => a.timeMs - b.timeMs || (a.type === "video" ? -1 : 1));
}

const VIDEO_HEADER = Uint8Array.of(0x17, 0, 0, 0, 0, 1, 100);
const AUDIO_HEADER = Uint8Array.of(0xaf, 0, 0x12, 0x10);
const tagItem = (type: FlvTagType, timestampMs: number, payload: Uint8Array): FlvItem => ({
  kind: "tag",
  tag: { type, timestampMs: timestampMs >>> 0, payload },
});
const HEADER_ITEM: FlvItem = { kind: "header", hasAudio: true, hasVideo: true };

interface Out {
  parts: FlvPart[];
  gaps: FlvGap[];
  media: FlvTag[];
  headers: FlvTag[];
}

function collect(out: readonly FlvRepaired[]): Out {
  const tags = out.filter((item) => item.kind === "tag");
  return {
    parts: out.flatMap((item) => item.kind === "part" ? [item.part] : []),
    gaps: out.flatMap((item) => item.kind === "gap" ? [item.gap] : []),
    media: tags.flatMap((item) => item.role === "media" ? [item.tag] : []),
    headers: tags.flatMap((item) => item.role === "header" ? [item.tag] : []),
  };
}

const named = (frame: { type: string; payload: Uint8Array }): string => `${frame.type} ${frame.payload.join(" ")}`;

/** One connection of the stand-in server: where it joins, what clock it stamps, where it breaks. */
interface Connection {
  /** Wall time without a connection before it. */
  outageMs: number;
  /** Tags sent before it breaks. */
  tags: number;
  /** What it adds to the live's clock; `undefined`: as the connection before. */
  clockMs: number | undefined;
  /** Within the connection, after at least so many tags the clock jumps by so much. */
  jump: { afterTags: number; byMs: number } | undefined;
}

/**
 * A server with a GOP cache: each connection begins with headers and the last keyframe, in a burst, and goes on live.
 * @returns what the repair gave out, and the frames that it was given, each once
 */
function play(frames: readonly Frame[], connections: readonly Connection[]): { out: Out; given: Frame[] } {
  const repair = new FlvRepair();
  const out: FlvRepaired[] = [];
  const given = new Set<number>();
  let atMs = START_AT_MS;
  let clockMs = 0;
  for (const connection of connections) {
    atMs += connection.outageMs;
    clockMs = connection.clockMs ?? clockMs;
    const liveMs = atMs - START_AT_MS;
    const joined = frames.findLastIndex((frame) => frame.keyframe && frame.timeMs <= liveMs);
    const start = frames[joined];
    if (start === undefined) break;
    out.push(...repair.push([
      HEADER_ITEM,
      tagItem("video", start.timeMs + clockMs, VIDEO_HEADER),
      tagItem("audio", start.timeMs + clockMs, AUDIO_HEADER),
    ], atMs));
    let jumped = false;
    for (let n = 0; n < connection.tags; n++) {
      const frame = frames[joined + n];
      if (frame === undefined) break;
      const { jump } = connection;
      // Past the cache, and with some picture to follow: sound alone cannot show where it belongs.
      if (!jumped && jump && n >= jump.afterTags && !given.has(joined + n) && n + 10 <= connection.tags) {
        clockMs += jump.byMs;
        jumped = true;
      }
      atMs = Math.max(atMs, START_AT_MS + frame.timeMs);
      given.add(joined + n);
      out.push(...repair.push([tagItem(frame.type, frame.timeMs + clockMs, frame.payload)], atMs));
    }
    out.push(...repair.disconnect("closed", atMs));
  }
  out.push(...repair.finish(atMs));
  return { out: collect(out), given: frames.filter((_, index) => given.has(index)) };
}

function assertClockRuns(media: readonly FlvTag[]): void {
  const last: Record<string, number> = {};
  let end = 0;
  for (const tag of media) {
    const before = last[tag.type] ?? -1;
    assert(tag.timestampMs > before, `${tag.type} at ${tag.timestampMs} after ${before}`);
    assert(tag.timestampMs - end <= 1100, `${tag.type} leaps from ${end} to ${tag.timestampMs}`);
    last[tag.type] = tag.timestampMs;
    end = Math.max(end, tag.timestampMs);
  }
}

/** Media time plus gaps must be the length of the live from the first to the last frame that came. */
function assertLength(out: Out, given: readonly Frame[], toleranceMs: number): void {
  const times = given.map((frame) => frame.timeMs);
  const expected = Math.max(...times) - Math.min(...times);
  const played = Math.max(...out.media.map((tag) => tag.timestampMs));
  const missing = out.gaps.reduce((sum, gap) => sum + gap.missingMs, 0);
  assert(
    Math.abs(played + missing - expected) <= toleranceMs,
    `played ${played} and missing ${missing} are not ${expected}`,
  );
}

const anyConnection: fc.Arbitrary<Connection> = fc.record({
  outageMs: fc.oneof(fc.nat(300), fc.nat(20_000)),
  tags: fc.integer({ min: 1, max: 400 }),
  clockMs: fc.option(fc.integer({ min: 0, max: 0xffffffff }), { nil: undefined }),
  jump: fc.option(
    fc.record({
      afterTags: fc.integer({ min: 1, max: 300 }),
      byMs: fc.oneof(fc.integer({ min: -500_000, max: -1500 }), fc.integer({ min: 2500, max: 500_000 })),
    }, { noNullPrototype: true }),
    { nil: undefined },
  ),
}, { noNullPrototype: true });

const LIVE = makeLive(120_000, 50);

describe("FlvRepair", () => {
  it("gives out each whole tag once and in order, whatever connections and clocks do", () => {
    fc.assert(fc.property(fc.array(anyConnection, { minLength: 1, maxLength: 6 }), (connections) => {
      const { out, given } = play(LIVE, connections);
      assertEquals(out.media.map(named), given.map(named));
      assertClockRuns(out.media);
    }));
  });

  it("tells how much media is missing, on the same clock and on a new one", () => {
    const anyLong = anyConnection.map((connection) => ({
      ...connection,
      tags: 200 + connection.tags,
      jump: undefined,
    }));
    fc.assert(fc.property(fc.array(anyLong, { minLength: 1, maxLength: 4 }), (connections) => {
      const { out, given } = play(LIVE, connections);
      assertLength(out, given, 300 * connections.length);
    }));
  });

  it("keeps each turn of a picture that loops, and tells what is missing of it", () => {
    const anyCut = anyConnection.map((connection) => ({
      ...connection,
      tags: 200 + 4 * connection.tags,
      clockMs: undefined,
      jump: undefined,
    }));
    // Turns of 12 to 40 s.
    const anyLoop = fc.integer({ min: 6, max: 20 }).map((groups) => 50 * groups);
    fc.assert(fc.property(anyLoop, fc.array(anyCut, { minLength: 2, maxLength: 4 }), (loopFrames, connections) => {
      const { out, given } = play(makeLive(180_000, 50, loopFrames), connections);
      assertEquals(out.media.map(named), given.map(named));
      assertClockRuns(out.media);
      assertLength(out, given, 300 * connections.length);
    }));
  });

  const items = (frames: readonly Frame[]): FlvItem[] =>
    frames.map((frame) => tagItem(frame.type, frame.timeMs, frame.payload));
  const HEADERS = [HEADER_ITEM, tagItem("video", 0, VIDEO_HEADER), tagItem("audio", 0, AUDIO_HEADER)];
  const between = (fromMs: number, toMs: number): Frame[] =>
    LIVE.filter((frame) => frame.timeMs >= fromMs && frame.timeMs < toMs);

  it("goes on in the same part when a reconnect repeats all that was missed", () => {
    const repair = new FlvRepair();
    const out = collect([
      ...repair.push([...HEADERS, ...items(between(0, 3000))], START_AT_MS),
      ...repair.disconnect("error", START_AT_MS + 3000),
      ...repair.push([...HEADERS, ...items(between(2000, 5000))], START_AT_MS + 4000),
      ...repair.finish(START_AT_MS + 5000),
    ]);
    assertEquals(out.parts.length, 1);
    assertEquals(out.gaps, []);
    assertEquals(out.headers.length, 2);
    assertEquals(out.media.map((tag) => tag.timestampMs), between(0, 5000).map((frame) => frame.timeMs));
    assertEquals(repair.stats.duplicates, between(2000, 3000).length);
    assertEquals(repair.stats.repeatedHeaders, 2);
  });

  it("opens a part and tells the gap, its place, length and reason, where media is missing", () => {
    const repair = new FlvRepair();
    const out = collect([
      ...between(0, 3000).flatMap((frame, index) =>
        repair.push([...index === 0 ? HEADERS : [], ...items([frame])], START_AT_MS + frame.timeMs)
      ),
      ...repair.disconnect("stalled", START_AT_MS + 18_000),
      ...between(18_000, 22_000).flatMap((frame, index) =>
        repair.push([...index === 0 ? HEADERS : [], ...items([frame])], START_AT_MS + frame.timeMs)
      ),
      ...repair.finish(START_AT_MS + 22_000),
    ]);
    assertEquals(out.parts.map(({ index, reason }) => ({ index, reason })), [
      { index: 0, reason: "start" },
      { index: 1, reason: "gap" },
    ]);
    assertEquals(out.gaps.length, 1);
    const [gap] = out.gaps;
    assertEquals(gap?.reason, "stalled");
    assertEquals(gap?.mediaMs, out.parts[1]?.startMs);
    assert(Math.abs((gap?.missingMs ?? 0) - 15_000) <= 50, `missing ${gap?.missingMs}`);
    assert(Math.abs((gap?.fromMs ?? 0) - START_AT_MS - 3000) <= 50);
    assertEquals((gap?.toMs ?? 0) - (gap?.fromMs ?? 0), gap?.missingMs);
  });

  it("opens a part with the new headers when decoder parameters change, and only then", () => {
    const repair = new FlvRepair();
    const changed = Uint8Array.of(0x17, 0, 0, 0, 0, 1, 77);
    const out = collect([
      ...repair.push([
        ...HEADERS,
        ...items(between(0, 1000)),
        tagItem("video", 1000, VIDEO_HEADER),
        ...items(between(1000, 2000)),
        tagItem("video", 2000, changed),
        ...items(between(2000, 3000)),
      ], START_AT_MS),
      ...repair.finish(START_AT_MS),
    ]);
    assertEquals(out.parts.map(({ reason, startMs }) => ({ reason, startMs })), [
      { reason: "start", startMs: 0 },
      { reason: "parameters", startMs: 2000 },
    ]);
    assertEquals(out.headers.map((tag) => tag.payload), [VIDEO_HEADER, AUDIO_HEADER, changed, AUDIO_HEADER]);
    assertEquals(out.media.length, between(0, 3000).length);
  });

  it("drops tags that a server sends twice within a connection", () => {
    const repair = new FlvRepair();
    const out = collect([
      ...repair.push([...HEADERS, ...items(between(0, 3000)), ...items(between(2500, 3500))], START_AT_MS),
      ...repair.finish(START_AT_MS),
    ]);
    assertEquals(out.media.map(named), between(0, 3500).map(named));
    assertEquals(out.parts.length, 1);
  });

  it("holds media back until the headers of the announced tracks are there, and counts what nothing can decode", () => {
    const repair = new FlvRepair();
    const [first, ...rest] = between(0, 4000);
    assert(first !== undefined);
    const out = collect([
      ...repair.push([HEADER_ITEM, tagItem("video", 0, VIDEO_HEADER), ...items([first, ...rest])], START_AT_MS),
      ...repair.finish(START_AT_MS),
    ]);
    assertEquals(out.parts[0]?.codecs, { video: "avc" });
    assertEquals(new Set(out.media.map((tag) => tag.type)), new Set(["video" as const]));
    assertEquals(repair.stats.undecodable, between(0, 4000).filter((frame) => frame.type === "audio").length);
  });

  it("repairs sound without picture", () => {
    const sound = (fromMs: number, toMs: number): FlvItem[] =>
      Array.from({ length: Math.floor(toMs / SOUND_MS) }, (_, n) => n)
        .filter((n) => n * SOUND_MS >= fromMs)
        .map((n) => tagItem("audio", n * SOUND_MS, Uint8Array.of(0xaf, 1, n >> 8, n & 255)));
    const header: FlvItem[] = [{ kind: "header", hasAudio: true, hasVideo: false }, tagItem("audio", 0, AUDIO_HEADER)];
    const repair = new FlvRepair();
    const out = collect([
      ...repair.push([...header, ...sound(0, 5000)], START_AT_MS),
      ...repair.disconnect("closed", START_AT_MS + 5000),
      ...repair.push([...header, ...sound(4000, 8000)], START_AT_MS + 6000),
      ...repair.finish(START_AT_MS + 8000),
    ]);
    assertEquals(out.media.length, Math.floor(8000 / SOUND_MS));
    assertEquals(out.parts.map((part) => part.codecs), [{ audio: "aac" }]);
  });

  it("passes over the wrap of 32-bit timestamps", () => {
    const repair = new FlvRepair();
    const frames = between(0, 4000);
    const out = collect([
      ...repair.push([
        ...HEADERS,
        ...frames.map((frame) => tagItem(frame.type, frame.timeMs + 2 ** 32 - 2000, frame.payload)),
      ], START_AT_MS),
      ...repair.finish(START_AT_MS),
    ]);
    assertEquals(out.media.map((tag) => tag.timestampMs), frames.map((frame) => frame.timeMs));
    assertEquals(repair.stats.clockJumps, 0);
  });

  it("counts garbage, cut tags and tags without media", () => {
    const repair = new FlvRepair();
    repair.push([
      ...HEADERS,
      { kind: "garbage", bytes: 7 },
      tagItem("video", 0, Uint8Array.of(0x17, 2, 0, 0, 0)),
      { kind: "cut", bytes: 3 },
    ], START_AT_MS);
    repair.finish(START_AT_MS);
    const { garbageBytes, cutTags, empty } = repair.stats;
    assertEquals({ garbageBytes, cutTags, empty }, { garbageBytes: 7, cutTags: 1, empty: 1 });
  });
});
