/**
 * Events of busy and quiet rooms, as a recorder hands them to the log: from the stand-in's generator, and from the
 * captures when they are at hand.
 * @module
 */
import { Buffer } from "node:buffer";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { decodeMessage, type LiveEvent } from "@roomtone/sdk";
import { encodeMessage } from "@roomtone/sdk/testing";
import { ROOT } from "../../scripts/tools.mjs";
import type { EventLine } from "../../functions/ports/recorder.ts";
import { BUSY_ROOM_MIX, MessageGenerator } from "../standin/generator.ts";
import { createRandom, type Random } from "../standin/prng.ts";
import { inventHost, inventPerson, userFields } from "../standin/users.ts";

/** An event, and when it arrived, ms since the live began. */
export interface ArrivedEvent {
  atMs: number;
  line: EventLine;
}

/** What a room is like. */
export interface RoomOptions {
  /** Events in a second. */
  perSecond: number;
  durationMs: number;
  /** Whoever joins was never there before: a room that people pass through. @default those who join come back */
  passing?: boolean;
}

const ROOM_ID = "7300000000000000001";
const BEGAN_AT = 1_790_000_000_000;
/** TikTok's socket sends 1.4 frames a second, with what has happened since the last one. */
const FRAME_MS = 700;
/** Events a second of the generator's rate 1. */
const GENERATED_PER_SECOND = Object.values(BUSY_ROOM_MIX).reduce((sum, count) => sum + count, 0) / 45;
/** Signatures of TikTok's picture URLs are random; the generator's are made from the picture's name. */
const SIGNATURE = /x-signature=[\w%]+/;

/** Makes the events of a room with the busy room's mix: always the same ones. */
export function generatedRoom({ perSecond, durationMs, passing = false }: RoomOptions): ArrivedEvent[] {
  const random = createRandom("bench/events");
  const host = inventHost(createRandom("bench/host"), "bench.host");
  const generator = new MessageGenerator("bench", host, perSecond / GENERATED_PER_SECOND);
  const signatures = new Map<string, string>();
  const events: ArrivedEvent[] = [];
  while (generator.nextAtMs < durationMs) {
    const { method, fields, common, atMs } = generator.next();
    if (passing && method === "WebcastMemberMessage") fields["user"] = userFields(inventPerson(random, 0.2), "medium");
    const head = { method, ...envelope(random, atMs) };
    const whole = { ...fields, common: { ...common, ...head } };
    const bytes = encodeMessage(method as "WebcastChatMessage", whole as never);
    events.push(arrived(method, bytes, head.msgId, atMs, (url) => {
      const known = signatures.get(url) ?? `x-signature=${random.token(27)}%3D`;
      signatures.set(url, known);
      return url.replace(SIGNATURE, known);
    }));
  }
  return events;
}

/** Captured messages, dealt with the busy room's mix; `undefined` where there are no captures. */
export function capturedRoom({ perSecond, durationMs }: RoomOptions): ArrivedEvent[] | undefined {
  const file = join(ROOT, "../shared/captures/messages.ndjson");
  if (!existsSync(file)) return undefined;
  const captured = new Map<string, { method: string; payload: string }[]>();
  for (const text of readFileSync(file, "utf8").trim().split("\n")) {
    const message = JSON.parse(text) as { method: string; payload: string };
    captured.set(message.method, [...captured.get(message.method) ?? [], message]);
  }
  const mix: [string, number][] = [
    ["WebcastChatMessage", BUSY_ROOM_MIX.chat],
    ["WebcastMemberMessage", BUSY_ROOM_MIX.join],
    ["WebcastLikeMessage", BUSY_ROOM_MIX.like],
    ["WebcastRoomUserSeqMessage", BUSY_ROOM_MIX.viewers],
    ["WebcastSocialMessage", BUSY_ROOM_MIX.social],
    ["WebcastGiftMessage", BUSY_ROOM_MIX.gift],
  ];
  const total = mix.reduce((sum, [, count]) => sum + count, 0);
  const random = createRandom("bench/captured");
  const events: ArrivedEvent[] = [];
  for (let atMs = 0; atMs < durationMs; atMs += random.exponential(1000 / perSecond)) {
    let roll = random.next() * total;
    const [method] = mix.find(([, count]) => (roll -= count) < 0) ?? mix[0] ?? [""];
    const { payload } = random.pick(captured.get(method) ?? []);
    events.push(arrived(method, new Uint8Array(Buffer.from(payload, "base64")), envelope(random, atMs).msgId, atMs));
  }
  return events;
}

/** Ids as TikTok makes them: the second above, chance below. */
function envelope(random: Random, atMs: number) {
  const createTime = BEGAN_AT + Math.round(atMs);
  const msgId = ((BigInt(Math.floor(createTime / 1000)) << 32n) | BigInt(random.int(0, 2 ** 31 - 1) * 2 + 1))
    .toString();
  return { msgId, roomId: ROOM_ID, createTime };
}

function arrived(
  method: string,
  bytes: Uint8Array,
  id: string,
  atMs: number,
  url: (text: string) => string = (text) => text,
): ArrivedEvent {
  const frameMs = Math.ceil((atMs + 1) / FRAME_MS) * FRAME_MS;
  const at = BEGAN_AT + Math.round(atMs);
  const event = decodeMessage(method, bytes, { id, roomId: ROOM_ID, receivedAt: BEGAN_AT + frameMs }) as LiveEvent;
  const told = { ...(JSON.parse(JSON.stringify(event)) as Record<string, unknown>), at };
  const json = JSON.stringify(told).replace(/https:\/\/[^"]*x-signature=[\w%]+/g, url);
  const diamonds = event.type === "gift" ? event.value : 0;
  return { atMs: frameMs, line: { type: event.type, id, at, diamonds, json } };
}
