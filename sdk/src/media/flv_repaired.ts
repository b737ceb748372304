/**
 * What the repair of a live's stream gives out.
 * @module
 */
import type { FlvPayload, FlvTag } from "./flv_tag.ts";

/**
 * Why media is missing: how the connection before it ended (`paused`: whoever reads hung up and came back), or `skipped`
 * when the server left it out.
 */
export type FlvGapReason = "closed" | "error" | "stalled" | "paused" | "skipped";

/** Media that never came. */
export interface FlvGap {
  /** Where in the output it is missing, ms. */
  readonly mediaMs: number;
  /** Wall time of the last media before it, ms since 1970. */
  readonly fromMs: number;
  /** Wall time of the first media after it, ms since 1970. */
  readonly toMs: number;
  /** Length of what is missing, ms: exact where the clock went on, else measured against the wall clock. */
  readonly missingMs: number;
  /** What interrupted it. */
  readonly reason: FlvGapReason;
}

/** A run of tags that one decoder set-up plays, without a hole. */
export interface FlvPart {
  /** 0 for the first. */
  readonly index: number;
  /** Why it begins. */
  readonly reason: "start" | "gap" | "parameters";
  /** Output time of its first tag, ms. */
  readonly startMs: number;
  /** Codecs by track, as {@link FlvPayload.codec}; a track that is absent has none. */
  readonly codecs: { readonly audio?: string; readonly video?: string };
}

/** What the repair gives out, in order. */
export type FlvRepaired =
  /** What follows belongs to a new file. Its headers follow as tags. */
  | { readonly kind: "part"; readonly part: FlvPart }
  /** A tag on the output's clock, and the wall time of its arrival. */
  | { readonly kind: "tag"; readonly tag: FlvTag; readonly role: FlvPayload["role"]; readonly atMs: number }
  /** Told as soon as its length is known, which may be seconds after the part that it opens. */
  | { readonly kind: "gap"; readonly gap: FlvGap };

/** Counts of what was left out and mended. */
export interface FlvRepairStats {
  /** Media tags given out. */
  tags: number;
  /** Media tags that had been given out before. */
  duplicates: number;
  /** Headers and metadata equal to those in force. */
  repeatedHeaders: number;
  /** Media tags whose codec's header never came. */
  undecodable: number;
  /** Tags that carry no media. */
  empty: number;
  /** Tags that a connection's end cut. */
  cutTags: number;
  /** Bytes that belong to no tag. */
  garbageBytes: number;
  /** Jumps of the clock that were mended without a loss. */
  clockJumps: number;
}
