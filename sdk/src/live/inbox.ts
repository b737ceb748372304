/**
 * Frames in, decoded batches out, in the order of arrival, although gunzip may take its time.
 * @module
 */
import { decodeFetchResult, decodeFrame, type PushFrame } from "../wire/frames.ts";
import type { Gunzip } from "../wire/gunzip.ts";
import type { BatchSource, TransportHandlers } from "./transport.ts";

/** Largest batch after gunzip, bytes. */
export const MAX_BATCH_BYTES = 16 * 1024 * 1024;

/** Frames that may wait for gunzip, bytes; beyond it the oldest are dropped and reported. */
export const MAX_WAITING_BYTES = 32 * 1024 * 1024;

/** Told in order of arrival; nothing is told after {@link Inbox.close}. */
export type InboxHandlers = Pick<TransportHandlers, "frame" | "batch" | "undecodable" | "dropped">;

type Item =
  | { bytes: Uint8Array; receivedAt: number; run?: undefined }
  | { bytes?: undefined; run: () => void };

/** The inbox of one socket. */
export class Inbox {
  readonly #gunzip: Gunzip;
  readonly #handlers: InboxHandlers;
  #items: Item[] = [];
  #waitingBytes = 0;
  #draining = false;
  #closed = false;

  constructor(gunzip: Gunzip, handlers: InboxHandlers) {
    this.#gunzip = gunzip;
    this.#handlers = handlers;
  }

  receive(bytes: Uint8Array, receivedAt: number): void {
    this.#items.push({ bytes, receivedAt });
    this.#waitingBytes += bytes.length;
    if (this.#waitingBytes > MAX_WAITING_BYTES) this.#dropOldest();
    this.#drain();
  }

  /** Runs something once all frames received before are worked off. */
  after(run: () => void): void {
    this.#items.push({ run });
    this.#drain();
  }

  /** Forgets everything. */
  close(): void {
    this.#closed = true;
    this.#items = [];
    this.#waitingBytes = 0;
  }

  /** Works off what can be done at once; goes on by itself when a slow gunzip is done. */
  #drain(): void {
    if (this.#draining) return;
    this.#draining = true;
    for (let item = this.#items.shift(); item !== undefined; item = this.#items.shift()) {
      const slow = this.#process(item);
      if (slow === undefined) continue;
      void slow.then(() => {
        this.#draining = false;
        this.#drain();
      });
      return;
    }
    this.#draining = false;
  }

  /** @returns a promise that never rejects when the work goes on, `undefined` when it is done */
  #process(item: Item): Promise<void> | undefined {
    if (item.bytes === undefined) {
      item.run();
      return undefined;
    }
    const { bytes, receivedAt } = item;
    this.#waitingBytes -= bytes.length;
    const failed = (error: unknown) => {
      if (!this.#closed) this.#handlers.undecodable(bytes, error, receivedAt);
    };
    try {
      const frame = decodeFrame(bytes);
      this.#handlers.frame(frame, bytes, receivedAt);
      if (!carriesBatch(frame)) return undefined;
      const unpacked = isGzip(frame) ? this.#gunzip(frame.payload, MAX_BATCH_BYTES) : frame.payload;
      if (unpacked instanceof Promise) {
        return unpacked.then((payload) => this.#batch(payload, { frame, bytes, receivedAt })).catch(failed);
      }
      this.#batch(unpacked, { frame, bytes, receivedAt });
    } catch (error) {
      failed(error);
    }
    return undefined;
  }

  #batch(payload: Uint8Array, source: BatchSource): void {
    if (!this.#closed) this.#handlers.batch(decodeFetchResult(payload), source);
  }

  #dropOldest(): void {
    let frames = 0;
    let from = Infinity;
    let to = 0;
    while (this.#waitingBytes > MAX_WAITING_BYTES && this.#items.length > 1) {
      const item = this.#items.shift();
      if (item?.bytes === undefined) break;
      this.#waitingBytes -= item.bytes.length;
      frames++;
      from = Math.min(from, item.receivedAt);
      to = item.receivedAt;
    }
    if (frames > 0) this.#handlers.dropped(frames, from, to);
  }
}

/** Whether a frame carries messages: `msg` frames do, and the answer to enter-room may. */
export function carriesBatch(frame: PushFrame): boolean {
  return frame.payloadType === "msg" || (frame.payloadType === "im_enter_room_resp" && frame.payload.length > 0);
}

function isGzip({ headers, payload }: PushFrame): boolean {
  return headers["compress_type"] === "gzip" || (payload[0] === 0x1f && payload[1] === 0x8b && payload[2] === 0x08);
}
