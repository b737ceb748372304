/**
 * The public events: what a script reads. They are stable; TikTok's own names and shapes stay in `event.message`.
 * Ids are decimal strings, times are milliseconds since 1970 (UTC), money is in diamonds (TikTok's coins).
 * @module
 */
import type { LiveError } from "../errors.ts";
import type { Messages } from "../gen/messages.ts";
import type {
  BarrageEvent,
  CaptionEvent,
  DeletedEvent,
  EmoteEvent,
  EnvelopeEvent,
  GoalEvent,
  LinkEvent,
  PinEvent,
  PollEvent,
  RankEvent,
  ShoppingEvent,
} from "./feature_types.ts";

export type * from "./feature_types.ts";
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
  /** First URL of its picture, where it has one. */
  imageUrl?: string;
}

/** A person, as the message showed them. Fields that a message did not carry are empty or `undefined`. */
export interface User {
  /** Numeric id, a decimal string. */
  readonly id: string;
  /** The @name, without the @. */
  readonly username: string;
  /** The name that is shown, any text; not unique. */
  readonly nickname: string;
  /** First URL of the picture, the thumbnail where there is one. */
  readonly avatarUrl: string | undefined;
  /** The id that TikTok's own web calls use. */
  readonly secUid: string | undefined;
  /** Whether TikTok shows the blue tick. */
  readonly verified: boolean;
  /** Badges beside the name, in the order that TikTok sent. */
  readonly badges: readonly Badge[];
  /** Whether they moderate this live. */
  readonly moderator: boolean;
  /** Whether they subscribe to the host. */
  readonly subscriber: boolean;
  /** Whether they follow the host, as far as the message says. */
  readonly followsHost: boolean;
  /** Level in the host's fan club, from 1. */
  readonly fanLevel: number | undefined;
  /** Level of TikTok for what they gave in all lives, from 1. */
  readonly gifterLevel: number | undefined;
}

/** Fields of every event. */
export interface EventBase<T extends string> {
  /** Tells events apart: `switch (event.type)` narrows to the fields of one. */
  readonly type: T;
  /** Message id; empty for events that the client itself makes and for the few messages that carry none. */
  readonly id: string;
  /** Room of the live, a decimal string; empty before it is known. */
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
  /** TikTok's id of the emote. */
  id: string;
  /** First URL of its picture. */
  imageUrl: string | undefined;
}

/** Somebody wrote a line. */
export interface ChatEvent extends WireEventBase<"chat", "WebcastChatMessage"> {
  /** Who wrote it. */
  readonly user: User;
  /** What they wrote; emotes have a placeholder in it. */
  readonly text: string;
  /** TikTok's guess of the language, such as `en`; empty when it made none. */
  readonly language: string;
  /** Emotes in the text, by place. */
  readonly emotes: readonly ChatEmote[];
  /** People that the line names with @. */
  readonly mentions: readonly User[];
}

/** State of a gift streak; gifts that cannot be repeated are a streak of one message. */
export interface GiftStreak {
  /** Group id that the messages of one streak share; empty when TikTok sent none. */
  readonly id: string;
  /** Whether no more messages of this streak will come. */
  readonly ended: boolean;
  /** What ended it; `undefined` while it runs. */
  readonly closedBy: "repeat_end" | "single" | "timeout" | undefined;
}

/**
 * Somebody gave something. A streak brings several of these: add up `count` and `value`, and nothing is counted twice.
 */
export interface GiftEvent extends WireEventBase<"gift", "WebcastGiftMessage"> {
  /** Who gave it. */
  readonly user: User;
  /** TikTok's id of the gift, a decimal string. */
  readonly giftId: string;
  /** Name of the gift, in the language of the room. */
  readonly name: string;
  /** TikTok's sentence about it, such as `sent Rose`; empty when it sent none. */
  readonly describe: string;
  /** 1 can be repeated in a streak; anything else is sent once. */
  readonly giftType: number;
  /** First URL of the gift's picture. */
  readonly imageUrl: string | undefined;
  /** Price of one, in diamonds; 0 when the message does not carry it. */
  readonly diamonds: number;
  /** Gifts that this event adds to the streak. */
  readonly count: number;
  /** Gifts in the streak so far. */
  readonly total: number;
  /** Diamonds that this event adds: `diamonds * count`. */
  readonly value: number;
  /** The streak that this event belongs to. */
  readonly streak: GiftStreak;
  /** Who receives it, when that is not the host. */
  readonly to: User | undefined;
  /** The gift in TikTok's list, for a live opened with `giftDetails: true`. */
  readonly details: GiftDetails | undefined;
}

