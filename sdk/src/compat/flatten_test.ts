import { assertEquals, assertObjectMatch } from "@std/assert";
import { describe, it } from "node:test";
import { decodeMessage } from "../events/decode.ts";
import type { KnownMethod } from "../events/types.ts";
import type { Messages } from "../gen/messages.ts";
import { encodeMessage, type MessageFields } from "../testing/encode.ts";
import { flatFields } from "./flatten.ts";

function flat<M extends KnownMethod>(method: M, fields: MessageFields<Messages[M]>): object {
  return flatFields(decodeMessage(method, encodeMessage(method, fields))) ?? {};
}

const picture = (...urlList: string[]) => ({ urlList });
const user = {
  id: "6500000000000000001",
  displayId: "some.viewer",
  nickname: "Some Viewer",
  secUid: "MS4w",
  bioDescription: "painter",
  createTime: "1500000000",
  avatarThumb: picture("https://cdn/shrink.png", "https://cdn/100x100.jpeg", "https://cdn/100x100.webp"),
  followInfo: { followingCount: 3, followerCount: 4, followStatus: 1, pushStatus: 0 },
  badgeList: [
    { sceneType: 1, text: { key: "pm_mt_moderator_im", defaultPattern: "Moderator" } },
    { sceneType: 4, image: { displayType: 1, image: picture("https://cdn/sub_1.png") } },
    { sceneType: 6, image: { displayType: 1, image: picture("https://cdn/ranklist_top_gifter_2.png") } },
    { sceneType: 8, privilegeLogExtra: { privilegeId: "71", level: "12" } },
    { sceneType: 10, privilegeLogExtra: { privilegeId: "72", level: "7" } },
    { sceneType: 10, privilegeLogExtra: { privilegeId: "73", level: "0" } },
  ],
};
const flatUser = {
  userId: user.id,
  secUid: "MS4w",
  uniqueId: "some.viewer",
  nickname: "Some Viewer",
  profilePictureUrl: "https://cdn/100x100.webp",
  followRole: 1,
  userBadges: [
    { badgeSceneType: 1, type: "pm_mt_moderator_im", name: "Moderator" },
    { type: "image", badgeSceneType: 4, displayType: 1, url: "https://cdn/sub_1.png" },
    { type: "image", badgeSceneType: 6, displayType: 1, url: "https://cdn/ranklist_top_gifter_2.png" },
    { type: "privilege", privilegeId: "71", level: 12, badgeSceneType: 8 },
    { type: "privilege", privilegeId: "72", level: 7, badgeSceneType: 10 },
  ],
  userSceneTypes: [1, 4, 6, 8, 10, 10],
  userDetails: {
    createTime: "1500000000",
    bioDescription: "painter",
    profilePictureUrls: user.avatarThumb.urlList,
  },
  followInfo: { followingCount: 3, followerCount: 4, followStatus: 1, pushStatus: 0 },
  isModerator: true,
  isNewGifter: false,
  isSubscriber: true,
  topGifterRank: 2,
  gifterLevel: 12,
  teamMemberLevel: 7,
};
/** A person of whom a message tells hardly anything. */
const sparse = (userId: string, nickname: string, uniqueId: string | undefined, url: string) => ({
  userId,
  nickname,
  uniqueId,
  profilePictureUrl: url,
  secUid: undefined,
  followRole: undefined,
  userBadges: [],
  userSceneTypes: [],
  userDetails: { createTime: undefined, bioDescription: undefined, profilePictureUrls: [url] },
  isModerator: false,
  isNewGifter: false,
  isSubscriber: false,
  topGifterRank: null,
  gifterLevel: 0,
  teamMemberLevel: 0,
});
const common = {
  msgId: "7300000000000000009",
  createTime: "1700000000000",
  displayText: { key: "pm_key", defaultPattern: "{0:user} did it" },
};
const head = {
  msgId: common.msgId,
  createTime: common.createTime,
  displayType: "pm_key",
  label: "{0:user} did it",
};

