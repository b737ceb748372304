/**
 * Events of what a live offers beside chat, gifts and likes: captions, chests, goals, polls, rankings, pins, shopping,
 * guests. A field that a message did not carry is empty, 0 or `undefined`.
 * @module
 */
import type { User, WireEventBase } from "./types.ts";

/** A line of a caption in one language. */
export interface CaptionLine {
  /** Code of the language, such as `en`. */
  language: string;
  /** What was said. */
  text: string;
}

/** A caption of what the host says. */
export interface CaptionEvent extends WireEventBase<"caption", "WebcastCaptionMessage"> {
  /** The caption in its first language. */
  readonly text: string;
  /** Code of that language; empty when there is no text. */
  readonly language: string;
  /** The caption in every language that came with it. */
  readonly lines: readonly CaptionLine[];
  /** Names the sentence that the caption is a part of; empty when TikTok sent none. */
  readonly sentenceId: string;
  /** Whether the text will not change any more, as far as TikTok says. */
  readonly final: boolean;
}

/** An emote that someone sent. */
export interface Emote {
  /** TikTok's id of the emote. */
  id: string;
  /** First URL of its picture. */
  imageUrl: string | undefined;
}

/** Emotes sent as a line of their own; those inside a text are in the chat event. */
export interface EmoteEvent extends WireEventBase<"emote", "WebcastEmoteChatMessage"> {
  /** Who sent them. */
  readonly user: User;
  /** What they sent. */
  readonly emotes: readonly Emote[];
}

/** A treasure chest. */
export interface EnvelopeEvent extends WireEventBase<"envelope", "WebcastEnvelopeMessage"> {
  /** TikTok's id of the chest, a decimal string. */
  readonly envelopeId: string;
  /** `shown` and `hidden` are TikTok's displays 1 and 2. */
  readonly status: "shown" | "hidden" | "other";
  /** TikTok's number of the kind of chest; 1 is a person's, 19 a super fan's. */
  readonly businessType: number;
  /** Who gave it. */
  readonly sender: { readonly id: string; readonly nickname: string; readonly avatarUrl: string | undefined };
  /** Diamonds inside. */
  readonly diamonds: number;
  /** How many people can get a share. */
  readonly people: number;
  /** When it opens, ms; `undefined` when unknown. */
  readonly opensAt: number | undefined;
}

/** A part of a goal: one gift, or another thing to count. */
export interface GoalPart {
  /** TikTok's id of the part: that of the gift, where it is one. */
  id: string;
  /** Name of the gift that counts; empty when it is none. */
  name: string;
  /** First URL of its picture. */
  imageUrl: string | undefined;
  /** Diamonds of one gift. */
  diamonds: number;
  /** How many there are so far. */
  progress: number;
  /** How many are wanted. */
  target: number;
}

/** A goal of the live, and what changed in it. */
export interface GoalEvent extends WireEventBase<"goal", "WebcastGoalUpdateMessage"> {
  /** TikTok's id of the goal, a decimal string. */
  readonly goalId: string;
  /** What the host wrote. */
  readonly text: string;
  /** What counts towards it. */
  readonly parts: readonly GoalPart[];
  /** When it began and when it runs out, ms; `undefined` when unknown. */
  readonly startsAt: number | undefined;
  /** See {@link GoalEvent.startsAt}. */
  readonly endsAt: number | undefined;
  /** Who moved it on; empty id when nobody did. */
  readonly contributor: { readonly id: string; readonly username: string; readonly avatarUrl: string | undefined };
  /** Units that they added. */
  readonly count: number;
}

/** An answer of a poll. */
export interface PollOption {
  /** TikTok's number of the answer. */
  index: number;
  /** What it says; only the start carries it. */
  text: string;
  /** Votes so far. */
  votes: number;
}

/** A poll begins, counts votes, or ends. */
export interface PollEvent extends WireEventBase<"poll", "WebcastPollMessage"> {
  /** TikTok's id of the poll, a decimal string. */
  readonly pollId: string;
  /** What happens; `other` keeps the message in {@link WireEventBase.message}. */
  readonly status: "started" | "votes" | "ended" | "other";
  /** The question; only the start carries it. */
  readonly title: string;
  /** The answers to choose from. */
  readonly options: readonly PollOption[];
  /** When it began and when it ends, ms; only the start carries them. */
  readonly startsAt: number | undefined;
  /** See {@link PollEvent.startsAt}. */
  readonly endsAt: number | undefined;
  /** Who started or ended it. */
  readonly user: User | undefined;
}

