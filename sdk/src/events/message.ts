/**
 * The whole message behind an event, in TikTok's own shape.
 * @module
 */
import { isLiveError } from "../errors.ts";
import { methods, schema } from "../gen/schema.ts";
import { plainBytes } from "../wire/bytes.ts";
import { MessageTable } from "../wire/message_table.ts";
import type { KnownMethod, MessageOf } from "./types.ts";

const table: MessageTable = /* @__PURE__ */ new MessageTable(schema);

/** Whether the package has a schema for a wire method. */
export function isKnownMethod(method: string): method is KnownMethod {
  return Object.hasOwn(methods, method);
}

/**
 * Decodes a whole message.
 * @returns the message, or `undefined` when the method has no schema or the bytes do not decode
 */
export function decodeWhole<M extends string>(method: M, bytes: Uint8Array): MessageOf<M> {
  const place = isKnownMethod(method) ? methods[method] : undefined;
  if (place === undefined) return undefined as MessageOf<M>;
  try {
    return table.decode(place, plainBytes(bytes)) as unknown as MessageOf<M>;
  } catch (error) {
    // Broken bytes: the flat event stands on what it could read, and the whole stays unknown.
    if (isLiveError(error)) return undefined as MessageOf<M>;
    throw error;
  }
}
