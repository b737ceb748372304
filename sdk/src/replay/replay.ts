/**
 * From the bytes of a file to the events of the live.
 * @module
 */
import type { LiveErrorCode } from "../errors.ts";
import type { GapEvent, LiveEvent } from "../events/types.ts";
import { frameError } from "../live/frame_error.ts";
import { Inbox } from "../live/inbox.ts";
import type { LiveEnd } from "../live/live_record.ts";
import { RoomMessages } from "../live/room_messages.ts";
import { type Clock, systemClock } from "../ports.ts";
import { decodeFetchResult, type FetchResult } from "../wire/frames.ts";
import { type Gunzip, streamGunzip } from "../wire/gunzip.ts";
import { type FileRecord, FrameFileReader } from "./frame_file.ts";

/** Where a recording is read from: all of it, or pieces of any size. */
export type ReplaySource = Uint8Array | Iterable<Uint8Array> | AsyncIterable<Uint8Array>;

/** Options of {@link replay}. */
export interface ReplayOptions {
  /** How fast time goes: 1 as the live did, 10 ten times as fast; above 0. @default Infinity: no waiting */
  speed?: number;
  /** Measures the waits. @default the host's clock */
  clock?: Clock;
  /** Ends the replay; the loop then fails with its reason. */
  signal?: AbortSignal;
  /** Unpacks frames that are compressed. @default the web's DecompressionStream */
  gunzip?: Gunzip;
}

/** What a replay has read so far. */
export interface ReplayReport {
  /** Records of any kind. */
  records: number;
  /** Frames from the socket, and batches over HTTP. */
  frames: number;
  /** Events given out. */
  events: number;
  /** Records of a kind that this version does not know. */
  skipped: number;
  /** Records that the recording itself had to leave out. */
  lost: number;
  /** Time of the first and of the last record, ms; `undefined` before the first. */
  from: number | undefined;
  /** See {@link ReplayReport.from}. */
  to: number | undefined;
  /** How the live ended; `undefined` when the recording ends before it, because it was left or cut. */
  end: LiveEnd | "failed" | undefined;
  /** Why the live failed. */
  error: { code?: LiveErrorCode; message: string } | undefined;
  /** Bytes of a last record that is not whole; 0 unless the file was cut. */
  cutBytes: number;
}

/**
 * Replays what {@link recordFrames} recorded: the same events in the same order, with the same ledgers, duplicates
 * dropped and history flagged, `receivedAt` as it was, and the live's own `connected`, `state`, `gap` and `ended`.
 * Compared as JSON, each event equals the live's. The one difference: a `gap` of `queue_overflow` that a slow reader
 * of the live caused is not there.
 *
 * A file that was cut inside a record is read up to there, and {@link Replay.report} says so.
 * @param source the bytes of the file
 * @throws {RangeError} for a bad `speed`
 *
 * @example
 * ```ts
 * import { createReadStream } from "node:fs";
 * import { replay } from "@roomtone/sdk/replay";
 * const replayed = replay(createReadStream("some.host.frames"), { speed: 10 });
 * for await (const event of replayed) console.log(event.receivedAt, event.type);
 * console.log(replayed.report.end, replayed.report.cutBytes);
 * ```
 */
export function replay(source: ReplaySource, options: ReplayOptions = {}): Replay {
  const { speed = Infinity } = options;
  if (!(speed > 0)) throw new RangeError(`Cannot replay: 'speed' must be above 0, got ${speed}`);
  return new Replay(source, { speed, clock: systemClock, gunzip: streamGunzip, ...options });
}

/** The events of a recording; read it once. */
export class Replay implements AsyncIterable<LiveEvent> {
  /** What was read so far; final when the loop is over. */
  readonly report: Readonly<ReplayReport>;
  readonly #report: ReplayReport;
  readonly #source: ReplaySource;
  readonly #options: { speed: number; clock: Clock; gunzip: Gunzip; signal?: AbortSignal };
  readonly #messages: RoomMessages;
  readonly #inbox: Inbox;
  #told: LiveEvent[] = [];
  #roomId = "";
  /** Which messages of the frame at hand count. */
  #range = { from: 0, to: 0 };
  #read = false;

