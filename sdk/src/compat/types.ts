/**
 * The flat shapes that scripts for connector 1.x read. Ids are decimal strings except where 1.x has numbers. A field
 * that a message did not carry is `undefined`.
 * @module
 */

/** One badge of a person; several entries may stand for one badge on the screen. */
export interface WebcastBadge {
  /** `image`, `privilege`, or the key of the badge's text, such as `pm_mt_moderator_im`. */
  type: string;
  /** 1 moderator, 4 and 7 subscriber, 6 top giver, 8 gifter level, 10 fan level. */
  badgeSceneType: number;
  /** Text of a text badge. */
  name?: string;
  /** Kind of an image badge. */
  displayType?: number;
  /** Picture of an image badge. */
  url?: string;
  /** Id of a privilege. */
  privilegeId?: string;
  /** Level of a privilege. */
  level?: number;
}

/** A person. */
export interface WebcastUser {
  /** Numeric id, a decimal string. */
  userId: string;
  /** The id that TikTok's own web calls use. */
  secUid: string | undefined;
  /** The @name, without the @. */
  uniqueId: string | undefined;
  /** The name that is shown. */
  nickname: string | undefined;
  /** URL of the picture. */
  profilePictureUrl: string | null;
  /** 0 none, 1 follows the host, 2 friends. */
  followRole: number | undefined;
  /** Badges beside the name. */
  userBadges: WebcastBadge[];
  /** Scene numbers of those badges. */
  userSceneTypes: number[];
  /** What else the profile says. */
  userDetails: {
    /** When the account was made, unix s; `"0"` when it is hidden. */
    createTime: string | undefined;
    bioDescription: string | undefined;
    profilePictureUrls: string[] | undefined;
  };
  /** Counts of the profile, where the message has them. */
  followInfo?: { followingCount: number; followerCount: number; followStatus: number; pushStatus: number };
  /** Whether they moderate this live. */
  isModerator: boolean;
  /** Whether they give for the first time. */
  isNewGifter: boolean;
  /** Whether they subscribe to the host. */
  isSubscriber: boolean;
  /** Place among the givers of this live, from 1. */
  topGifterRank: number | null;
  /** TikTok's level for what they gave; 0 when unknown. */
  gifterLevel: number;
  /** Level in the host's fan club; 0 when unknown. */
  teamMemberLevel: number;
}

/** Fields that messages of a person have; without a person in the message they are all absent. */
export type WebcastSender = Partial<WebcastUser>;

/** Fields of the head of a message. */
export interface WebcastHead {
  /** Message id, a decimal string. */
  msgId?: string;
  /** When it was sent, ms. */
  createTime?: string;
  /** Key of TikTok's display text, such as `pm_main_follow_message_viewer_2`. */
  displayType?: string;
  /** TikTok's English display text, such as `{0:user} followed the host`. */
  label?: string;
}

/** Handlers of `chat` get this. */
export interface WebcastChat extends WebcastHead, WebcastSender {
  /** What was written. */
  comment: string;
  /** Emotes in the text, by character offset. */
  emotes: { emoteId: string | undefined; emoteImageUrl: string | undefined; placeInComment: number }[];
}

/** Handlers of `member` get this. */
export interface WebcastMember extends WebcastHead, WebcastSender {
  /** 1 joined, 3 subscribed; see `JoinEvent` for the rest. */
  actionId: number;
}

/** Handlers of `gift` get this. */
export interface WebcastGift extends WebcastHead, WebcastSender {
  /** TikTok's id of the gift. */
  giftId: number;
  /** Gifts of the streak so far. */
  repeatCount: number;
  /** Whether this message ends its streak. */
  repeatEnd: boolean;
  /** Id that the messages of one streak share. */
  groupId: string | undefined;
  /** Name of the gift. */
  giftName: string;
  /** TikTok's sentence about it, such as `Sent Rose`. */
  describe: string;
  /** 1 can be repeated in a streak. */
  giftType: number;
  /** Price of one, in diamonds. */
  diamondCount: number;
  /** Picture of the gift. */
  giftPictureUrl: string | undefined;
  /** TikTok's own JSON about the message, parsed. */
  monitorExtra: unknown;
  /** When it was sent, ms. */
  timestamp: number | undefined;
  /** Who receives it: a decimal string. */
  receiverUserId: string | undefined;
  /** The same numbers under the names of older versions. */
  gift: { gift_id: number; repeat_count: number; repeat_end: 0 | 1; gift_type: number };
  /** With `enableExtendedGiftInfo`: TikTok's whole gift object, as {@link WebcastPushConnection.getAvailableGifts} has it. */
  extendedGiftInfo?: Readonly<Record<string, unknown>>;
}

