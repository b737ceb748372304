/**
 * Answers about what goes, by policy or on request.
 * @module
 */
import * as v from "valibot";
import { Count, Time } from "./common.ts";

/** What goes, and why. */
export const RemovalReply = v.object({
  recording_id: v.string(),
  username: v.string(),
  /** All of the recording, or only its events. */
  what: v.picklist(["recording", "events"]),
  /** `age`: by policy. `asked`: the host's data was asked to go. `interrupted`: an earlier removal was cut short. */
  why: v.picklist(["age", "asked", "interrupted"]),
  ended_at: Time,
  /** Bytes of video that go with it. */
  bytes: Count,
});

/** What went, or in a dry run would go. */
export const RetentionReply = v.object({
  dry_run: v.boolean(),
  removed: v.array(RemovalReply),
  /** What could not be removed now; the next call tries again. */
  failed: v.array(RemovalReply),
  /** True when time was up, or the answer full: the next call goes on. */
  more: v.boolean(),
});

/** What went, or in a dry run would go. */
export type RetentionReply = v.InferOutput<typeof RetentionReply>;

/** What went of a host, or in a dry run would go. */
export const HostRemovalReply = v.object({
  ...RetentionReply.entries,
  /** Recordings that are not finished. They are asked to end, and go when this is asked again. */
  unfinished: v.array(v.string()),
  /** Whether the name was on the watchlist, which it goes from. */
  watched: v.boolean(),
});

/** What went of a host, or in a dry run would go. */
export type HostRemovalReply = v.InferOutput<typeof HostRemovalReply>;
