/**
 * What changes in the room for everyone: pins, deletions, banners of levels, products.
 * @module
 */
import type { WireReader } from "../wire/reader.ts";
import { BaseEvent, type DecodeContext, optionalId, optionalTime, readMessage, readText } from "./base.ts";
import type { BarrageEvent, DeletedEvent, PinEvent, ShoppingEvent } from "./feature_types.ts";
import { readPicture } from "./picture.ts";
import type { User } from "./types.ts";
import { readUser } from "./user.ts";

class RoomPin extends BaseEvent<"pin", "WebcastRoomPinMessage"> implements PinEvent {
  readonly type = "pin";
  action: PinEvent["action"] = "pinned";
  pinnedMethod = "";
  pinnedId = "";
  user: User | undefined = undefined;
  text = "";
  operator: User | undefined = undefined;
  pinnedAt: number | undefined = undefined;
  durationMs = 0;
}

/** PinMessage action: taken off. */
const UNPIN = 2;

/** Field of the pinned message to the field of the person inside it: chat, social, gift, member, like. */
const PINNED_USER: Readonly<Record<number, number>> = { 2: 2, 3: 2, 4: 7, 5: 2, 6: 5 };

/** WebcastRoomPinMessage to event. */
export function decodePin(bytes: Uint8Array, context: DecodeContext): PinEvent {
  const event = new RoomPin("WebcastRoomPinMessage", bytes, context);
  let pinMsgId = "";
  readMessage(event, (tag, reader) => {
    switch (tag) {
      case 30 << 3 | 2:
        event.pinnedMethod = reader.string();
        break;
      case 31 << 3:
        event.pinnedAt = optionalTime(reader.int64());
        break;
      case 32 << 3 | 2:
        event.operator = readUser(reader);
        break;
      case 33 << 3:
        if (reader.int32() === UNPIN) event.action = "unpinned";
        break;
      case 34 << 3:
        event.durationMs = reader.int64() * 1000;
        break;
      case 35 << 3:
        pinMsgId = optionalId(reader.id());
        break;
      default: {
        const userField = (tag & 7) === 2 ? PINNED_USER[tag >>> 3] : undefined;
        if (userField === undefined) reader.skip(tag);
        else readPinned(reader, event, userField, tag === (2 << 3 | 2));
      }
    }
  });
  if (event.pinnedId === "") event.pinnedId = pinMsgId;
  return event;
}

/** Reads a pinned message: its id in the head, its person, and the text of a chat line. */
function readPinned(reader: WireReader, event: RoomPin, userField: number, chat: boolean): void {
  reader.embedded((tag) => {
    if (tag === (1 << 3 | 2)) {
      reader.embedded((tag) => {
        if (tag === 2 << 3) event.pinnedId = optionalId(reader.id());
        else reader.skip(tag);
      });
    } else if (tag === (userField << 3 | 2)) event.user = readUser(reader);
    else if (chat && tag === (3 << 3 | 2)) event.text = reader.string();
    else reader.skip(tag);
  });
}

class ImDelete extends BaseEvent<"deleted", "WebcastImDeleteMessage"> implements DeletedEvent {
  readonly type = "deleted";
  messageIds: string[] = [];
  userIds: string[] = [];
}

/** WebcastImDeleteMessage to event. */
export function decodeDeleted(bytes: Uint8Array, context: DecodeContext): DeletedEvent {
  const event = new ImDelete("WebcastImDeleteMessage", bytes, context);
  readMessage(event, (tag, reader) => {
    const field = tag >>> 3;
    if (field === 2) readIds(reader, tag, event.messageIds);
    else if (field === 3) readIds(reader, tag, event.userIds);
    else reader.skip(tag);
  });
  return event;
}

/** Ids of a list, packed or one by one. */
function readIds(reader: WireReader, tag: number, ids: string[]): void {
  if ((tag & 7) === 0) ids.push(reader.id());
  else if ((tag & 7) !== 2) reader.skip(tag);
  else {
    const outer = reader.enter();
    while (reader.pos < reader.end) ids.push(reader.id());
    reader.leave(outer);
  }
}

class Barrage extends BaseEvent<"barrage", "WebcastBarrageMessage"> implements BarrageEvent {
  readonly type = "barrage";
  kind = 0;
  user: User | undefined = undefined;
  key = "";
  text = "";
  level: number | undefined = undefined;
  subscriptions: number | undefined = undefined;
  imageUrl: string | undefined = undefined;
}

/** WebcastBarrageMessage to event. */
export function decodeBarrage(bytes: Uint8Array, context: DecodeContext): BarrageEvent {
  const event = new Barrage("WebcastBarrageMessage", bytes, context);
  readMessage(event, (tag, reader) => {
    switch (tag) {
      case 3 << 3:
        event.kind = reader.int32();
        break;
      case 4 << 3 | 2:
        event.imageUrl = readPicture(reader);
        break;
      case 5 << 3 | 2: // content
      case 24 << 3 | 2: { // common_barrage_content, the text of banners without the other
        const { key, pattern } = readText(reader);
        if (event.key === "" || tag === (5 << 3 | 2)) {
          event.key = key;
          event.text = pattern;
        }
        break;
      }
      case 100 << 3 | 2: // BarrageTypeUserGradeParam {1 current_grade, 4 user}
      case 101 << 3 | 2: // BarrageTypeFansLevelParam {1 current_grade, 4 user}
        reader.embedded((tag) => {
          if (tag === 1 << 3) event.level = reader.int32();
          else if (tag === (4 << 3 | 2)) event.user = readUser(reader);
          else reader.skip(tag);
        });
        break;
      case 102 << 3 | 2: // BarrageTypeSubscribeGiftParam {1 gift_sub_count}
        reader.embedded((tag) => {
          if (tag === 1 << 3) event.subscriptions = reader.int64();
          else reader.skip(tag);
        });
        break;
      default:
        reader.skip(tag);
    }
  });
  return event;
}

class OecLiveShopping extends BaseEvent<"shopping", "WebcastOecLiveShoppingMessage"> implements ShoppingEvent {
  readonly type = "shopping";
  action = 0;
  product: ShoppingEvent["product"] = undefined;
}

/** WebcastOecLiveShoppingMessage to event. */
export function decodeShopping(bytes: Uint8Array, context: DecodeContext): ShoppingEvent {
  const event = new OecLiveShopping("WebcastOecLiveShoppingMessage", bytes, context);
  readMessage(event, (tag, reader) => {
    if (tag === 2 << 3) event.action = reader.int32();
    else if (tag === (4 << 3 | 2)) event.product = readProduct(reader);
    else reader.skip(tag);
  });
  return event;
}

/** PopProduct {1 title, 2 price, 3 image_url, 6 product_id, 7 shop_name}, from captures. */
function readProduct(reader: WireReader): NonNullable<ShoppingEvent["product"]> {
  const product = { id: "", title: "", price: "", shopName: "", imageUrl: undefined as string | undefined };
  reader.embedded((tag) => {
    if (tag === (1 << 3 | 2)) product.title = reader.string();
    else if (tag === (2 << 3 | 2)) product.price = reader.string();
    else if (tag === (3 << 3 | 2)) product.imageUrl = reader.string() || undefined;
    else if (tag === 6 << 3) product.id = optionalId(reader.id());
    else if (tag === (7 << 3 | 2)) product.shopName = reader.string();
    else reader.skip(tag);
  });
  return product;
}
