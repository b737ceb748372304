import { describe, it } from "node:test";
import fc from "fast-check";
import { assert, assertEquals, assertThrows } from "@std/assert";
import { encodeFlvHeader, encodeFlvTag, type FlvTag } from "./flv_tag.ts";
import { type FlvItem, FlvReader } from "./flv_reader.ts";

const HEADER = encodeFlvHeader({ audio: true, video: true });

function concat(...parts: Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

function readAll(bytes: Uint8Array, cuts: readonly number[] = [], maxTagBytes?: number): FlvItem[] {
  const reader = new FlvReader({ maxTagBytes });
  const places = [0, ...cuts.map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
  const items: FlvItem[] = [];
  for (let i = 1; i < places.length; i++) items.push(...reader.push(bytes.slice(places[i - 1], places[i])));
  return [...items, ...reader.end()];
}

const tagsOf = (items: readonly FlvItem[]): FlvTag[] =>
  items.flatMap((item) => item.kind === "tag" ? [{ ...item.tag, payload: Uint8Array.from(item.tag.payload) }] : []);

const anyTag: fc.Arbitrary<FlvTag> = fc.record({
  type: fc.constantFrom("audio" as const, "video" as const, "script" as const),
  timestampMs: fc.nat(0xffffffff),
  payload: fc.uint8Array({ minLength: 0, maxLength: 300 }),
}, { noNullPrototype: true });
const anyTags = fc.array(anyTag, { minLength: 1, maxLength: 30 });
const anyCuts = fc.array(fc.nat(20_000), { maxLength: 40 });
/** Never the start of a tag: no byte of it is 8, 9, 18 or 0x46. */
const anyGarbage = fc.uint8Array({ minLength: 1, maxLength: 200 }).map((bytes) =>
  bytes.map((byte) => [8, 9, 18, 0x46].includes(byte) ? 0xee : byte)
);

describe("FlvReader", () => {
  it("gives back every tag however the bytes are cut into chunks", () => {
    fc.assert(fc.property(anyTags, anyCuts, (tags, cuts) => {
      const items = readAll(concat(HEADER, ...tags.map(encodeFlvTag)), cuts);
      assertEquals(items[0], { kind: "header", hasAudio: true, hasVideo: true });
      assertEquals(tagsOf(items), tags);
      assertEquals(items.length, tags.length + 1);
    }));
  });

  it("gives back every whole tag of a connection that was cut anywhere, and says how much of a tag was lost", () => {
    fc.assert(fc.property(anyTags, fc.nat(20_000), anyCuts, (tags, cut, cuts) => {
      const encoded = tags.map(encodeFlvTag);
      const bytes = concat(HEADER, ...encoded);
      const kept = bytes.slice(0, HEADER.length + cut % (bytes.length - HEADER.length));
      let at = HEADER.length;
      const whole = tags.filter((_, i) => {
        at += encoded[i]?.length ?? 0;
        return at - 4 <= kept.length;
      });
      const items = readAll(kept, cuts);
      assertEquals(tagsOf(items), whole);
      const used = HEADER.length + whole.reduce((sum, tag) => sum + tag.payload.length + 15, 0);
      const lost = items.reduce((sum, item) => item.kind === "cut" ? sum + item.bytes : sum, 0);
      assertEquals(lost, Math.max(0, kept.length - used));
    }));
  });

  it("skips garbage between tags and reports its length", () => {
    fc.assert(fc.property(anyTags, anyTags, anyGarbage, anyCuts, (before, after, garbage, cuts) => {
      const bytes = concat(HEADER, ...before.map(encodeFlvTag), garbage, ...after.map(encodeFlvTag));
      const items = readAll(bytes, cuts);
      assertEquals(tagsOf(items), [...before, ...after]);
      assertEquals(items.filter((item) => item.kind === "garbage"), [{ kind: "garbage", bytes: garbage.length }]);
    }));
  });

  it("finds the stream that was glued behind a cut tag, with its header", () => {
    fc.assert(fc.property(anyTags, anyTag, anyTags, fc.nat(400), anyCuts, (before, torn, after, length, cuts) => {
      const part = encodeFlvTag({ ...torn, payload: new Uint8Array(300).fill(0xaa) }).slice(0, 1 + length % 310);
      const bytes = concat(HEADER, ...before.map(encodeFlvTag), part, HEADER, ...after.map(encodeFlvTag));
      const items = readAll(bytes, cuts);
      assertEquals(tagsOf(items), [...before, ...after]);
      assertEquals(items.filter((item) => item.kind === "header").length, 2);
    }));
  });

  it("believes tags with wrong size fields when a tag follows each", () => {
    const tags: FlvTag[] = [1, 2, 3].map((n) => ({
      type: "audio",
      timestampMs: n,
      payload: new Uint8Array(n * 10).fill(n),
    }));
    const wrong = tags.map((tag) => {
      const bytes = encodeFlvTag(tag);
      bytes.fill(0, bytes.length - 4);
      return bytes;
    });
    assertEquals(tagsOf(readAll(concat(HEADER, ...wrong))), tags);
  });

  it("takes a tag above the limit for garbage and goes on behind it", () => {
    const big: FlvTag = { type: "video", timestampMs: 0, payload: new Uint8Array(2000).fill(0xbb) };
    const small: FlvTag = { type: "audio", timestampMs: 7, payload: Uint8Array.of(0xaf, 1, 2) };
    const items = readAll(concat(HEADER, encodeFlvTag(big), encodeFlvTag(small)), [], 1000);
    assertEquals(tagsOf(items), [small]);
    assert(items.some((item) => item.kind === "garbage" && item.bytes === 2015));
  });

  it("reports bytes that are no FLV at all, and none of them as tags", () => {
    const html = new TextEncoder().encode("<!DOCTYPE html><p>Please wait</p>".repeat(50));
    assertEquals(readAll(html, [10, 500]), [{ kind: "cut", bytes: html.length }]);
  });

  it("survives any bytes, whatever they are", () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 2000 }), anyCuts, (bytes, cuts) => {
      const read = readAll(bytes, cuts).reduce((sum, item) => {
        if (item.kind === "tag") return sum + item.tag.payload.length + 11;
        return item.kind === "header" ? sum + 13 : sum + item.bytes;
      }, 0);
      assert(read <= bytes.length + 51);
    }));
  });

  it("refuses a limit out of range", () => {
    assert(assertThrows(() => new FlvReader({ maxTagBytes: 0 })) instanceof RangeError);
  });
});
