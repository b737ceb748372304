import { assert, assertEquals, assertRejects } from "@std/assert";
import fc from "fast-check";
import { describe, it } from "node:test";
import { isLiveError } from "../errors.ts";
import { streamGunzip } from "./gunzip.ts";

async function gzip(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> {
  const packed = new Blob([bytes]).stream().pipeThrough(new CompressionStream("gzip"));
  return new Uint8Array(await new Response(packed).arrayBuffer());
}

async function assertRefused(bytes: Uint8Array, maxBytes: number, message: RegExp): Promise<void> {
  const error = await assertRejects(async () => await streamGunzip(bytes, maxBytes));
  assert(isLiveError(error), String(error));
  assertEquals(error.code, "protocol");
  assert(message.test(error.message), error.message);
}

/** Bytes that gzip cannot make smaller: from a small generator, always the same. */
function noise(length: number): Uint8Array<ArrayBuffer> {
  let state = 1;
  return new Uint8Array(length).map(() => (state = (state * 48271) % 2147483647) >>> 8);
}

describe("streamGunzip()", () => {
  it("unpacks what was packed", async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 3000 }), async (bytes) => {
        assertEquals(await streamGunzip(await gzip(new Uint8Array(bytes)), 3000), new Uint8Array(bytes));
      }),
      { numRuns: 30 },
    );
    const large = noise(300_000);
    assertEquals(await streamGunzip(await gzip(large), 300_000), large);
  });

  it("unpacks a view in the middle of a larger array", async () => {
    const packed = await gzip(new Uint8Array([1, 2, 3]));
    const memory = new Uint8Array(packed.length + 20);
    memory.set(packed, 10);
    assertEquals(await streamGunzip(memory.subarray(10, 10 + packed.length), 10), new Uint8Array([1, 2, 3]));
  });

  it("accepts exactly maxBytes and refuses one more", async () => {
    const packed = await gzip(new Uint8Array(100_000));
    assertEquals((await streamGunzip(packed, 100_000)).length, 100_000);
    await assertRefused(packed, 99_999, /more than 99999 bytes/);
  });

  it("stops a bomb at the bound", async () => {
    // 64 MB of zeros in 64 KB: the refusal comes long before the end.
    await assertRefused(await gzip(new Uint8Array(64 * 1024 * 1024)), 100_000, /more than 100000 bytes/);
  });

  it("refuses bytes that are not gzip, cut, damaged, or followed by others", async () => {
    const packed = await gzip(noise(50_000));
    const damaged = packed.slice();
    damaged[packed.length - 6] = (damaged[packed.length - 6] ?? 0) ^ 0xff;
    for (
      const bytes of [
        new Uint8Array(),
        new TextEncoder().encode("<html>Please wait</html>"),
        packed.subarray(0, 5),
        packed.subarray(0, packed.length - 1),
        packed.subarray(0, 20_000),
        damaged,
        new Uint8Array([...packed, 1, 2, 3]),
      ]
    ) await assertRefused(bytes, 1_000_000, /broken/);
  });
});
