import {
  isLiveError,
  type LinksResult,
  type RoomInfo,
  type StreamLink,
  type TikTok,
  type UserInfo as SdkUserInfo,
} from "@roomtone/sdk";
import { AppError } from "../../contract/errors.ts";
import type { LiveAnswer, LiveLookup, MessageSender, Room, UserInfo } from "../../ports/live_lookup.ts";

/** Names that are asked at the same time. */
const CONCURRENCY = 8;

/** Looks at hosts through the SDK. */
export function tiktokLookup(tiktok: TikTok): LiveLookup {
  const serves = ({ url }: StreamLink): boolean => tiktok.servesMedia(url);
  return {
    async links(usernames, { signal } = {}) {
      const results = await tiktok.links([...usernames], { signal, concurrency: CONCURRENCY });
      return results.map((result) => toAnswer(result, serves));
    },
    async alive(roomIds, { signal } = {}) {
      return await known(tiktok.checkAlive(roomIds, { signal }));
    },
    async userInfo(username, { signal } = {}) {
      const user = await known(tiktok.userInfo(username, { signal }));
      return { ...toUser(user), live: user.roomId === "" ? false : await isAlive(tiktok, user.roomId, signal) };
    },
    async userList(kind, { secUid, count, ...from }, { signal } = {}) {
      const page = await known(tiktok[kind]({ secUid }, { count, from, signal }).next());
      const { users, hasMore, minCursor, maxCursor, total = null, logId } = page;
      return { users: users.map(toUser), hasMore, minCursor, maxCursor, total, logId };
    },
    async room(roomId, { signal } = {}) {
      return toRoom(await known(tiktok.roomInfo(roomId, { signal })), serves);
    },
    async gifts({ signal } = {}) {
      const gifts = await known(tiktok.giftList(undefined, { signal }));
      return gifts.map(({ id, name, describe, diamonds, giftType, combo, imageUrl }) => (
        { id, name, describe, diamonds, giftType, combo, imageUrl }
      ));
    },
    async prices({ signal } = {}) {
      const { packages, currencies, defaultCurrency } = await known(tiktok.priceList({ signal }));
      return {
        packages: packages.map(({ id, diamonds, extraDiamonds, priceUsdCents, describe, prices }) => ({
          ...{ id, diamonds, extraDiamonds, priceUsdCents, describe },
          prices: prices.map(({ currency, price, shown }) => ({ currency, price, shown })),
        })),
        currencies,
        defaultCurrency,
      };
    },
    async feed(cursor, { signal } = {}) {
      const { liveStreams, hasMore, maxTime } = await known(tiktok.feed({ from: cursor }).next({ signal }));
      return {
        rooms: liveStreams.map((stream) => ({ ...toRoom(stream, serves), reason: stream.reason })),
        cursor: hasMore ? maxTime : null,
      };
    },
  };
}

/** Says things in rooms through the SDK. */
export function tiktokMessages(tiktok: TikTok): MessageSender {
  return {
    async send(username, text, { signal } = {}) {
      await known(tiktok.sendMessage(username, text, { signal }));
    },
  };
}

/** The call's result, or the functions' error in place of the SDK's. */
async function known<T>(call: Promise<T>): Promise<T> {
  try {
    return await call;
  } catch (error) {
    throw fromLiveError(error);
  }
}

function toUser(user: SdkUserInfo): Omit<UserInfo, "live"> {
  return {
    id: user.id,
    username: user.username,
    nickname: user.nickname,
    bio: user.bio,
    secUid: user.secUid,
    followers: user.followers ?? 0,
    following: user.following ?? 0,
    likes: user.likes ?? 0,
    videos: user.videos ?? 0,
    profilePictureUrl: user.avatarUrl ?? "",
    verified: user.verified,
    private: user.private,
    roomId: user.roomId,
  };
}

function toRoom(room: RoomInfo, serves: (link: StreamLink) => boolean): Room {
  const { roomId, title, live, paused, ageRestricted, startedAt, viewers, totalViewers, likes, comments } = room;
  const { shares, coverUrl, shareUrl, host, links } = room;
  return {
    ...{ roomId, title, live, paused, ageRestricted, startedAt, viewers, totalViewers, likes, comments, shares },
    ...{ coverUrl, shareUrl, links: links.filter(serves) },
    host: {
      id: host.id,
      username: host.username,
      nickname: host.nickname,
      bio: host.bio,
      secUid: host.secUid,
      avatarUrl: host.avatarUrl,
      followers: host.followers,
      following: host.following,
    },
  };
}

/** Whether a room is on air; `null` when TikTok does not say: the profile is an answer without it. */
async function isAlive(tiktok: TikTok, roomId: string, signal: AbortSignal | undefined): Promise<boolean | null> {
  try {
    return (await tiktok.checkAlive([roomId], { signal })).get(roomId) ?? null;
  } catch (error) {
    if (isLiveError(error)) return null;
    throw error;
  }
}

/** Links to hosts that are not TikTok's are left out. */
function toAnswer(result: LinksResult, serves: (link: StreamLink) => boolean): LiveAnswer {
  const { user: username } = result;
  if (result.error !== undefined) return { username, state: "failed", error: fromLiveError(result.error) };
  if (!result.live) return { username, state: "offline" };
  const { roomId, title, links } = result;
  if (roomId !== "") return { username, state: "live", roomId, title, links: links.filter(serves) };
  const error = new AppError("protocol", `Look up the live of ${username}: TikTok names no room`);
  return { username, state: "failed", error };
}

/**
 * The functions' error for one of the SDK's, or the one of theirs that the SDK passed on. What is not the SDK's stays
 * what it is: an abort's reason, a fault.
 */
export function fromLiveError(error: unknown): AppError {
  if (!isLiveError(error)) throw error;
  if (error.cause instanceof AppError) return error.cause;
  const { code, message, remedy, retryAfterMs, evidence } = error;
  return new AppError(code, message, { remedy, retryAfterMs, evidence: { ...evidence }, cause: error });
}
