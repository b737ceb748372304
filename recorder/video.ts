/**
 * The video half of a recording: opens the stream, repairs it, and opens it again until the live is over.
 * @module
 */
import {
  bestStream,
  type Clock,
  isLiveError,
  LiveError,
  type StreamLink,
  type StreamPreferences,
  type TikTok,
} from "@roomtone/sdk";
import { type FlvGapReason, FlvRepair, type FlvRepaired } from "@roomtone/sdk/media";
import type { DiskGate } from "./disk_gate.ts";
import { HlsInput } from "./hls_input.ts";
import { FlvInput, type MediaInput, type MediaStep } from "./media_input.ts";
import { MediaWriter, WriterError } from "./media_writer.ts";
import type { RoomLook, RoomWatch } from "./room.ts";
import { sleep } from "./sleep.ts";
import type { StreamCounts } from "./types.ts";

/** Waits before the stream is opened again, ms; the last one repeats. */
const BACK_OFF_MS: readonly number[] = [300, 1_000, 2_000, 4_000, 8_000, 15_000];
/** Tries of the best link before others get their turn, one try each. */
const TRIES_OF_BEST = 3;

/** How the video half ended. */
export type VideoOutcome = { kind: "over" } | { kind: "stopped" } | { kind: "failed"; error: WriterError };

/** Options of {@link VideoHalf}. */
export interface VideoHalfOptions {
  tiktok: TikTok;
  watch: RoomWatch;
  writer: MediaWriter;
  clock: Clock;
  preferences: StreamPreferences;
  stallTimeoutMs: number;
  disk: DiskGate;
  /** What HTTP said when the room was found. */
  first: RoomLook;
  /** Media arrived. */
  onMedia: () => void;
  /** The first media of a connection arrived. */
  onStream: (link: StreamLink) => void;
  /** No stream can be opened for now. */
  onProblem: (error: LiveError) => void;
}

/**
 * Stream links, best first by the preferences; but the same picture over another protocol comes before any other one:
 * where it cannot be had over FLV, others cannot either, as a rule.
 */
export function recordableLinks(links: readonly StreamLink[], preferences: StreamPreferences): StreamLink[] {
  let left = links;
  const ranked: StreamLink[] = [];
  for (let best = bestStream(left, preferences); best !== undefined; best = bestStream(left, preferences)) {
    const { url } = best;
    ranked.push(best);
    left = left.filter((link) => link.url !== url);
  }
  const pictures = Map.groupBy(ranked, ({ quality, codec }) => `${quality} ${codec}`);
  return [...pictures.values()].flat();
}

/** See the module. */
export class VideoHalf {
  readonly #options: VideoHalfOptions;
  readonly #repair = new FlvRepair();
  #connections = 0;
  #look: RoomLook;
  #input: MediaInput | undefined;
  /** When the last media came, ms since 1970. */
  #lastMediaMs = -Infinity;

  constructor(options: VideoHalfOptions) {
    this.#options = options;
    this.#look = options.first;
  }

  /** Whether the host had put the live on hold when HTTP was last asked, or the disk has no room. */
  get paused(): boolean {
    return this.#look.paused || this.#options.disk.isLow;
  }

  /** How long the last media may take to come once the live is over, ms. */
  get drainMs(): number {
    return this.#input?.drainMs ?? 0;
  }

  get counts(): StreamCounts {
    const { tags, duplicates, repeatedHeaders, undecodable, cutTags, garbageBytes, clockJumps } = this.#repair.stats;
    return {
      tags,
      duplicateTags: duplicates,
      repeatedHeaders,
      undecodableTags: undecodable,
      cutTags,
      garbageBytes,
      clockJumps,
      connections: this.#connections,
    };
  }

