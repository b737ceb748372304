/**
 * A pull reader of the protobuf wire format: the caller asks for what it needs and skips the rest.
 *
 * Rules, the same for every message read with it:
 * - A known field number with another wire type is skipped, like an unknown one: callers switch on the whole tag
 *   (number and wire type), so a mismatch falls through to {@link WireReader.skip}.
 * - Nothing is read past the end of the message, and every loop moves forward: broken bytes throw
 *   `LiveError("protocol")`, they never hang.
 * - 64-bit ids become decimal strings without passing through a double.
 * - Text that is not UTF-8 keeps its readable part; each broken sequence becomes U+FFFD.
 * @module
 */
import { LiveError } from "../errors.ts";
import { readText } from "./text.ts";

const TWO_32 = 4294967296;

/** Reads one message between two offsets of a byte array. */
export class WireReader {
  /** The bytes that hold the message. */
  readonly bytes: Uint8Array;
  /** Offset of the next byte. */
  pos: number;
  /** Offset after the last byte of the message that is being read. */
  end: number;
  #high = 0;

  /**
   * @param bytes the bytes that hold the message
   * @param start offset of its first byte
   * @param end offset after its last byte, at most `bytes.length`
   */
  constructor(bytes: Uint8Array, start = 0, end: number = bytes.length) {
    this.bytes = bytes;
    this.pos = start;
    this.end = end;
  }

  /**
   * A reader of the embedded message whose length stands at an offset.
   * @param at offset of the length; -1 gives an empty message
   */
  static within(bytes: Uint8Array, at: number): WireReader {
    if (at < 0) return new WireReader(bytes, 0, 0);
    const reader = new WireReader(bytes, at);
    reader.enter();
    return reader;
  }

  /** The next tag: `fieldNumber << 3 | wireType`. */
  tag(): number {
    const tag = this.uint32();
    if (tag < 8) throw broken("field number 0", this.pos);
    return tag;
  }

  /** A varint cut to its low 32 bits, unsigned: lengths, enums, flags. */
  uint32(): number {
    const pos = this.pos;
    const end = this.end;
    if (pos < end) {
      const first = this.bytes[pos] as number;
      if (first < 128) {
        this.pos = pos + 1;
        return first;
      }
      if (pos + 1 < end) {
        const second = this.bytes[pos + 1] as number;
        if (second < 128) {
          this.pos = pos + 2;
          return (first & 127) | second << 7;
        }
      }
    }
    return this.#longUint32();
  }

