/**
 * Makes one clean stream out of the tags of successive connections to the same live. Pure: time comes in with the tags.
 *
 * What CDNs do, and what is done about it:
 * - After a reconnect a server sends its headers again and all tags since the last keyframe ("GOP cache"), sometimes on
 *   a new clock. Equal headers are dropped. The first frame that comes is looked up among the tags of the last minutes:
 *   where it is found, its old time tells the new clock, and every tag that was there before is dropped.
 * - Clocks jump. The output's clock never does: it starts at 0 and grows by at most a second at once.
 * - Media is missing after an outage. It is left out of the output's clock, a gap tells how much there was, and a new
 *   part begins.
 * - Decoder parameters change. A new part begins.
 *
 * Every whole media tag that came in goes out exactly once, in order; only those that nothing can decode (no header of
 * their codec ever came) are counted and left out.
 * @module
 */
import { type FlvTrackType, payloadFingerprint } from "./flv_history.ts";
import type { FlvItem } from "./flv_reader.ts";
import { type FlvPayload, type FlvTag, readFlvPayload } from "./flv_tag.ts";
import type { FlvGapReason, FlvPart, FlvRepaired, FlvRepairStats } from "./flv_repaired.ts";
import { FORWARD_LIMIT_MS, isMedia, type ReadMedia, type ReadTag, RepeatFinder } from "./flv_repeats.ts";
import { LagFloor } from "./lag_floor.ts";

/** A shorter step back is an unsteady clock: the tag is moved, the clock believed. */
const JITTER_MS = 100;
/** How much is held back at most while it is unclear where the tags belong. */
const HOLD_TAGS = 256;
const HOLD_MS = 1500;
/** Arrivals may be this early against the best so far before the clock is taken for a new one. */
const EARLY_MS = 1000;
/** A server's cache may be this old; what is later than that came on a new clock. */
const LATE_MS = 30_000;
/**
 * Servers send pictures again that are this old, seldom older ones. Where the clock goes on, one that would come again
 * later than that is another one that looks the same: the live shows something in a loop.
 */
const REPEAT_MS = 10_000;
/** How long the arrival of new media is watched to measure a gap. */
const MEASURE_MS = 3000;
/** Clock and measurement may differ by this much before the measurement is believed. */
const MEASURE_ERROR_MS = 2000;
/** Timestamps have 32 bits; a step from near the end to near the start is no jump. */
const WRAP_MS = 2 ** 32;
const NEAR_WRAP_MS = 3_600_000;

interface Track {
  /** Header in force. */
  header: { codec: string; fingerprint: number; payload: Uint8Array | undefined } | undefined;
  lastMs: number;
  deltaMs: number;
  /** What to add to the offset for this track alone. */
  skewMs: number;
}

type Cause = "start" | "reconnect" | "jump";

interface Measuring {
  mediaMs: number;
  fromMs: number;
  reason: FlvGapReason;
  /** Length by the sender's clock; `undefined` when that is a new one. */
  clockMs: number | undefined;
  sinceMs: number;
}

/**
 * Repairs the stream of one live.
 *
 * @example
 * ```ts
 * import { readFileSync } from "node:fs";
 * import { FlvReader, FlvRepair } from "@roomtone/sdk/media";
 * const repair = new FlvRepair();
 * for (const file of ["first.flv", "second.flv"]) {
 *   const reader = new FlvReader();
 *   const items = [...reader.push(readFileSync(file)), ...reader.end()];
 *   for (const out of repair.push(items, Date.now())) console.log(out.kind);
 *   repair.disconnect("closed", Date.now());
 * }
 * repair.finish(Date.now());
 * ```
 */
