/**
 * Guests and co-hosts.
 * @module
 */
import type { WireReader } from "../wire/reader.ts";
import { BaseEvent, type DecodeContext, optionalId, readMessage } from "./base.ts";
import type { LinkEvent, LinkGuest } from "./feature_types.ts";
import { readPicture } from "./picture.ts";

class LinkMessage extends BaseEvent<"link", LinkEvent["method"]> implements LinkEvent {
  readonly type = "link";
  channelId = "";
  status: LinkEvent["status"] = "other";
  action = 0;
  scene = 0;
  guests: LinkGuest[] = [];
}

type Statuses = Readonly<Record<number, LinkEvent["status"]>>;

/** LinkMessageType to what it means; numbers that are not here are `other`. */
const LINK_STATUS: Statuses = {
  1: "created",
  2: "closed",
  3: "invited",
  4: "applied",
  5: "answered",
  6: "joined",
  7: "left",
  8: "permitted",
  9: "cancelled",
  10: "changed",
  11: "changed",
  12: "changed",
  13: "removed",
  14: "cancelled",
  19: "left",
  20: "changed",
  21: "changed",
  22: "changed",
  101: "removed",
};

/** LinkLayerMessageType to what it means. */
const LAYER_STATUS: Statuses = {
  1: "created",
  2: "invited",
  3: "applied",
  4: "permitted",
  5: "answered",
  6: "removed",
  7: "cancelled",
  8: "cancelled",
  9: "left",
  10: "closed",
  11: "changed",
  12: "joined",
  13: "joined",
  14: "permitted",
  15: "cancelled",
  16: "left",
  17: "changed",
  18: "changed",
};

/** WebcastLinkMessage to event: the guests are those of the changed list, or the one who left. */
export function decodeLink(bytes: Uint8Array, context: DecodeContext): LinkEvent {
  const event = new LinkMessage("WebcastLinkMessage", bytes, context);
  readMessage(event, (tag, reader) => {
    switch (tag) {
      case 2 << 3:
        event.action = reader.int32();
        break;
      case 3 << 3:
        event.channelId = optionalId(reader.id());
        break;
      case 4 << 3:
        event.scene = reader.int32();
        break;
      case 10 << 3 | 2: { // LinkerLeaveContent {1 user_id}
        const guest = newGuest();
        readInto(reader, guest, 1, 0);
        event.guests.push(guest);
        break;
      }
      case 20 << 3 | 2: // LinkerListChangeContent {1 linked_users}
        reader.embedded((tag) => {
          if (tag === (1 << 3 | 2)) event.guests.push(readListUser(reader));
          else reader.skip(tag);
        });
        break;
      default:
        reader.skip(tag);
    }
  });
  event.status = LINK_STATUS[event.action] ?? "other";
  return event;
}

/** WebcastLinkLayerMessage to event: the guests are those of the changed list, or the one who left or joined. */
export function decodeLinkLayer(bytes: Uint8Array, context: DecodeContext): LinkEvent {
  const event = new LinkMessage("WebcastLinkLayerMessage", bytes, context);
  readMessage(event, (tag, reader) => {
    switch (tag) {
      case 2 << 3:
        event.action = reader.int32();
        break;
      case 3 << 3:
        event.channelId = optionalId(reader.id());
        break;
      case 4 << 3:
        event.scene = reader.int32();
        break;
      case 102 << 3 | 2: // LinkListChangeContent {2 AllListUser {2 linked_list of {1 Player}}}
        reader.embedded((tag) => {
          if (tag === (2 << 3 | 2)) readLinkedList(reader, event.guests);
          else reader.skip(tag);
        });
        break;
      case 107 << 3 | 2: // KickOutContent {1 offliner}
      case 110 << 3 | 2: // LeaveContent {1 leaver}
        readPlayer(reader, event.guests);
        break;
      case 112 << 3 | 2: // JoinDirectContent {1 joiner {1 Player}}
        reader.embedded((tag) => {
          if (tag === (1 << 3 | 2)) readPlayer(reader, event.guests);
          else reader.skip(tag);
        });
        break;
      default:
        reader.skip(tag);
    }
  });
  event.status = LAYER_STATUS[event.action] ?? "other";
  return event;
}