/** Somebody tapped the screen, once or often. */
export interface LikeEvent extends WireEventBase<"like", "WebcastLikeMessage"> {
  /** Who tapped. */
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

/** Somebody came in. */
export interface JoinEvent extends WireEventBase<"join", "WebcastMemberMessage"> {
  /** Who came in. */
  readonly user: User;
  /** Viewers in the room, as TikTok counted them at the join. */
  readonly viewers: number;
  /** How they came, such as `homepage_hot`; empty when unknown. */
  readonly joinedThrough: string;
}

/** Somebody followed the host. */
export interface FollowEvent extends WireEventBase<"follow", "WebcastSocialMessage"> {
  /** Who followed. */
  readonly user: User;
  /** Followers of the host after it; 0 when unknown. */
  readonly followers: number;
}

/** Somebody shared the live. */
export interface ShareEvent extends WireEventBase<"share", "WebcastSocialMessage"> {
  /** Who shared. */
  readonly user: User;
  /** Code of the platform shared to; empty when unknown. */
  readonly sharedTo: string;
  /** People who joined through it, where TikTok says so. */
  readonly joined: number;
}

/** Somebody subscribed to the host. */
export interface SubscribeEvent extends WireEventBase<"subscribe", "WebcastMemberMessage" | "WebcastSubNotifyMessage"> {
  /** Who subscribed. */
  readonly user: User;
  /** Months subscribed, where TikTok says so. */
  readonly months: number | undefined;
}

/** Somebody was made a moderator of the live, or is one no more. */
export interface ModeratorEvent extends WireEventBase<"moderator", "WebcastMemberMessage"> {
  /** Whose rights changed. */
  readonly user: User;
  /** `added` and `removed` are TikTok's member actions 5 and 6. */
  readonly action: "added" | "removed";
  /** Who changed them, where TikTok says so. */
  readonly operator: User | undefined;
}

/** A place in the viewer ranking. */
export interface TopViewer {
  /** Place, from 1. */
  readonly rank: number;
  /** Diamonds given in this live. */
  readonly score: number;
  /** Who holds it. */
  readonly user: User;
}

/** How many people watch; comes every few seconds. */
export interface ViewersEvent extends WireEventBase<"viewers", "WebcastRoomUserSeqMessage"> {
  /** Viewers right now. */
  readonly count: number;
  /** Viewers since the live began. */
  readonly total: number;
  /** The best places of the ranking, first place first. */
  readonly top: readonly TopViewer[];
}

/** Somebody asked a question in the Q&A. */
export interface QuestionEvent extends WireEventBase<"question", "WebcastQuestionNewMessage"> {
  /** Who asked. */
  readonly user: User;
  /** The question. */
  readonly text: string;
}

/** The text with which the host introduces the live. */
export interface IntroEvent extends WireEventBase<"intro", "WebcastLiveIntroMessage"> {
  /** The host. */
  readonly user: User;
  /** The introduction. */
  readonly text: string;
  /** The live's title, where the client knows it. */
  readonly title: string;
}

/** A line that TikTok itself writes into the chat. */
export interface RoomMessageEvent extends WireEventBase<"room_message", "WebcastRoomMessage" | "RoomMessage"> {
  /** `welcome` for the line that TikTok greets with. */
  readonly kind: "welcome" | "system";
  /** The line; empty when it is only a template that was not filled in. */
  readonly text: string;
}

/** A banner in the room, such as that of a campaign. */
export interface BannerEvent extends WireEventBase<"banner", "WebcastInRoomBannerMessage"> {
  /** The banner's JSON, parsed; `undefined` when it is not JSON. */
  readonly data: unknown;
}

/** Supporter of one side of a battle. */
export interface BattleSupporter {
  /** Numeric id, a decimal string. */
  id: string;
  /** The name that is shown. */
  nickname: string;
  /** First URL of the picture. */
  avatarUrl: string | undefined;
  /** Points that they brought to this side. */
  points: number;
}

/** A host in a battle. */
export interface BattleHost {
  /** Numeric id, a decimal string. */
  id: string;
  /** The @name, without the @. */
  username: string;
  /** The name that is shown. */
  nickname: string;
  /** First URL of the picture. */
  avatarUrl: string | undefined;
}

/** One side of a battle with its points. */
export interface BattleTeam {
  /** Host that the points are for. */
  hostId: string;
  /** Points of this side so far. */
  points: number;
  /** Who brought the most, best first. */
  supporters: readonly BattleSupporter[];
}

/** A battle between hosts begins or ends. */
export interface BattleEvent extends WireEventBase<"battle", "WebcastLinkMicBattle"> {
  /** TikTok's id of the battle, a decimal string. */
  readonly battleId: string;
  /** `opened` and `finished` are TikTok's actions 4 and 5; the rest keep TikTok's number in `action`. */
  readonly status: "opened" | "finished" | "other";
  /** TikTok's number of the action. */
  readonly action: number;
  /** Everybody who takes part. */
  readonly hosts: readonly BattleHost[];
  /** Both sides, with their points where TikTok sent them. */
  readonly teams: readonly BattleTeam[];
}

/** The points of a battle that runs. */
export interface BattleScoresEvent extends WireEventBase<"battle_scores", "WebcastLinkMicArmies"> {
  /** TikTok's id of the battle, a decimal string. */
  readonly battleId: string;
  /** TikTok's trigger reason number. */
  readonly status: number;
  /** All sides with their points. */
  readonly teams: readonly BattleTeam[];
}

/** TikTok says that the live paused, went on or ended. */
export interface ControlEvent extends WireEventBase<"control", "WebcastControlMessage"> {
  /** `ended` and `suspended` are TikTok's claims; the `ended` event follows once HTTP confirms them. */
  readonly action: "paused" | "resumed" | "ended" | "suspended" | "other";
  /** TikTok's number of the action. */
  readonly code: number;
  /** What viewers are shown; empty when TikTok sent nothing. */
  readonly text: string;
}

/** A method with a schema and no flat shape: read `message`. */
export interface OtherEvent<M extends KnownMethod = KnownMethod> extends WireEventBase<"other", M> {
  /** Who it is about, where the message names somebody. */
  readonly user: User | undefined;
}

/** A method without a schema. */
export interface UnknownEvent extends WireEventBase<"unknown"> {}

/** A message that does not decode. */
export interface DecodeErrorEvent extends WireEventBase<"decode_error"> {
  /** Why: code `protocol`, with the start of the bytes as evidence. */
  readonly error: LiveError;
}

/** A way into a room: a guest's socket, a socket that a signer opens, or polling over HTTP with a signer. */
export type RouteName = "direct" | "signed" | "polling";

/** What the client knows of a room. */
export interface RoomSummary {
  /** Room of the live, a decimal string. */
  roomId: string;
  /** Title of the live; empty when it has none. */
  title: string;
  /** Who is live: numeric id, @name, shown name, first URL of the picture, and the id that web calls use. */
  host: { id: string; username: string; nickname: string; avatarUrl: string | undefined; secUid: string | undefined };
  /** When the live began, ms; `undefined` when unknown. */
  startedAt: number | undefined;
  /** Viewers at that time; `undefined` when unknown. */
  viewers: number | undefined;
}

/** The room is entered and messages flow. Comes again after each reconnect, and when the host moved to a new room. */
export interface ConnectedEvent extends EventBase<"connected"> {
  /** The way that worked. */
  readonly route: RouteName;
  /** The room, as it was resolved for this connection. */
  readonly roomInfo: RoomSummary;
}

/** Where a live stands: `waiting` is the pause before the next try, `closed` is final. */
export type LiveState = "idle" | "resolving" | "connecting" | "connected" | "waiting" | "closed";

/** The connection changed its state, or tries another route: `from` and `to` are `connecting` then. */
export interface StateEvent extends EventBase<"state"> {
  /** State before. */
  readonly from: LiveState;
  /** State from now on. */
  readonly to: LiveState;
  /** Why, in a few words for people. */
  readonly reason: string;
}

/** Messages may be missing between two times. */
export interface GapEvent extends EventBase<"gap"> {
  /** Last time that messages were surely whole, ms. */
  readonly from: number;
  /** From here on they are whole again, ms. */
  readonly to: number;
  /** What caused it: a new connection, a connection that went quiet, or a reader that was too slow. */
  readonly reason: "reconnect" | "stale" | "queue_overflow";
  /** Events dropped, when known. */
  readonly dropped: number | undefined;
}

/** The live is over, confirmed over HTTP. The last event. */
export interface EndedEvent extends EventBase<"ended"> {
  /** How it ended: by the host, by TikTok, or the host was simply found not live. */
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
  | ModeratorEvent
  | ViewersEvent
  | QuestionEvent
  | IntroEvent
  | RoomMessageEvent
  | BannerEvent
  | BattleEvent
  | BattleScoresEvent
  | ControlEvent
  | CaptionEvent
  | EmoteEvent
  | EnvelopeEvent
  | GoalEvent
  | PollEvent
  | RankEvent
  | PinEvent
  | DeletedEvent
  | BarrageEvent
  | ShoppingEvent
  | LinkEvent
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
