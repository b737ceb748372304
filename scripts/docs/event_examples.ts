/**
 * An example of every event: messages as TikTok sends them, decoded by the SDK itself, so that no example says what
 * the SDK does not. The people are invented.
 * @module
 */
import { decodeMessage, type KnownMethod, type LiveEventOf, type LiveEventType } from "@roomtone/sdk";
import { encodeMessage } from "@roomtone/sdk/testing";

/** An event as JSON has it. */
export type EventExample = Record<string, unknown>;

const ROOM_ID = "7300000000000000000";
const AT = 1_760_000_000_000;
const COMMON = { msgId: "7300000000000000001", roomId: ROOM_ID, createTime: String(AT) };
const PICTURE = { urlList: ["https://p16-sign-va.tiktokcdn.com/picture.webp"] };
const VIEWER = { id: "6700000000000000002", displayId: "some.viewer", nickname: "Some Viewer", avatarThumb: PICTURE };
const HOST = { id: "6700000000000000001", displayId: "some.host", nickname: "Some Host" };
const ARMIES = {
  hostScore: 120,
  userArmies: [{ userId: VIEWER.id, score: 40, nickname: VIEWER.nickname, avatarThumb: PICTURE }],
};

type Fields<M extends KnownMethod> = Parameters<typeof encodeMessage<M>>[1];

function heard(method: string, bytes: Uint8Array): EventExample {
  const event = decodeMessage(method, bytes, { receivedAt: AT + 120, title: "Tea" });
  // As a file of a recording has it: what is undefined is left out.
  return JSON.parse(JSON.stringify(event));
}

function from<M extends KnownMethod>(method: M, fields: Fields<M>): EventExample {
  return heard(method, encodeMessage(method, { common: COMMON, ...fields } as Fields<M>));
}

function made<T extends "connected" | "state" | "gap" | "ended">(
  type: T,
  fields: Omit<LiveEventOf<T>, "type" | "id" | "roomId" | "at" | "receivedAt" | "history">,
): EventExample {
  return { type, id: "", roomId: ROOM_ID, at: AT, receivedAt: AT, history: false, ...fields };
}

const chat = encodeMessage("WebcastChatMessage", { common: COMMON, user: VIEWER, content: "hello" });
const text = (words: string): Uint8Array => new TextEncoder().encode(words);

