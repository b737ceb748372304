/**
 * Answers about recordings.
 * @module
 */
import * as v from "valibot";
import { QUALITIES } from "../quality.ts";
import { Count, ErrorCode, Time } from "./common.ts";
import { TotalsReply } from "./totals.ts";

/** A recording. */
export const RecordingReply = v.object({
  id: v.string(),
  room_id: v.string(),
  username: v.string(),
  title: v.string(),
  /** The quality that is asked for; the best picture where none is. */
  quality: v.optional(v.picklist(QUALITIES)),
  /** The quality that is, or was last, recorded, as TikTok names it; absent before the first picture. */
  recorded_quality: v.optional(v.string()),
  state: v.picklist(["wanted", "recording", "finished"]),
  created_at: Time,
  started_at: v.optional(Time),
  /** When somebody asked for its end. */
  stop_requested_at: v.optional(Time),
  ended_at: v.optional(Time),
  outcome: v.optional(v.object({
    kind: v.picklist(["ended", "stopped", "failed"]),
    code: v.optional(ErrorCode),
    detail: v.optional(v.string()),
  })),
  /** Out of the retention policy's reach. */
  kept: v.boolean(),
  /** When its events were deleted by that policy; totals and video are still there. */
  events_deleted_at: v.optional(Time),
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
