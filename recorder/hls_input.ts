/**
 * Reads a live over HLS: follows its playlist and fetches each segment once, in order, with the client's identity, and
 * only from hosts of TikTok's streams, whatever a playlist names.
 * @module
 */
import { type Clock, isLiveError, LiveError, type StreamLink, type TikTok } from "@roomtone/sdk";
import type { FlvItem } from "@roomtone/sdk/media";
import { chooseVariant, type HlsMedia, parseHls } from "./hls_playlist.ts";
import { HlsTimeline, type TimedSegment } from "./hls_timeline.ts";
import type { MediaInput, MediaStep } from "./media_input.ts";
import { sleep } from "./sleep.ts";
import { TsTags } from "./ts_tags.ts";

const MAX_PLAYLIST_BYTES = 1024 * 1024;
const MAX_SEGMENT_BYTES = 64 * 1024 * 1024;
/** A playlist is not read more often than this, ms. */
const LEAST_WAIT_MS = 500;
/** Waits before a segment that failed is asked for again, ms. */
const RETRY_MS: readonly number[] = [300, 1_000];
/** So many segments in a row that cannot be had are the connection's end. */
const MAX_LOST = 3;
/** Servers are given this many segments' time for the next one. */
const PATIENCE_SEGMENTS = 3;
/** Time for the last segment to be fetched, ms. */
const LAST_SEGMENT_MS = 5_000;

/** Options of {@link HlsInput}. */
export interface HlsInputOptions {
  tiktok: TikTok;
  link: StreamLink;
  clock: Clock;
  signal: AbortSignal;
  /** Up to when media came from connections before this one, ms since 1970. */
  sinceMs: number;
  /** Told how long the stream is silent at times, ms. */
  allowSilence: (ms: number) => void;
  /** A segment could not be had, and it went on without it. */
  onProblem: (error: LiveError) => void;
}

/** See the module. */
export class HlsInput implements MediaInput {
  readonly #options: HlsInputOptions;
  readonly #timeline: HlsTimeline;
  readonly #tags = new TsTags();
  #url: string;
  #readAgainMs = -Infinity;
  #targetMs = 0;
  #waiting: TimedSegment[] = [];
  #ended = false;
  /** Segments in a row that could not be had. */
  #lost = 0;
  #lastAtMs = -Infinity;

  constructor(options: HlsInputOptions) {
    this.#options = options;
    this.#url = options.link.url;
    this.#timeline = new HlsTimeline(options.sinceMs);
  }

  get drainMs(): number {
    return this.#patienceMs + LAST_SEGMENT_MS;
  }

  get #patienceMs(): number {
    return PATIENCE_SEGMENTS * this.#targetMs;
  }

  async next(): Promise<readonly MediaStep[] | undefined> {
    for (;;) {
      const segment = this.#waiting.shift();
      if (segment !== undefined) {
        const bytes = await this.#fetch(segment);
        if (bytes !== undefined) return this.#steps(segment, bytes);
      } else if (this.#ended) {
        return undefined;
      } else {
        await this.#readPlaylist();
      }
    }
  }

  end(): readonly FlvItem[] {
    return this.#tags.end();
  }

  async #readPlaylist(): Promise<void> {
    const { clock, signal, allowSilence } = this.#options;
    await sleep(clock, Math.max(0, this.#readAgainMs - clock.now()), signal);
    signal.throwIfAborted();
    const startedMs = clock.now();
    const playlist = await this.#media();
    this.#waiting = this.#timeline.take(playlist, clock.now());
    this.#ended = playlist.ended;
    this.#targetMs = playlist.targetMs;
    allowSilence(this.#patienceMs);
    // RFC 8216, 6.3.4: a whole target duration after a change, half of it where there was none.
    const lastMs = this.#waiting.at(-1)?.durationMs;
    const waitMs = lastMs === undefined ? playlist.targetMs / 2 : Math.min(lastMs, playlist.targetMs);
    this.#readAgainMs = startedMs + Math.max(LEAST_WAIT_MS, waitMs);
  }

  async #media(): Promise<HlsMedia> {
    const { link } = this.#options;
    const first = await this.#parsed();
    if (first.kind === "media") return checked(first);
    const variant = chooseVariant(first.variants, link.codec);
    if (variant === undefined) throw refused(`it has no variant in ${link.codec || "a known codec"}`);
    this.#url = variant.url;
    const second = await this.#parsed();
    if (second.kind === "master") throw refused("a master playlist leads to another one");
    return checked(second);
  }

  async #parsed(): Promise<NonNullable<ReturnType<typeof parseHls>>> {
    const { tiktok, signal } = this.#options;
    const { bytes, url } = await tiktok.readMediaFile(this.#url, { maxBytes: MAX_PLAYLIST_BYTES, signal });
    const playlist = parseHls(new TextDecoder().decode(bytes), url);
    if (playlist === undefined) throw refused("it is no playlist");
    return playlist;
  }

  /** @returns `undefined` for a segment that cannot be had */
  async #fetch(segment: TimedSegment): Promise<Uint8Array | undefined> {
    const { tiktok, clock, signal, onProblem } = this.#options;
    for (let tries = 0;; tries++) {
      try {
        return (await tiktok.readMediaFile(segment.url, { maxBytes: MAX_SEGMENT_BYTES, signal })).bytes;
      } catch (error) {
        signal.throwIfAborted();
        if (!isLiveError(error)) throw error;
        const waitMs = error.code === "invalid_input" ? undefined : RETRY_MS[tries];
        if (waitMs !== undefined) {
          await sleep(clock, waitMs, signal);
          signal.throwIfAborted();
          continue;
        }
        if (++this.#lost >= MAX_LOST) throw error;
        onProblem(error);
        return undefined;
      }
    }
  }

  #steps({ fromMs, toMs, broken, discontinuity }: TimedSegment, bytes: Uint8Array): MediaStep[] {
    const steps: MediaStep[] = [];
    const put = (items: readonly FlvItem[], atMs: number): void => {
      this.#lastAtMs = Math.max(this.#lastAtMs, atMs);
      steps.push({ items, atMs: this.#lastAtMs });
    };
    const isBroken = broken || this.#lost > 0;
    // Before the first segment there is nothing to go on with.
    if (this.#lastAtMs > -Infinity) {
      if (isBroken || discontinuity) put(this.#tags.end(), this.#lastAtMs);
      if (isBroken) steps.push({ broken: this.#lost > 0 ? "error" : "skipped", atMs: this.#lastAtMs });
    }
    const items = this.#tags.push(bytes);
    const first = items.find((item) => item.kind === "tag");
    if (first?.kind !== "tag") {
      if (++this.#lost >= MAX_LOST) throw refused("its segments hold no H.264, H.265 or AAC");
      return steps;
    }
    this.#lost = 0;
    for (const item of items) {
      const intoMs = item.kind === "tag" ? item.tag.timestampMs - first.tag.timestampMs : 0;
      put([item], Math.min(fromMs + Math.max(0, intoMs), toMs));
    }
    return steps;
  }
}

function checked(playlist: HlsMedia): HlsMedia {
  if (playlist.unsupported !== undefined) throw refused(playlist.unsupported);
  return playlist;
}

function refused(why: string): LiveError {
  return new LiveError("protocol", `Read the stream's playlist: ${why}`, { retryable: true });
}
