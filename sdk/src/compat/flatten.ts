/**
 * Which event of connector 1.x a message is, and its flat fields.
 * @module
 */
import type { Messages } from "../gen/messages.ts";
import type { LiveEvent, LiveEventOf, WireEvent } from "../events/types.ts";
import type {
  WebcastArmies,
  WebcastBattle,
  WebcastChat,
  WebcastEmote,
  WebcastEnvelope,
  WebcastEvents,
  WebcastGift,
  WebcastIntro,
  WebcastLike,
  WebcastMember,
  WebcastQuestion,
  WebcastRoomUser,
  WebcastSocial,
  WebcastSubscription,
} from "./types.ts";
import { flatUser, headOf, lastPicture, senderOf } from "./user.ts";

/** Name of an event that carries the fields of one message. */
export type MessageEventName = Exclude<
  keyof WebcastEvents,
  "connected" | "disconnected" | "streamEnd" | "rawData" | "decodedData" | "websocketConnected" | "error"
>;

/** The event that 1.x makes of each wire method; `follow` and `share` come after `social`. */
export const EVENT_OF_METHOD: Readonly<Record<string, MessageEventName>> = {
  WebcastChatMessage: "chat",
  WebcastEmoteChatMessage: "emote",
  WebcastEnvelopeMessage: "envelope",
  WebcastGiftMessage: "gift",
  WebcastLikeMessage: "like",
  WebcastLinkMicArmies: "linkMicArmies",
  WebcastLinkMicBattle: "linkMicBattle",
  WebcastLiveIntroMessage: "liveIntro",
  WebcastMemberMessage: "member",
  WebcastQuestionNewMessage: "questionNew",
  WebcastRoomUserSeqMessage: "roomUser",
  WebcastSocialMessage: "social",
  WebcastSubNotifyMessage: "subscribe",
};

/** Whether an event came over the wire. */
export function isWireEvent(event: LiveEvent): event is WireEvent {
  return "method" in event;
}

/**
 * The flat fields of a message.
 * @returns `undefined` for methods that 1.x does not decode, and for bytes that do not decode
 */
export function flatFields(event: WireEvent): object | undefined {
  if (event.type === "gift") return flatGift(event);
  const { message } = event;
  if (message === undefined) return undefined;
  if (event.type === "like") return { ...flatLike(event, message as Messages["WebcastLikeMessage"]) };
  const flatten = FLATTEN[event.method as keyof typeof FLATTEN] as ((message: unknown) => object) | undefined;
  return flatten?.(message);
}

/** A streak's later messages leave the gift out: the event knows it from the earlier ones. */
function flatGift(event: LiveEventOf<"gift">): WebcastGift | undefined {
  const { message } = event;
  if (message === undefined) return undefined;
  const { giftId, repeatCount, monitorInfo } = message;
  const repeatEnd = message.repeatEnd !== 0;
  return {
    ...senderOf(message.user),
    ...headOf(message.common),
    giftId: Number(giftId),
    repeatCount,
    repeatEnd,
    groupId: message.groupId === "" ? undefined : message.groupId,
    giftName: event.name,
    describe: event.describe,
    giftType: event.giftType,
    diamondCount: event.diamonds,
    giftPictureUrl: lastPicture(message.gift?.image) ?? event.imageUrl,
    monitorExtra: parsed(message.monitorExtra),
    timestamp: Number(monitorInfo?.sendGiftSendMessageSuccessMs) || undefined,
    receiverUserId: monitorInfo === undefined || monitorInfo.toUserId === "0" ? undefined : monitorInfo.toUserId,
    gift: {
      gift_id: Number(giftId),
      repeat_count: repeatCount,
      repeat_end: repeatEnd ? 1 : 0,
      gift_type: event.giftType,
    },
  };
}

/** The total never runs backwards, as the event's. */
function flatLike(event: LiveEventOf<"like">, message: Messages["WebcastLikeMessage"]): WebcastLike {
  return {
    ...senderOf(message.user),
    ...headOf(message.common),
    likeCount: event.count,
    totalLikeCount: event.total,
  };
}