describe("flatFields", () => {
  it("has the fields of 1.x for what people do", () => {
    assertEquals(
      flat("WebcastChatMessage", {
        common,
        user,
        content: "hello",
        emotes: [{ index: 2, emote: { emoteId: "e1", image: picture("https://cdn/e1") } }],
      }),
      {
        ...flatUser,
        ...head,
        comment: "hello",
        emotes: [{ emoteId: "e1", emoteImageUrl: "https://cdn/e1", placeInComment: 2 }],
      },
    );
    assertEquals(flat("WebcastMemberMessage", { common, user, action: 1 }), { ...flatUser, ...head, actionId: 1 });
    assertEquals(flat("WebcastSocialMessage", { common, user, action: 1 }), { ...flatUser, ...head });
    assertEquals(flat("WebcastLikeMessage", { common, user, count: 5, total: 90 }), {
      ...flatUser,
      ...head,
      likeCount: 5,
      totalLikeCount: 90,
    });
    assertEquals(flat("WebcastQuestionNewMessage", { common, data: { content: "why?", user } }), {
      ...flatUser,
      questionText: "why?",
    });
    assertEquals(
      flat("WebcastEmoteChatMessage", {
        common,
        user,
        emoteList: [{ emoteId: "e1", image: picture("https://cdn/e1") }],
      }),
      { ...flatUser, emoteId: "e1", emoteImageUrl: "https://cdn/e1" },
    );
    assertEquals(
      flat("WebcastSubNotifyMessage", {
        common,
        user,
        exhibitionType: 1,
        subMonth: 3,
        subscribeType: 100,
        oldSubscribeStatus: 2,
        subscribingStatus: 1,
      }),
      {
        ...flatUser,
        ...head,
        exhibitionType: 1,
        subMonth: 3,
        subscribeType: 100,
        oldSubscribeStatus: 2,
        subscribingStatus: 1,
      },
    );
    assertEquals(flat("WebcastLiveIntroMessage", { common, id: "7300000000000000001", content: "hi", user }), {
      ...flatUser,
      id: "7300000000000000001",
      description: "hi",
    });
  });

  it("has the fields of 1.x for gifts, with its old object inside", () => {
    const gift = flat("WebcastGiftMessage", {
      common,
      user,
      giftId: "5655",
      repeatCount: 7,
      repeatEnd: 1,
      groupId: "88",
      gift: { name: "Rose", describe: "sent Rose", type: 1, diamondCount: 1, image: picture("https://cdn/rose") },
      monitorExtra: '{"anchor_id":5}',
      monitorInfo: { toUserId: "71", sendGiftSendMessageSuccessMs: "1700000000123" },
    });
    assertEquals(gift, {
      ...flatUser,
      ...head,
      giftId: 5655,
      repeatCount: 7,
      repeatEnd: true,
      groupId: "88",
      giftName: "Rose",
      describe: "sent Rose",
      giftType: 1,
      diamondCount: 1,
      giftPictureUrl: "https://cdn/rose",
      monitorExtra: { anchor_id: 5 },
      timestamp: 1_700_000_000_123,
      receiverUserId: "71",
      gift: { gift_id: 5655, repeat_count: 7, repeat_end: 1, gift_type: 1 },
    });
    const bare = flat("WebcastGiftMessage", { giftId: "5655", repeatCount: 1, monitorExtra: '{"cut' });
    assertObjectMatch(bare, { repeatEnd: false, giftName: "", monitorExtra: '{"cut', receiverUserId: undefined });
  });

  it("has the fields of 1.x for the room and its battles", () => {
    assertEquals(flat("WebcastRoomUserSeqMessage", { total: 120, ranks: [{ score: 9, user }, { score: 1 }] }), {
      viewerCount: 120,
      topViewers: [{ user: flatUser, coinCount: 9 }, { user: null, coinCount: 1 }],
    });
    assertEquals(flat("WebcastControlMessage", { action: 3 }), { action: 3 });
    const host = { userId: "71", nickName: "Host", displayId: "some.host", avatarThumb: picture("https://cdn/h") };
    const battle = flat("WebcastLinkMicBattle", { anchorsInfo: [{ key: "71", value: { user: host } }, { key: "72" }] });
    assertEquals(battle, { battleUsers: [sparse("71", "Host", "some.host", "https://cdn/h")] });
    const supporter = { userId: "5", nickname: "Five", avatarThumb: picture("https://cdn/f"), score: 3 };
    const armies = flat("WebcastLinkMicArmies", {
      triggerReason: 1,
      armies: { "71": { hostScore: 40, userArmies: [supporter] } },
    });
    const participants = [sparse("5", "Five", undefined, "https://cdn/f")];
    assertEquals(armies, { battleStatus: 1, battleArmies: [{ hostUserId: "71", points: 40, participants }] });
    const envelopeInfo = {
      diamondCount: 20,
      peopleCount: 5,
      unpackAt: 1_700_000_000,
      sendUserId: "5",
      sendUserName: "Five",
    };
    assertObjectMatch(flat("WebcastEnvelopeMessage", { envelopeInfo }), {
      userId: "5",
      nickname: "Five",
      userBadges: [],
      coins: 20,
      canOpen: 5,
      timestamp: 1_700_000_000,
    });
    const pieces = [{ userValue: { user } }];
    assertObjectMatch(flat("WebcastEnvelopeMessage", { common: { displayText: { pieces } }, envelopeInfo }), flatUser);
  });

  it("has nothing for methods that 1.x does not decode, nor for broken bytes", () => {
    const banner = encodeMessage("WebcastInRoomBannerMessage", { data: new Uint8Array([123]) });
    assertEquals(flatFields(decodeMessage("WebcastInRoomBannerMessage", banner)), undefined);
    assertEquals(flatFields(decodeMessage("WebcastNeverSeenMessage", banner)), undefined);
    assertEquals(flatFields(decodeMessage("WebcastChatMessage", new Uint8Array([0xff]))), undefined);
  });
});