  /** A varint of more than two bytes, or a broken one. */
  #longUint32(): number {
    const start = this.pos;
    let value = 0;
    for (let pos = start, shift = 0; pos < this.end && shift < 70; pos++, shift += 7) {
      const byte = this.bytes[pos] as number;
      if (shift < 32) value |= (byte & 127) << shift;
      if (byte < 128) {
        this.pos = pos + 1;
        return value >>> 0;
      }
    }
    throw broken("a varint does not end", start);
  }

  /** A varint cut to 32 bits, signed: int32 fields. */
  int32(): number {
    return this.uint32() | 0;
  }

  /** Whether a varint is not zero. */
  bool(): boolean {
    const low = this.#varint64();
    return low !== 0 || this.#high !== 0;
  }

  /** A 64-bit varint as a number, for counts and times; above 2^53 it is the nearest double. */
  int64(): number {
    const low = this.#varint64();
    return (this.#high | 0) * TWO_32 + low;
  }

  /** A 64-bit varint as an exact unsigned decimal string, for ids. */
  id(): string {
    const low = this.#varint64();
    return uint64ToString(this.#high, low);
  }

  /** A 64-bit varint as an exact signed decimal string. */
  signedId(): string {
    const low = this.#varint64();
    const high = this.#high;
    if (high < 0x80000000) return uint64ToString(high, low);
    return `-${uint64ToString(low === 0 ? -high >>> 0 : ~high >>> 0, -low >>> 0)}`;
  }

  /** Reads a varint of up to 10 bytes: returns its low word and leaves the high one in `#high`, both unsigned. */
  #varint64(): number {
    const bytes = this.bytes;
    const end = this.end;
    const start = this.pos;
    let pos = start;
    let low = 0;
    let high = 0;
    for (let shift = 0;; shift += 7) {
      if (pos >= end) throw broken("a varint is cut off", pos);
      const byte = bytes[pos++] as number;
      if (shift < 28) low |= (byte & 127) << shift;
      else if (shift === 28) {
        low |= (byte & 127) << 28;
        high = (byte & 127) >> 4;
      } else high |= (byte & 127) << (shift - 32);
      if (byte < 128) break;
      if (shift >= 63) throw broken("a varint is longer than 10 bytes", start);
    }
    this.pos = pos;
    this.#high = high >>> 0;
    return low >>> 0;
  }

  /** The length of a length-delimited value, checked against what is left. */
  length(): number {
    const length = this.uint32();
    if (length > this.end - this.pos) throw broken("a length reaches past the end", this.pos);
    return length;
  }

  /** A string. */
  string(): string {
    const length = this.length();
    const start = this.pos;
    this.pos = start + length;
    return readText(this.bytes, start, this.pos);
  }

  /** A bytes value, as a view of the message's own memory. */
  view(): Uint8Array {
    const length = this.length();
    const start = this.pos;
    this.pos = start + length;
    return this.bytes.subarray(start, this.pos);
  }

  /**
   * Steps into an embedded message: {@link WireReader.end} becomes its end.
   * @returns the end to give back to {@link WireReader.leave}
   */
  enter(): number {
    const length = this.length();
    const outer = this.end;
    this.end = this.pos + length;
    return outer;
  }

  /** Steps out of an embedded message that was read to its end. */
  leave(outer: number): void {
    this.end = outer;
  }

  /**
   * Reads an embedded message with a function, for parts where speed does not count.
   * @param read called with each tag; it reads the value or skips it
   */
  embedded(read: (tag: number) => void): void {
    const outer = this.enter();
    while (this.pos < this.end) read(this.tag());
    this.leave(outer);
  }

  /** Skips the value of a tag that the caller does not want. */
  skip(tag: number): void {
    switch (tag & 7) {
      case 2: {
        const length = this.length();
        this.pos += length;
        return;
      }
      case 0:
        this.#skipVarint();
        return;
      case 1:
        this.#advance(8);
        return;
      case 5:
        this.#advance(4);
        return;
      case 3:
        this.#skipGroup(tag >>> 3);
        return;
      default:
        throw broken(`wire type ${tag & 7}`, this.pos);
    }
  }

  #advance(count: number): void {
    if (count > this.end - this.pos) throw broken("a fixed value is cut off", this.pos);
    this.pos += count;
  }

  #skipVarint(): void {
    const bytes = this.bytes;
    const limit = Math.min(this.end, this.pos + 10);
    let pos = this.pos;
    while (pos < limit) {
      if ((bytes[pos++] as number) < 128) {
        this.pos = pos;
        return;
      }
    }
    throw broken("a varint does not end", this.pos);
  }

  #skipGroup(field: number): void {
    const open = [field];
    while (open.length > 0) {
      const tag = this.tag();
      if ((tag & 7) === 3) {
        open.push(tag >>> 3);
      } else if ((tag & 7) === 4) {
        if (open.pop() !== tag >>> 3) throw broken("a group ends that was not open", this.pos);
      } else this.skip(tag);
    }
  }
}

/** The numbers below 1000 with their leading zeros: ids are put together from these, faster than digit by digit. */
const THREE_DIGITS: readonly string[] = Array.from({ length: 1000 }, (_, number) => String(number).padStart(3, "0"));

/** Exact decimal digits of an unsigned 64-bit integer given as two unsigned words. */
export function uint64ToString(high: number, low: number): string {
  if (high < 2097152) return String(high * TWO_32 + low);
  // value = upper * 10^9 + lower. The double quotient is off by at most one; the low word, which is exact, tells.
  let upper = Math.floor((high * TWO_32 + low) / 1e9);
  let lower = (low - Math.imul(upper, 1e9)) >>> 0;
  if (lower >= 3e9) {
    upper--;
    lower = (lower + 1e9) >>> 0;
  } else if (lower >= 1e9) {
    upper++;
    lower -= 1e9;
  }
  const head = Math.floor(upper / 1e6);
  const middle = upper - head * 1e6;
  const a = Math.floor(middle / 1000);
  const c = Math.floor(lower / 1e6);
  const tail = lower - c * 1e6;
  const d = Math.floor(tail / 1000);
  return `${head}${THREE_DIGITS[a]}${THREE_DIGITS[middle - a * 1000]}${THREE_DIGITS[c]}${THREE_DIGITS[d]}${
    THREE_DIGITS[tail - d * 1000]
  }`;
}

function broken(what: string, offset: number): LiveError {
  return new LiveError("protocol", `Cannot read the message at byte ${offset}: ${what}`);
}
