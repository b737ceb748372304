/**
 * The public events: what a script reads. They are stable; TikTok's own names and shapes stay in `event.message`.
 * Ids are decimal strings, times are milliseconds since 1970 (UTC), money is in diamonds (TikTok's coins).
 * @module
 */
import type { LiveError } from "../errors.ts";
import type { Messages } from "../gen/messages.ts";
import type { GiftDetails } from "../web/gift_list.ts";

/** Wire method names that this package has a schema for. */
export type KnownMethod = keyof Messages & string;

/** Shape of `event.message` for a wire method. */
export type MessageOf<M extends string> = M extends KnownMethod ? Messages[M] | undefined : unknown;

/** One badge beside a name in chat. */
export interface Badge {
  /** What the badge stands for; `other` keeps TikTok's number in {@link Badge.sceneType}. */
  kind: "moderator" | "subscriber" | "top_rank" | "gifter" | "fan" | "other";
  /** TikTok's scene number of the badge; 0 when it sent none. */
  sceneType: number;
  /** Level printed on it, where it has one. */
  level?: number;
  /** Text printed on it, where it has one. */
  text?: string;
  imageUrl?: string;
}

/** A person, as the message showed them. Fields that a message did not carry are empty or `undefined`. */
export interface User {
  /** Numeric id, a decimal string. */
  readonly id: string;
  /** The @name, without the @. */
  readonly username: string;
  readonly nickname: string;
  readonly avatarUrl: string | undefined;
  readonly secUid: string | undefined;
  readonly verified: boolean;
  readonly badges: readonly Badge[];
  readonly moderator: boolean;
  readonly subscriber: boolean;
  /** Whether they follow the host, as far as the message says. */
  readonly followsHost: boolean;
  readonly fanLevel: number | undefined;
  readonly gifterLevel: number | undefined;
}

/** Fields of every event. */
export interface EventBase<T extends string> {
  readonly type: T;
  /** Message id; empty for events that the client itself makes and for the few messages that carry none. */
  readonly id: string;
  readonly roomId: string;
  /** TikTok's time of the message, ms; the receive time where it sent none. */
  readonly at: number;
  /** When the frame arrived here, ms. */
  readonly receivedAt: number;
  /** True for messages from before the join that TikTok replays. */
  readonly history: boolean;
}

/** Fields of every event that came over the wire. */
export interface WireEventBase<T extends string, M extends string = string> extends EventBase<T> {
  /** Wire method, such as `WebcastChatMessage`. */
  readonly method: M;
  /** The encoded message, as received. */
  readonly bytes: Uint8Array;
  /**
   * The whole message in TikTok's own shape, decoded when first read; `undefined` when the method has no schema
   * or the bytes do not decode.
   */
  readonly message: MessageOf<M>;
  /** A plain object without `message`, for logs and files; only messages that did not decode keep `bytes`, as base64. */
  toJSON(): Record<string, unknown>;
}

/** An emote inside a chat line. */
export interface ChatEmote {
  /** Character offset in the text. */
  index: number;
  id: string;
  imageUrl: string | undefined;
}

export interface ChatEvent extends WireEventBase<"chat", "WebcastChatMessage"> {
  readonly user: User;
  readonly text: string;
  /** TikTok's guess of the language, such as `en`; empty when it made none. */
  readonly language: string;
  readonly emotes: readonly ChatEmote[];
  /** People that the line names with @. */
  readonly mentions: readonly User[];
}

/** State of a gift streak; gifts that cannot be repeated are a streak of one message. */
export interface GiftStreak {
  /** Group id that the messages of one streak share; empty when TikTok sent none. */
  readonly id: string;
  readonly ended: boolean;
  /** What ended it; `undefined` while it runs. */
  readonly closedBy: "repeat_end" | "single" | "timeout" | undefined;
}

