/**
 * Bounded gunzip over the web standard DecompressionStream.
 * @module
 */
import { isLiveError, LiveError } from "../errors.ts";

/**
 * Unpacks gzip bytes.
 * @param bytes one whole gzip member
 * @param maxBytes largest allowed result, in bytes; above it the function throws
 * @throws {LiveError} `protocol` when the bytes are not gzip, are cut off, or unpack to more than `maxBytes`
 */
export type Gunzip = (bytes: Uint8Array, maxBytes: number) => Uint8Array | Promise<Uint8Array>;

/**
 * {@link Gunzip} over `DecompressionStream`, which all runtimes have. It stops as soon as the bound is passed, so a
 * gzip bomb costs at most `maxBytes` of memory.
 *
 * @example
 * ```ts
 * const packed = new Response("hello").body!.pipeThrough(new CompressionStream("gzip"));
 * const bytes = await streamGunzip(new Uint8Array(await new Response(packed).arrayBuffer()), 1024);
 * ```
 */
export const streamGunzip: Gunzip = async (bytes, maxBytes) => {
  const chunks: Uint8Array[] = [];
  let size = 0;
  try {
    const stream = new Blob([bytes as Uint8Array<ArrayBuffer>]).stream().pipeThrough(new DecompressionStream("gzip"));
    for (let reader = stream.getReader();;) {
      const { done, value } = await reader.read();
      if (done) break;
      size += value.length;
      if (size > maxBytes) {
        await reader.cancel();
        throw new LiveError("protocol", `Cannot gunzip the frame: it unpacks to more than ${maxBytes} bytes`, {
          evidence: { bodyBytes: bytes.length },
        });
      }
      chunks.push(value);
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
