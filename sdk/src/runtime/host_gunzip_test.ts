import { assert, assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { describe, it } from "node:test";
import { gzipSync } from "node:zlib";
import { isLiveError } from "../errors.ts";
import { streamGunzip } from "../wire/gunzip.ts";
import { hostGunzip } from "./host_gunzip.ts";

const gunzip = hostGunzip(globalThis);
const gzip = (bytes: Uint8Array) => new Uint8Array(gzipSync(bytes));

/** Bytes that gzip cannot make smaller: from a small generator, always the same. */
function noise(length: number): Uint8Array {
  let state = 1;
  return new Uint8Array(length).map(() => (state = (state * 48271) % 2147483647) >>> 8);
}

function plain(unpacked: unknown): Uint8Array {
  assert(unpacked instanceof Uint8Array, "it is done at once");
  return new Uint8Array(unpacked);
}

function assertRefused(bytes: Uint8Array, maxBytes: number, message: RegExp): void {
  const error = assertThrows(() => gunzip(bytes, maxBytes));
  assert(isLiveError(error), String(error));
  assertEquals(error.code, "protocol");
  assert(message.test(error.message), error.message);
}

describe("hostGunzip()", () => {
  it("unpacks at once what was packed", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 3000 }), (bytes) => {
        assertEquals(plain(gunzip(gzip(bytes), 3000)), new Uint8Array(bytes));
        // A short file under a large bound may take another way.
        assertEquals(plain(gunzip(gzip(bytes), 2 ** 24)), new Uint8Array(bytes));
      }),
      { numRuns: 100 },
    );
    const large = noise(300_000);
    assertEquals(plain(gunzip(gzip(large), 300_000)), large);
  });

  it("unpacks a view in the middle of a larger array", () => {
    const packed = gzip(new Uint8Array([1, 2, 3]));
    const memory = new Uint8Array(packed.length + 20);
    memory.set(packed, 10);
    assertEquals(plain(gunzip(memory.subarray(10, 10 + packed.length), 10)), new Uint8Array([1, 2, 3]));
  });

  it("accepts exactly maxBytes and refuses one more", () => {
    const packed = gzip(new Uint8Array(100_000));
    assertEquals(plain(gunzip(packed, 100_000)).length, 100_000);
    assertRefused(packed, 99_999, /more than 99999 bytes/);
  });

  it("stops a bomb at the bound, also one that lies about its size", () => {
    const bomb = gzip(new Uint8Array(64 * 1024 * 1024));
    assertRefused(bomb, 100_000, /more than 100000 bytes/);
    const liar = bomb.slice();
    liar.set([100, 0, 0, 0], liar.length - 4);
    assertRefused(liar, 100_000, /broken/);
  });

  it("refuses bytes that are not gzip, cut, damaged, or followed by others", () => {
    const packed = gzip(noise(50_000));
    const damaged = packed.slice();
    damaged[packed.length - 6] = (damaged[packed.length - 6] ?? 0) ^ 0xff;
    for (
      const bytes of [
        new Uint8Array(),
        new TextEncoder().encode("<html>"),
        packed.subarray(0, 5),
        packed.subarray(0, packed.length - 1),
        packed.subarray(0, 20_000),
        damaged,
        new Uint8Array([...packed, 1, 2, 3]),
      ]
    ) assertRefused(bytes, 2 ** 32, /broken/);
  });

  it("uses a stream on a host without zlib", () => {
    for (const globals of [{}, { process: {} }, { process: { getBuiltinModule: () => undefined } }]) {
      assertStrictEquals(hostGunzip(globals), streamGunzip);
    }
  });
});
