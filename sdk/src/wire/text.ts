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
    if ((a | b | c | d | e | f | g | h) > 127) break;
    text += String.fromCharCode(a, b, c, d, e, f, g, h);
  }
  while (pos < end) {
    const byte = bytes[pos++] as number;
    if (byte < 0x80) {
      text += String.fromCharCode(byte);
      continue;
    }
    // The number of bytes that must follow.
    const more = byte < 0xc2 ? 0 : byte < 0xe0 ? 1 : byte < 0xf0 ? 2 : byte < 0xf5 ? 3 : 0;
    if (more === 0 || pos + more > end) return utf8.decode(bytes.subarray(start, end));
    let point = byte & (0x3f >> more);
    for (const last = pos + more; pos < last; pos++) {
      const next = bytes[pos] as number;
      if ((next & 0xc0) !== 0x80) return utf8.decode(bytes.subarray(start, end));
      point = point << 6 | (next & 0x3f);
    }
    if (more === 1) text += String.fromCharCode(point);
    else if (more === 2) {
      if (point < 0x800 || (point >= 0xd800 && point < 0xe000)) return utf8.decode(bytes.subarray(start, end));
      text += String.fromCharCode(point);
    } else {
      if (point < 0x10000 || point > 0x10ffff) return utf8.decode(bytes.subarray(start, end));
      text += String.fromCharCode(0xd7c0 + (point >> 10), 0xdc00 + (point & 0x3ff));
    }
  }
  return text;
}