export interface GiftEvent extends WireEventBase<"gift", "WebcastGiftMessage"> {
  readonly user: User;
  readonly giftId: string;
  readonly name: string;
  readonly describe: string;
  /** 1 can be repeated in a streak; anything else is sent once. */
  readonly giftType: number;
  readonly imageUrl: string | undefined;
  /** Price of one, in diamonds; 0 when the message does not carry it. */
  readonly diamonds: number;
  /** Gifts that this event adds to the streak. */
  readonly count: number;
  /** Gifts in the streak so far. */
  readonly total: number;
  /** Diamonds that this event adds: `diamonds * count`. */
  readonly value: number;
  readonly streak: GiftStreak;
  /** Who receives it, when that is not the host. */
  readonly to: User | undefined;
  /** The gift in TikTok's list, for a live opened with `giftDetails: true`. */
  readonly details: GiftDetails | undefined;
}

export interface LikeEvent extends WireEventBase<"like", "WebcastLikeMessage"> {
  readonly user: User;
  /** Taps in this message. */
  readonly count: number;
  /** Taps in the room so far; never runs backwards within one live. */
  readonly total: number;
  /** Key of TikTok's display text; empty when it sent none. */
  readonly displayType: string;
  /** TikTok's English display text; empty when it sent none. */
  readonly label: string;
}

export interface JoinEvent extends WireEventBase<"join", "WebcastMemberMessage"> {
  readonly user: User;
  /** Viewers in the room, as TikTok counted them at the join. */
  readonly viewers: number;
  /** How they came, such as `homepage_hot`; empty when unknown. */
  readonly joinedThrough: string;
}

export interface FollowEvent extends WireEventBase<"follow", "WebcastSocialMessage"> {
  readonly user: User;
  /** Followers of the host after it; 0 when unknown. */
  readonly followers: number;
}

export interface ShareEvent extends WireEventBase<"share", "WebcastSocialMessage"> {
  readonly user: User;
  /** Code of the platform shared to; empty when unknown. */
  readonly sharedTo: string;
  /** People who joined through it, where TikTok says so. */
  readonly joined: number;
}

export interface SubscribeEvent extends WireEventBase<"subscribe", "WebcastMemberMessage" | "WebcastSubNotifyMessage"> {
  readonly user: User;
  /** Months subscribed, where TikTok says so. */
  readonly months: number | undefined;
}

/** A place in the viewer ranking. */
export interface TopViewer {
  readonly rank: number;
  /** Diamonds given in this live. */
  readonly score: number;
  readonly user: User;
}

export interface ViewersEvent extends WireEventBase<"viewers", "WebcastRoomUserSeqMessage"> {
  /** Viewers right now. */
  readonly count: number;
  /** Viewers since the live began. */
  readonly total: number;
  readonly top: readonly TopViewer[];
}

export interface QuestionEvent extends WireEventBase<"question", "WebcastQuestionNewMessage"> {
  readonly user: User;
  readonly text: string;
}

export interface IntroEvent extends WireEventBase<"intro", "WebcastLiveIntroMessage"> {
  readonly user: User;
  readonly text: string;
  /** The live's title, where the client knows it. */
  readonly title: string;
}

export interface RoomMessageEvent extends WireEventBase<"room_message", "WebcastRoomMessage" | "RoomMessage"> {
  /** `welcome` for the line that TikTok greets with. */
  readonly kind: "welcome" | "system";
  readonly text: string;
}

export interface BannerEvent extends WireEventBase<"banner", "WebcastInRoomBannerMessage"> {
  /** The banner's JSON, parsed; `undefined` when it is not JSON. */
  readonly data: unknown;
}

/** Supporter of one side of a battle. */
export interface BattleSupporter {
  id: string;
  nickname: string;
  avatarUrl: string | undefined;
  points: number;
}

/** A host in a battle. */
export interface BattleHost {
  id: string;
  username: string;
  nickname: string;
  avatarUrl: string | undefined;
}

/** One side of a battle with its points. */
export interface BattleTeam {
  /** Host that the points are for. */
  hostId: string;
  points: number;
  supporters: readonly BattleSupporter[];
}