/** WebcastLinkMicMethod to event; one with fan tickets tells a guest's points. It also travels as `LinkMicMethod`. */
export function decodeLinkMic(
  bytes: Uint8Array,
  context: DecodeContext,
  method: "WebcastLinkMicMethod" | "LinkMicMethod",
): LinkEvent {
  const event = new LinkMessage(method, bytes, context);
  const guest = newGuest();
  readMessage(event, (tag, reader) => {
    switch (tag) {
      case 2 << 3:
        event.action = reader.int32();
        break;
      case 5 << 3:
        guest.id = optionalId(reader.id());
        break;
      case 6 << 3:
        guest.points = reader.int64();
        event.status = "points";
        break;
      case 8 << 3:
        event.channelId = optionalId(reader.id());
        break;
      default:
        reader.skip(tag);
    }
  });
  if (guest.id !== "") event.guests.push(guest);
  return event;
}

/** WebcastLinkMicFanTicketMethod {2 notice {1 user_fan_ticket {1 user_id, 2 fan_ticket}}} to event. */
export function decodeFanTickets(bytes: Uint8Array, context: DecodeContext): LinkEvent {
  const event = new LinkMessage("WebcastLinkMicFanTicketMethod", bytes, context);
  event.status = "points";
  readMessage(event, (tag, reader) => {
    if (tag !== (2 << 3 | 2)) return reader.skip(tag);
    reader.embedded((tag) => {
      if (tag !== (1 << 3 | 2)) return reader.skip(tag);
      const guest = newGuest();
      readInto(reader, guest, 1, 2);
      event.guests.push(guest);
    });
  });
  return event;
}

function newGuest(): LinkGuest {
  return { id: "", username: "", nickname: "", avatarUrl: undefined, roomId: "", points: 0 };
}

/** Reads id and points of an embedded message by their field numbers; 0 for none. */
function readInto(reader: WireReader, guest: LinkGuest, idField: number, pointsField: number): void {
  reader.embedded((tag) => {
    if (tag === idField << 3) guest.id = optionalId(reader.id());
    else if (tag === pointsField << 3) guest.points = reader.int64();
    else reader.skip(tag);
  });
}

/** LinkListUser {1 User {1 id, 3 nickname, 9 avatar_thumb, 38 display_id}, 7 points}, from captures. */
function readListUser(reader: WireReader): LinkGuest {
  const guest = newGuest();
  reader.embedded((tag) => {
    if (tag === 7 << 3) guest.points = reader.int64();
    else if (tag === (1 << 3 | 2)) {
      reader.embedded((tag) => {
        if (tag === 1 << 3) guest.id = optionalId(reader.id());
        else if (tag === (3 << 3 | 2)) guest.nickname = reader.string();
        else if (tag === (9 << 3 | 2)) guest.avatarUrl = readPicture(reader);
        else if (tag === (38 << 3 | 2)) guest.username = reader.string();
        else reader.skip(tag);
      });
    } else reader.skip(tag);
  });
  return guest;
}

/** AllListUser {2 linked_list {1 Player}}. */
function readLinkedList(reader: WireReader, guests: LinkGuest[]): void {
  reader.embedded((tag) => {
    if (tag === (2 << 3 | 2)) readPlayer(reader, guests);
    else reader.skip(tag);
  });
}

/** A message whose field 1 is Player {1 room_id, 2 user_id}. */
function readPlayer(reader: WireReader, guests: LinkGuest[]): void {
  reader.embedded((tag) => {
    if (tag !== (1 << 3 | 2)) return reader.skip(tag);
    const guest = newGuest();
    reader.embedded((tag) => {
      if (tag === 1 << 3) guest.roomId = optionalId(reader.id());
      else if (tag === 2 << 3) guest.id = optionalId(reader.id());
      else reader.skip(tag);
    });
    guests.push(guest);
  });
}
