import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { describe, it } from "node:test";
import { readAacParameters, readAvcParameters, readHevcParameters } from "./parameter_sets.ts";

const bytesOf = (hex: string): Uint8Array => Uint8Array.from(hex.match(/../g) ?? [], (pair) => parseInt(pair, 16));

/** Bits of H.264's and H.265's Exp-Golomb numbers. */
function ue(value: number): string {
  const bits = (value + 1).toString(2);
  return "0".repeat(bits.length - 1) + bits;
}
const u = (count: number, value: number): string => value.toString(2).padStart(count, "0");

/** Packs bits behind `head`, with the bytes that keep start codes out. */
function unit(head: number[], bits: string): Uint8Array {
  const padded = `${bits}1`.padEnd(Math.ceil((bits.length + 1) / 8) * 8, "0");
  const plain = (padded.match(/.{8}/g) ?? []).map((byte) => parseInt(byte, 2));
  const bytes = [...head];
  for (const byte of plain) {
    if (byte <= 3 && bytes.at(-1) === 0 && bytes.at(-2) === 0) bytes.push(3);
    bytes.push(byte);
  }
  return Uint8Array.from(bytes);
}

function avcRecord(sps: Uint8Array): Uint8Array {
  const [, profile = 0, flags = 0, level = 0] = sps;
  return Uint8Array.of(1, profile, flags, level, 0xff, 0xe1, sps.length >> 8, sps.length & 255, ...sps, 1, 0, 0);
}

describe("readAvcParameters()", () => {
  it("reads sizes of every shape", () => {
    const even = fc.integer({ min: 16, max: 2160 }).map((size) => size * 2);
    fc.assert(fc.property(even, even, fc.boolean(), fc.constantFrom(66, 77, 100), (width, height, frames, profile) => {
      const [columns, rows] = [Math.ceil(width / 16), Math.ceil(height / (frames ? 16 : 32))];
      const right = (columns * 16 - width) / 2;
      const bottom = (rows * (frames ? 16 : 32) - height) / (frames ? 2 : 4);
      fc.pre(Number.isInteger(bottom));
      const high = profile === 100 ? ue(1) + ue(0) + ue(0) + u(1, 0) + u(1, 0) : "";
      const bits = u(8, profile) + u(8, 0) + u(8, 31) + ue(0) + high + ue(0) + ue(0) + ue(2) + ue(4) + u(1, 0) +
        ue(columns - 1) + ue(rows - 1) + (frames ? "1" : "00") + "1" +
        (right + bottom > 0 ? "1" + ue(0) + ue(right) + ue(0) + ue(bottom) : "0") + "0";
      const name = `avc1.${profile.toString(16)}001f`;
      assertEquals(readAvcParameters(avcRecord(unit([0x67], bits))), { codec: name, width, height });
    }));
  });

  it("takes nothing that is cut", () => {
    assertEquals(readAvcParameters(new Uint8Array()), undefined);
    assertEquals(readAvcParameters(bytesOf("01640020ffe100056764")), undefined);
    fc.assert(fc.property(fc.uint8Array(), (bytes) => {
      const found = readAvcParameters(bytes);
      assertEquals(found === undefined || found.width > 0, true);
    }));
  });
});

describe("readHevcParameters()", () => {
  const record = (sps: Uint8Array): Uint8Array =>
    Uint8Array.of(
      ...bytesOf("01" + "21" + "60000000" + "900000000000" + "5d" + "f000fcfdf8f800000f"),
      ...[1, 0x21, 0, 1, sps.length >> 8, sps.length & 255, ...sps],
    );

  it("reads size and name", () => {
    for (const subLayers of [0, 2]) {
      const layers = subLayers === 0 ? "" : "1101" + "0".repeat(12) + "1".repeat(88 + 8 + 8);
      const bits = u(4, 0) + u(3, subLayers) + "1" + "0".repeat(96) + layers + ue(0) + ue(1) + ue(1280) + ue(736) +
        "1" +
        ue(0) + ue(0) + ue(0) + ue(8);
      assertEquals(readHevcParameters(record(unit([0x42, 1], bits))), {
        codec: "hvc1.1.6.H93.90",
        width: 1280,
        height: 720,
      });
    }
  });

  it("takes nothing that makes no sense", () => {
    fc.assert(fc.property(fc.uint8Array(), (bytes) => {
      const found = readHevcParameters(bytes);
      assertEquals(found === undefined || found.width > 0, true);
    }));
  });
});

describe("readAacParameters()", () => {
  it("reads rate and channels", () => {
    assertEquals(readAacParameters(bytesOf("1210")), { codec: "mp4a.40.2", sampleRate: 44_100, channels: 2 });
    assertEquals(readAacParameters(bytesOf("1188")), { codec: "mp4a.40.2", sampleRate: 48_000, channels: 1 });
    assertEquals(readAacParameters(bytesOf("fff0")), undefined);
    assertEquals(readAacParameters(bytesOf("12")), undefined);
    assertEquals(readAacParameters(bytesOf("0a10")), undefined);
  });
});
