/**
 * What the repair remembers of the tags that it gave out: a fingerprint and the time of each, for a while.
 * @module
 */
import type { FlvTagType } from "./flv_tag.ts";

/** Tags that carry media. */
export type FlvTrackType = Exclude<FlvTagType, "script">;

/**
 * A number that equal payloads share and others practically never do: a 32-bit mix of all bytes and the low 20 bits of
 * the length.
 */
export function payloadFingerprint(payload: Uint8Array): number {
  const length = payload.length;
  const words = length - (length % 4);
  let hash = 0x811c9dc5 ^ length;
  for (let i = 0; i < words; i += 4) {
    const word = (payload[i] ?? 0) | ((payload[i + 1] ?? 0) << 8) | ((payload[i + 2] ?? 0) << 16) |
      ((payload[i + 3] ?? 0) << 24);
    hash = Math.imul(hash ^ word, 0x9e3779b1);
    hash ^= hash >>> 15;
  }
  for (let i = words; i < length; i++) {
    hash = Math.imul(hash ^ (payload[i] ?? 0), 0x9e3779b1);
    hash ^= hash >>> 15;
  }
  return (hash >>> 0) * 0x100000 + (length & 0xfffff);
}

/** A tag that was given out. */
export interface RememberedTag {
  /** Place among all tags of its track, from 0. */
  index: number;
  /** Place among all tags, from 0. */
  order: number;
  timeMs: number;
}

interface Track {
  fingerprints: number[];
  /** Ascending, as long as the fingerprints. */
  timesMs: number[];
  /** Ascending, as long as the fingerprints. */
  orders: number[];
  /** Place of the first entry among all tags of the track. */
  base: number;
  /** Entries before it are forgotten; cut off in batches. */
  from: number;
}

const emptyTrack = (): Track => ({ fingerprints: [], timesMs: [], orders: [], base: 0, from: 0 });

/** Place of the first of ascending `values` that is at least `limit`, not before `from`. */
function firstAtLeast(values: readonly number[], limit: number, from: number): number {
  let low = from;
  let high = values.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((values[middle] ?? 0) < limit) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Fingerprints and media times of the newest tags of both tracks. */
export class TagHistory {
  readonly #windowMs: number;
  readonly #tracks: Record<FlvTrackType, Track> = { audio: emptyTrack(), video: emptyTrack() };
  #added = 0;

  /** @param windowMs how far back to remember, media time */
  constructor(windowMs: number) {
    this.#windowMs = windowMs;
  }

  /** @param timeMs later than all of its track before it */
  add(type: FlvTrackType, fingerprint: number, timeMs: number): void {
    const track = this.#tracks[type];
    track.fingerprints.push(fingerprint);
    track.timesMs.push(timeMs);
    track.orders.push(this.#added++);
    while ((track.timesMs[track.from] ?? timeMs) < timeMs - this.#windowMs) track.from++;
    if (track.from > 4096) {
      track.fingerprints.splice(0, track.from);
      track.timesMs.splice(0, track.from);
      track.orders.splice(0, track.from);
      track.base += track.from;
      track.from = 0;
    }
  }

  /** How many tags of the track were given out. */
  length(type: FlvTrackType): number {
    return this.#tracks[type].base + this.#tracks[type].timesMs.length;
  }

  /** Index of the first tag of the track that was given out at or after a place among all tags. */
  indexFrom(type: FlvTrackType, order: number): number {
    const { orders, base } = this.#tracks[type];
    return base + firstAtLeast(orders, order, 0);
  }

  /** The tags with this fingerprint, newest first. */
  all(type: FlvTrackType, fingerprint: number): RememberedTag[] {
    const { fingerprints, timesMs, orders, base, from } = this.#tracks[type];
    const found: RememberedTag[] = [];
    for (let i = fingerprints.length - 1; i >= from; i--) {
      if (fingerprints[i] === fingerprint) {
        found.push({ index: base + i, order: orders[i] ?? 0, timeMs: timesMs[i] ?? 0 });
      }
    }
    return found;
  }

  /** Whether the tag at `index` has this fingerprint and was given out within `toleranceMs` of `timeMs`. */
  isAt(type: FlvTrackType, index: number, fingerprint: number, timeMs: number, toleranceMs: number): boolean {
    const { fingerprints, timesMs, base } = this.#tracks[type];
    const time = timesMs[index - base];
    return time !== undefined && fingerprints[index - base] === fingerprint && Math.abs(time - timeMs) <= toleranceMs;
  }

  /** The tag with this fingerprint that was given out nearest to `timeMs`, within `toleranceMs`. */
  find(type: FlvTrackType, fingerprint: number, timeMs: number, toleranceMs: number): RememberedTag | undefined {
    const { fingerprints, timesMs, orders, base, from } = this.#tracks[type];
    let best: RememberedTag | undefined;
    for (let i = firstAtLeast(timesMs, timeMs - toleranceMs, from); i < timesMs.length; i++) {
      const time = timesMs[i];
      if (time === undefined || time > timeMs + toleranceMs) break;
      if (fingerprints[i] !== fingerprint) continue;
      if (best === undefined || Math.abs(time - timeMs) < Math.abs(best.timeMs - timeMs)) {
        best = { index: base + i, order: orders[i] ?? 0, timeMs: time };
      }
    }
    return best;
  }
}
