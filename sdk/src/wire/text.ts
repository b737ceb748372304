/**
 * UTF-8 to string. Most strings of a message are short names and keys, where a call into TextDecoder costs more than
 * reading the bytes here.
 * @module
 */

/** Longest string, in bytes, that is read here; above it TextDecoder is faster. */
const SHORT_BYTES = 28;

// A byte order mark is a character of the text like any other.
const utf8 = new TextDecoder("utf-8", { ignoreBOM: true });

/** The text of `bytes` from `start` to `end`; sequences that are not UTF-8 become U+FFFD. */
export function readText(bytes: Uint8Array, start: number, end: number): string {
  if (end - start > SHORT_BYTES) return utf8.decode(bytes.subarray(start, end));
  let text = "";
  let pos = start;
  // Eight characters at a time: a call for each would cost more than the bytes.
  for (; pos + 8 <= end; pos += 8) {
    const a = bytes[pos] as number;
    const b = bytes[pos + 1] as number;
    const c = bytes[pos + 2] as number;
    const d = bytes[pos + 3] as number;
    const e = bytes[pos + 4] as number;
    const f = bytes[pos + 5] as number;
    const g = bytes[pos + 6] as number;
    const h = bytes[pos + 7] as number;
    if ((a | b | c | d | e | f | g | h) > 127) return utf8.decode(bytes.subarray(start, end));
    text += String.fromCharCode(a, b, c, d, e, f, g, h);
  }
  for (; pos < end; pos++) {
    const byte = bytes[pos] as number;
    if (byte > 127) return utf8.decode(bytes.subarray(start, end));
    text += String.fromCharCode(byte);
  }
  return text;
}
