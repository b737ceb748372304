/**
 * Gunzip by the host's zlib: at once, and faster than through a stream, which sets up its queues anew for each frame.
 * @module
 */
import { LiveError } from "../errors.ts";
import { type Gunzip, streamGunzip } from "../wire/gunzip.ts";

/** `node:zlib`, as far as it is used. */
interface Zlib {
  gunzipSync(bytes: Uint8Array, options: { maxOutputLength: number; chunkSize: number }): Uint8Array;
}

/** Bytes of the shortest gzip file: head, an empty block, and the trailer of checksum and size. */
const LEAST_BYTES = 20;
/** zlib takes no smaller chunk. */
const LEAST_CHUNK_BYTES = 64;
/** Memory taken at a time: what a frame says about its size is believed up to here. */
const MAX_CHUNK_BYTES = 65536;

/** Deflate makes nothing smaller than this part of it, so a file that is short enough keeps to any bound by itself. */
const MAX_RATIO = 1032;

/** What unpacks a whole file to bytes of its own, or throws. */
type Unpack = (bytes: Uint8Array, size: number) => Uint8Array;

/**
 * {@link Gunzip} over the zlib of Node, Bun or Deno, elsewhere {@link streamGunzip}: for programs that listen to hundreds
 * of rooms and more. A client without it uses the web's stream, and so looks at no global of the host.
 * @param globals the global object
 * @returns what {@link TikTokOptions.gunzip} takes; it throws `protocol` for broken bytes and beyond its bound
 *
 * @example
 * ```ts
 * import { TikTok } from "@roomtone/sdk";
 * import { hostGunzip } from "@roomtone/sdk/bun";
 * const tiktok = new TikTok({ gunzip: hostGunzip(globalThis) });
 * console.log((await tiktok.roomStatus("some.host")).live);
 * ```
 */
export function hostGunzip(globals: object): Gunzip {
  const host = globals as { process?: unknown; Bun?: unknown };
  const bounded = zlibOf(host.process);
  if (bounded === undefined) return streamGunzip;
  const { gunzipSync } = (host.Bun ?? {}) as { gunzipSync?: (bytes: Uint8Array) => Uint8Array };
  // Bun's own function takes half the time, and no bound.
  const short: Unpack = typeof gunzipSync === "function" ? (bytes) => gunzipSync(bytes) : bounded;
  return (bytes, maxBytes) => unpack(bytes.length * MAX_RATIO <= maxBytes ? short : bounded, bytes, maxBytes);
}

function zlibOf(process: unknown): Unpack | undefined {
  const { getBuiltinModule } = (process ?? {}) as { getBuiltinModule?: unknown };
  if (typeof getBuiltinModule !== "function") return undefined;
  const zlib = getBuiltinModule("node:zlib") as Partial<Zlib> | undefined;
  if (typeof zlib?.gunzipSync !== "function") return undefined;
  const { gunzipSync } = zlib;
  // One byte more than needed, or zlib would ask for another chunk; not many more, since events keep the memory.
  return (bytes, size) =>
    gunzipSync(bytes, {
      maxOutputLength: Math.max(size, 1),
      chunkSize: Math.min(Math.max(size + 1, LEAST_CHUNK_BYTES), MAX_CHUNK_BYTES),
    });
}

function unpack(by: Unpack, bytes: Uint8Array, maxBytes: number): Uint8Array {
  const size = bytes.length < LEAST_BYTES ? 0 : sizeOf(bytes);
  if (size > maxBytes) throw refusal(`it unpacks to more than ${maxBytes} bytes`, bytes);
  let unpacked: Uint8Array;
  try {
    unpacked = by(bytes, size);
  } catch (cause) {
    throw refusal("the bytes are broken", bytes, cause);
  }
  // Bytes behind the end are no part of the file, and its size is not theirs.
  if (unpacked.length !== size) throw refusal("the bytes are broken", bytes);
  return unpacked;
}

/** The size of the unpacked file, as its last four bytes say. */
function sizeOf(bytes: Uint8Array): number {
  return new DataView(bytes.buffer, bytes.byteOffset + bytes.length - 4, 4).getUint32(0, true);
}

function refusal(why: string, bytes: Uint8Array, cause?: unknown): LiveError {
  return new LiveError("protocol", `Cannot gunzip the frame: ${why}`, {
    evidence: { bodyBytes: bytes.length },
    ...(cause === undefined ? {} : { cause }),
  });
}
