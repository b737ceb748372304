/**
 * Builders for the server's side of the protocol, and the reader of what a client sends.
 * @module
 */
import type { KnownMethod } from "../events/types.ts";
import { descriptor, type FieldRow, methods } from "../gen/descriptor.ts";
import type { Messages } from "../gen/messages.ts";
import { decodeFrame, type PushFrame } from "../wire/frames.ts";
import { WireReader } from "../wire/reader.ts";
import { WireWriter } from "../wire/writer.ts";

/** A message with any of its fields, at every depth. 64-bit numbers may be decimal strings, numbers or bigints. */
export type MessageFields<T> = T extends Uint8Array ? T
  : T extends string ? string | number | bigint
  : T extends number | boolean ? T
  : T extends readonly (infer Item)[] ? readonly MessageFields<Item>[]
  : { [Key in keyof T]?: MessageFields<T[Key]> };

/**
 * Encodes one message as TikTok does.
 * @param method wire method, such as `WebcastChatMessage`
 * @param fields the message's fields by their names in `event.message`; missing ones are left out
 * @throws {TypeError} for a method or a field that the schema does not have, and for a value of the wrong type
 *
 * @example
 * ```ts
 * import { encodeMessage } from "@roomtone/sdk/testing";
 * const bytes = encodeMessage("WebcastChatMessage", {
 *   common: { msgId: "7300000000000000001", roomId: "7300000000000000000", createTime: "1700000000000" },
 *   user: { id: "1", displayId: "some.viewer", nickname: "Some Viewer" },
 *   content: "hello",
 * });
 * ```
 */
export function encodeMessage<M extends KnownMethod>(method: M, fields: MessageFields<Messages[M]>): Uint8Array {
  const name = methods[method];
  if (name === undefined) throw new TypeError(`Cannot encode ${method}: the schema has no such method`);
  return encodeType(name, fields);
}

/** Fields of {@link encodeFetchResult}. */
export interface FetchResultFields {
  /** Messages of the batch; a missing id is left out. */
  messages?: readonly { method: string; payload: Uint8Array; id?: string; history?: boolean }[];
  /** Where the next fetch goes on. @default "" */
  cursor?: string;
  /** TikTok's own state, which acks and polls send back. @default empty */
  internalExt?: Uint8Array;
  /** Whether the client shall acknowledge it. @default false */
  needAck?: boolean;
  /** Time between heartbeats that it asks for, ms. @default 0: not said */
  heartbeatDurationMs?: number;
  /** Time between polls that it asks for, ms. @default 0: not said */
  fetchIntervalMs?: number;
  /** URL of the socket that it offers. @default "" */
  pushServer?: string;
  /** Query parameters for that socket. @default none */
  routeParams?: Record<string, string>;
  /** TikTok's time, ms since 1970. @default 0: not said */
  nowMs?: number;
}

/** Encodes a batch of messages: what a `msg` frame carries, and what im/fetch answers. */
export function encodeFetchResult(fields: FetchResultFields): Uint8Array {
  return encodeType("ProtoMessageFetchResult", {
    messages: (fields.messages ?? []).map(({ method, payload, id, history }) => ({
      method,
      payload,
      ...(id === undefined || id === "" ? {} : { msgId: id }),
      isHistory: history ?? false,
    })),
    cursor: fields.cursor ?? "",
    fetchInterval: fields.fetchIntervalMs ?? 0,
    now: fields.nowMs ?? 0,
    internalExt: fields.internalExt ?? new Uint8Array(0),
    routeParams: fields.routeParams ?? {},
    heartbeatDuration: fields.heartbeatDurationMs ?? 0,
    needAck: fields.needAck ?? false,
    pushServer: fields.pushServer ?? "",
  });
}

/** Fields of {@link encodePushFrame}. */
export interface PushFrameFields {
  /** Id that an ack names; a decimal string. @default none */
  logId?: string;
  /** What the payload is: `msg`, `hb`, `ack`, `im_enter_room_resp`. */
  payloadType: string;
  /** How the payload is encoded. @default "pb" */
  payloadEncoding?: string;
  /** Headers of the frame, such as `compress_type: gzip`. @default none */
  headers?: Record<string, string>;
  /** The payload, packed as the headers say. @default empty */
  payload?: Uint8Array;
}