/** One example of each type. */
export const EVENT_EXAMPLES: Readonly<Record<LiveEventType, EventExample>> = {
  chat: from("WebcastChatMessage", {
    user: { ...VIEWER, badgeList: [{ sceneType: 10, combine: { str: "Team" }, privilegeLogExtra: { level: "7" } }] },
    content: "hello @some.friend",
    contentLanguage: "en",
    emotes: [{ index: 6, emote: { emoteId: "77", image: PICTURE } }],
    atUser: { id: "6700000000000000003", displayId: "some.friend", nickname: "Some Friend" },
  }),
  gift: from("WebcastGiftMessage", {
    user: VIEWER,
    giftId: "5655",
    gift: { id: "5655", name: "Rose", describe: "sent Rose", type: 1, diamondCount: 1, image: PICTURE },
    groupId: "1760000000000",
    repeatCount: 3,
    repeatEnd: 1,
  }),
  like: from("WebcastLikeMessage", {
    common: { ...COMMON, displayText: { key: "pm_mt_msg_viewer", defaultPattern: "{0:user} liked the LIVE" } },
    user: VIEWER,
    count: 15,
    total: "30000",
  }),
  join: from("WebcastMemberMessage", { user: VIEWER, action: 1, memberCount: 320 }),
  follow: from("WebcastSocialMessage", { user: VIEWER, action: "1", followCount: "1200" }),
  share: from("WebcastSocialMessage", {
    common: { ...COMMON, displayText: { key: "pm_mt_guidance_viewer_10_share" } },
    user: VIEWER,
    action: "3",
    shareTarget: "112",
  }),
  subscribe: from("WebcastSubNotifyMessage", { user: VIEWER, subMonth: 4 }),
  moderator: from("WebcastMemberMessage", { user: VIEWER, action: 5, operator: HOST }),
  viewers: from("WebcastRoomUserSeqMessage", {
    total: 320,
    totalUser: 4100,
    ranks: [{ rank: 1, score: 500, user: VIEWER }],
  }),
  question: from("WebcastQuestionNewMessage", { data: { content: "which tea?", user: VIEWER } }),
  intro: from("WebcastLiveIntroMessage", { content: "tea, mostly", user: HOST }),
  room_message: from("WebcastRoomMessage", { content: "Welcome", isWelcome: true }),
  banner: from("WebcastInRoomBannerMessage", { data: text('{"campaign":"spring"}') }),
  battle: from("WebcastLinkMicBattle", {
    battleId: "7300000000000000070",
    action: 4,
    anchorsInfo: [{
      key: HOST.id,
      value: { user: { userId: HOST.id, displayId: HOST.displayId, nickName: HOST.nickname, avatarThumb: PICTURE } },
    }],
    armies: [{ key: HOST.id, value: ARMIES }],
  }),
  battle_scores: from("WebcastLinkMicArmies", {
    battleId: "7300000000000000070",
    triggerReason: 1,
    armies: { [HOST.id]: ARMIES },
  }),
  control: from("WebcastControlMessage", { action: 3 }),
  caption: from("WebcastCaptionMessage", {
    content: [{ lang: "en", content: "hello" }, { lang: "de", content: "hallo" }],
    sentenceId: "7",
    definite: true,
  }),
  emote: from("WebcastEmoteChatMessage", { user: VIEWER, emoteList: [{ emoteId: "77", image: PICTURE }] }),
  envelope: from("WebcastEnvelopeMessage", {
    display: 1,
    envelopeInfo: {
      envelopeId: "71",
      businessType: 1,
      sendUserId: VIEWER.id,
      sendUserName: VIEWER.nickname,
      sendUserAvatar: PICTURE,
      diamondCount: 20,
      peopleCount: 5,
      unpackAt: AT / 1000 + 60,
    },
  }),
  goal: from("WebcastGoalUpdateMessage", {
    goal: {
      id: "9",
      description: "a song",
      startTime: String(AT / 1000),
      expireTime: String(AT / 1000 + 3600),
      subGoals: [{
        id: "5655",
        progress: "3",
        target: "10",
        gift: { name: "Rose", icon: PICTURE, diamondCount: "1" },
      }],
    },
    contributorId: VIEWER.id,
    contributorDisplayId: VIEWER.displayId,
    contributorAvatar: PICTURE,
    contributeCount: "2",
  }),
  poll: from("WebcastPollMessage", {
    pollId: "3",
    startContent: {
      startTime: String(AT),
      endTime: String(AT + 60_000),
      title: "again?",
      optionList: [{ displayContent: "yes", votes: "4" }, { displayContent: "no", optionIdx: 1 }],
      operator: HOST,
    },
  }),
  rank: from("WebcastRankTextMessage", {
    ownerIdxBeforeUpdate: "9",
    ownerIdxAfterUpdate: "4",
    otherGetBadgeMsg: { defaultPattern: "now number 4" },
  }),
  pin: from("WebcastRoomPinMessage", {
    chatMessage: { common: { msgId: "7300000000000000077" }, user: VIEWER, content: "read this" },
    method: "WebcastChatMessage",
    pinTime: String(AT),
    operator: HOST,
    action: 1,
    displayDuration: "60",
  }),
  deleted: from("WebcastImDeleteMessage", { deleteMsgIds: ["7300000000000000077"], deleteUserIds: [VIEWER.id] }),
  barrage: from("WebcastBarrageMessage", {
    msgType: 8,
    icon: PICTURE,
    content: { key: "ttlive_level_up", defaultPattern: "{0:user} reached level {1:string}" },
    userGradeParam: { currentGrade: 30, user: VIEWER },
  }),
  shopping: from("WebcastOecLiveShoppingMessage", {
    actionType: 1,
    popProduct: {
      productId: "17",
      title: "Mug",
      price: "$5.00",
      shopName: "Mugs",
      imageUrl: "https://p16-oec-va.ibyteimg.com/mug.webp",
    },
  }),
  link: from("WebcastLinkMessage", {
    messageType: 20,
    linkerId: "8",
    scene: 4,
    listChangeContent: { linkedUsers: [{ user: VIEWER, field7: "120" }] },
  }),
  other: from("WebcastQuestionSelectedMessage", { data: { content: "which tea?", user: VIEWER } }),
  unknown: heard("WebcastFutureMessage", encodeMessage("WebcastControlMessage", { common: COMMON })),
  decode_error: heard("WebcastChatMessage", chat.subarray(0, -2)),
  connected: made("connected", {
    route: "direct",
    roomInfo: {
      roomId: ROOM_ID,
      title: "Tea",
      host: {
        id: HOST.id,
        username: HOST.displayId,
        nickname: HOST.nickname,
        avatarUrl: PICTURE.urlList[0],
        secUid: "MS4wLjABAAAAexample",
      },
      startedAt: AT - 600_000,
      viewers: 320,
    },
  }),
  state: made("state", { from: "connecting", to: "connected", reason: "the room is entered" }),
  gap: made("gap", { from: AT - 4_000, to: AT, reason: "reconnect", dropped: undefined }),
  ended: made("ended", { reason: "ended" }),
};
