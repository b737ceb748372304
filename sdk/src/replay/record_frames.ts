/**
 * From a live to the bytes of a file.
 * @module
 */
import type { Live } from "../live/live.ts";
import type { LiveRecord } from "../live/live_record.ts";
import { encodeFileHead, encodeRecord } from "./frame_file.ts";

/** Options of {@link recordFrames}. */
export interface RecordFramesOptions {
  /** Bytes that may wait for a slow writer, at least 1024; records beyond it are lost. @default 32 MiB */
  maxWaitingBytes?: number;
}

const DEFAULT_MAX_WAITING_BYTES = 32 * 1024 * 1024;

/**
 * Records a live without loss: every frame as it arrived, when it arrived, and what the client did beside it.
 * {@link replay} gives the same events again. It does not disturb the live, whose events can be read as always.
 *
 * The file holds what viewers wrote and did, and no cookie: frames carry none.
 * @param live right from {@link TikTok.live}, before anything is awaited
 * @returns the bytes of the file, to be written in order; ends when the live has ended. Leave the loop to stop
 * recording; the live goes on. When the reader falls behind by more than `maxWaitingBytes`, the newest records are
 * left out and a record in their place says how many; {@link replay} shows it as a `gap` event.
 * @throws {TypeError} when the live has started
 * @throws {RangeError} for a bad `maxWaitingBytes`
 *
 * @example
 * ```ts
 * import { open } from "node:fs/promises";
 * import { TikTok } from "@roomtone/sdk";
 * import { recordFrames } from "@roomtone/sdk/replay";
 * const file = await open("some.host.frames", "w");
 * const live = new TikTok().live("some.host");
 * for await (const bytes of recordFrames(live)) await file.writeFile(bytes);
 * await file.close();
 * ```
 */
export function recordFrames(live: Live, options: RecordFramesOptions = {}): FrameRecording {
  const { maxWaitingBytes = DEFAULT_MAX_WAITING_BYTES } = options;
  if (!Number.isInteger(maxWaitingBytes) || maxWaitingBytes < 1024) {
    throw new RangeError(
      `Cannot record the live: 'maxWaitingBytes' must be an integer of at least 1024, got ${maxWaitingBytes}`,
    );
  }
  return new FrameRecording(live, maxWaitingBytes);
}

/** The bytes of a file, as they come; read it once. */
export class FrameRecording implements AsyncIterable<Uint8Array> {
  readonly #maxWaitingBytes: number;
  #waiting: Uint8Array[] = [encodeFileHead()];
  #waitingBytes = 0;
  #lost: { records: number; from: number; to: number } | undefined;
  #lostRecords = 0;
  #state: "recording" | "ended" | "left" = "recording";
  #wake: (() => void) | undefined;
  #read = false;

  /** Use {@link recordFrames}. */
  constructor(live: Live, maxWaitingBytes: number) {
    this.#maxWaitingBytes = maxWaitingBytes;
    live.onRecord((record) => this.#add(record));
  }

  /** Records that a slow reader lost so far. */
  get lostRecords(): number {
    return this.#lostRecords;
  }

  /**
   * The bytes, in pieces of whole records.
   * @throws {TypeError} when it is being read already
   */
  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array, void, void> {
    if (this.#read) throw new TypeError("Cannot read the recording: it is being read already");
    this.#read = true;
    try {
      for (;;) {
        for (let bytes = this.#take(); bytes !== undefined; bytes = this.#take()) yield bytes;
        if (this.#state !== "recording") return;
        await new Promise<void>((resolve) => this.#wake = resolve);
      }
    } finally {
      this.#state = "left";
      this.#waiting = [];
    }
  }

  #add(record: LiveRecord): void {
    if (this.#state !== "recording") return;
    // The end is always kept: it is small, and the last.
    if (this.#waitingBytes >= this.#maxWaitingBytes && record.type !== "end") {
      this.#lost ??= { records: 0, from: record.at, to: record.at };
      this.#lost.records++;
      this.#lost.to = record.at;
      this.#lostRecords++;
      return;
    }
    if (this.#lost !== undefined) this.#push(encodeRecord({ type: "lost", at: this.#lost.from, ...this.#lost }));
    this.#lost = undefined;
    this.#push(encodeRecord(record));
    if (record.type === "end") this.#state = "ended";
    this.#wake?.();
    this.#wake = undefined;
  }

  #push(bytes: Uint8Array): void {
    this.#waiting.push(bytes);
    this.#waitingBytes += bytes.length;
  }

  /** All that waits, as one piece. */
  #take(): Uint8Array | undefined {
    const [only, ...more] = this.#waiting;
    this.#waiting = [];
    this.#waitingBytes = 0;
    if (only === undefined || more.length === 0) return only;
    const whole = new Uint8Array(more.reduce((size, part) => size + part.length, only.length));
    let offset = 0;
    for (const part of [only, ...more]) {
      whole.set(part, offset);
      offset += part.length;
    }
    return whole;
  }
}