/** Follows and shares; `social` has both, and `follow` and `share` have one each. */
export interface WebcastSocial extends WebcastHead, WebcastSender {}

/** Handlers of `like` get this. */
export interface WebcastLike extends WebcastHead, WebcastSender {
  /** Taps in this message. */
  likeCount: number;
  /** Taps in the room so far. */
  totalLikeCount: number;
}

/** Handlers of `roomUser` get this. */
export interface WebcastRoomUser {
  /** Viewers right now. */
  viewerCount: number;
  /** Who gave the most, best first, with the diamonds. */
  topViewers: { user: WebcastUser | null; coinCount: number }[];
}

/** Handlers of `questionNew` get this. */
export interface WebcastQuestion extends WebcastSender {
  /** The question. */
  questionText: string;
}

/** Handlers of `linkMicBattle` get this. */
export interface WebcastBattle {
  /** The hosts that take part. */
  battleUsers: WebcastUser[];
}

/** Handlers of `linkMicArmies` get this. */
export interface WebcastArmies {
  /** TikTok's number of what happens. */
  battleStatus: number;
  /** Each side with its points and supporters. */
  battleArmies: { hostUserId: string; points: number; participants: WebcastUser[] }[];
}

/** Handlers of `liveIntro` get this. */
export interface WebcastIntro extends WebcastSender {
  /** TikTok's id of the text, a decimal string. */
  id: string;
  /** The introduction. */
  description: string;
}

/** Handlers of `emote` get this. */
export interface WebcastEmote extends WebcastSender {
  /** TikTok's id of the emote. */
  emoteId: string | undefined;
  /** Its picture. */
  emoteImageUrl: string | undefined;
}

/** Handlers of `envelope` get this. */
export interface WebcastEnvelope extends WebcastSender {
  /** Diamonds inside. */
  coins: number;
  /** How many people can get a share. */
  canOpen: number;
  /** When it opens, unix s. */
  timestamp: number;
}

/** Handlers of `subscribe` get this. */
export interface WebcastSubscription extends WebcastHead, WebcastSender {
  /** TikTok's number of how it is shown. */
  exhibitionType: number;
  /** Months subscribed. */
  subMonth: number;
  /** TikTok's number of the kind. */
  subscribeType: number;
  /** TikTok's number of the state before. */
  oldSubscribeStatus: number;
  /** TikTok's number of the state now. */
  subscribingStatus: number;
}

/** What `connect()` resolves to and `getState()` returns. */
export interface WebcastState {
  /** Whether the room is entered now. */
  isConnected: boolean;
  /** Whether messages come over a socket. */
  upgradedToWebsocket: boolean;
  /** `undefined` before the first connection. */
  roomId: string | undefined;
  /** TikTok's whole room object, with `fetchRoomInfoOnConnect`; `null` otherwise. */
  roomInfo: Readonly<Record<string, unknown>> | null;
  /** TikTok's whole gift list, with `enableExtendedGiftInfo`; `undefined` otherwise. */
  availableGifts: Readonly<Record<string, unknown>>[] | undefined;
}

/** What handlers of `error` get. */
export interface WebcastFailure {
  /** What was being done. */
  info: string;
  /** What went wrong; mostly a `LiveError`. `null` for a gap in the messages. */
  exception: unknown;
}

/** What handlers of `websocketConnected` get. */
export interface WebcastSocket {
  /** The socket, as far as 1.x scripts look at it. */
  readonly connection: { readonly connected: boolean; close(): void };
}

/** Arguments of each event's handlers. */
export type WebcastEvents = {
  connected: [state: WebcastState];
  disconnected: [];
  /** 3 ended by the host, 4 ended by TikTok. Comes once HTTP has confirmed the end. */
  streamEnd: [data: { action: 3 | 4 }];
  /** Wire method and encoded message, of every message. */
  rawData: [type: string, binary: Uint8Array];
  /** Wire method, the flat fields and the encoded message, of messages that have an event of their own. */
  decodedData: [type: string, data: object, binary: Uint8Array];
  websocketConnected: [socket: WebcastSocket];
  error: [failure: WebcastFailure];
  chat: [data: WebcastChat];
  gift: [data: WebcastGift];
  member: [data: WebcastMember];
  like: [data: WebcastLike];
  social: [data: WebcastSocial];
  follow: [data: WebcastSocial];
  share: [data: WebcastSocial];
  roomUser: [data: WebcastRoomUser];
  questionNew: [data: WebcastQuestion];
  linkMicBattle: [data: WebcastBattle];
  linkMicArmies: [data: WebcastArmies];
  liveIntro: [data: WebcastIntro];
  emote: [data: WebcastEmote];
  envelope: [data: WebcastEnvelope];
  subscribe: [data: WebcastSubscription];
};