/** The host's place in one ranking. */
export interface RankPlace {
  /** TikTok's number of the ranking. */
  rankType: number;
  /** Place, from 1; 0 when the host has none. */
  place: number;
  /** Place before, where the message says so. */
  before: number | undefined;
  /** TikTok's English pattern of the line. */
  text: string;
}

/** The host's places in TikTok's rankings. */
export interface RankEvent extends WireEventBase<"rank", "WebcastRankUpdateMessage" | "WebcastRankTextMessage"> {
  /** A place for each ranking that the message is about. */
  readonly places: readonly RankPlace[];
}

/** Something was pinned above the chat, or taken off. */
export interface PinEvent extends WireEventBase<"pin", "WebcastRoomPinMessage"> {
  /** Which of the two. */
  readonly action: "pinned" | "unpinned";
  /** Wire method of what is pinned, such as `WebcastChatMessage`. */
  readonly pinnedMethod: string;
  /** Message id of what is pinned. */
  readonly pinnedId: string;
  /** Whose message it is. */
  readonly user: User | undefined;
  /** Its text, when it is a chat line. */
  readonly text: string;
  /** Who pinned it. */
  readonly operator: User | undefined;
  /** When, ms; `undefined` when unknown. */
  readonly pinnedAt: number | undefined;
  /** How long it stays, ms; 0 when TikTok sets no limit. */
  readonly durationMs: number;
}

/** Moderators took messages away. */
export interface DeletedEvent extends WireEventBase<"deleted", "WebcastImDeleteMessage"> {
  /** {@link EventBase.id} of the messages. */
  readonly messageIds: readonly string[];
  /** People all of whose messages are gone. */
  readonly userIds: readonly string[];
}

/** A banner across the room: someone's level rose, a super fan came, subscriptions were given. */
export interface BarrageEvent extends WireEventBase<"barrage", "WebcastBarrageMessage"> {
  /** TikTok's number of the kind; 8 is a gifter's level. */
  readonly kind: number;
  /** Who it is about. */
  readonly user: User | undefined;
  /** Key of TikTok's phrase book; one with `ttlive_superfan` is about super fans. */
  readonly key: string;
  /** TikTok's English pattern of the line. */
  readonly text: string;
  /** New level, where it is about one. */
  readonly level: number | undefined;
  /** Subscriptions given, where it is about them. */
  readonly subscriptions: number | undefined;
  /** First URL of its picture. */
  readonly imageUrl: string | undefined;
}

/** A product of the host's shop. */
export interface ShoppingEvent extends WireEventBase<"shopping", "WebcastOecLiveShoppingMessage"> {
  /** TikTok's number of what happens. */
  readonly action: number;
  /** The product that pops up; `undefined` when the message names none. */
  readonly product: {
    readonly id: string;
    readonly title: string;
    /** With its currency, as TikTok shows it. */
    readonly price: string;
    readonly shopName: string;
    readonly imageUrl: string | undefined;
  } | undefined;
}

/** A guest or co-host. */
export interface LinkGuest {
  /** Numeric id, a decimal string. */
  id: string;
  /** Names and picture; empty or `undefined` when the message names only the id. */
  username: string;
  /** See {@link LinkGuest.username}. */
  nickname: string;
  /** See {@link LinkGuest.username}. */
  avatarUrl: string | undefined;
  /** Room of a co-host; empty when unknown. */
  roomId: string;
  /** Points of the round; 0 when unknown. */
  points: number;
}

/** Guests and co-hosts come, go and score. */
export interface LinkEvent extends
  WireEventBase<
    "link",
    | "WebcastLinkMessage"
    | "WebcastLinkLayerMessage"
    | "WebcastLinkMicMethod"
    | "LinkMicMethod"
    | "WebcastLinkMicFanTicketMethod"
  > {
  /** Names the link; empty when the message does not. */
  readonly channelId: string;
  /** What happens, by `action`; `points` are those of a round. */
  readonly status:
    | "created"
    | "closed"
    | "invited"
    | "applied"
    | "answered"
    | "permitted"
    | "joined"
    | "left"
    | "removed"
    | "cancelled"
    | "changed"
    | "points"
    | "other";
  /** TikTok's number of what happens; each method has numbers of its own. */
  readonly action: number;
  /** TikTok's number of the scene: 2 co-hosts, 4 guests; 0 when unknown. */
  readonly scene: number;
  /** Those on the stage after a change, or those that the message is about. */
  readonly guests: readonly LinkGuest[];
}
