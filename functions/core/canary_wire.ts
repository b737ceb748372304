/**
 * Protobuf as it stands on the wire, without a schema: which fields there are and of what type.
 * @module
 */

/** A field. */
export interface WireField {
  number: number;
  type: "varint" | "fixed64" | "bytes" | "fixed32";
  /** The number, as far as it is whole and exact. */
  value: number;
  /** The bytes of a field of that type. */
  bytes: Uint8Array;
  /** All of it behind its tag, as it stands. */
  raw: Uint8Array;
}

const TYPES: Readonly<Record<number, WireField["type"]>> = { 0: "varint", 1: "fixed64", 2: "bytes", 5: "fixed32" };
const NOTHING = new Uint8Array(0);

/** @returns the fields in order; `undefined` for bytes that are no protobuf message */
export function wireFields(message: Uint8Array): WireField[] | undefined {
  const fields: WireField[] = [];
  let at = 0;
  const varint = (): number | undefined => {
    let value = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      const byte = message[at++];
      if (byte === undefined) return undefined;
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
    return undefined;
  };
  while (at < message.length) {
    const tag = varint();
    if (tag === undefined) return undefined;
    const number = Math.floor(tag / 8);
    const type = TYPES[tag % 8];
    if (type === undefined || number === 0) return undefined;
    const from = at;
    let value = 0;
    let bytes: Uint8Array = NOTHING;
    if (type === "varint") {
      const read = varint();
      if (read === undefined) return undefined;
      value = read;
    } else {
      const length = type === "bytes" ? varint() : type === "fixed64" ? 8 : 4;
      if (length === undefined || at + length > message.length) return undefined;
      bytes = message.subarray(at, at += length);
    }
    fields.push({ number, type, value, bytes, raw: message.subarray(from, at) });
  }
  return fields;
}

/** The text of a field; `undefined` when it is none. */
export function wireText({ type, bytes }: WireField): string | undefined {
  if (type !== "bytes") return undefined;
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    // Bytes that are no text.
    return undefined;
  }
}
