import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { describe, it } from "node:test";
import { readText } from "./text.ts";

const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** Reads `bytes` from the middle of a larger array, so that offsets count. */
function readWithin(bytes: Uint8Array): string {
  const memory = new Uint8Array(bytes.length + 20).fill(0x41);
  memory.set(bytes, 7);
  return readText(memory, 7, 7 + bytes.length);
}

describe("readText()", () => {
  it("reads any text of any length", () => {
    fc.assert(fc.property(fc.string({ unit: "binary", maxLength: 60 }), (text) => {
      const wellFormed = text.toWellFormed();
      assertEquals(readWithin(new TextEncoder().encode(wellFormed)), wellFormed);
    }));
  });

  it("reads broken UTF-8 as the platform does, with U+FFFD", () => {
    const nearlyText = fc.array(
      fc.oneof(
        fc.integer({ min: 0x20, max: 0x7f }),
        fc.integer({ min: 0x80, max: 0xff }),
        fc.constantFrom(0xe0, 0xed, 0xf0, 0xf4),
      ),
      { maxLength: 34 },
    );
    fc.assert(
      fc.property(nearlyText, (numbers) => {
        const bytes = new Uint8Array(numbers);
        assertEquals(readWithin(bytes), decoder.decode(bytes));
      }),
      { numRuns: 2000 },
    );
  });

  it("refuses overlong forms, surrogates and code points that do not exist", () => {
    const forms = [[0xc0, 0x80], [0xc1, 0xbf], [0xe0, 0x80, 0x80], [0xed, 0xa0, 0x80], [0xf0, 0x80, 0x80, 0x80], [
      0xf4,
      0x90,
      0x80,
      0x80,
    ], [0xf5, 0x80, 0x80, 0x80]];
    for (const form of forms) assertEquals(readWithin(new Uint8Array(form)), decoder.decode(new Uint8Array(form)));
  });

  it("keeps a byte order mark, in short text and in long", () => {
    const mark = "\ufeff";
    for (const text of [mark, `${mark}short`, `${mark}${"long ".repeat(20)}`]) {
      assertEquals(readWithin(new TextEncoder().encode(text)), text);
    }
  });
});