  /** Records until the live is over or the signal is aborted. Never fails; every file is closed then. */
  async run(signal: AbortSignal): Promise<VideoOutcome> {
    const { writer, clock } = this.#options;
    try {
      const outcome = await this.#follow(signal);
      await writer.take(this.#repair.finish(clock.now()));
      await writer.finish();
      return outcome;
    } catch (error) {
      await writer.abandon();
      if (error instanceof WriterError) return { kind: "failed", error };
      return { kind: "failed", error: new WriterError(`Write the video: ${describe(error)}`, { cause: error }) };
    }
  }

  async #follow(signal: AbortSignal): Promise<VideoOutcome> {
    const { watch, clock, preferences, disk, onProblem } = this.#options;
    /** Failures by quality and codec since the last media. */
    const failures = new Map<string, number>();
    for (let tries = 0;; tries++) {
      const links = recordableLinks(this.#look.links, preferences);
      const link = nextLink(links, failures);
      if (disk.isLow) {
        tries = 1;
      } else if (link === undefined) {
        if (!this.#look.paused) onProblem(this.#look.error ?? noStream());
      } else {
        const media = await this.#read(link, signal);
        if (media || disk.isLow) {
          tries = 0;
          failures.clear();
        } else failures.set(kindOf(link), (failures.get(kindOf(link)) ?? 0) + 1);
      }
      if (signal.aborted) return { kind: "stopped" };
      await sleep(clock, BACK_OFF_MS[Math.min(tries, BACK_OFF_MS.length - 1)] ?? 0, signal);
      if (signal.aborted) return { kind: "stopped" };
      if (await this.#isOver(watch, signal)) return { kind: "over" };
    }
  }

  async #isOver(watch: RoomWatch, signal: AbortSignal): Promise<boolean> {
    try {
      const look = await watch.look(signal);
      // Without an answer the links that were good before are tried again.
      this.#look = look.over === undefined && look.links.length === 0 ? { ...look, links: this.#look.links } : look;
      return look.over === true && await watch.confirmOver(signal);
    } catch (error) {
      if (signal.aborted) return false;
      throw error;
    }
  }

  /** Reads one connection to its end. @returns whether it brought media */
  async #read(link: StreamLink, signal: AbortSignal): Promise<boolean> {
    const { tiktok, writer, clock, stallTimeoutMs, disk, onMedia, onStream, onProblem } = this.#options;
    const low = disk.signal;
    const silence = new SilenceWatch(clock, stallTimeoutMs);
    const left = new AbortController();
    const isFlv = link.protocol === "flv";
    // FLV brings its last pictures again; a playlist that stands still brings nothing else.
    const brought = () => this.#repair.stats.tags + (isFlv ? this.#repair.stats.duplicates : 0);
    const before = brought();
    let reason: FlvGapReason = "closed";
    let told = false;
    const either = AbortSignal.any([signal, silence.signal, left.signal, low]);
    const allowSilence = (ms: number) => silence.allow(ms);
    const input = this.#input = isFlv
      ? new FlvInput({ tiktok, url: link.url, clock, signal: either })
      : new HlsInput({ tiktok, link, clock, signal: either, sinceMs: this.#lastMediaMs, allowSilence, onProblem });
    try {
      for (;;) {
        silence.begin();
        const steps = await input.next();
        // While the disk is waited for, it is not the server that is silent.
        silence.pause();
        either.throwIfAborted();
        if (steps === undefined) break;
        onMedia();
        const repaired = steps.flatMap((step) => this.#step(step));
        if (!told && brought() > before) {
          told = true;
          onStream(link);
        }
        await writer.take(repaired);
      }
    } catch (error) {
      if (error instanceof WriterError) throw error;
      const cause = either.aborted ? either.reason : error;
      reason = low.aborted ? "paused" : silence.signal.aborted ? "stalled" : "error";
      if (!signal.aborted && isLiveError(cause)) onProblem(cause);
    } finally {
      silence.end();
      // However it was left, the connection is not to go on behind our back.
      left.abort();
    }
    const now = clock.now();
    await writer.take([...this.#repair.push(input.end(), now), ...this.#repair.disconnect(reason, now)]);
    const media = brought() > before;
    if (media) this.#connections++;
    return media;
  }

  #step(step: MediaStep): FlvRepaired[] {
    if ("broken" in step) return this.#repair.disconnect(step.broken, step.atMs);
    this.#lastMediaMs = Math.max(this.#lastMediaMs, step.atMs);
    return this.#repair.push(step.items, step.atMs);
  }
}

/** Tells when a connection was silent for too long. One timer serves all of its reads. */
class SilenceWatch {
  readonly #clock: Clock;
  #limitMs: number;
  readonly #stalled = new AbortController();
  #timer: unknown;
  /** When the read that is waited for began; `undefined` while there is none. */
  #sinceMs: number | undefined;

  /** The time for the connection to open counts, too. */
  constructor(clock: Clock, limitMs: number) {
    this.#clock = clock;
    this.#limitMs = limitMs;
    this.begin();
    this.#wait(limitMs);
  }

  get signal(): AbortSignal {
    return this.#stalled.signal;
  }

  begin(): void {
    this.#sinceMs = this.#clock.now();
  }

  pause(): void {
    this.#sinceMs = undefined;
  }

  /** Streams that come piece by piece are silent in between. */
  allow(ms: number): void {
    this.#limitMs = Math.max(this.#limitMs, ms);
  }

  end(): void {
    this.#clock.clearTimeout(this.#timer);
  }

  #wait(delayMs: number): void {
    this.#timer = this.#clock.setTimeout(() => {
      const silentMs = this.#sinceMs === undefined ? 0 : this.#clock.now() - this.#sinceMs;
      if (silentMs < this.#limitMs) return this.#wait(this.#limitMs - silentMs);
      this.#stalled.abort(new LiveError("deadline", "Read the stream: it is silent"));
    }, delayMs);
  }
}

/** What failures of a link count for: its address changes with each look. */
export function kindOf({ quality, codec, protocol }: StreamLink): string {
  return `${quality} ${codec} ${protocol}`;
}

/** The best link that did not fail more often than the others: a lesser picture is better than none. */
export function nextLink(
  links: readonly StreamLink[],
  failures: ReadonlyMap<string, number>,
): StreamLink | undefined {
  const rounds = links.map((link, place) =>
    Math.floor((failures.get(kindOf(link)) ?? 0) / (place === 0 ? TRIES_OF_BEST : 1))
  );
  return links[rounds.indexOf(Math.min(...rounds))];
}

function noStream(): LiveError {
  return new LiveError("protocol", "Choose a stream: TikTok offers none", {
    retryable: true,
    remedy: "Recording needs a stream over FLV or HLS; try again later",
  });
}

function describe(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
