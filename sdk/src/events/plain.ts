/**
 * Events as plain data, for logs and files.
 * @module
 */

/** Own fields of an event as plain data, the type first, without the encoded bytes. */
export function plainJson(event: { readonly type: string }): Record<string, unknown> {
  const plain: Record<string, unknown> = { type: event.type };
  for (const [key, value] of Object.entries(event)) {
    if (key !== "bytes") plain[key] = plainValue(value);
  }
  return plain;
}

/** A list as plain data. */
export function plainList(list: readonly unknown[]): unknown[] {
  return list.map(plainValue);
}

function plainValue(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map(plainValue);
  if ("toJSON" in value && typeof value.toJSON === "function") return value.toJSON();
  const plain: Record<string, unknown> = {};
  for (const [key, part] of Object.entries(value)) plain[key] = plainValue(part);
  return plain;
}

/** Bytes as base64 text. */
export function toBase64(bytes: Uint8Array): string {
  const parts: string[] = [];
  for (let offset = 0; offset < bytes.length; offset += 8192) {
    parts.push(String.fromCharCode(...bytes.subarray(offset, offset + 8192)));
  }
  return btoa(parts.join(""));
}
