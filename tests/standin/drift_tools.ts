/**
 * Tools to change answers: keys of JSON, fields of protobuf messages, header lines.
 * @module
 */
import { wireFields } from "../../functions/core/canary_wire.ts";
import type { Drift } from "./drift.ts";
import type { WebRoute } from "./faults.ts";
import type { RawReply } from "./http1.ts";

type Json = Record<string, unknown>;

/** A change of one route's answers. */
export function onReply(route: WebRoute, change: (reply: RawReply) => RawReply): Drift {
  return { reply: (asked, reply) => asked === route ? change(reply) : undefined };
}

/** A change of the JSON of a route, or of the state in its page. `nobody` leaves answers about unknown users alone. */
export function onJson(route: WebRoute, change: (body: Json) => void): Drift {
  return onReply(route, (reply) => {
    const text = String(reply.body ?? "");
    const [, before = "", json = text, after = ""] = /^([\s\S]*type="application\/json">)([\s\S]*?)(<\/script>[\s\S]*)$/
      .exec(text) ?? [];
    // Ids are longer than numbers of JavaScript hold: they stay the digits that they are.
    const body = JSON.parse(json.replace(/([:[,])(\d{16,})/g, '$1"#$2"')) as Json;
    if (body["message"] === "user_not_found") return reply;
    change(body);
    return { ...reply, body: before + JSON.stringify(body).replace(/"#(\d{16,})"/g, "$1") + after };
  });
}

/** Changes the value at a path of keys; in lists, that of each entry. A step ending in `#` goes into JSON text. */
export function at(body: unknown, path: string, change: (holder: Json, key: string) => void): void {
  const [key = "", ...rest] = path.split("/");
  if (Array.isArray(body)) {
    for (const each of body) at(each, path, change);
    return;
  }
  if (typeof body !== "object" || body === null) return;
  const holder = body as Json;
  if (key === "*") {
    for (const each of Object.keys(holder)) at(holder, [each, ...rest].join("/"), change);
    return;
  }
  const name = key.replace(/#$/, "");
  if (rest.length === 0) {
    if (name in holder) change(holder, name);
    return;
  }
  if (key === name) return at(holder[name], rest.join("/"), change);
  const inner = JSON.parse(String(holder[name])) as unknown;
  at(inner, rest.join("/"), change);
  holder[name] = JSON.stringify(inner);
}

/** The key has another name. */
export const renamed = (route: WebRoute, path: string, name: string): Drift =>
  onJson(route, (body) =>
    at(body, path, (holder, key) => {
      holder[name] = holder[key];
      delete holder[key];
    }));

/** The key is gone. */
export const dropped = (route: WebRoute, path: string): Drift =>
  onJson(route, (body) => at(body, path, (holder, key) => delete holder[key]));

/** The value is another one. */
export const changed = (route: WebRoute, path: string, make: (value: unknown) => unknown): Drift =>
  onJson(route, (body) => at(body, path, (holder, key) => holder[key] = make(holder[key])));

/** The answer has another header. */
export const header = (route: WebRoute, name: string, value: string): Drift =>
  onReply(route, (reply) => ({ ...reply, headers: { ...reply.headers, [name]: value } }));

/** The path leads nowhere any more. */
export const gone = (route: WebRoute, status = 404): Drift =>
  onReply(route, () => ({ status, headers: { "Content-Type": "application/json" } }));

/** Every `Set-Cookie` line is another one, or none. */
export function cookie(change: (line: string) => string | undefined): Drift {
  return {
    reply(_route, reply) {
      const lines = [reply.headers?.["Set-Cookie"] ?? []].flat();
      if (lines.length === 0) return undefined;
      const { "Set-Cookie": _old, ...headers } = reply.headers ?? {};
      const next = lines.map(change).filter((line) => line !== undefined);
      return { ...reply, headers: next.length === 0 ? headers : { ...headers, "Set-Cookie": next } };
    },
  };
}

function varint(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  while (rest >= 0x80) {
    bytes.push(rest % 0x80 | 0x80);
    rest = Math.floor(rest / 0x80);
  }
  return [...bytes, rest];
}

/** A field of a protobuf message, as {@link fields} hands it out. */
export interface Field {
  number: number;
  /** The number of a varint, in place of what came. */
  value?: number;
  /** The bytes of a field of bytes. */
  bytes?: Uint8Array;
}

const WIRE_TYPES = { varint: 0, fixed64: 1, bytes: 2, fixed32: 5 } as const;

/** Rewrites a protobuf message field by field; `undefined` leaves one out. What is not one is left as it is. */
export function fields(message: Uint8Array, change: (field: Required<Field>) => Field | undefined): Uint8Array {
  const out: number[] = [];
  for (const { type, raw, ...field } of wireFields(message) ?? []) {
    const next = change(field);
    if (next === undefined) continue;
    out.push(...varint(next.number * 8 + WIRE_TYPES[type]));
    if (next.bytes !== undefined && next.bytes !== field.bytes) out.push(...varint(next.bytes.length), ...next.bytes);
    else if (next.value !== undefined && next.value !== field.value) out.push(...varint(next.value));
    else out.push(...raw);
  }
  return Uint8Array.from(out);
}

/** The field has another number. */
export const renumbered = (from: number, to: number) => (message: Uint8Array): Uint8Array =>
  fields(message, (field) => field.number === from ? { ...field, number: to } : field);

/** The field is gone. */
export const without = (number: number) => (message: Uint8Array): Uint8Array =>
  fields(message, (field) => field.number === number ? undefined : field);

/** The number of a field is another one. */
export const withValue = (number: number, value: number) => (message: Uint8Array): Uint8Array =>
  fields(message, (field) => field.number === number ? { ...field, value } : field);

/** The messages inside a field are other ones. */
export const inside =
  (number: number, change: (bytes: Uint8Array) => Uint8Array) => (message: Uint8Array): Uint8Array =>
    fields(message, (field) => field.number === number ? { ...field, bytes: change(field.bytes) } : field);
