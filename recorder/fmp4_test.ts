import { assertEquals } from "@std/assert";
import { describe, it } from "node:test";
import fc from "fast-check";
import { dropEditLists, readInit, readSegment, shiftSegment } from "./fmp4.ts";

const u32 = (...values: number[]): Uint8Array => {
  const bytes = new Uint8Array(values.length * 4);
  values.forEach((value, index) => new DataView(bytes.buffer).setUint32(index * 4, value));
  return bytes;
};
const ascii = (text: string): Uint8Array => new TextEncoder().encode(text);
const join = (...parts: Uint8Array[]): Uint8Array => new Uint8Array(parts.flatMap((part) => [...part]));
const box = (type: string, ...content: Uint8Array[]): Uint8Array => {
  const body = join(...content);
  return join(u32(body.length + 8), ascii(type), body);
};

const trak = (id: number, handler: string, timescale: number): Uint8Array =>
  box(
    "trak",
    box("tkhd", u32(0, 0, 0, id, 0, 0)),
    box("edts", box("elst", u32(0, 1, 80, 0xffffffff, 0x10000))),
    box("mdia", box("mdhd", u32(0, 0, 0, timescale, 0, 0)), box("hdlr", u32(0, 0), ascii(handler))),
  );
const init = (): Uint8Array =>
  join(box("ftyp", ascii("iso5")), box("moov", trak(1, "vide", 16000), trak(2, "soun", 44100)));

/** A fragment whose samples have durations of their own, and one with the track's usual duration. */
const traf = (id: number, time: number, durations: number[]): Uint8Array =>
  box(
    "traf",
    box("tfhd", u32(0x20000, id)),
    box("tfdt", u32(0x1000000, 0, time)),
    box("trun", u32(0x100, durations.length), u32(...durations)),
  );
const segment = (): Uint8Array =>
  join(
    box("sidx", u32(0, 0, 0)),
    box(
      "moof",
      traf(1, 1000, [640, 640, 700]),
      box("traf", box("tfhd", u32(0x20008, 2, 1024)), box("tfdt", u32(0x1000000, 1, 0)), box("trun", u32(0, 4))),
    ),
    box("mdat", u32(1)),
  );

describe("readInit()", () => {
  it("reads the tracks", () => {
    assertEquals(readInit(init()), [
      { id: 1, kind: "video", timescale: 16000 },
      { id: 2, kind: "audio", timescale: 44100 },
    ]);
  });

  it("takes no file that is cut", () => {
    const bytes = init();
    for (let length = 0; length < bytes.length; length++) assertEquals(readInit(bytes.slice(0, length)), undefined);
  });
});

describe("dropEditLists()", () => {
  it("empties the edit lists and leaves the rest", () => {
    const bytes = init();
    dropEditLists(bytes);
    assertEquals(bytes.length, init().length);
    assertEquals(new TextDecoder("latin1").decode(bytes).includes("edts"), false);
    assertEquals(readInit(bytes)?.length, 2);
  });
});

describe("readSegment()", () => {
  it("reads start, last sample and end of each track", () => {
    const second = 2n ** 32n;
    assertEquals([...readSegment(segment()) ?? []], [
      [1, { start: 1000n, last: 2280n, end: 2980n }],
      [2, { start: second, last: second + 3072n, end: second + 4096n }],
    ]);
  });

  it("takes no file that is cut", () => {
    const bytes = segment();
    for (let length = 0; length < bytes.length; length++) assertEquals(readSegment(bytes.slice(0, length)), undefined);
  });

  it("throws on no bytes", () => {
    fc.assert(fc.property(fc.boolean(), fc.uint8Array({ maxLength: 200 }), fc.nat(), (media, noise, at) => {
      const bytes = media ? segment() : init();
      bytes.set(noise.slice(0, bytes.length - (at % bytes.length)), at % bytes.length);
      readSegment(bytes);
      readInit(bytes);
      shiftSegment(bytes, new Map([[1, 5n]]));
    }));
  });
});

describe("shiftSegment()", () => {
  it("moves each track by its own ticks and takes the index out", () => {
    const bytes = segment();
    shiftSegment(bytes, new Map([[1, 16000n], [2, -1n]]));
    const spans = readSegment(bytes);
    assertEquals([spans?.get(1)?.start, spans?.get(2)?.start], [17000n, 2n ** 32n - 1n]);
    assertEquals(new TextDecoder("latin1").decode(bytes).includes("sidx"), false);
  });
});
