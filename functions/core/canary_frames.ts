/**
 * Facts about the frames of a live's socket, and about batches of messages, field by field.
 * @module
 */
import type { CanaryArea, FrameSight, SocketSight } from "../ports/canary.ts";
import type { SeenFact } from "./canary_facts.ts";
import { type WireField, wireFields, wireText } from "./canary_wire.ts";

/** Numbers and types of fields that the SDK reads (schema.md 1). */
const PUSH_FRAME = { 2: ["log_id", "varint"], 6: ["payload_encoding", "bytes"], 7: ["payload_type", "bytes"] } as const;
const MESSAGE = { 1: ["method", "bytes"], 2: ["payload", "bytes"], 3: ["msg_id", "varint"] } as const;
const PAYLOAD_TYPES = new Set(["msg", "hb", "ack", "im_enter_room_resp", "close", "im_preview_room"]);

/** Heartbeats are smaller. */
const LEAST_FULL_BYTES = 64;

type Fields = Readonly<Record<number, readonly [name: string, type: WireField["type"]]>>;

/** Facts about an open socket. */
export function frameFacts({ frames, heartbeatsSent, acksSent }: SocketSight): SeenFact[] {
  const area: CanaryArea = "frames";
  const fact = (name: string, value: string, expected?: string): SeenFact => ({
    ...{ name: `frames.${name}`, area, value },
    ...(expected === undefined ? {} : { expected }),
  });
  const there = (is: boolean): string => is ? "there" : "missing";
  const of = (type: string) => frames.filter(({ payloadType }) => payloadType === type);
  const messages = of("msg");
  const facts = [
    fact("enter_reply", there(of("im_enter_room_resp").length > 0), "there"),
    fact("messages", there(messages.length > 0), "there"),
    fact(
      "unknown_payload_types",
      others(frames, ({ payloadType }) => PAYLOAD_TYPES.has(payloadType) ? "" : payloadType),
      "",
    ),
    fact(
      "unknown_encodings",
      others(frames, ({ payloadEncoding }) => payloadEncoding === "pb" ? "" : payloadEncoding),
      "",
    ),
    fact("unknown_compressions", others(frames, ({ compression: it }) => it === "gzip" ? "" : it), ""),
    fact("close_reason", others(frames, ({ closeReason }) => closeReason), ""),
  ];
  if (heartbeatsSent > 0) facts.push(fact("heartbeat_reply", there(of("hb").length > 0), "there"));
  // Frames with something in them, whatever they say that it is.
  const full = frames.filter(({ bytes }) => bytes.length > LEAST_FULL_BYTES);
  if (full.length > 0) {
    facts.push(...fieldFacts("frames.push", area, PUSH_FRAME, full.map(({ bytes }) => wireFields(bytes))));
  }
  if (messages.length === 0) return facts;
  facts.push(
    fact("unpacks", messages.some(({ payload }) => payload === undefined) ? "no" : "yes", "yes"),
    fact("compression", messages.some(({ compression }) => compression === "gzip") ? "gzip" : "none"),
  );
  if (acksSent > 0) {
    facts.push(fact("flow_after_ack", there(messages.some(({ afterAck }) => afterAck)), "there"));
  }
  const batches = messages.flatMap(({ payload }) => payload === undefined ? [] : [payload]);
  const last = batches.at(-1);
  if (last !== undefined) facts.push(...batchFacts("frames", last));
  const fields = batches.flatMap((batch) => wireFields(batch) ?? []).filter(({ number, type }) =>
    number === 1 && type === "bytes"
  );
  if (fields.length > 0) {
    facts.push(...fieldFacts("frames.message", area, MESSAGE, fields.map(({ bytes }) => wireFields(bytes))));
  }
  return facts;
}

/** Facts about a batch of messages: what a frame carries, and what a signer answers. */
export function batchFacts(of: "frames" | "signer", batch: Uint8Array): SeenFact[] {
  const signed = of === "signer";
  const fields = wireFields(batch);
  const fact = (name: string, value: string, expected?: string): SeenFact => ({
    ...{ name: `${of}.batch.${name}`, area: of, value },
    ...(expected === undefined ? {} : { expected }),
  });
  if (fields === undefined) return [fact("reading", "broken", "protobuf")];
  const one = (number: number) => fields.find((field) => field.number === number);
  const text = (number: number) => {
    const field = one(number);
    return field === undefined ? "missing" : (wireText(field) ?? "") === "" ? "no text" : "text";
  };
  const number = (at: number) => {
    const field = one(at);
    return field === undefined ? "missing" : field.type === "varint" ? String(field.value) : field.type;
  };
  const shared = [
    fact("reading", "protobuf", "protobuf"),
    fact("cursor", text(2), "text"),
    fact("internal_ext", text(5), "text"),
    fact("fetch_interval_ms", number(3)),
    fact("heartbeat_duration_ms", number(8)),
  ];
  if (!signed) {
    const need = one(9);
    const now = one(4);
    return [
      ...shared,
      fact("messages", one(1)?.type ?? "missing", "bytes"),
      fact("need_ack", need?.type === "varint" ? String(need.value) : "missing", "1"),
      // Milliseconds since 1970 have thirteen digits for the next two hundred years.
      fact("now", now?.type === "varint" ? `${String(now.value).length} digits` : "missing", "13 digits"),
    ];
  }
  const server = one(10);
  const address = server === undefined ? undefined : wireText(server);
  const params = fields.filter((field) => field.number === 7).map(({ bytes }) => wireFields(bytes)?.[0])
    .map((key) => key === undefined ? "broken" : wireText(key) ?? "broken");
  return [
    ...shared,
    fact("push_server", address === undefined || address === "" ? "missing" : URL.parse(address)?.host ?? "no address"),
    fact("push_path", address === undefined ? "missing" : URL.parse(address)?.pathname ?? "no address"),
    fact("route_params", params.length === 0 ? "missing" : params.sort().join(" ")),
  ];
}

/** By known field its type, where most messages have it; and the numbers that are not known. */
function fieldFacts(
  prefix: string,
  area: CanaryArea,
  known: Fields,
  messages: readonly (WireField[] | undefined)[],
): SeenFact[] {
  const read = messages.filter((fields) => fields !== undefined);
  if (read.length < messages.length) {
    return [{ name: `${prefix}.reading`, area, value: "broken", expected: "protobuf" }];
  }
  return Object.entries(known).map(([number, [name, expected]]) => {
    const types = read.map((fields) => fields.find((field) => field.number === Number(number))?.type);
    const missing = types.filter((type) => type === undefined).length;
    const value = missing * 2 > types.length ? "missing" : types.find((type) => type !== undefined) ?? "missing";
    return { name: `${prefix}.${name}`, area, value, expected };
  });
}

function others(frames: readonly FrameSight[], word: (frame: FrameSight) => string): string {
  return [...new Set(frames.map(word).filter((each) => each !== ""))].sort().join(" ");
}