  /** Use {@link replay}. */
  constructor(
    source: ReplaySource,
    options: { speed: number; clock: Clock; gunzip: Gunzip; signal?: AbortSignal },
  ) {
    this.#source = source;
    this.#options = options;
    this.report = this.#report = {
      ...{ records: 0, frames: 0, events: 0, skipped: 0, lost: 0, cutBytes: 0 },
      ...{ from: undefined, to: undefined, end: undefined, error: undefined },
    };
    this.#messages = new RoomMessages({
      counters: { messages: 0, duplicates: 0, undecodable: 0 },
      emit: (event) => this.#told.push(event),
      // What the live made of a claim stands in the file.
      claimOver: () => undefined,
    });
    this.#inbox = new Inbox(options.gunzip, {
      frame: () => this.#report.frames++,
      batch: (batch, { receivedAt }) => this.#tellBatch(batch, receivedAt),
      undecodable: (bytes, error, receivedAt) =>
        this.#told.push(frameError(bytes, error, { roomId: this.#roomId, receivedAt })),
      dropped: () => undefined,
    });
  }

  /**
   * The events.
   * @throws {LiveError} `protocol` when the source is no such file, or damaged
   * @throws the signal's reason, and what the source throws
   * @throws {TypeError} when it was read already
   */
  async *[Symbol.asyncIterator](): AsyncGenerator<LiveEvent, void, void> {
    if (this.#read) throw new TypeError("Cannot read the replay: it was read already");
    this.#read = true;
    const { signal, clock } = this.#options;
    const reader = new FrameFileReader();
    const startedAt = clock.now();
    for await (const chunk of this.#source instanceof Uint8Array ? [this.#source] : this.#source) {
      for (const record of reader.push(chunk)) {
        signal?.throwIfAborted();
        await this.#wait(record.at, startedAt);
        await this.#apply(record);
        const events = this.#told;
        this.#told = [];
        for (const event of events) {
          this.#report.events++;
          yield event;
          signal?.throwIfAborted();
        }
      }
      this.#report.cutBytes = reader.waitingBytes;
    }
  }

  /** Waits until a record is due. */
  async #wait(at: number, startedAt: number): Promise<void> {
    const { speed, clock, signal } = this.#options;
    this.#report.from ??= at;
    // The clock of a live may be set back; time in a replay only goes on.
    this.#report.to = Math.max(at, this.#report.to ?? at);
    const dueMs = startedAt + (this.#report.to - this.#report.from) / speed - clock.now();
    if (speed === Infinity || dueMs <= 0) return;
    await new Promise<void>((resolve, reject) => {
      const onAbort = () => {
        clock.clearTimeout(timer);
        reject(signal?.reason);
      };
      const timer = clock.setTimeout(() => {
        signal?.removeEventListener("abort", onAbort);
        resolve();
      }, dueMs);
      signal?.addEventListener("abort", onAbort, { once: true });
    });
  }

  async #apply(record: FileRecord): Promise<void> {
    this.#report.records++;
    switch (record.type) {
      case "room":
        this.#roomId = record.room.roomId;
        return this.#messages.enter(record.room, record.gifts);
      case "frame":
        this.#range = record;
        this.#inbox.receive(record.bytes, record.at);
        return await new Promise((resolve) => this.#inbox.after(resolve));
      case "batch":
        this.#report.frames++;
        this.#range = record;
        return this.#tellBatch(decodeFetchResult(record.bytes), record.at);
      case "tick":
        return this.#messages.expireStreaks(record.at);
      case "event":
        return void this.#told.push(record.event);
      case "end":
        this.#report.end = record.end;
        this.#report.error = record.error;
        return;
      case "lost":
        this.#report.lost += record.records;
        return void this.#told.push(this.#lostGap(record.from, record.to));
      case "skipped":
        this.#report.skipped++;
        return;
    }
  }

  #tellBatch(batch: FetchResult, receivedAt: number): void {
    for (const message of batch.messages.slice(this.#range.from, this.#range.to)) {
      this.#messages.add(message, receivedAt);
    }
  }

  #lostGap(from: number, to: number): GapEvent {
    const base = { id: "", roomId: this.#roomId, at: to, receivedAt: to, history: false };
    return { ...base, type: "gap", from, to, reason: "queue_overflow", dropped: undefined };
  }
}
