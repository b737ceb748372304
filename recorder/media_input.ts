/**
 * The port between the video half and what it reads: one connection to a stream, over FLV or over HLS.
 * @module
 */
import type { Clock, TikTok } from "@roomtone/sdk";
import { type FlvGapReason, type FlvItem, FlvReader } from "@roomtone/sdk/media";

/** What came, or that what comes does not go on with what came. */
export type MediaStep =
  | { items: readonly FlvItem[]; atMs: number }
  | { broken: FlvGapReason; atMs: number };

/** One connection to a stream. Calls of {@link next} may not overlap. */
export interface MediaInput {
  /** How long its last media may take to come once the live is over, ms. */
  readonly drainMs: number;
  /** Waits for more. @returns `undefined` at the stream's end. Fails when the connection does, or the signal's reason */
  next(): Promise<readonly MediaStep[] | undefined>;
  /** What was not whole yet. Nothing more is read. */
  end(): readonly FlvItem[];
}

/** FLV over one long answer. */
export class FlvInput implements MediaInput {
  readonly drainMs = 0;
  readonly #tiktok: TikTok;
  readonly #url: string;
  readonly #clock: Clock;
  readonly #signal: AbortSignal;
  readonly #reader = new FlvReader();
  #body: ReadableStreamDefaultReader<Uint8Array> | undefined;

  constructor({ tiktok, url, clock, signal }: { tiktok: TikTok; url: string; clock: Clock; signal: AbortSignal }) {
    this.#tiktok = tiktok;
    this.#url = url;
    this.#clock = clock;
    this.#signal = signal;
  }

  async next(): Promise<readonly MediaStep[] | undefined> {
    const body = this.#body ??= await this.#open();
    const { done, value } = await body.read();
    this.#signal.throwIfAborted();
    return done ? undefined : [{ items: this.#reader.push(value), atMs: this.#clock.now() }];
  }

  end(): readonly FlvItem[] {
    return this.#reader.end();
  }

  async #open(): Promise<ReadableStreamDefaultReader<Uint8Array>> {
    const body = (await this.#tiktok.openStream(this.#url, { signal: this.#signal })).getReader();
    // Not every runtime ends a read when its fetch is aborted. How the connection closes does not matter.
    const leave = () => void body.cancel().catch(() => undefined);
    this.#signal.addEventListener("abort", leave, { once: true });
    if (this.#signal.aborted) leave();
    return body;
  }
}
