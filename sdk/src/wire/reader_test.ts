import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { describe, it } from "node:test";
import { isLiveError } from "../errors.ts";
import { WireWriter } from "./writer.ts";
import { uint64ToString, WireReader } from "./reader.ts";

/** The bytes of one varint. */
function varint(value: bigint): Uint8Array {
  const writer = new WireWriter();
  writer.varint(1, value);
  return writer.finish().subarray(1);
}

const read = (bytes: number[] | Uint8Array): WireReader => new WireReader(new Uint8Array(bytes));

function assertBroken(run: () => unknown): void {
  const error = assertThrows(run);
  assert(isLiveError(error), String(error));
  assertEquals(error.code, "protocol");
}

/** Reads a whole message field by field, skipping every value, and returns the tags. */
function skipAll(reader: WireReader): number[] {
  const tags: number[] = [];
  while (reader.pos < reader.end) {
    const tag = reader.tag();
    tags.push(tag);
    reader.skip(tag);
  }
  return tags;
}

describe("WireReader", () => {
  it("reads every 64-bit varint exactly, as id and as number", () => {
    fc.assert(fc.property(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), (value) => {
      const bytes = varint(value);
      assertEquals(read(bytes).id(), value.toString());
      assertEquals(read(bytes).int64(), Number(BigInt.asIntN(64, value)));
      assertEquals(read(bytes).uint32(), Number(BigInt.asUintN(32, value)));
      assertEquals(read(bytes).int32(), Number(BigInt.asIntN(32, value)));
      assertEquals(read(bytes).bool(), value !== 0n);
    }));
  });

  it("keeps ids whole around the limits of a double and of 64 bits", () => {
    for (
      const value of [0n, 1n, 2n ** 53n - 1n, 2n ** 53n, 2n ** 53n + 1n, 2n ** 63n - 1n, 2n ** 63n, 2n ** 64n - 1n]
    ) {
      assertEquals(read(varint(value)).id(), value.toString());
    }
    assertEquals(read(varint(7300000000000000001n)).id(), "7300000000000000001");
  });

  it("accepts a varint that is longer than it needs to be, up to 10 bytes", () => {
    assertEquals(read([0x85, 0x80, 0x80, 0x00]).uint32(), 5);
    assertEquals(read([0x85, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x00]).id(), "5");
    assertEquals(read([0x85, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x00]).uint32(), 5);
  });

  it("refuses varints that are cut off or never end", () => {
    const endless = new Array<number>(40).fill(0xff);
    for (const bytes of [[], [0x80], [0xff, 0xff, 0xff], endless]) {
      assertBroken(() => read(bytes).uint32());
      assertBroken(() => read(bytes).int32());
      assertBroken(() => read(bytes).int64());
      assertBroken(() => read(bytes).id());
      assertBroken(() => read(bytes).bool());
      assertBroken(() => read(bytes).tag());
      assertBroken(() => read(bytes).skip(0));
    }
  });

  it("refuses field number 0 and wire types that do not exist", () => {
    assertBroken(() => read([0x02, 0x01, 0x00]).tag());
    for (const wireType of [4, 6, 7]) assertBroken(() => read([1, 2, 3]).skip(8 | wireType));
  });

  it("refuses lengths and fixed values that reach past the end", () => {
    assertBroken(() => read([3, 1, 2]).string());
    assertBroken(() => read([3, 1, 2]).view());
    assertBroken(() => read([3, 1, 2]).enter());
    assertBroken(() => read([3, 1, 2]).skip(2));
    assertBroken(() => read([0xff, 0xff, 0xff, 0xff, 0x0f, 1]).skip(2));
    assertBroken(() => read([1, 2, 3]).skip(5));
    assertBroken(() => read([1, 2, 3, 4, 5, 6, 7]).skip(1));
  });

  it("does not read beyond an embedded message, also where bytes follow", () => {
    // Field 1 holds two bytes, the second of which opens a varint; what follows belongs to the outer message.
    const reader = read([0x0a, 0x02, 0x08, 0x80, 0x01]);
    assertEquals(reader.tag(), 1 << 3 | 2);
    reader.enter();
    assertEquals(reader.tag(), 1 << 3);
    assertBroken(() => reader.uint32());
  });

  it("steps into embedded messages and out again", () => {
    const inner = new WireWriter();
    inner.varint(1, 7n);
    inner.string(2, "text");
    const outer = new WireWriter();
    outer.bytes(1, inner.finish());
    outer.varint(2, 9n);
    const reader = new WireReader(outer.finish());
    assertEquals(reader.tag(), 1 << 3 | 2);
    const seen: number[] = [];
    reader.embedded((tag) => {
      seen.push(tag);
      reader.skip(tag);
    });
    assertEquals(seen, [1 << 3, 2 << 3 | 2]);
    assertEquals(reader.tag(), 2 << 3);
    assertEquals(reader.uint32(), 9);
    assertEquals(reader.pos, reader.end);
  });

  it("skips groups, nested ones too, and refuses broken ones", () => {
    // Group 1 { group 2 { 3: 5 } 4: "a" }, then field 5.
    assertEquals(skipAll(read([0x0b, 0x13, 0x18, 0x05, 0x14, 0x22, 0x01, 0x61, 0x0c, 0x28, 0x01])), [0x0b, 0x28]);
    assertBroken(() => skipAll(read([0x0b, 0x18, 0x05])));
    assertBroken(() => skipAll(read([0x0b, 0x14])));
    assertBroken(() => skipAll(read(new Array<number>(2000).fill(0x0b))));
  });

  it("ends on any bytes, by their end or by an error", () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      try {
        const reader = new WireReader(bytes);
        skipAll(reader);
        assertEquals(reader.pos, bytes.length);
      } catch (error) {
        if (!isLiveError(error)) throw error;
      }
    }));
  });
});

describe("uint64ToString()", () => {
  it("equals BigInt's own digits", () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), (value) => {
        assertEquals(uint64ToString(Number(value >> 32n), Number(value & 0xffffffffn)), value.toString());
      }),
      { numRuns: 2000 },
    );
    // Around the multiples of 10^9, where the double quotient may be one off.
    for (let step = 0n; step < 2000n; step++) {
      for (const near of [-1n, 0n, 1n]) {
        const value = (9223372036n + step * 4611686n) * 1_000_000_000n + near;
        assertEquals(uint64ToString(Number(value >> 32n), Number(value & 0xffffffffn)), value.toString());
      }
    }
  });
});
