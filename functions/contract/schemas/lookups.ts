/**
 * Answers about links, users and followings.
 * @module
 */
import * as v from "valibot";
import { Count, ErrorCode, Time } from "./common.ts";

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

/** One way to fetch a live's video. */
export type Link = v.InferOutput<typeof Link>;

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

const ListedUser = v.object({
  username: v.string(),
  nickname: v.string(),
  avatar: v.string(),
  verified: v.boolean(),
  bio: v.string(),
  stats: v.object({ followers: Count, followings: Count, likes: Count, videos: Count }),
});
const ListRequest = v.object({ secUid: v.string(), count: v.string(), minCursor: Count, maxCursor: Count });
const listPage = {
  hasMore: v.boolean(),
  maxCursor: Count,
  /** Pass it as `minCursor` to get the next page. */
  minCursor: Count,
  logId: v.string(),
  /** Users that TikTok counts and does not show; `null` unless this answer holds the whole list. */
  hidden: v.nullable(Count),
};

/** Answer of the followings route. */
export const FollowingsReply = v.object({
  requestDetails: ListRequest,
  metadata: v.object({ totalFollowings: Count, ...listPage }),
  followings: v.array(ListedUser),
});

/** Answer of the followers route. */
export const FollowersReply = v.object({
  requestDetails: ListRequest,
  metadata: v.object({ totalFollowers: Count, ...listPage }),
  followers: v.array(ListedUser),
});

/** Answer of the followers route. */
export type FollowersReply = v.InferOutput<typeof FollowersReply>;

/** Answer of the followings route. */
export type FollowingsReply = v.InferOutput<typeof FollowingsReply>;
