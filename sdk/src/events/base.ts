/**
 * What all events of the wire have in common.
 * @module
 */
import { WireReader } from "../wire/reader.ts";
import { decodeWhole } from "./message.ts";
import { plainJson } from "./plain.ts";
import type { MessageOf, WireEventBase } from "./types.ts";

/** What the caller knows about a message beside its bytes. */
export interface DecodeContext {
  /** Message id of the envelope; wins over the one inside the message unless it is empty or `"0"`. */
  id?: string;
  /** Room that the message came from. @default the room that the message names */
  roomId?: string;
  /** When the frame arrived, ms since 1970. @default 0 */
  receivedAt?: number;
  /** Whether it is a replay from before the join. @default false */
  history?: boolean;
  /** Title of the live, for {@link IntroEvent.title}. @default "" */
  title?: string;
}

/** Before this number a `create_time` counts seconds: some system lines do. */
const FIRST_MILLISECONDS = 1e11;

/** The fields of {@link WireEventBase}, filled from the head of the message. */
export abstract class BaseEvent<T extends string, M extends string> implements WireEventBase<T, M> {
  abstract readonly type: T;
  id: string;
  roomId: string;
  at: number;
  readonly receivedAt: number;
  readonly history: boolean;
  readonly method: M;
  readonly bytes: Uint8Array;

  constructor(method: M, bytes: Uint8Array, context: DecodeContext) {
    const { id = "", receivedAt = 0 } = context;
    this.id = id === "0" ? "" : id;
    this.roomId = context.roomId ?? "";
    this.at = receivedAt;
    this.receivedAt = receivedAt;
    this.history = context.history ?? false;
    this.method = method;
    this.bytes = bytes;
  }

  /** The whole message, decoded when first read. */
  get message(): MessageOf<M> {
    const value = decodeWhole(this.method, this.bytes);
    Object.defineProperty(this, "message", { value });
    return value;
  }

  toJSON(): Record<string, unknown> {
    return plainJson(this);
  }

  /** What `console.log` shows on Node, Bun and Deno. */
  [Symbol.for("nodejs.util.inspect.custom")](): unknown {
    return this.toJSON();
  }
}

/**
 * Reads the head of a message (CommonMessageData) into its event. The reader stands behind the tag.
 * @returns offset of the length of the display text, -1 when there is none
 */
export function readCommon(reader: WireReader, event: BaseEvent<string, string>): number {
  let textAt = -1;
  const outer = reader.enter();
  while (reader.pos < reader.end) {
    const tag = reader.tag();
    switch (tag) {
      case 2 << 3:
        if (event.id === "") event.id = optionalId(reader.id());
        else reader.skip(tag);
        break;
      case 3 << 3:
        if (event.roomId === "") event.roomId = optionalId(reader.id());
        else reader.skip(tag);
        break;
      case 4 << 3:
        event.at = optionalTime(reader.int64()) ?? event.at;
        break;
      case 8 << 3 | 2:
        textAt = reader.pos;
        reader.skip(tag);
        break;
      default:
        reader.skip(tag);
    }
  }
  reader.leave(outer);
  return textAt;
}

/** Reads a message into its event, where speed does not count: the head, and every other field with a function. */
export function readMessage(
  event: BaseEvent<string, string>,
  readField: (tag: number, reader: WireReader) => void,
): void {
  const reader = new WireReader(event.bytes);
  while (reader.pos < reader.end) {
    const tag = reader.tag();
    if (tag === (1 << 3 | 2)) readCommon(reader, event);
    else readField(tag, reader);
  }
}

/** A copy of an event with other values in some of its fields; both share the bytes. */
export function revised<E extends object>(event: E, changes: Partial<E>): E {
  return Object.assign(Object.create(Object.getPrototypeOf(event)), event, changes);
}

/** TikTok writes 0 for "none". */
export function optionalId(id: string): string {
  return id === "0" ? "" : id;
}

/** A time in ms, also where TikTok counts seconds; `undefined` for none. */
export function optionalTime(time: number): number | undefined {
  if (time <= 0) return undefined;
  return time < FIRST_MILLISECONDS ? time * 1000 : time;
}

/** TikTok's display text: the key of its phrase book, and the English pattern. */
export interface DisplayText {
  key: string;
  pattern: string;
}

/** Reads the display text in the field that the reader stands before. */
export function readText(reader: WireReader): DisplayText {
  const at = reader.pos;
  reader.skip(2);
  return readDisplayText(reader.bytes, at);
}

/**
 * Reads the display text whose length stands at `textAt`.
 * @param textAt what {@link readCommon} returned
 */
export function readDisplayText(bytes: Uint8Array, textAt: number): DisplayText {
  const text: DisplayText = { key: "", pattern: "" };
  const reader = WireReader.within(bytes, textAt);
  while (reader.pos < reader.end) {
    const tag = reader.tag();
    if (tag === (1 << 3 | 2)) text.key = reader.string();
    else if (tag === (2 << 3 | 2)) text.pattern = reader.string();
    else reader.skip(tag);
  }
  return text;
}
