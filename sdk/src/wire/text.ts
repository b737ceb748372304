/**
 * UTF-8 to string. Most strings of a message are short names, where a call into TextDecoder costs more than reading
 * the bytes here.
 * @module
 */

/** Longest string, in bytes, that is read here; above it TextDecoder is faster. */
const SHORT_BYTES = 48;

const utf8 = new TextDecoder();

/** The text of `bytes` from `start` to `end`; sequences that are not UTF-8 become U+FFFD. */
export function readText(bytes: Uint8Array, start: number, end: number): string {
  if (end - start > SHORT_BYTES) return utf8.decode(bytes.subarray(start, end));
  let text = "";
  for (let pos = start; pos < end; pos++) {
    const byte = bytes[pos] as number;
    if (byte > 127) return utf8.decode(bytes.subarray(start, end));
    text += String.fromCharCode(byte);
  }
  return text;
}
