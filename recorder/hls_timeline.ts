/**
 * Which segments of a sliding playlist are new, when their media was made, and where some are missing. Pure: time comes
 * in with the playlists.
 *
 * When a segment's media was made is told by the playlist's own durations; a playlist that was just read ends at the
 * live's edge, at the latest. So media that is missing can be measured as with a connection that brings it as it is made.
 * @module
 */
import type { HlsMedia, HlsSegment } from "./hls_playlist.ts";

/** A segment to fetch. */
export interface TimedSegment extends HlsSegment {
  /** Wall time at which its media began and ended to be there, ms since 1970. */
  fromMs: number;
  toMs: number;
  /** Whether segments between the one before and this one cannot be had. */
  broken: boolean;
}

/** Addresses that are remembered, to tell an old copy of the playlist from one that began anew. */
const REMEMBERED = 200;
/** A playlist's end may lag behind by this many of its longest segments. */
const SLACK_SEGMENTS = 2;

/** See the module. */
export class HlsTimeline {
  readonly #sinceMs: number;
  /** Number of the next segment; `undefined` before the first playlist. */
  #next: number | undefined;
  /** Up to when media was made that was given out. */
  #edgeMs = 0;
  /** Whether the next segment follows on something that cannot be had. */
  #broken = false;
  #known: string[] = [];

  /** @param sinceMs what was made a segment's length before is not wanted, ms since 1970 */
  constructor(sinceMs: number) {
    this.#sinceMs = sinceMs;
  }

  /**
   * Takes a playlist as it was read at a time.
   * @returns what is new in it, in order; nothing for an old copy
   */
  take(playlist: HlsMedia, readAtMs: number): TimedSegment[] {
    const { segments } = playlist;
    const last = segments.at(-1);
    if (last === undefined) return [];
    if (this.#next === undefined) return this.#begin(playlist, readAtMs);
    if (last.sequence < this.#next - 1) {
      // Copies of the same playlist on other servers may be a little older.
      if (this.#known.includes(pathOf(last.url))) return [];
      // The numbers began anew: the sender did.
      this.#broken = true;
      return this.#time(playlist, segments, readAtMs - lengthOf(segments), readAtMs);
    }
    const next = this.#next;
    const fresh = segments.filter(({ sequence }) => sequence >= next);
    const [first] = fresh;
    if (first === undefined) return [];
    const skipped = first.sequence - next;
    if (skipped > 0) this.#broken = true;
    const skippedMs = skipped * lengthOf(segments) / segments.length;
    return this.#time(playlist, fresh, this.#edgeMs + skippedMs, readAtMs);
  }

  #begin(playlist: HlsMedia, readAtMs: number): TimedSegment[] {
    const { segments, targetMs } = playlist;
    const timed = this.#time(playlist, segments, readAtMs - lengthOf(segments), readAtMs);
    return timed.filter(({ toMs }) => toMs > this.#sinceMs - targetMs);
  }

  /** @param fromMs when the first of them should have begun */
  #time(
    { targetMs }: HlsMedia,
    segments: readonly HlsSegment[],
    fromMs: number,
    readAtMs: number,
  ): TimedSegment[] {
    const expectedMs = fromMs + lengthOf(segments);
    const isOff = expectedMs > readAtMs || expectedMs < readAtMs - SLACK_SEGMENTS * targetMs;
    let atMs = isOff ? readAtMs - lengthOf(segments) : fromMs;
    const timed = segments.flatMap((segment): TimedSegment[] => {
      const startMs = atMs;
      atMs += segment.durationMs;
      if (segment.missing) this.#broken = true;
      if (segment.missing) return [];
      const broken = this.#broken;
      this.#broken = false;
      return [{ ...segment, fromMs: startMs, toMs: atMs, broken }];
    });
    this.#edgeMs = atMs;
    this.#next = (segments.at(-1)?.sequence ?? -1) + 1;
    this.#known.push(...segments.map(({ url }) => pathOf(url)));
    this.#known = this.#known.slice(-REMEMBERED);
    return timed;
  }
}

function lengthOf(segments: readonly HlsSegment[]): number {
  return segments.reduce((sum, { durationMs }) => sum + durationMs, 0);
}

/** Addresses are signed anew now and then. */
function pathOf(url: string): string {
  return url.split("?")[0] ?? "";
}
