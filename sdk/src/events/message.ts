/**
 * The whole message behind an event, in TikTok's own shape.
 * @module
 */
import { decoders } from "../gen/webcast.js";
import { plainBytes } from "../wire/bytes.ts";
import type { KnownMethod, MessageOf } from "./types.ts";

/** Whether the package has a schema for a wire method. */
export function isKnownMethod(method: string): method is KnownMethod {
  return method in decoders;
}

/**
 * Decodes a whole message.
 * @returns the message, or `undefined` when the method has no schema or the bytes do not decode
 */
export function decodeWhole<M extends string>(method: M, bytes: Uint8Array): MessageOf<M> {
  if (!isKnownMethod(method)) return undefined as MessageOf<M>;
  let decoded: object;
  try {
    decoded = decoders[method].decode(plainBytes(bytes));
  } catch {
    // Broken bytes: the flat event stands on what it could read, and the whole stays unknown.
    return undefined as MessageOf<M>;
  }
  return plainMessage(decoded) as MessageOf<M>;
}

/** protobufjs' Long, as far as it is needed here. */
interface Long {
  readonly low: number;
  readonly high: number;
  readonly unsigned: boolean;
  toString(): string;
}

function isLong(value: object): value is Long {
  return "low" in value && "high" in value && "unsigned" in value;
}

/**
 * A decoded message as plain data: defaults, which protobufjs keeps on prototypes, become own fields, 64-bit numbers
 * decimal strings, and missing messages are left out.
 */
function plainMessage(message: object): Record<string, unknown> {
  const plain: Record<string, unknown> = {};
  for (const key in message) {
    const value = plainField((message as Record<string, unknown>)[key]);
    if (value !== undefined) plain[key] = value;
  }
  return plain;
}

function plainField(value: unknown): unknown {
  if (typeof value === "function" || value === null) return undefined;
  if (typeof value !== "object") return value;
  if (Array.isArray(value)) return value.map(plainField);
  // The default of a bytes field is a Buffer on Node, whatever the input was.
  if (value instanceof Uint8Array) return value.length === 0 ? new Uint8Array(0) : value;
  return isLong(value) ? value.toString() : plainMessage(value);
}
