/**
 * HLS of one live, as it is made: a master playlist, a media playlist that slides, and segments of 2 s, which begin with
 * a keyframe as the source does. Every tag of a segment that was handed out is written down like those of FLV.
 * @module
 */
import type { StandinClock } from "./clock.ts";
import type { ConnectionRecord, TagRecord } from "./flv_server.ts";
import type { FlvSource } from "./flv_source.ts";
import { type SegmentCut, type SegmentLibrary, tagsBetween } from "./hls_source.ts";

/** Length of a segment, ms. */
export const HLS_SEGMENT_MS = 2_000;
/** Segments that the playlist lists. */
const HLS_WINDOW = 6;
/** Numbers seldom begin at 0. */
const FIRST_SEQUENCE = 1_000;
/** The last segment's length is a multiple of this, ms: what is left over is never sent. */
const LAST_STEP_MS = 200;

interface Published extends SegmentCut {
  sequence: number;
  name: string;
  discontinuity: boolean;
}

/** The playlists and segments of one live. */
export class HlsChannel {
  readonly #clock: StandinClock;
  readonly #mediaMs: () => number;
  readonly #onChange: () => void;
  readonly #library: SegmentLibrary;
  readonly #published: Published[] = [];
  /** Handed out before: by quality and file. */
  readonly #sent = new Set<string>();
  #nextMs = 0;
  #sequence = FIRST_SEQUENCE;
  /** Grows each time that the sequence begins anew. */
  #epoch = 0;
  #offsetMs = 0;
  #discontinuity = false;
  #skipping = 0;
  #frozenUntilMs = -Infinity;
  #ended = false;
  readonly records: ConnectionRecord[] = [];
  readonly tags: TagRecord[] = [];

  /** @param mediaMs media time since the live began */
  constructor(clock: StandinClock, mediaMs: () => number, onChange: () => void, library: SegmentLibrary) {
    this.#clock = clock;
    this.#mediaMs = mediaMs;
    this.#onChange = onChange;
    this.#library = library;
  }

  /** Media time up to which there are segments, whether they were listed or not, ms. */
  get publishedMs(): number {
    return this.#nextMs;
  }

  /** The media playlist as it is now; `sign` gives the query of a file's address. */
  playlist(sign: (name: string) => string): string {
    this.#publish();
    const listed = this.#published.filter(({ name }) => name.startsWith(`${this.#epoch}-`)).slice(-HLS_WINDOW);
    return [
      "#EXTM3U",
      "#EXT-X-VERSION:3",
      `#EXT-X-TARGETDURATION:${HLS_SEGMENT_MS / 1000}`,
      `#EXT-X-MEDIA-SEQUENCE:${listed[0]?.sequence ?? this.#sequence}`,
      ...listed.flatMap(({ name, fromMs, toMs, discontinuity }) => [
        ...(discontinuity ? ["#EXT-X-DISCONTINUITY"] : []),
        `#EXTINF:${((toMs - fromMs) / 1000).toFixed(3)},`,
        `${name}?${sign(name)}`,
      ]),
      ...(this.#ended ? ["#EXT-X-ENDLIST"] : []),
      "",
    ].join("\n");
  }

  /** A segment by its file name; `undefined` for one that is not listed any more, or never was. */
  async segment(name: string, quality: string, source: FlvSource): Promise<Uint8Array | undefined> {
    const cut = this.#published.slice(-3 * HLS_WINDOW).find((each) => each.name === name);
    if (cut === undefined) return undefined;
    const bytes = await this.#library.segment(source, cut);
    if (!this.#sent.has(`${quality} ${name}`)) this.#note(cut, quality, source);
    this.#sent.add(`${quality} ${name}`);
    this.#onChange();
    return bytes;
  }

  /** As many segments are never published: the numbers jump. */
  skip(segments: number): void {
    this.#publish();
    this.#skipping = segments;
  }

  /** The playlist stays as it is; what was made meanwhile is listed behind that. */
  freeze(forMs: number): void {
    this.#publish();
    this.#frozenUntilMs = this.#clock.now() + forMs;
  }

  /** From the next segment on timestamps are later by this much, and the playlist says so. */
  jump(byMs: number): void {
    this.#publish();
    this.#offsetMs += byMs;
    this.#discontinuity = true;
  }

  /** From the next segment on the numbers and the timestamps begin at 0. */
  restart(): void {
    this.#publish();
    this.#epoch++;
    this.#sequence = 0;
    this.#offsetMs = -this.#nextMs;
  }

  /** The live is over: the last segment is shorter. */
  end(): void {
    if (this.#ended) return;
    this.#frozenUntilMs = -Infinity;
    this.#publish();
    this.#ended = true;
    const toMs = Math.floor(this.#mediaMs() / LAST_STEP_MS) * LAST_STEP_MS;
    if (toMs > this.#nextMs) this.#add(this.#nextMs, toMs);
  }

  #publish(): void {
    if (this.#clock.now() < this.#frozenUntilMs || this.#ended) return;
    const nowMs = this.#mediaMs();
    while (this.#nextMs + HLS_SEGMENT_MS <= nowMs) this.#add(this.#nextMs, this.#nextMs + HLS_SEGMENT_MS);
  }

  #add(fromMs: number, toMs: number): void {
    const sequence = this.#sequence++;
    this.#nextMs = toMs;
    if (this.#skipping > 0) {
      this.#skipping--;
      return;
    }
    const [offsetMs, discontinuity] = [this.#offsetMs, this.#discontinuity];
    this.#discontinuity = false;
    this.#published.push({ sequence, name: `${this.#epoch}-${sequence}.ts`, fromMs, toMs, offsetMs, discontinuity });
  }

  #note({ fromMs, toMs, offsetMs }: Published, quality: string, source: FlvSource): void {
    // Apart from the numbers of FLV connections.
    const connection = -1 - [...new Set(this.records.map((record) => record.quality)), quality].indexOf(quality);
    if (!this.records.some((record) => record.quality === quality)) {
      this.records.push({ connection, quality, openedAtMs: this.#clock.now() });
    }
    for (const { tag, mediaMs } of tagsBetween(source, fromMs, toMs)) {
      const { type, payload, md5, header } = tag;
      const timestampMs = mediaMs + offsetMs;
      const bytes = payload.length;
      this.tags.push({ connection, quality, type, timestampMs, mediaMs, bytes, md5, header, state: "whole" });
    }
  }
}
