/**
 * JSON as TikTok writes it: ids also as bare numbers that no double can hold.
 * @module
 */

const MARK = "\u0001id:";

/** Serialises a value; a bigint becomes a number with all its digits. */
export function toJson(value: unknown): string {
  const text = JSON.stringify(value, (_key, inner: unknown) => typeof inner === "bigint" ? `${MARK}${inner}` : inner);
  return text.replace(/"\\u0001id:(-?\d+)"/g, "$1");
}