export interface BattleEvent extends WireEventBase<"battle", "WebcastLinkMicBattle"> {
  readonly battleId: string;
  /** `opened` and `finished` are TikTok's actions 4 and 5; the rest keep TikTok's number in `action`. */
  readonly status: "opened" | "finished" | "other";
  readonly action: number;
  readonly hosts: readonly BattleHost[];
  readonly teams: readonly BattleTeam[];
}

export interface BattleScoresEvent extends WireEventBase<"battle_scores", "WebcastLinkMicArmies"> {
  readonly battleId: string;
  /** TikTok's trigger reason number. */
  readonly status: number;
  readonly teams: readonly BattleTeam[];
}

export interface ControlEvent extends WireEventBase<"control", "WebcastControlMessage"> {
  /** `ended` and `suspended` are TikTok's claims; the `ended` event follows once HTTP confirms them. */
  readonly action: "paused" | "resumed" | "ended" | "suspended" | "other";
  /** TikTok's number of the action. */
  readonly code: number;
  readonly text: string;
}

/** A method with a schema and no flat shape: read `message`. */
export interface OtherEvent<M extends KnownMethod = KnownMethod> extends WireEventBase<"other", M> {
  readonly user: User | undefined;
}

/** A method without a schema. */
export interface UnknownEvent extends WireEventBase<"unknown"> {}

/** A message that does not decode. */
export interface DecodeErrorEvent extends WireEventBase<"decode_error"> {
  readonly error: LiveError;
}

/** How the client reached the room. */
export type RouteName = "direct" | "signed" | "polling";

/** What the client knows of a room. */
export interface RoomSummary {
  roomId: string;
  title: string;
  host: { id: string; username: string; nickname: string; avatarUrl: string | undefined; secUid: string | undefined };
  /** When the live began, ms; `undefined` when unknown. */
  startedAt: number | undefined;
  viewers: number | undefined;
}

/** The room is entered and messages flow. Comes again after each reconnect. */
export interface ConnectedEvent extends EventBase<"connected"> {
  readonly route: RouteName;
  readonly roomInfo: RoomSummary;
}

export type LiveState = "idle" | "resolving" | "connecting" | "connected" | "waiting" | "closed";

/** The connection changed its state. */
export interface StateEvent extends EventBase<"state"> {
  readonly from: LiveState;
  readonly to: LiveState;
  readonly reason: string;
}

/** Messages may be missing between two times. */
export interface GapEvent extends EventBase<"gap"> {
  /** Last time that messages were surely whole, ms. */
  readonly from: number;
  /** From here on they are whole again, ms. */
  readonly to: number;
  readonly reason: "reconnect" | "stale" | "queue_overflow";
  /** Events dropped, when known. */
  readonly dropped: number | undefined;
}

/** The live is over, confirmed over HTTP. The last event. */
export interface EndedEvent extends EventBase<"ended"> {
  readonly reason: "ended" | "suspended" | "offline";
}

/** Events that came over the wire. */
export type WireEvent =
  | ChatEvent
  | GiftEvent
  | LikeEvent
  | JoinEvent
  | FollowEvent
  | ShareEvent
  | SubscribeEvent
  | ViewersEvent
  | QuestionEvent
  | IntroEvent
  | RoomMessageEvent
  | BannerEvent
  | BattleEvent
  | BattleScoresEvent
  | ControlEvent
  | OtherEvent
  | UnknownEvent
  | DecodeErrorEvent;

/** Events that the client makes. */
export type ClientEvent = ConnectedEvent | StateEvent | GapEvent | EndedEvent;

/** Everything that a {@link Live} yields. */
export type LiveEvent = WireEvent | ClientEvent;

/** Every `type` of a {@link LiveEvent}. */
export type LiveEventType = LiveEvent["type"];

/** The event of one type. */
export type LiveEventOf<T extends LiveEventType> = Extract<LiveEvent, { type: T }>;
