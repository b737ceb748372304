/**
 * Answers about the system at work: for people who watch over it.
 * @module
 */
import * as v from "valibot";
import { Count, ErrorCode, Time } from "./common.ts";

/** How something stands that may fail: since when it is so, and why. */
const standing = {
  /** Failures in a row. */
  failures: Count,
  /** Since when it works, or fails; absent before the first try. */
  since: v.optional(Time),
  /** Why it failed last. */
  code: v.optional(ErrorCode),
  /** When it may be tried again; only while it is left alone. */
  next_try_at: v.optional(Time),
};

/** What a process has learnt of TikTok. */
const TikTokStatus = v.object({
  /** Ways into rooms, in the order in which they are tried. */
  routes: v.array(v.object({
    route: v.picklist(["direct", "signed", "polling"]),
    state: v.picklist(["unknown", "works", "failing", "resting"]),
    ...standing,
    detail: v.optional(v.string()),
  })),
  /** Look-ups, by kind. `probing`: one call may show whether it works again. */
  calls: v.array(v.object({
    call: v.string(),
    state: v.picklist(["unknown", "works", "failing", "resting", "probing"]),
    ...standing,
  })),
  requests: v.object({
    /** How many may go out in a minute, fewer after refusals, ... */
    per_minute: v.number(),
    /** ... how many at once, ... */
    available: Count,
    /** ... and how many wait for their turn. */
    waiting: Count,
    /** Nothing goes out before this time, after a refusal. */
    paused_until: v.optional(Time),
  }),
});

/** The system at work. */
export const SystemReply = v.object({
  at: Time,
  /** What the process that answers has learnt of TikTok; absent where recorders are processes of their own. */
  tiktok: v.optional(TikTokStatus),
  /** Recorders that have a recording, and the one of the process that answers. */
  recorders: v.array(v.object({
    owner: v.string(),
    /** Recordings that it can hold at the same time. */
    slots: v.optional(Count),
    recordings: v.array(v.object({
      id: v.string(),
      username: v.string(),
      part: Count,
      /** When that part began; absent until it has. */
      started_at: v.optional(Time),
      /** Until when the recorder holds it; one that is over is nobody's. */
      lease_until: Time,
    })),
  })),
  /** Recordings without a recorder, those first that have waited longest. */
  waiting: v.array(v.object({
    id: v.string(),
    username: v.string(),
    /** When it may be taken. */
    due_at: Time,
    failures: Count,
  })),
  /** Whether there are more recordings at work or waiting than these. */
  more: v.boolean(),
  /** Where the process that answers records to; absent where it does not record. */
  disk: v.optional(v.object({
    free_bytes: Count,
    total_bytes: Count,
    /** With less than this, pictures and sound wait; 0: they never do. */
    least_free_bytes: Count,
    low: v.boolean(),
  })),
  /** Warnings and errors of the process that answers; absent where it does not last. */
  trouble: v.optional(v.object({
    /** By minute, the newest last; all of them, also those without any. */
    minutes: v.array(v.object({ at: Time, warnings: Count, errors: Count })),
    /** What it was in these minutes, the newest first. */
    kinds: v.array(v.object({
      event: v.string(),
      level: v.picklist(["warn", "error"]),
      count: Count,
      last_at: Time,
    })),
  })),
});

/** The system at work. */
export type SystemReply = v.InferOutput<typeof SystemReply>;

/** Lines of a recording's log. */
export const RecordingLogReply = v.object({
  lines: v.array(v.object({
    at: Time,
    level: v.picklist(["info", "warn", "error"]),
    /** Name of the line. */
    event: v.string(),
    fields: v.record(v.string(), v.unknown()),
  })),
  /** Pass it as `after` to get what comes next. */
  after: v.string(),
});

/** Lines of a recording's log. */
export type RecordingLogReply = v.InferOutput<typeof RecordingLogReply>;
