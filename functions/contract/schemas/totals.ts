/**
 * Answers about what events add up to.
 * @module
 */
import * as v from "valibot";
import { Count, Time } from "./common.ts";

/** What somebody gave. */
const Gifter = v.object({
  user_id: v.string(),
  username: v.string(),
  nickname: v.string(),
  diamonds: Count,
  gifts: Count,
  last_gift_at: Time,
});

const sums = {
  events: Count,
  /** Events of each type. */
  types: v.record(v.string(), Count),
  diamonds: Count,
  /** Gifts: a streak of five is five. */
  gifts: Count,
  /** Taps. */
  likes: Count,
  chats: Count,
  follows: Count,
  shares: Count,
  joins: Count,
  /** Most viewers at a time. */
  peak_viewers: Count,
  /** How many people gave gifts. */
  gifters: Count,
  /** Those who gave most, up to 20. */
  top_gifters: v.array(Gifter),
  /** Times of the first and the last event, once there is one. */
  first_at: v.optional(Time),
  last_at: v.optional(Time),
};

/** What the events of a recording add up to. */
export const TotalsReply = v.object({
  ...sums,
  /** Events up to this place are in the sums; as `after` of the events. */
  after: v.string(),
  /** False when events before that place are missing in the sums: they could not be read. */
  complete: v.boolean(),
});

/** What the events of a recording add up to. */
export type TotalsReply = v.InferOutput<typeof TotalsReply>;

/** Most viewers in each minute that has any, up to the newest 168 hours. */
const viewers = { viewers_by_minute: v.array(v.object({ at: Time, viewers: Count })) };

/** What the events of a recording add up to, with its viewers. */
export const RecordingTotalsReply = v.object({ ...TotalsReply.entries, ...viewers });

/** What the events of a recording add up to, with its viewers. */
export type RecordingTotalsReply = v.InferOutput<typeof RecordingTotalsReply>;

/** What the events of all recordings of a host add up to, those included that were deleted since. */
export const HostTotalsReply = v.object({ username: v.string(), recordings: Count, ...sums, ...viewers });

/** What the events of all recordings of a host add up to. */
export type HostTotalsReply = v.InferOutput<typeof HostTotalsReply>;
