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
  userId: string;
  secUid: string | undefined;
  /** The @name, without the @. */
  uniqueId: string | undefined;
  nickname: string | undefined;
  profilePictureUrl: string | null;
  /** 0 none, 1 follows the host, 2 friends. */
  followRole: number | undefined;
  userBadges: WebcastBadge[];
  userSceneTypes: number[];
  userDetails: {
    /** When the account was made, unix s; `"0"` when it is hidden. */
    createTime: string | undefined;
    bioDescription: string | undefined;
    profilePictureUrls: string[] | undefined;
  };
  followInfo?: { followingCount: number; followerCount: number; followStatus: number; pushStatus: number };
  isModerator: boolean;
  isNewGifter: boolean;
  isSubscriber: boolean;
  topGifterRank: number | null;
  gifterLevel: number;
  teamMemberLevel: number;
}

/** Fields that messages of a person have; without a person in the message they are all absent. */
export type WebcastSender = Partial<WebcastUser>;

/** Fields of the head of a message. */
export interface WebcastHead {
  msgId?: string;
  /** When it was sent, ms. */
  createTime?: string;
  /** Key of TikTok's display text, such as `pm_main_follow_message_viewer_2`. */
  displayType?: string;
  /** TikTok's English display text, such as `{0:user} followed the host`. */
  label?: string;
}

export interface WebcastChat extends WebcastHead, WebcastSender {
  comment: string;
  emotes: { emoteId: string | undefined; emoteImageUrl: string | undefined; placeInComment: number }[];
}

export interface WebcastMember extends WebcastHead, WebcastSender {
  /** 1 joined, 3 subscribed; see `JoinEvent` for the rest. */
  actionId: number;
}

export interface WebcastGift extends WebcastHead, WebcastSender {
  giftId: number;
  /** Gifts of the streak so far. */
  repeatCount: number;
  /** Whether this message ends its streak. */
  repeatEnd: boolean;
  groupId: string | undefined;
  giftName: string;
  describe: string;
  /** 1 can be repeated in a streak. */
  giftType: number;
  /** Price of one, in diamonds. */
  diamondCount: number;
  giftPictureUrl: string | undefined;
  monitorExtra: unknown;
  /** When it was sent, ms. */
  timestamp: number | undefined;
  receiverUserId: string | undefined;
  gift: { gift_id: number; repeat_count: number; repeat_end: 0 | 1; gift_type: number };
  /** With `enableExtendedGiftInfo`: TikTok's whole gift object, as {@link WebcastPushConnection.getAvailableGifts} has it. */
  extendedGiftInfo?: Readonly<Record<string, unknown>>;
}

/** Follows and shares; `social` has both, and `follow` and `share` have one each. */
export interface WebcastSocial extends WebcastHead, WebcastSender {}

export interface WebcastLike extends WebcastHead, WebcastSender {
  likeCount: number;
  totalLikeCount: number;
}

export interface WebcastRoomUser {
  viewerCount: number;
  topViewers: { user: WebcastUser | null; coinCount: number }[];
}

export interface WebcastQuestion extends WebcastSender {
  questionText: string;
}

export interface WebcastBattle {
  battleUsers: WebcastUser[];
}

export interface WebcastArmies {
  battleStatus: number;
  battleArmies: { hostUserId: string; points: number; participants: WebcastUser[] }[];
}

export interface WebcastIntro extends WebcastSender {
  id: string;
  description: string;
}

export interface WebcastEmote extends WebcastSender {
  emoteId: string | undefined;
  emoteImageUrl: string | undefined;
}

export interface WebcastEnvelope extends WebcastSender {
  coins: number;
  canOpen: number;
  /** When it opens, unix s. */
  timestamp: number;
}

export interface WebcastSubscription extends WebcastHead, WebcastSender {
  exhibitionType: number;
  subMonth: number;
  subscribeType: number;
  oldSubscribeStatus: number;
  subscribingStatus: number;
}

/** What `connect()` resolves to and `getState()` returns. */
export interface WebcastState {
  isConnected: boolean;
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
