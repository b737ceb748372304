/**
 * Finds out which tags a server is sending again.
 * @module
 */
import { type FlvTrackType, type RememberedTag, TagHistory } from "./flv_history.ts";
import type { FlvPayload, FlvTag } from "./flv_tag.ts";

/** A longer jump forward is no slow frame but a hole or a new clock. */
export const FORWARD_LIMIT_MS = 1000;
/** Same tag, rounded twice. */
const ROUNDING_MS = 2;
/** Servers keep the last group of pictures, seldom more than 10 s. */
const WINDOW_MS = 20_000;
/** Silence repeats itself: with sound only, this many tags in a row must match before they are taken for a repetition. */
const AUDIO_EVIDENCE = 8;

/** A tag with what the repair needs to know of it. */
export interface ReadTag {
  readonly tag: FlvTag;
  readonly payload: FlvPayload;
  readonly fingerprint: number;
  /** Time on the sender's clock, without its 32-bit wrap. */
  readonly rawMs: number;
  /** Wall time of its arrival. */
  readonly atMs: number;
}

/** A {@link ReadTag} that carries sound or picture. */
export type ReadMedia = ReadTag & { tag: FlvTag & { type: FlvTrackType } };

/** Whether the tag carries sound or picture. */
export const isMedia = (read: ReadTag): read is ReadMedia =>
  read.payload.role === "media" && read.tag.type !== "script";

/** A run that is being repeated. */
export interface Repetition {
  /** Its first tag, as it was given out before. */
  first: RememberedTag;
  /** The same tag as it came again. */
  witness: ReadMedia;
  /** From the sender's clock to the output's. */
  offsetMs: number;
}

interface Run {
  startMs: number;
  endMs: number;
  byOrder: boolean;
  /** By track: place in history of the next tag of the run, and of the first one behind it. */
  next: Record<FlvTrackType, number>;
  end: Record<FlvTrackType, number>;
}

/** Remembers the tags that were given out, and follows a server through a run of them that it sends again. */
export class RepeatFinder {
  readonly #history = new TagHistory(WINDOW_MS);
  #run: Run | undefined;

  /** Remembers a tag that was given out at `timeMs`, later than all of its track before it. */
  add(read: ReadMedia, timeMs: number): void {
    this.#history.add(read.tag.type, read.fingerprint, timeMs);
  }

  /** The same tag, when it was given out at that very time. */
  wasAt(read: ReadMedia, timeMs: number): RememberedTag | undefined {
    return this.#history.find(read.tag.type, read.fingerprint, timeMs, ROUNDING_MS);
  }

  /** When the same picture was given out; `undefined` unless that was exactly once. */
  uniquePictureMs(read: ReadMedia): number | undefined {
    if (read.tag.type !== "video") return undefined;
    const [first, ...others] = this.#history.all("video", read.fingerprint);
    return others.length === 0 ? first?.timeMs : undefined;
  }

  /**
   * From here on a run may come again.
   * @param first its first tag; `undefined` when nothing tells that there is one
   * @param byOrder whether it surely comes whole, so that its order tells more than its times
   * @param endMs end of what was given out so far
   */
  expect(first: RememberedTag | undefined, byOrder: boolean, endMs: number): void {
    const end = { audio: this.#history.length("audio"), video: this.#history.length("video") };
    const next = first === undefined ? { ...end } : {
      audio: this.#history.indexFrom("audio", first.order),
      video: this.#history.indexFrom("video", first.order),
    };
    this.#run = { startMs: (first?.timeMs ?? endMs) - FORWARD_LIMIT_MS, endMs, byOrder, next, end };
  }

  /** From here on nothing is expected again. */
  forget(): void {
    this.#run = undefined;
  }

  /** Whether a run that is expected again reaches over `timeMs`. */
  covers(timeMs: number): boolean {
    return this.#run !== undefined && timeMs >= this.#run.startMs && timeMs <= this.#run.endMs;
  }

  /**
   * Whether the tag is one of the run that is expected again; the run then goes on behind it.
   * @param anyOrder whether it may also lie before the tags of the run that came already
   */
  isRepeated(read: ReadMedia, timeMs: number, anyOrder: boolean): boolean {
    if (this.#run === undefined) return false;
    const { type } = read.tag;
    const { byOrder, next, end } = this.#run;
    // A track may come shifted a little against the other: then the order tells.
    const toleranceMs = byOrder ? FORWARD_LIMIT_MS : ROUNDING_MS;
    if (next[type] < end[type] && this.#history.isAt(type, next[type], read.fingerprint, timeMs, toleranceMs)) {
      next[type]++;
      return true;
    }
    const found = this.covers(timeMs) ? this.wasAt(read, timeMs) : undefined;
    if (found === undefined || found.index >= end[type] || (found.index < next[type] && !anyOrder)) return false;
    next[type] = Math.max(next[type], found.index + 1);
    return true;
  }

  /**
   * Where tags repeat the last ones on another clock.
   * @param witnesses those of `media` that are looked up
   * @param lastMs time of the last tag given out, by track
   * @param complete whether no more tags can tell
   * @returns `unclear` while more tags could tell
   */
  findRun(
    media: readonly ReadMedia[],
    witnesses: readonly ReadMedia[],
    lastMs: Record<FlvTrackType, number>,
    complete: boolean,
  ): Repetition | "unclear" | undefined {
    for (const witness of witnesses) {
      const { type } = witness.tag;
      const candidates = this.#history.all(type, witness.fingerprint).map((first) => {
        const offsetMs = first.timeMs - witness.rawMs;
        return { offsetMs, first, witness, ...this.#compare(media, offsetMs, lastMs) };
      }).filter(({ matches, mismatches }) => matches > mismatches);
      const clean = candidates.filter(({ mismatches }) => mismatches === 0);
      // The newest: a cache begins at the last keyframe.
      const [best] = clean.length > 0 ? clean : candidates;
      if (best === undefined) continue;
      if (candidates.length > 1 && !best.passedEnd && !complete) return "unclear";
      if (type === "video" || best.matches >= AUDIO_EVIDENCE) return best;
      if (!best.passedEnd && !complete) return "unclear";
    }
    return undefined;
  }

  /** How well tags repeat history under an offset. */
  #compare(
    media: readonly ReadMedia[],
    offsetMs: number,
    lastMs: Record<FlvTrackType, number>,
  ): { matches: number; mismatches: number; passedEnd: boolean } {
    let matches = 0;
    let mismatches = 0;
    let passedEnd = false;
    for (const read of media) {
      const timeMs = read.rawMs + offsetMs;
      if (timeMs > lastMs[read.tag.type] + ROUNDING_MS) passedEnd = true;
      else if (this.wasAt(read, timeMs) !== undefined) matches++;
      else mismatches++;
    }
    return { matches, mismatches, passedEnd };
  }
}
