/**
 * What the room and TikTok say: pause and end, the host's intro, system lines, banners.
 * @module
 */
import { WireReader } from "../wire/reader.ts";
import { BaseEvent, type DecodeContext, readCommon } from "./base.ts";
import type { BannerEvent, ControlEvent, IntroEvent, RoomMessageEvent, User } from "./types.ts";
import { NOBODY, readUser } from "./user.ts";

class ControlMessage extends BaseEvent<"control", "WebcastControlMessage"> implements ControlEvent {
  readonly type = "control";
  action: ControlEvent["action"] = "other";
  code = 0;
  text = "";
}

/** ControlAction to what it means. */
function controlAction(code: number): ControlEvent["action"] {
  switch (code) {
    case 1:
      return "paused";
    case 2:
      return "resumed";
    case 3:
      return "ended";
    case 4:
      return "suspended";
    default:
      return "other";
  }
}

/** WebcastControlMessage to event. */
export function decodeControl(bytes: Uint8Array, context: DecodeContext): ControlEvent {
  const event = new ControlMessage("WebcastControlMessage", bytes, context);
  const reader = new WireReader(bytes);
  while (reader.pos < reader.end) {
    const tag = reader.tag();
    switch (tag) {
      case 1 << 3 | 2:
        readCommon(reader, event);
        break;
      case 2 << 3:
        event.code = reader.int32();
        break;
      case 3 << 3 | 2:
        event.text = reader.string();
        break;
      default:
        reader.skip(tag);
    }
  }
  event.action = controlAction(event.code);
  return event;
}

class LiveIntro extends BaseEvent<"intro", "WebcastLiveIntroMessage"> implements IntroEvent {
  readonly type = "intro";
  user: User = NOBODY;
  text = "";
  title = "";
}

/** WebcastLiveIntroMessage to event. */
export function decodeIntro(bytes: Uint8Array, context: DecodeContext): IntroEvent {
  const event = new LiveIntro("WebcastLiveIntroMessage", bytes, context);
  event.title = context.title ?? "";
  const reader = new WireReader(bytes);
  while (reader.pos < reader.end) {
    const tag = reader.tag();
    switch (tag) {
      case 1 << 3 | 2:
        readCommon(reader, event);
        break;
      case 4 << 3 | 2:
        event.text = reader.string();
        break;
      case 5 << 3 | 2:
        event.user = readUser(reader);
        break;
      default:
        reader.skip(tag);
    }
  }
  return event;
}

class RoomMessage extends BaseEvent<"room_message", RoomMessageEvent["method"]> implements RoomMessageEvent {
  readonly type = "room_message";
  kind: RoomMessageEvent["kind"] = "system";
  text = "";
}

/** WebcastRoomMessage to event; it also travels as plain `RoomMessage`. */
export function decodeRoomMessage(
  bytes: Uint8Array,
  context: DecodeContext,
  method: RoomMessageEvent["method"],
): RoomMessageEvent {
  const event = new RoomMessage(method, bytes, context);
  const reader = new WireReader(bytes);
  while (reader.pos < reader.end) {
    const tag = reader.tag();
    switch (tag) {
      case 1 << 3 | 2:
        readCommon(reader, event);
        break;
      case 2 << 3 | 2:
        event.text = reader.string();
        break;
      case 7 << 3:
        event.kind = reader.bool() ? "welcome" : "system";
        break;
      default:
        reader.skip(tag);
    }
  }
  return event;
}

class InRoomBanner extends BaseEvent<"banner", "WebcastInRoomBannerMessage"> implements BannerEvent {
  readonly type = "banner";
  data: unknown = undefined;
}

/** WebcastInRoomBannerMessage to event. */
export function decodeBanner(bytes: Uint8Array, context: DecodeContext): BannerEvent {
  const event = new InRoomBanner("WebcastInRoomBannerMessage", bytes, context);
  const reader = new WireReader(bytes);
  while (reader.pos < reader.end) {
    const tag = reader.tag();
    if (tag === (1 << 3 | 2)) readCommon(reader, event);
    else if (tag === (2 << 3 | 2)) event.data = parseJson(reader.string());
    else reader.skip(tag);
  }
  return event;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
