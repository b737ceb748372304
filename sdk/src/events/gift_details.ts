/**
 * Gift events filled in from TikTok's gift list.
 * @module
 */
import type { GiftDetails } from "../web/gift_list.ts";
import { revised } from "./base.ts";
import type { GiftEvent } from "./types.ts";

/** Gift.type of gifts that can be repeated in a streak. */
const STREAK_TYPE = 1;

/**
 * The event with the list's facts where its message left them out; what the message says itself stays.
 * @param event as {@link decodeMessage} gives it, before the ledger
 * @param details the gift in TikTok's list; `undefined` when the list does not have it
 */
export function withGiftDetails(event: GiftEvent, details: GiftDetails | undefined): GiftEvent {
  if (details === undefined) return event;
  const giftType = event.giftType || details.giftType;
  const diamonds = event.diamonds || details.diamonds;
  // A message that does not carry its type may have been taken for part of a streak.
  const single = event.giftType === 0 && giftType !== 0 && giftType !== STREAK_TYPE &&
    event.streak.closedBy === undefined;
  return revised(event, {
    details,
    name: event.name || details.name,
    describe: event.describe || details.describe,
    imageUrl: event.imageUrl ?? details.imageUrl,
    giftType,
    diamonds,
    value: diamonds * event.count,
    ...(single ? { streak: { id: event.streak.id, ended: true, closedBy: "single" } } : {}),
  });
}
