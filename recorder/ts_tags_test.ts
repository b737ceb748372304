/**
 * MPEG transport streams as ffmpeg writes them, read back into the tags that they were made of.
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { spawnSync } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { before, describe, it } from "node:test";
import type { FlvItem, FlvTag } from "@roomtone/sdk/media";
import { canEncodeHevc, hevcSource } from "../tests/standin/flv_hevc.ts";
import { type FlvSource, MediaLibrary, TAG_AUDIO, TAG_VIDEO } from "../tests/standin/flv_source.ts";
import { SegmentLibrary, tagsBetween } from "../tests/standin/hls_source.ts";
import { readAvcParameters, readHevcParameters } from "./parameter_sets.ts";
import { nalUnits, TsTags } from "./ts_tags.ts";

const ffmpegPath = process.env["ROOMTONE_FFMPEG"];
const noHevc = canEncodeHevc(ffmpegPath ?? "ffmpeg") ? false : "this ffmpeg has no libx265";
const PACKET_BYTES = 188;

const tagsOf = (items: readonly FlvItem[]): FlvTag[] => items.flatMap((item) => item.kind === "tag" ? [item.tag] : []);
const isHeader = ({ payload }: FlvTag): boolean => payload[1] === 0;
const hex = (bytes: Uint8Array): string => [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
const keyOf = (tag: FlvTag): string => `${tag.type} ${hex(tag.payload)}`;

describe("TsTags", () => {
  let source: FlvSource;
  let segments: Uint8Array[];

  before(async () => {
    const options = ffmpegPath === undefined ? {} : { ffmpegPath };
    // The best quality has pictures that are shown later than decoded.
    source = await new MediaLibrary(options).source("origin");
    const library = new SegmentLibrary(options);
    segments = await Promise.all([0, 2000, 4000].map((fromMs) => {
      return library.segment(source, { fromMs, toMs: fromMs + 2000, offsetMs: 0 });
    }));
  });

  const expected = (toMs: number): string[] =>
    tagsBetween(source, 0, toMs).map(({ tag }) => `${tag.type === TAG_VIDEO ? "video" : "audio"} ${hex(tag.payload)}`);

  it("gives the very tags back that a stream was made of, headers first", () => {
    const reader = new TsTags();
    const items = [...segments.flatMap((segment) => reader.push(segment)), ...reader.end()];
    assertEquals(items[0], { kind: "header", hasAudio: true, hasVideo: true });
    const tags = tagsOf(items);
    assertEquals(tags.slice(0, 2).map(isHeader), [true, true]);
    const media = tags.filter((tag) => !isHeader(tag));
    assertEquals(media.map(keyOf).toSorted(), expected(6000).toSorted());
    const header = tags.find((tag) => tag.type === "video");
    const wanted = source.headers.find(({ type }) => type === TAG_VIDEO);
    assertEquals(hex(header?.payload ?? new Uint8Array(0)), hex(wanted?.payload ?? new Uint8Array(0)));
    for (const type of ["audio", "video"] as const) {
      const times = media.filter((tag) => tag.type === type).map(({ timestampMs }) => timestampMs);
      const wantedTimes = tagsBetween(source, 0, 6000)
        .filter(({ tag }) => tag.type === (type === "audio" ? TAG_AUDIO : TAG_VIDEO)).map(({ mediaMs }) => mediaMs);
      const [first = 0] = times;
      const [firstWanted = 0] = wantedTimes;
      times.forEach((timeMs, index) => {
        const offMs = timeMs - first - ((wantedTimes[index] ?? 0) - firstWanted);
        assert(Math.abs(offMs) <= 1, `${type} ${index} is off by ${offMs} ms`);
      });
    }
  });

  it("goes on over the wrap of the clock", async () => {
    const offsetMs = Math.floor(2 ** 33 / 90) - 1_000;
    const library = new SegmentLibrary(ffmpegPath === undefined ? {} : { ffmpegPath });
    const reader = new TsTags();
    const items = reader.push(await library.segment(source, { fromMs: 0, toMs: 2000, offsetMs }));
    const times = tagsOf([...items, ...reader.end()]).filter(({ type }) => type === "video")
      .map(({ timestampMs }) => timestampMs);
    assertEquals(times.length, 51);
    times.slice(2).forEach((timeMs, index) => assertEquals(timeMs - (times[index + 1] ?? 0), 40));
  });

  it("reads H.265", { skip: noHevc }, async () => {
    const ffmpeg = ffmpegPath ?? "ffmpeg";
    const hevc = await hevcSource(ffmpeg, source, "legacy");
    const dir = await mkdtemp(join(tmpdir(), "roomtone-ts-"));
    try {
      const units = hevc.tags.filter(({ type }) => type === TAG_VIDEO).slice(0, 60);
      // The stand-in's muxer left the parameter sets out: they stand in the header.
      const record = hevc.headers.find(({ type }) => type === TAG_VIDEO)?.payload ?? new Uint8Array(0);
      await writeFile(join(dir, "in.h265"), byteStream(record, units.map(({ payload }) => payload)));
      const { status, stderr } = spawnSync(ffmpeg, [
        ...["-v", "error", "-nostdin", "-y", "-r", "25", "-f", "hevc", "-i", "in.h265", "-c", "copy", "-f", "mpegts"],
        "out.ts",
      ], { cwd: dir, encoding: "utf8" });
      assertEquals([status, stderr], [0, ""]);
      const reader = new TsTags();
      const tags = tagsOf([...reader.push(new Uint8Array(await readFile(join(dir, "out.ts")))), ...reader.end()]);
      const [header, ...pictures] = tags;
      const sizeOf = (payload: Uint8Array | undefined) =>
        readHevcParameters((payload ?? new Uint8Array(5)).subarray(5));
      assertEquals(sizeOf(header?.payload), sizeOf(record));
      // What stands before the codec's own bytes tells the same, too.
      assertEquals(pictures.map(({ payload }) => hex(payload)), units.map(({ payload }) => hex(payload)));
    } finally {
      await rm(dir, { recursive: true });
    }
  });

  it("loses no more than what a lost packet belongs to, wherever it is", () => {
    const [first = new Uint8Array(0), second = new Uint8Array(0)] = segments;
    const all = new Set(expected(4000));
    fc.assert(
      fc.property(fc.nat(first.length / PACKET_BYTES - 1), (lost) => {
        const at = lost * PACKET_BYTES;
        const reader = new TsTags();
        const items = [
          ...reader.push(Uint8Array.from([...first.subarray(0, at), ...first.subarray(at + PACKET_BYTES)])),
          ...reader.push(second),
          ...reader.end(),
        ];
        const got = tagsOf(items).filter((tag) => !isHeader(tag)).map(keyOf).filter((key) => all.has(key));
        assertEquals(new Set(got).size, got.length);
        // A packet of sound holds several tags; without the tables nothing can be read until they come again.
        const tables = lost < 3;
        assert(tables || got.length >= all.size - 40, `${got.length} of ${all.size} with packet ${lost} lost`);
      }),
      { numRuns: 25 },
    );
  });

  it("never throws, and tells of all bytes that it does not take, whatever it reads", () => {
    const [segment = new Uint8Array(0)] = segments;
    const spoilt = fc.tuple(fc.nat(segment.length - 1), fc.uint8Array({ minLength: 1, maxLength: 400 }))
      .map(([at, junk]) =>
        Uint8Array.from([...segment.subarray(0, at), ...junk, ...segment.subarray(at, at + 20_000)])
      );
    const packets = fc.array(fc.uint8Array({ minLength: PACKET_BYTES - 1, maxLength: PACKET_BYTES - 1 }), {
      maxLength: 8,
    })
      .map((all) => Uint8Array.from(all.flatMap((bytes) => [0x47, ...bytes])));
    fc.assert(
      fc.property(
        fc.array(fc.oneof(fc.uint8Array({ maxLength: 600 }), packets, spoilt), { maxLength: 3 }),
        (pieces) => {
          const reader = new TsTags();
          const items = [...pieces.flatMap((piece) => reader.push(piece)), ...reader.end()];
          for (const item of items) {
            if (item.kind === "garbage") assert(item.bytes > 0);
            if (item.kind === "tag") assert(item.tag.timestampMs >= 0 && item.tag.timestampMs < 2 ** 32);
          }
        },
      ),
      { numRuns: 40 },
    );
  });

  it("describes pictures as their own record does", () => {
    const reader = new TsTags();
    const header = tagsOf(reader.push(segments[0] ?? new Uint8Array(0))).find(({ type }) => type === "video");
    const { width, height } = readAvcParameters((header?.payload ?? new Uint8Array(5)).subarray(5)) ?? {};
    assertEquals([width, height], [1280, 720]);
  });
});

describe("nalUnits()", () => {
  it("finds units behind short and long start codes, without zeros behind them", () => {
    const units = nalUnits(Uint8Array.of(9, 0, 0, 1, 5, 6, 0, 0, 0, 1, 7, 0, 0, 0, 0, 1, 8));
    assertEquals(units.map((unit) => [...unit]), [[5, 6], [7], [8]]);
    assertEquals(nalUnits(Uint8Array.of(0, 0, 1)), []);
  });

  it("reads back any units that are written by the rules", () => {
    const unit = fc.uint8Array({ minLength: 1, maxLength: 30 }).filter((bytes) =>
      bytes.at(-1) !== 0 && !/00000[0-3]/.test(hex(bytes).replace(/(..)/g, "$1"))
    );
    fc.assert(fc.property(fc.array(fc.tuple(unit, fc.boolean())), (units) => {
      const bytes = Uint8Array.from(units.flatMap(([each, long]) => [...(long ? [0] : []), 0, 0, 1, ...each]));
      assertEquals(nalUnits(bytes).map(hex), units.map(([each]) => hex(each)));
    }));
  });
});

/** A byte stream of pictures with lengths, and of the sets in their record. */
function byteStream(record: Uint8Array, pictures: readonly Uint8Array[]): Uint8Array {
  const out: number[] = [];
  let at = 5 + 23;
  for (let arrays = record[5 + 22] ?? 0; arrays > 0; arrays--) {
    at++;
    let units = ((record[at] ?? 0) << 8) | (record[at + 1] ?? 0);
    for (at += 2; units > 0; units--) {
      const size = ((record[at] ?? 0) << 8) | (record[at + 1] ?? 0);
      out.push(0, 0, 0, 1, ...record.subarray(at + 2, at + 2 + size));
      at += 2 + size;
    }
  }
  for (const payload of pictures) {
    for (let place = 5; place < payload.length;) {
      const size = new DataView(payload.buffer, payload.byteOffset).getUint32(place);
      out.push(0, 0, 0, 1, ...payload.subarray(place + 4, place + 4 + size));
      place += 4 + size;
    }
  }
  return Uint8Array.from(out);
}
