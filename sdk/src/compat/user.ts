/**
 * People and heads of messages, in the flat shape of connector 1.x.
 * @module
 */
import type { BadgeStruct, CommonMessageData, ImageModel, User } from "../gen/messages.ts";
import type { WebcastBadge, WebcastHead, WebcastSender, WebcastUser } from "./types.ts";

/** Badges by TikTok's scene number. */
const SCENE = { moderator: 1, subscriber: 4, newSubscriber: 7, gifter: 8, fan: 10 } as const;

/** What the flat shape takes of a person; a battle knows less of its hosts than a chat line of its author. */
export type Person = Pick<User, "id" | "nickname" | "displayId" | "avatarThumb"> & Partial<User>;

/** A person; messages that name none give no fields. */
export function senderOf(user: User | undefined): WebcastSender {
  return user === undefined ? {} : flatUser(user);
}

/** All fields of a person. */
export function flatUser(user: Person): WebcastUser {
  const { displayId, nickname, followInfo, badgeList = [] } = user;
  const urls = user.avatarThumb?.urlList;
  const badges = badgeList.flatMap(flatBadge);
  const hasScene = (...scenes: number[]) => badges.some((badge) => scenes.includes(badge.badgeSceneType));
  const levelOf = (scene: number) => badges.find((badge) => badge.badgeSceneType === scene)?.level ?? 0;
  return {
    userId: user.id,
    secUid: user.secUid,
    uniqueId: displayId === "" ? undefined : displayId,
    nickname: nickname === "" ? undefined : nickname,
    profilePictureUrl: bestPicture(urls),
    followRole: followInfo === undefined ? undefined : Number(followInfo.followStatus),
    userBadges: badges,
    userSceneTypes: badgeList.map((badge) => badge.sceneType),
    userDetails: {
      createTime: user.createTime,
      bioDescription: user.bioDescription,
      profilePictureUrls: urls,
    },
    ...(followInfo === undefined ? {} : {
      followInfo: {
        followingCount: Number(followInfo.followingCount),
        followerCount: Number(followInfo.followerCount),
        followStatus: Number(followInfo.followStatus),
        pushStatus: Number(followInfo.pushStatus),
      },
    }),
    isModerator: hasScene(SCENE.moderator) || badges.some((badge) => /moderator/i.test(badge.type)),
    isNewGifter: badges.some((badge) => /live_ng_/i.test(badge.type)),
    isSubscriber: hasScene(SCENE.subscriber, SCENE.newSubscriber) ||
      badges.some((badge) => /\/sub_/i.test(badge.url ?? "")),
    topGifterRank: topGifterRank(badges),
    gifterLevel: levelOf(SCENE.gifter),
    teamMemberLevel: levelOf(SCENE.fan),
  };
}

/** Id, time and display text of a message. */
export function headOf(common: CommonMessageData | undefined): WebcastHead {
  if (common === undefined) return {};
  const { msgId, createTime, displayText } = common;
  return {
    ...(msgId === "0" ? {} : { msgId }),
    ...(createTime === "0" ? {} : { createTime }),
    ...(displayText === undefined ? {} : { displayType: displayText.key, label: displayText.defaultPattern }),
  };
}

/** The picture that 1.x shows: its last address. */
export function lastPicture(image: ImageModel | undefined): string | undefined {
  return image?.urlList.at(-1);
}

/** One entry for each part of a badge. */
function flatBadge(badge: BadgeStruct): WebcastBadge[] {
  const { sceneType: badgeSceneType, text, image, privilegeLogExtra: privilege } = badge;
  const parts: WebcastBadge[] = [];
  if (text !== undefined) parts.push({ badgeSceneType, type: text.key, name: text.defaultPattern });
  const url = lastPicture(image?.image);
  if (url !== undefined) parts.push({ type: "image", badgeSceneType, displayType: image?.displayType, url });
  if (privilege !== undefined && Number(privilege.level) > 0) {
    const { privilegeId, level } = privilege;
    parts.push({ type: "privilege", privilegeId, level: Number(level), badgeSceneType });
  }
  return parts;
}

/** The small picture in the format that most programs show. */
function bestPicture(urls: readonly string[] = []): string | null {
  const small = urls.filter((url) => url.includes("100x100"));
  return small.find((url) => url.includes(".webp")) ?? small.find((url) => url.includes(".jpeg")) ??
    urls.find((url) => !url.includes("shrink")) ?? urls[0] ?? null;
}

function topGifterRank(badges: readonly WebcastBadge[]): number | null {
  for (const { url = "" } of badges) {
    const rank = /\/ranklist_top_gifter_(\d+)\.png/.exec(url)?.[1];
    if (rank !== undefined) return Number(rank);
  }
  return null;
}
