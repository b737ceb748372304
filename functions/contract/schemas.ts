/**
 * Bodies of the API. Reply schemas hold no transforms, so that they can be written down as JSON Schema.
 * Times are ms since 1970, ids are strings.
 * @module
 */
import * as v from "valibot";
import { APP_ERROR_CODES } from "./errors.ts";

const Time = v.pipe(v.number(), v.integer());
const Count = v.pipe(v.number(), v.integer(), v.minValue(0));

/** Code of a failure. */
export const ErrorCode = v.picklist(APP_ERROR_CODES);

/** Body of every failure: problem+json of RFC 9457. Some routes add the fields of their usual answer. */
export const Problem = v.looseObject({
  title: v.string(),
  /** HTTP status of the answer. */
  status: v.pipe(v.number(), v.integer()),
  code: ErrorCode,
  /** What was done, then what was seen. */
  detail: v.string(),
  /** What to do about it. */
  remedy: v.optional(v.string()),
  /** Seconds to wait before the next try. */
  retry_after: v.optional(Count),
  /** What was seen at TikTok; holds no cookie, token or signed URL. */
  evidence: v.optional(v.record(v.string(), v.unknown())),
  /** Every wrong parameter. */
  parameters: v.optional(v.array(v.object({ name: v.string(), detail: v.string() }))),
});

/** Body of a failure. */
export type Problem = v.InferOutput<typeof Problem>;

/** One way to fetch a live's video. */
export const Link = v.object({
  url: v.string(),
  protocol: v.picklist(["flv", "hls"]),
  quality: v.string(),
  codec: v.string(),
  resolution: v.optional(v.object({ width: Count, height: Count })),
  bitrate_kbps: v.optional(Count),
  expires_at: v.optional(Time),
  level: v.number(),
});

/** A host who is live. */
const LiveLink = v.object({
  user: v.string(),
  live_stream_link: v.string(),
  code: v.literal("live"),
  room_id: v.string(),
  title: v.string(),
  links: v.array(Link),
});

/** A host without a link: not live, or one of several names whose look-up failed. */
const NoLink = v.object({
  error: v.string(),
  user: v.string(),
  code: v.union([v.literal("live"), ErrorCode]),
  room_id: v.optional(v.string()),
  title: v.optional(v.string()),
  links: v.optional(v.array(Link)),
  remedy: v.optional(v.string()),
  retry_after: v.optional(Count),
});

/** Answer for one name. */
export const LinkReply = v.union([LiveLink, NoLink]);

/** Answer for one name. */
export type LinkReply = v.InferOutput<typeof LinkReply>;

/** Answer of the links route: an object for one name, an array for several. */
export const LinksReply = v.union([LinkReply, v.array(LinkReply)]);

/** Answer of the links route. */
export type LinksReply = v.InferOutput<typeof LinksReply>;

/** Answer of the user info route. */
export const UserInfoReply = v.object({
  status: v.literal("success"),
  data: v.object({
    userInfo: v.object({
      uniqueId: v.string(),
      nickname: v.string(),
      bio: v.string(),
      followers: Count,
      following: Count,
      likes: Count,
      profilePictureUrl: v.string(),
      secUid: v.string(),
      id: v.string(),
      roomId: v.string(),
      verified: v.boolean(),
      private: v.boolean(),
      videos: Count,
      /** `null` when TikTok did not say. */
      live: v.nullable(v.boolean()),
    }),
  }),
});

/** Answer of the user info route. */
export type UserInfoReply = v.InferOutput<typeof UserInfoReply>;

/** Answer of the followings route. */
export const FollowingsReply = v.object({
  requestDetails: v.object({ secUid: v.string(), count: v.string(), minCursor: Count, maxCursor: Count }),
  metadata: v.object({
    totalFollowings: Count,
    hasMore: v.boolean(),
    maxCursor: Count,
    minCursor: Count,
    logId: v.string(),
  }),
  followings: v.array(v.object({
    username: v.string(),
    nickname: v.string(),
    avatar: v.string(),
    verified: v.boolean(),
    bio: v.string(),
    stats: v.object({ followers: Count, followings: Count, likes: Count, videos: Count }),
  })),
});

/** Answer of the followings route. */
export type FollowingsReply = v.InferOutput<typeof FollowingsReply>;

/** A name on the watchlist. */
export const WatchReply = v.object({
  username: v.string(),
  /** What TikTok last answered. */
  state: v.picklist(["unknown", "live", "offline"]),
  added_at: Time,
  next_check_at: Time,
  checked_at: v.optional(Time),
  last_live_at: v.optional(Time),
  room_id: v.optional(v.string()),
  /** Checks in a row without an answer, and why the last one had none. */
  failures: Count,
  last_error: v.optional(ErrorCode),
});

/** A name on the watchlist. */
export type WatchReply = v.InferOutput<typeof WatchReply>;

/** A page of the watchlist. */
export const WatchlistReply = v.object({ watches: v.array(WatchReply), cursor: v.optional(v.string()) });

/** What the events of a recording add up to. */
export const TotalsReply = v.object({
  events: Count,
  /** Events of each type. */
  types: v.record(v.string(), Count),
  diamonds: Count,
  first_at: Time,
  last_at: Time,
});

/** A recording. */
export const RecordingReply = v.object({
  id: v.string(),
  room_id: v.string(),
  username: v.string(),
  title: v.string(),
  state: v.picklist(["wanted", "recording", "finished"]),
  created_at: Time,
  started_at: v.optional(Time),
  ended_at: v.optional(Time),
  outcome: v.optional(v.object({
    kind: v.picklist(["ended", "stopped", "failed"]),
    code: v.optional(ErrorCode),
    detail: v.optional(v.string()),
  })),
  /** Closed segments, their size and playing time. */
  segments: Count,
  bytes: Count,
  duration_ms: Count,
  parts: v.array(v.object({ part: Count, folder: v.string(), started_at: Time })),
  /** Path of the playlist, once there is video. */
  playlist: v.optional(v.string()),
  /** Path of the events. */
  events: v.string(),
  totals: v.optional(TotalsReply),
});

/** A recording. */
export type RecordingReply = v.InferOutput<typeof RecordingReply>;

/** A page of recordings. */
export const RecordingsReply = v.object({ recordings: v.array(RecordingReply), cursor: v.optional(v.string()) });

/** A page of events. */
export const EventsReply = v.object({
  events: v.array(v.record(v.string(), v.unknown())),
  /** Pass it as `after` to get what comes next. */
  after: v.string(),
  /** True when the recording is over and this page holds its last events. */
  finished: v.boolean(),
});

/** A page of events. */
export type EventsReply = v.InferOutput<typeof EventsReply>;

/** Answer of the health route. */
export const HealthReply = v.object({ status: v.literal("ok") });
