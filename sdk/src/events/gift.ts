/**
 * Gifts, each message by itself; the ledger of a connection turns running totals into what each message adds.
 * @module
 */
import type { GiftDetails } from "../web/gift_list.ts";
import { WireReader } from "../wire/reader.ts";
import { BaseEvent, type DecodeContext, optionalId, readCommon } from "./base.ts";
import { readPicture } from "./picture.ts";
import type { GiftEvent, GiftStreak, User } from "./types.ts";
import { NOBODY, readUser, WireUser } from "./user.ts";

/** Gift.type of gifts that can be repeated in a streak. */
const STREAK_TYPE = 1;

const OPEN_STREAK: GiftStreak = { id: "", ended: false, closedBy: undefined };

/** A gift; its counts are TikTok's running total until {@link GiftMessage.counted} sets them. */
export class GiftMessage extends BaseEvent<"gift", "WebcastGiftMessage"> implements GiftEvent {
  readonly type = "gift";
  user: User = NOBODY;
  giftId = "";
  name = "";
  describe = "";
  giftType = 0;
  imageUrl: string | undefined = undefined;
  diamonds = 0;
  count = 1;
  total = 1;
  value = 0;
  streak = OPEN_STREAK;
  to: User | undefined = undefined;
  details: GiftDetails | undefined = undefined;
}

/**
 * WebcastGiftMessage to event. Alone, a message cannot tell what it adds: `count` and `total` are both TikTok's
 * running total of the streak (`repeat_count`), and `value` is for all of it. {@link GiftLedger} makes them exact.
 */
export function decodeGift(bytes: Uint8Array, context: DecodeContext): GiftEvent {
  const event = new GiftMessage("WebcastGiftMessage", bytes, context);
  let userAt = -1;
  let identityAt = -1;
  let repeatEnd = false;
  let groupId = "";
  const reader = new WireReader(bytes);
  while (reader.pos < reader.end) {
    const tag = reader.tag();
    switch (tag) {
      case 1 << 3 | 2:
        readCommon(reader, event);
        break;
      case 2 << 3:
        event.giftId = optionalId(reader.id());
        break;
      case 5 << 3:
        event.total = Math.max(reader.int32(), 1);
        break;
      case 7 << 3 | 2:
        userAt = reader.pos;
        reader.skip(tag);
        break;
      case 8 << 3 | 2:
        event.to = readUser(reader);
        break;
      case 9 << 3:
        repeatEnd = reader.bool();
        break;
      case 11 << 3:
        groupId = optionalId(reader.id());
        break;
      case 15 << 3 | 2:
        readGift(reader, event);
        break;
      case 32 << 3 | 2:
        identityAt = reader.pos;
        reader.skip(tag);
        break;
      default:
        reader.skip(tag);
    }
  }
  // The gift itself may be missing on later messages of a streak; then the group id tells a streak.
  const single = event.giftType === 0 ? groupId === "" : event.giftType !== STREAK_TYPE;
  event.user = new WireUser(bytes, userAt, identityAt);
  event.count = event.total;
  event.value = event.diamonds * event.count;
  event.streak = {
    id: groupId,
    ended: single || repeatEnd,
    closedBy: single ? "single" : repeatEnd ? "repeat_end" : undefined,
  };
  return event;
}

/** Reads the Gift behind the tag. */
function readGift(reader: WireReader, event: GiftMessage): void {
  const outer = reader.enter();
  while (reader.pos < reader.end) {
    const tag = reader.tag();
    switch (tag) {
      case 1 << 3 | 2:
        event.imageUrl = readPicture(reader);
        break;
      case 2 << 3 | 2:
        event.describe = reader.string();
        break;
      case 11 << 3:
        event.giftType = reader.int32();
        break;
      case 12 << 3:
        event.diamonds = reader.int32();
        break;
      case 16 << 3 | 2:
        event.name = reader.string();
        break;
      default:
        reader.skip(tag);
    }
  }
  reader.leave(outer);
}
