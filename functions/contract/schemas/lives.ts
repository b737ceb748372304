/**
 * Answers about lives: bulk checks, rooms, gifts, prices, the feed, sent messages.
 * @module
 */
import * as v from "valibot";
import { Count, ErrorCode, Time } from "./common.ts";
import { Link } from "./lookups.ts";

const failure = {
  error: v.string(),
  user: v.string(),
  code: ErrorCode,
  remedy: v.optional(v.string()),
  retry_after: v.optional(Count),
};

/** Whether a host is live; `live` is `null` when TikTok did not say, and `code` and `error` tell why. */
export const LiveCheck = v.union([
  v.object({
    user: v.string(),
    live: v.literal(true),
    code: v.literal("live"),
    room_id: v.string(),
    title: v.string(),
  }),
  v.object({ user: v.string(), live: v.literal(false), code: v.literal("offline") }),
  v.object({ live: v.null(), ...failure }),
]);

/** Whether a host is live. */
export type LiveCheck = v.InferOutput<typeof LiveCheck>;

/** Answer of the live check: one entry for each name, in order. */
export const LiveChecksReply = v.array(LiveCheck);

const room = {
  room_id: v.string(),
  title: v.string(),
  live: v.boolean(),
  paused: v.boolean(),
  age_restricted: v.boolean(),
  started_at: v.optional(Time),
  viewers: v.optional(Count),
  total_viewers: v.optional(Count),
  likes: v.optional(Count),
  comments: v.optional(Count),
  shares: v.optional(Count),
  cover_url: v.optional(v.string()),
  share_url: v.optional(v.string()),
  host: v.object({
    id: v.string(),
    username: v.string(),
    nickname: v.string(),
    bio: v.string(),
    sec_uid: v.optional(v.string()),
    avatar_url: v.optional(v.string()),
    followers: v.optional(Count),
    following: v.optional(Count),
  }),
  links: v.array(Link),
};

/** A room of the feed. */
export const FeedRoom = v.object({ user: v.string(), ...room, reason: v.optional(v.string()) });

/** A room of the feed. */
export type FeedRoom = v.InferOutput<typeof FeedRoom>;

/** Answer of the room route. */
export const RoomReply = v.union([
  v.object({ user: v.string(), code: v.literal("live"), ...room }),
  v.object({ error: v.string(), user: v.string(), live: v.literal(false), code: v.literal("offline") }),
]);

/** Answer of the room route. */
export type RoomReply = v.InferOutput<typeof RoomReply>;

/** Answer of the gifts route. */
export const GiftsReply = v.object({
  gifts: v.array(v.object({
    id: v.string(),
    name: v.string(),
    describe: v.string(),
    /** Price of one. */
    diamonds: Count,
    gift_type: v.number(),
    /** Whether it can be sent in streaks. */
    combo: v.boolean(),
    image_url: v.optional(v.string()),
  })),
});

/** Answer of the gifts route. */
export type GiftsReply = v.InferOutput<typeof GiftsReply>;

/** Answer of the prices route. */
export const PricesReply = v.object({
  packages: v.array(v.object({
    id: v.string(),
    diamonds: Count,
    extra_diamonds: Count,
    price_usd_cents: v.number(),
    describe: v.string(),
    prices: v.array(v.object({ currency: v.string(), price: v.number(), shown: v.string() })),
  })),
  currencies: v.array(v.string()),
  default_currency: v.optional(v.string()),
});

/** Answer of the prices route. */
export type PricesReply = v.InferOutput<typeof PricesReply>;

/** A page of the feed. */
export const FeedReply = v.object({
  rooms: v.array(FeedRoom),
  /** Pass it as `cursor` to get the next page; absent on the last. */
  cursor: v.optional(v.string()),
});

/** A page of the feed. */
export type FeedReply = v.InferOutput<typeof FeedReply>;

/** Answer of the messages route. */
export const MessageReply = v.object({ user: v.string(), text: v.string(), sent: v.literal(true) });

/** Answer of the messages route. */
export type MessageReply = v.InferOutput<typeof MessageReply>;
