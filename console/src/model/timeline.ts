/** A stretch of video without a hole: its place in the player, and when it was shown. */
export interface Span {
  mediaMs: number;
  wallMs: number;
  durationMs: number;
}

/** A time of which there is no video. */
export interface Hole {
  /** Place in the player at which it is missing. */
  mediaMs: number;
  fromMs: number;
  toMs: number;
}

/** A segment, as the player knows it; `wallMs` is missing where its playlist names no time. */
export interface PlayedSegment {
  mediaMs: number;
  durationMs: number;
  wallMs: number | undefined;
}

/** Differences that are no hole, ms: segments are cut at pictures, and clocks are read at packets. */
const SAME_MS = 1_000;
/** A picture that grows is this late at least before it is called missing, ms, */
const LATE_MS = 10_000;
/** and this many segments. */
const LATE_SEGMENTS = 3;

/** The clock of a recording: the player's time beside the time of day. Video that is missing takes no time in the player. */
export class Timeline {
  readonly spans: readonly Span[];
  readonly holes: readonly Hole[];
  /** The longest segment, ms. */
  readonly segmentMs: number;

  /** @param segments in playing order */
  constructor(segments: readonly PlayedSegment[]) {
    const spans: Span[] = [];
    let longest = 0;
    for (const { mediaMs, durationMs, wallMs } of segments) {
      const last = spans.at(-1);
      const expected = last === undefined ? undefined : last.wallMs + mediaMs - last.mediaMs;
      if (last !== undefined && (wallMs === undefined || Math.abs(wallMs - (expected ?? 0)) <= SAME_MS)) {
        last.durationMs = mediaMs + durationMs - last.mediaMs;
      } else spans.push({ mediaMs, wallMs: wallMs ?? 0, durationMs });
      longest = Math.max(longest, durationMs);
    }
    this.spans = spans;
    this.segmentMs = longest;
    this.holes = spans.slice(1).flatMap(({ mediaMs, wallMs }, index) => {
      const before = spans[index];
      const fromMs = before === undefined ? wallMs : before.wallMs + before.durationMs;
      return wallMs > fromMs ? [{ mediaMs, fromMs, toMs: wallMs }] : [];
    });
  }

  /** Length in the player, ms. */
  get durationMs(): number {
    const last = this.spans.at(-1);
    return last === undefined ? 0 : last.mediaMs + last.durationMs;
  }

  /** When its last picture was shown, ms; `undefined` while there is no video. */
  get endMs(): number | undefined {
    const last = this.spans.at(-1);
    return last && last.wallMs + last.durationMs;
  }

  /** Since when a picture that should grow has not grown, ms; `undefined` while it is not late. */
  lateSince(nowMs: number): number | undefined {
    const { endMs } = this;
    return endMs !== undefined && this.isLate(nowMs - endMs) ? endMs : undefined;
  }

  /** Whether so long a time without a new segment is more than the way of a segment takes. */
  isLate(ms: number): boolean {
    return ms > Math.max(LATE_MS, LATE_SEGMENTS * this.segmentMs);
  }

  /** When what is played at a place was shown, ms; `undefined` while there is no video. */
  wallOf(mediaMs: number): number | undefined {
    const span = this.spans.findLast((each) => each.mediaMs <= mediaMs) ?? this.spans[0];
    return span && span.wallMs + Math.min(Math.max(0, mediaMs - span.mediaMs), span.durationMs);
  }

  /** Where something that was shown at a time is played; the next place there is, when that time is missing. */
  mediaOf(wallMs: number): number {
    for (const span of this.spans) {
      if (wallMs < span.wallMs) return span.mediaMs;
      if (wallMs < span.wallMs + span.durationMs) return span.mediaMs + wallMs - span.wallMs;
    }
    return this.durationMs;
  }
}
