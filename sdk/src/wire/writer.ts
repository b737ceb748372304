/**
 * Writes the protobuf wire format: the three small frames of a client, and the messages that tests build.
 * @module
 */

const utf8 = new TextEncoder();

/** The bytes of one message, field by field. */
export class WireWriter {
  #bytes = new Uint8Array(256);
  #size = 0;

  /** A varint field. Negative numbers take ten bytes, as the wire format has it. */
  varint(field: number, value: bigint): void {
    this.#tag(field, 0);
    let rest = BigInt.asUintN(64, value);
    for (; rest > 0xffffffffn; rest >>= 7n) this.#push(Number(rest & 127n) | 128);
    this.#uint32(Number(rest));
  }

  /** A bytes field, or an embedded message. */
  bytes(field: number, value: Uint8Array): void {
    this.#tag(field, 2);
    this.#uint32(value.length);
    this.#reserve(value.length);
    this.#bytes.set(value, this.#size);
    this.#size += value.length;
  }

  /** A string field. */
  string(field: number, value: string): void {
    this.bytes(field, utf8.encode(value));
  }

  /** What was written. */
  finish(): Uint8Array {
    return this.#bytes.slice(0, this.#size);
  }

  #tag(field: number, wireType: number): void {
    this.#uint32(field << 3 | wireType);
  }

  #uint32(value: number): void {
    for (; value > 127; value = value >>> 7) this.#push(value & 127 | 128);
    this.#push(value);
  }

  #push(byte: number): void {
    this.#reserve(1);
    this.#bytes[this.#size++] = byte;
  }

  #reserve(count: number): void {
    if (this.#size + count <= this.#bytes.length) return;
    const larger = new Uint8Array(Math.max(this.#bytes.length * 2, this.#size + count));
    larger.set(this.#bytes.subarray(0, this.#size));
    this.#bytes = larger;
  }
}