export class FlvRepair {
  /** What was repaired so far. */
  readonly stats: FlvRepairStats = {
    tags: 0,
    duplicates: 0,
    repeatedHeaders: 0,
    undecodable: 0,
    empty: 0,
    cutTags: 0,
    garbageBytes: 0,
    clockJumps: 0,
  };
  readonly #repeats = new RepeatFinder();
  readonly #tracks: Record<FlvTrackType, Track> = {
    audio: { header: undefined, lastMs: -1, deltaMs: 23, skewMs: 0 },
    video: { header: undefined, lastMs: -1, deltaMs: 33, skewMs: 0 },
  };
  /** Output time of the last gap. */
  #gapMs = 0;
  /** Wall time minus output time, at the live's edge, since the last gap. */
  readonly #lag = new LagFloor();
  #metadata: Uint8Array | undefined;
  #part: (FlvPart & { headers: Record<FlvTrackType, number | undefined> }) | undefined;
  #nextPart: FlvPart["reason"] = "start";
  /** Output time = sender's time + offset; `undefined` before the first tag. */
  #offsetMs: number | undefined;
  #lastRawMs = 0;
  #wrapsMs = 0;
  #lastAtMs = 0;
  #connection: { audio: boolean; video: boolean; tags: number; reason: FlvGapReason } = {
    audio: true,
    video: true,
    tags: 0,
    reason: "closed",
  };
  #held: ReadTag[] = [];
  /** Why tags are held back; `undefined` while they are not. */
  #settling: Cause | undefined = "start";
  #measuring: Measuring | undefined;
  #out: FlvRepaired[] = [];

  /**
   * Takes what the reader found.
   * @param items of one connection, in order
   * @param atMs wall time of their arrival, ms since 1970
   */
  push(items: readonly FlvItem[], atMs: number): FlvRepaired[] {
    for (const item of items) this.#take(item, atMs);
    this.#measure(atMs, false);
    return this.#drain();
  }

  /**
   * Says that the connection is over; the next item begins another one.
   * @param reason how it ended: the reason of the gap, should there be one
   */
  disconnect(reason: FlvGapReason, atMs: number): FlvRepaired[] {
    this.#interrupt();
    this.#measure(atMs, true);
    this.#connection = { audio: true, video: true, tags: 0, reason };
    return this.#drain();
  }

  /** Says that nothing more comes: gives out what was held back. */
  finish(atMs: number): FlvRepaired[] {
    this.#interrupt();
    this.#measure(atMs, true);
    return this.#drain();
  }

  /** Where the output's clock stands: the end of the last tag, ms. */
  get endMs(): number {
    const { audio, video } = this.#tracks;
    return Math.max(0, ...[audio, video].map((track) => track.lastMs < 0 ? 0 : track.lastMs + track.deltaMs));
  }

  #drain(): FlvRepaired[] {
    const out = this.#out;
    this.#out = [];
    return out;
  }

  #take(item: FlvItem, atMs: number): void {
    if (item.kind === "garbage") {
      this.stats.garbageBytes += item.bytes;
    } else if (item.kind === "cut") {
      this.stats.cutTags++;
    } else if (item.kind === "header") {
      // A header between tags: the server glued another stream on, which is a reconnect without a disconnect.
      const glued = this.#connection.tags > 0;
      if (glued) this.#interrupt();
      const { hasAudio, hasVideo } = item;
      const silent = !hasAudio && !hasVideo;
      const reason = glued ? "skipped" : this.#connection.reason;
      this.#connection = { audio: hasAudio || silent, video: hasVideo || silent, tags: 0, reason };
    } else {
      this.#takeTag(item.tag, atMs);
    }
  }

  /** Between two connections: what was held is decided, and what comes next has to show where it belongs. */
  #interrupt(): void {
    while (this.#held.length > 0) this.#settle(true);
    this.#repeats.forget();
    this.#settling = this.#offsetMs === undefined ? "start" : "reconnect";
  }

  #takeTag(tag: FlvTag, atMs: number): void {
    const payload = readFlvPayload(tag);
    this.#connection.tags++;
    if (payload.role === "other" || payload.role === "end") {
      this.stats.empty++;
      return;
    }
    const rawMs = payload.role === "media" ? this.#unwrap(tag.timestampMs) : this.#lastRawMs;
    const held = { tag, payload, fingerprint: payloadFingerprint(tag.payload), rawMs, atMs };
    if (this.#settling === undefined) {
      this.#accept(held, false);
    } else {
      this.#held.push(held);
      this.#settle(false);
    }
  }

  /** The sender's clock without its wrap at 32 bits. */
  #unwrap(timestampMs: number): number {
    const before = this.#lastRawMs - this.#wrapsMs;
    if (before > WRAP_MS - NEAR_WRAP_MS && timestampMs < NEAR_WRAP_MS) this.#wrapsMs += WRAP_MS;
    if (before < NEAR_WRAP_MS && timestampMs > WRAP_MS - NEAR_WRAP_MS) this.#wrapsMs -= WRAP_MS;
    this.#lastRawMs = this.#wrapsMs + timestampMs;
    return this.#lastRawMs;
  }

  /**
   * Gives a tag out on the clock in force, or holds it where that clock seems to be over.
   * @param decided whether the clock in force was chosen with this very tag in view: it is not held again
   */
  #accept(held: ReadTag, decided: boolean): void {
    if (held.payload.role === "header") return this.#takeHeader(held);
    if (!isMedia(held)) return this.#takeMetadata(held);
    const { type } = held.tag;
    const track = this.#tracks[type];
    let timeMs = this.#timeOf(held);
    const backMs = track.lastMs - timeMs;
    const inRun = this.#repeats.covers(timeMs);
    if (this.#repeats.isRepeated(held, timeMs, decided)) return this.#drop();
    if (!inRun && backMs >= 0 && this.#repeats.wasAt(held, timeMs) !== undefined) {
      // Sound may repeat itself for real: beside a picture, only the picture proves that the clock did not jump.
      if (type === "video" || this.#part?.codecs.video === undefined) return this.#drop();
      if (!decided) return this.#hold(held);
    } else if (backMs > JITTER_MS || timeMs - this.endMs > FORWARD_LIMIT_MS) {
      if (!decided) return this.#hold(held);
      if (!inRun) {
        // The other track bears out the clock in force, so this track alone has jumped.
        track.skewMs += track.lastMs + track.deltaMs - timeMs;
        timeMs = this.#timeOf(held);
        this.stats.clockJumps++;
      }
    }
    this.#emit(held, Math.max(timeMs, track.lastMs + 1));
  }

  #drop(): void {
    this.stats.duplicates++;
  }

  #timeOf(held: ReadTag): number {
    const skewMs = held.tag.type === "script" ? 0 : this.#tracks[held.tag.type].skewMs;
    return held.rawMs + (this.#offsetMs ?? 0) + skewMs;
  }

  #hold(held: ReadTag): void {
    this.#settling = "jump";
    this.#held.push(held);
    this.#settle(false);
  }

  #takeHeader(held: ReadTag): void {
    if (held.tag.type === "script") return;
    const track = this.#tracks[held.tag.type];
    if (track.header?.fingerprint === held.fingerprint) {
      this.stats.repeatedHeaders++;
      return;
    }
    const { payload } = held.tag;
    track.header = { codec: held.payload.codec, fingerprint: held.fingerprint, payload };
  }

  #takeMetadata(held: ReadTag): void {
    const { payload } = held.tag;
    if (this.#metadata !== undefined && payloadFingerprint(this.#metadata) === held.fingerprint) {
      this.stats.repeatedHeaders++;
      return;
    }
    this.#metadata = payload;
    if (this.#part !== undefined) this.#put("metadata", "script", Math.round(this.endMs), payload, held.atMs);
  }

  #emit(held: ReadMedia, timeMs: number): void {
    const { type } = held.tag;
    const track = this.#tracks[type];
    const { codec, needsHeader } = held.payload;
    if (!needsHeader && track.header?.codec !== codec) track.header = { codec, fingerprint: 0, payload: undefined };
    if (track.header?.codec !== codec) {
      this.stats.undecodable++;
      return;
    }
    const { audio, video } = this.#tracks;
    const headers = this.#part?.headers;
    if (
      headers === undefined || this.#nextPart === "gap" || headers.audio !== audio.header?.fingerprint ||
      headers.video !== video.header?.fingerprint
    ) this.#openPart(timeMs, held.atMs);
    const deltaMs = timeMs - track.lastMs;
    if (track.lastMs >= 0 && deltaMs > 1 && deltaMs < FORWARD_LIMIT_MS) track.deltaMs = deltaMs;
    track.lastMs = timeMs;
    this.#repeats.add(held, timeMs);
    this.#lag.add(held.atMs, held.atMs - timeMs);
    this.#lastAtMs = held.atMs;
    this.stats.tags++;
    this.#put("media", type, timeMs, held.tag.payload, held.atMs);
  }

  #openPart(startMs: number, atMs: number): void {
    const { audio, video } = this.#tracks;
    const part: FlvPart = {
      index: this.#part === undefined ? 0 : this.#part.index + 1,
      reason: this.#nextPart,
      startMs,
      codecs: {
        ...(audio.header === undefined ? {} : { audio: audio.header.codec }),
        ...(video.header === undefined ? {} : { video: video.header.codec }),
      },
    };
    this.#nextPart = "parameters";
    this.#part = { ...part, headers: { audio: audio.header?.fingerprint, video: video.header?.fingerprint } };
    this.#out.push({ kind: "part", part });
    if (this.#metadata !== undefined) this.#put("metadata", "script", startMs, this.#metadata, atMs);
    for (const type of ["video", "audio"] as const) {
      const payload = this.#tracks[type].header?.payload;
      if (payload !== undefined) this.#put("header", type, startMs, payload, atMs);
    }
  }

  #put(role: FlvPayload["role"], type: FlvTag["type"], timestampMs: number, payload: Uint8Array, atMs: number): void {
    this.#out.push({ kind: "tag", role, atMs, tag: { type, timestampMs, payload } });
  }

  /** Decides where the held tags belong, once they tell; `force`: decides on what there is. */
  #settle(force: boolean): void {
    const media = this.#held.filter(isMedia);
    const first = media[0];
    if (first === undefined) {
      if (force) this.#release(undefined);
      return;
    }
    const spanMs = Math.max(...media.map((held) => held.rawMs)) - Math.min(...media.map((held) => held.rawMs));
    const full = force || media.length >= HOLD_TAGS || spanMs >= HOLD_MS;
    if (this.#offsetMs === undefined) {
      if (full || this.#hasExpectedTracks(media)) this.#begin(media);
      return;
    }
    const pictures = media.filter((held) => held.tag.type === "video");
    const expectsPicture = this.#connection.video && this.#tracks.video.header !== undefined;
    if (pictures.length === 0 && expectsPicture && !full) return;
    const witnesses = pictures.length > 0 ? pictures : media;
    const [witness] = witnesses;
    if (witness === undefined) return;
    if (this.#sameClock(witness)) return this.#release(witness);
    const jumpMs = this.#startOf(media) + this.#offsetMs - this.endMs;
    const clockHolds = jumpMs >= 0 && this.#isInTime(first) && !this.#isRepeat(witness);
    if (!clockHolds && this.#settling === "reconnect") {
      const lastMs = { audio: this.#tracks.audio.lastMs, video: this.#tracks.video.lastMs };
      const run = this.#repeats.findRun(media, witnesses, lastMs, full);
      if (run === "unclear") return;
      if (run !== undefined) {
        this.#setOffset(run.offsetMs);
        this.#repeats.expect(run.first, true, this.endMs);
        return this.#release(run.witness);
      }
    }
    if (full || jumpMs >= 0) this.#rebase(media, clockHolds ? jumpMs : undefined);
  }

  /** Whether a tag arrives when the clock in force says, give or take what servers keep back. */
  #isInTime(held: ReadTag): boolean {
    const { floorMs } = this.#lag;
    if (floorMs === undefined) return false;
    const lateMs = held.atMs - (held.rawMs + (this.#offsetMs ?? 0)) - floorMs;
    return lateMs > -EARLY_MS && lateMs < LATE_MS;
  }

  /** Whether the frame is a picture that was given out once, and lately: it is that one again, whatever its time. */
  #isRepeat(witness: ReadMedia): boolean {
    const timeMs = this.#repeats.uniquePictureMs(witness);
    // What came before a gap is older than the output's clock tells.
    if (timeMs === undefined || timeMs < this.#gapMs) return false;
    return witness.atMs - timeMs - (this.#lag.floorMs ?? Infinity) <= REPEAT_MS;
  }

  #setOffset(offsetMs: number): void {
    this.#offsetMs = offsetMs;
    this.#repeats.forget();
    this.#tracks.audio.skewMs = 0;
    this.#tracks.video.skewMs = 0;
  }

  #hasExpectedTracks(media: readonly ReadTag[]): boolean {
    const ready = (type: FlvTrackType): boolean =>
      this.#tracks[type].header !== undefined ||
      this.#held.some((held) => held.tag.type === type && held.payload.role === "header") ||
      media.some((held) => held.tag.type === type && !held.payload.needsHeader);
    return (!this.#connection.audio || ready("audio")) && (!this.#connection.video || ready("video"));
  }

  #startOf(media: readonly ReadTag[]): number {
    return Math.min(...media.map((held) => held.rawMs));
  }

  #begin(media: readonly ReadTag[]): void {
    this.#setOffset(-this.#startOf(media));
    this.#release(media[0]);
  }

  /**
   * Gives the held tags out on the clock in force.
   * @param witness the tag that this clock was chosen by
   */
  #release(witness: ReadTag | undefined): void {
    this.#settling = undefined;
    const released = this.#held;
    this.#held = [];
    // Deciding for at least one tag each time makes sure that none is held for ever.
    let decided = true;
    for (const held of released) {
      if (this.#settling === undefined) this.#accept(held, decided);
      else this.#held.push(held);
      if (held === witness) decided = false;
    }
  }

  /** Whether the clock in force explains the frame: it was there before at that time, or follows the last one. */
  #sameClock(witness: ReadMedia): boolean {
    const { lastMs } = this.#tracks[witness.tag.type];
    const timeMs = this.#timeOf(witness);
    const known = this.#repeats.wasAt(witness, timeMs);
    if (known === undefined) {
      // A picture that was there once, at another time, is that picture again, on another clock.
      if (this.#isRepeat(witness)) return false;
      if (timeMs <= (lastMs < 0 ? this.endMs : lastMs) - JITTER_MS) return false;
      if (timeMs - this.endMs > FORWARD_LIMIT_MS) return false;
    }
    this.#repeats.expect(known, known !== undefined && this.#settling === "reconnect", this.endMs);
    return true;
  }

  /**
   * Nothing held was there before: puts it behind the last tag, and tells a gap where media is missing.
   * @param holeMs what is missing by the clock in force; `undefined` on a new clock
   */
  #rebase(media: readonly ReadMedia[], holeMs: number | undefined): void {
    if (holeMs !== undefined && holeMs <= FORWARD_LIMIT_MS) return this.#release(media[0]);
    const startMs = this.#startOf(media);
    const atMs = media[0]?.atMs ?? this.#lastAtMs;
    const { floorMs } = this.#lag;
    const reconnected = this.#settling === "reconnect" && this.#connection.reason !== "skipped";
    const endMs = this.endMs;
    this.#setOffset(endMs - startMs);
    if (holeMs === undefined) this.stats.clockJumps++;
    if (reconnected || holeMs !== undefined || atMs - this.#lastAtMs >= 2 * FORWARD_LIMIT_MS) {
      this.#measure(atMs, true);
      this.#nextPart = "gap";
      this.#gapMs = endMs;
      this.#measuring = {
        mediaMs: endMs,
        fromMs: endMs + (floorMs ?? this.#lastAtMs - endMs),
        reason: reconnected ? this.#connection.reason : "skipped",
        clockMs: holeMs,
        sinceMs: atMs,
      };
      this.#lag.reset();
    }
    this.#release(media[0]);
  }

  /** Tells a gap once the arrival of what followed it shows how long it was. */
  #measure(atMs: number, now: boolean): void {
    const gap = this.#measuring;
    if (gap === undefined || (!now && atMs - gap.sinceMs < MEASURE_MS)) return;
    this.#measuring = undefined;
    const { floorMs } = this.#lag;
    const byArrivalMs = floorMs === undefined ? undefined : Math.max(0, floorMs + gap.mediaMs - gap.fromMs);
    const { clockMs } = gap;
    const clockAgrees = clockMs !== undefined &&
      (byArrivalMs === undefined || Math.abs(byArrivalMs - clockMs) <= MEASURE_ERROR_MS);
    const missingMs = Math.round(clockAgrees ? clockMs : byArrivalMs ?? 0);
    const { mediaMs, reason } = gap;
    const fromMs = Math.round(gap.fromMs);
    this.#out.push({ kind: "gap", gap: { mediaMs, fromMs, toMs: fromMs + missingMs, missingMs, reason } });
  }
}
