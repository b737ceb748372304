/**
 * Gunzip by the host's zlib: at once and several times faster than through a stream, which sets up its queues anew for
 * each frame.
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

/**
 * {@link Gunzip} over the host's `node:zlib` where it has one (Node, Bun, Deno), else {@link streamGunzip}.
 * @param globals the global object
 */
export function hostGunzip(globals: { process?: unknown }): Gunzip {
  const { process } = globals as { process?: { getBuiltinModule?: unknown } };
  if (typeof process?.getBuiltinModule !== "function") return streamGunzip;
  const zlib = process.getBuiltinModule("node:zlib") as Partial<Zlib> | undefined;
  return typeof zlib?.gunzipSync === "function"
    ? (bytes, maxBytes) => unpack(zlib as Zlib, bytes, maxBytes)
    : streamGunzip;
}

function unpack(zlib: Zlib, bytes: Uint8Array, maxBytes: number): Uint8Array {
  const size = bytes.length < LEAST_BYTES ? 0 : sizeOf(bytes);
  if (size > maxBytes) {
    throw refusal(`it unpacks to more than ${maxBytes} bytes`, bytes);
  }
  try {
    // One byte more than needed, or zlib would ask for another chunk; not many more, since events keep the memory.
    const chunkSize = Math.min(Math.max(size + 1, LEAST_CHUNK_BYTES), MAX_CHUNK_BYTES);
    const unpacked = zlib.gunzipSync(bytes, { maxOutputLength: Math.max(size, 1), chunkSize });
    // Bytes behind the end are no part of the file, and its size is not theirs.
    if (unpacked.length === size) return unpacked;
  } catch (cause) {
    throw refusal("the bytes are broken", bytes, cause);
  }
  throw refusal("the bytes are broken", bytes);
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
