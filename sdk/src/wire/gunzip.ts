/**
 * Bounded gunzip over the web standard DecompressionStream.
 * @module
 */
import { isLiveError, LiveError } from "../errors.ts";

/**
 * Unpacks gzip bytes.
 * @param bytes one whole gzip file
 * @param maxBytes largest allowed result, in bytes; above it the function throws
 * @throws {LiveError} `protocol` when the bytes are not gzip, are cut off, or unpack to more than `maxBytes`
 */
export type Gunzip = (bytes: Uint8Array, maxBytes: number) => Uint8Array | Promise<Uint8Array>;

/** Packed bytes that go in at a time: gzip grows them a thousandfold at most, so this bounds what is held at once. */
const SLICE_BYTES = 16384;

/**
 * {@link Gunzip} over `DecompressionStream`, which all runtimes have. It stops as soon as the bound is passed, so a
 * gzip bomb costs little more than `maxBytes` of memory.
 *
 * @example
 * ```ts
 * import { streamGunzip } from "@roomtone/sdk";
 * const packed = new Blob(["hello"]).stream().pipeThrough(new CompressionStream("gzip"));
 * const bytes = await streamGunzip(new Uint8Array(await new Response(packed).arrayBuffer()), 1024);
 * console.log(new TextDecoder().decode(bytes)); // "hello"
 * ```
 */
export const streamGunzip: Gunzip = async (bytes: Uint8Array, maxBytes: number): Promise<Uint8Array> => {
  const chunks: Uint8Array[] = [];
  let size = 0;
  try {
    const reader = slices(bytes).pipeThrough(new DecompressionStream("gzip")).getReader();
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      size += part.value.length;
      if (size > maxBytes) {
        await reader.cancel();
        throw new LiveError("protocol", `Cannot gunzip the frame: it unpacks to more than ${maxBytes} bytes`, {
          evidence: { bodyBytes: bytes.length },
        });
      }
      chunks.push(part.value);
    }
  } catch (cause) {
    if (isLiveError(cause)) throw cause;
    throw new LiveError("protocol", "Cannot gunzip the frame: the bytes are broken", {
      evidence: { bodyBytes: bytes.length },
      cause,
    });
  }
  return join(chunks, size);
};

function slices(bytes: Uint8Array): ReadableStream<Uint8Array<ArrayBuffer>> {
  let offset = 0;
  return new ReadableStream({
    pull(controller) {
      // Frames come from sockets and files, never from shared memory.
      controller.enqueue(bytes.subarray(offset, offset + SLICE_BYTES) as Uint8Array<ArrayBuffer>);
      offset += SLICE_BYTES;
      if (offset >= bytes.length) controller.close();
    },
  });
}

function join(chunks: readonly Uint8Array[], size: number): Uint8Array {
  const [only] = chunks;
  if (only !== undefined && chunks.length === 1) return only;
  const whole = new Uint8Array(size);
  let offset = 0;
  for (const chunk of chunks) {
    whole.set(chunk, offset);
    offset += chunk.length;
  }
  return whole;
}
