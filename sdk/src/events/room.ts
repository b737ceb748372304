/**
 * What people do in the room: joins, follows, shares, likes, subscriptions, changes of moderators, and the count of
 * viewers.
 * @module
 */
import { isLiveError } from "../errors.ts";
import { WireReader } from "../wire/reader.ts";
import { BaseEvent, type DecodeContext, readCommon, readDisplayText } from "./base.ts";
import { otherEvent } from "./fallback.ts";
import { plainJson, plainList } from "./plain.ts";
import type {
  FollowEvent,
  JoinEvent,
  LikeEvent,
  ModeratorEvent,
  OtherEvent,
  ShareEvent,
  SubscribeEvent,
  TopViewer,
  User,
  ViewersEvent,
} from "./types.ts";
import { NOBODY, readUser, WireUser } from "./user.ts";

class JoinMessage extends BaseEvent<"join", "WebcastMemberMessage"> implements JoinEvent {
  readonly type = "join";
  user: User = NOBODY;
  viewers = 0;
  joinedThrough = "";
}

class SubscribeMessage extends BaseEvent<"subscribe", SubscribeEvent["method"]> implements SubscribeEvent {
  readonly type = "subscribe";
  user: User = NOBODY;
  months: number | undefined = undefined;
}

class ModeratorMessage extends BaseEvent<"moderator", "WebcastMemberMessage"> implements ModeratorEvent {
  readonly type = "moderator";
  user: User = NOBODY;
  action: ModeratorEvent["action"] = "added";
  operator: User | undefined = undefined;
}

/** MemberMessageAction (protocol.md 5): joined. TikTok leaves it out at times. */
const ACTION_JOINED = 1;
const ACTION_SUBSCRIBED = 3;
const ACTION_MODERATOR_ADDED = 5;
const ACTION_MODERATOR_REMOVED = 6;

/**
 * WebcastMemberMessage to event: a join, a subscription, a change of moderators; the rest, such as what a moderator
 * does to people, has no flat shape.
 */
export function decodeMember(
  bytes: Uint8Array,
  context: DecodeContext,
): JoinEvent | SubscribeEvent | ModeratorEvent | OtherEvent {
  const event = new JoinMessage("WebcastMemberMessage", bytes, context);
  let action = ACTION_JOINED;
  let operator: User | undefined;
  const reader = new WireReader(bytes);
  while (reader.pos < reader.end) {
    const tag = reader.tag();
    switch (tag) {
      case 1 << 3 | 2:
        readCommon(reader, event);
        break;
      case 2 << 3 | 2:
        event.user = readUser(reader);
        break;
      case 3 << 3:
        event.viewers = reader.int32();
        break;
      case 4 << 3 | 2:
        operator = readUser(reader);
        break;
      case 10 << 3:
        action = reader.int32();
        break;
      case 19 << 3 | 2:
        event.joinedThrough = reader.string();
        break;
      default:
        reader.skip(tag);
    }
  }
  if (action === ACTION_JOINED || action === 0) return event;
  if (action === ACTION_MODERATOR_ADDED || action === ACTION_MODERATOR_REMOVED) {
    const change = new ModeratorMessage("WebcastMemberMessage", bytes, context);
    takeHead(change, event);
    change.user = event.user;
    change.action = action === ACTION_MODERATOR_ADDED ? "added" : "removed";
    change.operator = operator;
    return change;
  }
  if (action !== ACTION_SUBSCRIBED) return otherEvent("WebcastMemberMessage", bytes, context, event.user);
  const subscription = new SubscribeMessage("WebcastMemberMessage", bytes, context);
  takeHead(subscription, event);
  subscription.user = event.user;
  return subscription;
}

/** WebcastSubNotifyMessage to event. */
export function decodeSubNotify(bytes: Uint8Array, context: DecodeContext): SubscribeEvent {
  const event = new SubscribeMessage("WebcastSubNotifyMessage", bytes, context);
  const reader = new WireReader(bytes);
  while (reader.pos < reader.end) {
    const tag = reader.tag();
    switch (tag) {
      case 1 << 3 | 2:
        readCommon(reader, event);
        break;
      case 2 << 3 | 2:
        event.user = readUser(reader);
        break;
      case 4 << 3:
        event.months = reader.int64();
        break;
      default:
        reader.skip(tag);
    }
  }
  return event;
}

/** Copies what {@link readCommon} filled to the event that the message turned out to be. */
function takeHead(event: BaseEvent<string, string>, from: BaseEvent<string, string>): void {
  event.id = from.id;
  event.roomId = from.roomId;
  event.at = from.at;
}

class FollowMessage extends BaseEvent<"follow", "WebcastSocialMessage"> implements FollowEvent {
  readonly type = "follow";
  user: User = NOBODY;
  followers = 0;
}

class ShareMessage extends BaseEvent<"share", "WebcastSocialMessage"> implements ShareEvent {
  readonly type = "share";
  user: User = NOBODY;
  sharedTo = "";
  joined = 0;
}

