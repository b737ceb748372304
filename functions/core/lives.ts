import { AppError } from "../contract/errors.ts";
import type { FeedReply, FeedRoom, GiftsReply, MessageReply, PricesReply, RoomReply } from "../contract/schemas.ts";
import type { MessageSender, Room } from "../ports/live_lookup.ts";
import { type LookupDeps, withinDeadline } from "./deadline.ts";
import { toLink } from "./live_links.ts";
import { readUsername } from "./usernames.ts";

/**
 * Answers `GET /api/rooms/{username}`. Not being live is an answer.
 * @throws AppError by the code of the failure
 */
export async function roomOf({ lookup, clock }: LookupDeps, typed: string): Promise<RoomReply> {
  const user = readUsername(typed, "username");
  return await withinDeadline(clock, "Read the room", async (signal): Promise<RoomReply> => {
    const [answer] = await lookup.links([user], { signal });
    if (answer?.state === "failed") throw answer.error;
    if (answer?.state !== "live") return { error: "User is not live", user, live: false, code: "offline" };
    return { ...toRoom(await lookup.room(answer.roomId, { signal })), user, code: "live" };
  });
}

/** Answers `GET /api/gifts`. @throws AppError by the code of the failure */
export async function giftsReply({ lookup, clock }: LookupDeps): Promise<GiftsReply> {
  const gifts = await withinDeadline(clock, "Read the gifts", (signal) => lookup.gifts({ signal }));
  return {
    gifts: gifts.map(({ giftType, imageUrl, ...gift }) => ({ ...gift, gift_type: giftType, image_url: imageUrl })),
  };
}

/** Answers `GET /api/prices`. @throws AppError by the code of the failure */
export async function pricesReply({ lookup, clock }: LookupDeps): Promise<PricesReply> {
  const prices = await withinDeadline(clock, "Read the prices", (signal) => lookup.prices({ signal }));
  return {
    packages: prices.packages.map(({ extraDiamonds, priceUsdCents, ...each }) => ({
      ...each,
      extra_diamonds: extraDiamonds,
      price_usd_cents: priceUsdCents,
    })),
    currencies: prices.currencies,
    default_currency: prices.defaultCurrency,
  };
}

/** Answers `GET /api/feed`. @throws AppError by the code of the failure */
export async function feedReply({ lookup, clock }: LookupDeps, cursor: string): Promise<FeedReply> {
  const page = await withinDeadline(clock, "Read the feed", (signal) => lookup.feed(cursor, { signal }));
  return {
    rooms: page.rooms.map((room): FeedRoom => ({
      user: room.host.username,
      ...toRoom(room),
      reason: room.reason,
    })),
    cursor: page.cursor ?? undefined,
  };
}

/**
 * Answers `POST /api/rooms/{username}/messages`.
 * @param sender `undefined` where sending is switched off
 * @throws AppError `not_configured`, or by the code of the failure
 */
export async function sendMessage(
  { clock, sender }: Pick<LookupDeps, "clock"> & { sender: MessageSender | undefined },
  typed: string,
  text: string,
): Promise<MessageReply> {
  const user = readUsername(typed, "username");
  if (sender === undefined) {
    throw new AppError("not_configured", "Send a message: sending is switched off", {
      remedy: "The operator of a local system switches it on with ROOMTONE_SEND_MESSAGES=true, a session and a signer",
    });
  }
  await withinDeadline(clock, "Send a message", (signal) => sender.send(user, text, { signal }));
  return { user, text, sent: true };
}

function toRoom(room: Room) {
  const { host } = room;
  return {
    room_id: room.roomId,
    title: room.title,
    live: room.live,
    paused: room.paused,
    age_restricted: room.ageRestricted,
    started_at: room.startedAt,
    viewers: room.viewers,
    total_viewers: room.totalViewers,
    likes: room.likes,
    comments: room.comments,
    shares: room.shares,
    cover_url: room.coverUrl,
    share_url: room.shareUrl,
    host: {
      id: host.id,
      username: host.username,
      nickname: host.nickname,
      bio: host.bio,
      sec_uid: host.secUid,
      avatar_url: host.avatarUrl,
      followers: host.followers,
      following: host.following,
    },
    links: room.links.map(toLink),
  };
}