/** Encodes a whole frame as the server sends it. The payload goes in as given: pack it first when a header says so. */
export function encodePushFrame(fields: PushFrameFields): Uint8Array {
  return encodeType("WebcastPushFrame", {
    ...(fields.logId === undefined ? {} : { logId: fields.logId }),
    headers: Object.entries(fields.headers ?? {}).map(([key, value]) => ({ key, value })),
    payloadEncoding: fields.payloadEncoding ?? "pb",
    payloadType: fields.payloadType,
    payload: fields.payload ?? new Uint8Array(0),
  });
}

/** What a client sent. */
export interface ClientFrame extends PushFrame {
  /** Room of an `hb` or `im_enter_room` frame. */
  roomId?: string;
}

/**
 * Decodes a frame that a client sent.
 * @throws {LiveError} `protocol` when the bytes are not a frame
 */
export function decodeClientFrame(bytes: Uint8Array): ClientFrame {
  const frame = decodeFrame(bytes);
  if (frame.payloadType !== "hb" && frame.payloadType !== "im_enter_room") return frame;
  const reader = new WireReader(frame.payload);
  let roomId = "0";
  while (reader.pos < reader.end) {
    const tag = reader.tag();
    if (tag === 1 << 3) roomId = reader.id();
    else reader.skip(tag);
  }
  return { ...frame, roomId };
}

function encodeType(name: string, fields: object): Uint8Array {
  const rows = descriptor[name] ?? [];
  const known = new Set(rows.map((row) => row.name));
  for (const key of Object.keys(fields)) {
    if (!known.has(key)) throw new TypeError(`Cannot encode ${name}: it has no field ${key}`);
  }
  const writer = new WireWriter();
  const values = fields as Record<string, unknown>;
  for (const row of rows) {
    const value = values[row.name];
    if (value === undefined || value === null) continue;
    if (row.rule === "map") writeMap(writer, row, value);
    else if (row.rule === "repeated") {
      if (!Array.isArray(value)) throw wrongType(row, "an array");
      for (const item of value) writeValue(writer, row, item);
    } else if (!isDefault(row, value)) writeValue(writer, row, value);
  }
  return writer.finish();
}

/** proto3 leaves default values out, and so does TikTok. */
function isDefault(row: FieldRow, value: unknown): boolean {
  if (value instanceof Uint8Array) return value.length === 0;
  return value === "" || value === 0 || value === 0n || value === false || (value === "0" && row.type.includes("int"));
}

/** A map travels as entries {1 key, 2 value}. */
function writeMap(writer: WireWriter, row: FieldRow, map: unknown): void {
  if (typeof map !== "object" || map === null) throw wrongType(row, "an object");
  for (const [key, value] of Object.entries(map)) {
    const entry = new WireWriter();
    writeValue(entry, { name: row.name, number: 1, type: row.key ?? "string" }, key);
    writeValue(entry, { name: row.name, number: 2, type: row.type }, value);
    writer.bytes(row.number, entry.finish());
  }
}

function writeValue(writer: WireWriter, row: FieldRow, value: unknown): void {
  switch (row.type) {
    case "string":
      if (typeof value !== "string") throw wrongType(row, "a string");
      return writer.string(row.number, value);
    case "bytes":
      if (!(value instanceof Uint8Array)) throw wrongType(row, "a Uint8Array");
      return writer.bytes(row.number, value);
    case "bool":
      if (typeof value !== "boolean") throw wrongType(row, "a boolean");
      return writer.varint(row.number, value ? 1n : 0n);
    case "int32":
    case "int64":
    case "uint64":
      return writer.varint(row.number, toBigInt(row, value));
    default:
      if (typeof value !== "object" || value === null) throw wrongType(row, "an object");
      return writer.bytes(row.number, encodeType(row.type, value));
  }
}

function toBigInt(row: FieldRow, value: unknown): bigint {
  if (typeof value === "bigint") return value;
  if (typeof value === "number" && Number.isSafeInteger(value)) return BigInt(value);
  if (typeof value === "string" && /^-?\d+$/.test(value)) return BigInt(value);
  throw wrongType(row, "an integer");
}

function wrongType(row: FieldRow, wanted: string): TypeError {
  return new TypeError(`Cannot encode the field ${row.name}: it must be ${wanted}`);
}