/** Follow, share, or neither: by the key of the display text, and by the action when the key does not tell. */
function socialKind(key: string, action: number): "follow" | "share" | undefined {
  if (key.includes("follow")) return "follow";
  if (key.includes("share")) return "share";
  if (action === 1) return "follow";
  return action >= 2 && action <= 5 ? "share" : undefined;
}

/** WebcastSocialMessage to event. */
export function decodeSocial(bytes: Uint8Array, context: DecodeContext): FollowEvent | ShareEvent | OtherEvent {
  const event = new FollowMessage("WebcastSocialMessage", bytes, context);
  let textAt = -1;
  let action = 0;
  let target = "";
  const reader = new WireReader(bytes);
  while (reader.pos < reader.end) {
    const tag = reader.tag();
    switch (tag) {
      case 1 << 3 | 2:
        textAt = readCommon(reader, event);
        break;
      case 2 << 3 | 2:
        event.user = readUser(reader);
        break;
      case 4 << 3:
        action = reader.int64();
        break;
      case 5 << 3 | 2:
        target = reader.string();
        break;
      case 6 << 3:
        event.followers = reader.int64();
        break;
      default:
        reader.skip(tag);
    }
  }
  const { key } = readDisplayText(bytes, textAt);
  const kind = socialKind(key, action);
  if (kind === "follow") return event;
  if (kind === undefined) return otherEvent("WebcastSocialMessage", bytes, context, event.user);
  const share = new ShareMessage("WebcastSocialMessage", bytes, context);
  takeHead(share, event);
  share.user = event.user;
  // -1 stands for "no platform"; "pm_mt_guidance_viewer_5_share" says that five people came through it.
  share.sharedTo = target === "-1" ? "" : target;
  share.joined = Number(/_viewer_(\d{1,9})_share/.exec(key)?.[1] ?? 0);
  return share;
}

class LikeMessage extends BaseEvent<"like", "WebcastLikeMessage"> implements LikeEvent {
  readonly type = "like";
  user: User = NOBODY;
  count = 0;
  total = 0;
  displayType = "";
  label = "";
}

/** WebcastLikeMessage to event. */
export function decodeLike(bytes: Uint8Array, context: DecodeContext): LikeEvent {
  const event = new LikeMessage("WebcastLikeMessage", bytes, context);
  const reader = new WireReader(bytes);
  let textAt = -1;
  while (reader.pos < reader.end) {
    const tag = reader.tag();
    switch (tag) {
      case 1 << 3 | 2:
        textAt = readCommon(reader, event);
        break;
      case 2 << 3:
        event.count = reader.int32();
        break;
      case 3 << 3:
        event.total = reader.int64();
        break;
      case 5 << 3 | 2:
        event.user = readUser(reader);
        break;
      default:
        reader.skip(tag);
    }
  }
  const { key, pattern } = readDisplayText(bytes, textAt);
  event.displayType = key;
  event.label = pattern;
  return event;
}

class ViewersMessage extends BaseEvent<"viewers", "WebcastRoomUserSeqMessage"> implements ViewersEvent {
  readonly type = "viewers";
  count = 0;
  total = 0;
  #top: readonly TopViewer[] | undefined;

  /** Read from the bytes when first asked for: the list is most of the message, and few scripts want it. */
  get top(): readonly TopViewer[] {
    this.#top ??= readTop(this.bytes);
    return this.#top;
  }

  override toJSON(): Record<string, unknown> {
    return { ...plainJson(this), top: plainList(this.top) };
  }
}

/** WebcastRoomUserSeqMessage to event. */
export function decodeViewers(bytes: Uint8Array, context: DecodeContext): ViewersEvent {
  const event = new ViewersMessage("WebcastRoomUserSeqMessage", bytes, context);
  const reader = new WireReader(bytes);
  while (reader.pos < reader.end) {
    const tag = reader.tag();
    switch (tag) {
      case 1 << 3 | 2:
        readCommon(reader, event);
        break;
      case 3 << 3:
        event.count = reader.int64();
        break;
      case 7 << 3:
        event.total = reader.int64();
        break;
      default:
        reader.skip(tag);
    }
  }
  return event;
}

function readTop(bytes: Uint8Array): TopViewer[] {
  const top: TopViewer[] = [];
  const reader = new WireReader(bytes);
  try {
    while (reader.pos < reader.end) {
      const tag = reader.tag();
      if (tag === (2 << 3 | 2)) top.push(readTopViewer(reader));
      else reader.skip(tag);
    }
  } catch (error) {
    // The list ends where the bytes break off.
    if (!isLiveError(error)) throw error;
  }
  return top;
}

/** Contributor {1 score, 2 user, 3 rank}. */
function readTopViewer(reader: WireReader): TopViewer {
  const outer = reader.enter();
  let score = 0;
  let rank = 0;
  let userAt = -1;
  while (reader.pos < reader.end) {
    const tag = reader.tag();
    switch (tag) {
      case 1 << 3:
        score = reader.int64();
        break;
      case 2 << 3 | 2:
        userAt = reader.pos;
        reader.skip(tag);
        break;
      case 3 << 3:
        rank = reader.int64();
        break;
      default:
        reader.skip(tag);
    }
  }
  reader.leave(outer);
  return { rank, score, user: new WireUser(reader.bytes, userAt, -1) };
}