/** By wire method; gifts and likes need their event too. */
const FLATTEN = {
  WebcastChatMessage: (message: Messages["WebcastChatMessage"]): WebcastChat => ({
    ...senderOf(message.user),
    ...headOf(message.common),
    comment: message.content,
    emotes: message.emotes.map(({ index, emote }) => ({
      emoteId: emote?.emoteId,
      emoteImageUrl: lastPicture(emote?.image),
      placeInComment: index,
    })),
  }),
  WebcastControlMessage: ({ action }: Messages["WebcastControlMessage"]) => ({ action }),
  WebcastEmoteChatMessage: (message: Messages["WebcastEmoteChatMessage"]): WebcastEmote => {
    const emote = message.emoteList.at(-1);
    return { ...senderOf(message.user), emoteId: emote?.emoteId, emoteImageUrl: lastPicture(emote?.image) };
  },
  WebcastEnvelopeMessage: ({ common, envelopeInfo }: Messages["WebcastEnvelopeMessage"]): WebcastEnvelope => {
    const { sendUserId = "", sendUserName = "", sendUserAvatar } = envelopeInfo ?? {};
    const known = { id: sendUserId, nickname: sendUserName, displayId: "", avatarThumb: sendUserAvatar };
    return {
      ...flatUser(common?.displayText?.pieces[0]?.userValue?.user ?? known),
      coins: envelopeInfo?.diamondCount ?? 0,
      canOpen: envelopeInfo?.peopleCount ?? 0,
      timestamp: envelopeInfo?.unpackAt ?? 0,
    };
  },
  WebcastLinkMicArmies: ({ armies, triggerReason }: Messages["WebcastLinkMicArmies"]): WebcastArmies => ({
    battleStatus: triggerReason,
    battleArmies: Object.entries(armies).map(([hostUserId, { hostScore, userArmies }]) => ({
      hostUserId,
      points: Number(hostScore),
      participants: userArmies.map(({ userId, nickname, avatarThumb }) =>
        flatUser({ id: userId, nickname, displayId: "", avatarThumb })
      ),
    })),
  }),
  WebcastLinkMicBattle: ({ anchorsInfo }: Messages["WebcastLinkMicBattle"]): WebcastBattle => ({
    battleUsers: anchorsInfo.flatMap(({ value }) => {
      if (value?.user === undefined) return [];
      const { userId, nickName, avatarThumb, displayId } = value.user;
      return [flatUser({ id: userId, nickname: nickName, displayId, avatarThumb })];
    }),
  }),
  WebcastLiveIntroMessage: ({ id, content, user }: Messages["WebcastLiveIntroMessage"]): WebcastIntro => ({
    ...senderOf(user),
    id,
    description: content,
  }),
  WebcastMemberMessage: (message: Messages["WebcastMemberMessage"]): WebcastMember => ({
    ...senderOf(message.user),
    ...headOf(message.common),
    actionId: message.action,
  }),
  WebcastQuestionNewMessage: ({ data }: Messages["WebcastQuestionNewMessage"]): WebcastQuestion => ({
    ...senderOf(data?.user),
    questionText: data?.content ?? "",
  }),
  WebcastRoomUserSeqMessage: ({ total, ranks }: Messages["WebcastRoomUserSeqMessage"]): WebcastRoomUser => ({
    viewerCount: Number(total),
    topViewers: ranks.map(({ score, user }) => ({
      user: user === undefined ? null : flatUser(user),
      coinCount: Number(score),
    })),
  }),
  WebcastSocialMessage: ({ common, user }: Messages["WebcastSocialMessage"]): WebcastSocial => ({
    ...senderOf(user),
    ...headOf(common),
  }),
  WebcastSubNotifyMessage: (message: Messages["WebcastSubNotifyMessage"]): WebcastSubscription => ({
    ...senderOf(message.user),
    ...headOf(message.common),
    exhibitionType: message.exhibitionType,
    subMonth: Number(message.subMonth),
    subscribeType: message.subscribeType,
    oldSubscribeStatus: message.oldSubscribeStatus,
    subscribingStatus: message.subscribingStatus,
  }),
};

/** The object in a JSON text; any other text stays text, and none is none. */
function parsed(text: string): unknown {
  if (!text.startsWith("{")) return text || undefined;
  try {
    return JSON.parse(text);
  } catch {
    // TikTok cuts long texts off: 1.x hands those on as they are.
    return text;
  }
}
