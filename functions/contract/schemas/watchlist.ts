/**
 * Answers about the watchlist.
 * @module
 */
import * as v from "valibot";
import { QUALITIES } from "../quality.ts";
import { Count, ErrorCode, Time } from "./common.ts";

/** A name on the watchlist. */
export const WatchReply = v.object({
  username: v.string(),
  /** What TikTok last answered; `unknown` before its first answer, and before the first after a pause. */
  state: v.picklist(["unknown", "live", "offline"]),
  /** -3 to 3; each step up halves the time between checks. */
  priority: v.number(),
  /** Its lives are recorded in this quality, or the next best; the best picture where none is asked for. */
  quality: v.optional(v.picklist(QUALITIES)),
  /** It stays on the list, and nobody looks at it. */
  paused: v.boolean(),
  added_at: Time,
  /** None while it is paused. */
  next_check_at: v.optional(Time),
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

/** What an import did. */
export const ImportReply = v.object({
  /** Names that are watched from now on, and those that were watched already. */
  added: Count,
  existing: Count,
  /** Names that were left out, as they came, and why. */
  skipped: v.array(v.object({ username: v.string(), reason: v.string() })),
  /** Whether the list of followings goes on; then `min_cursor`, as `minCursor` of the next import, leads to the rest. */
  has_more: v.boolean(),
  min_cursor: v.optional(Count),
});

/** What an import did. */
export type ImportReply = v.InferOutput<typeof ImportReply>;
