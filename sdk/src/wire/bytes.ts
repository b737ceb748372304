/**
 * Bytes of one and the same kind on every runtime.
 * @module
 */

/**
 * The same memory as a plain `Uint8Array`: views of a Node `Buffer` are Buffers too, and would leak into events.
 * @throws {TypeError} when `bytes` is no byte array
 */
export function plainBytes(bytes: Uint8Array): Uint8Array {
  if (!(bytes instanceof Uint8Array)) throw new TypeError("Cannot decode the message: bytes must be a Uint8Array");
  if (Object.getPrototypeOf(bytes) === Uint8Array.prototype) return bytes;
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
