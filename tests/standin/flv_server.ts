/**
 * HTTP-FLV of one live, paced by the room's clock. All connections see the same stream: a new one starts at the last
 * keyframe, so a client that reconnects gets a few tags again. Every tag that goes out is written down.
 * @module
 */
import type { Socket } from "node:net";
import type { StandinClock } from "./clock.ts";
import { encodeTag, flvHeader, type FlvSource, type FlvTag, TAG_AUDIO, TAG_VIDEO } from "./flv_source.ts";
import { formatHead } from "./http1.ts";

/** One tag that was written to a connection. */
export interface TagRecord {
  connection: number;
  quality: string;
  /** 8 audio, 9 video, 18 script. */
  type: number;
  /** As written, ms. */
  timestampMs: number;
  /** Media time since the live began, ms: the same for the same tag, whatever jumps the timestamps made. */
  mediaMs: number;
  bytes: number;
  /** MD5 of the payload, hexadecimal. */
  md5: string;
  /** A sequence header or metadata. */
  header: boolean;
  /** `whole` once the last byte was handed to the system, `cut` when it never was, `open` in between. */
  state: "open" | "whole" | "cut";
}

/** One FLV connection. */
export interface ConnectionRecord {
  connection: number;
  quality: string;
  openedAtMs: number;
  closedAtMs?: number;
  closedBy?: "client" | "fault" | "end";
}

const TICK_MS = 40;
/** A client that reads this far behind is hung up on, as a CDN does. */
const MAX_BUFFERED_BYTES = 32 * 1024 * 1024;

interface Connection {
  readonly record: ConnectionRecord;
  readonly socket: Socket;
  readonly source: FlvSource;
  /** Number of the next tag; counts on over the turns of the loop. */
  next: number;
  stalled: boolean;
  closed: boolean;
  readonly pending: Set<TagRecord>;
}

/** The streams of one live. */
export class FlvChannel {
  readonly #clock: StandinClock;
  readonly #mediaMs: () => number;
  readonly #onChange: () => void;
  readonly #connections = new Set<Connection>();
  /** Jumps of the timestamps: after a media time, this much is added. */
  readonly #jumps: { afterMs: number; offsetMs: number }[] = [];
  #timer: unknown;
  #ended = false;
  #count = 0;
  readonly records: ConnectionRecord[] = [];
  readonly tags: TagRecord[] = [];

  /**
   * @param mediaMs media time since the live began
   */
  constructor(clock: StandinClock, mediaMs: () => number, onChange: () => void) {
    this.#clock = clock;
    this.#mediaMs = mediaMs;
    this.#onChange = onChange;
  }

  /** Streams to a socket until the live ends, a fault hits or the client goes. */
  open(socket: Socket, quality: string, source: FlvSource): void {
    if (this.#ended) {
      socket.end(formatHead(404, { "Content-Length": "0", Connection: "close" }));
      return;
    }
    this.#count += 1;
    const record: ConnectionRecord = { connection: this.#count, quality, openedAtMs: this.#clock.now() };
    const connection: Connection = {
      record,
      socket,
      source,
      next: startIndex(source, this.#mediaMs()),
      stalled: false,
      closed: false,
      pending: new Set(),
    };
    this.records.push(record);
    this.#connections.add(connection);
    socket.on("data", () => {});
    socket.on("end", () => this.#close(connection, "client", () => socket.end()));
    socket.on("close", () => this.#close(connection, "client"));
    socket.write(formatHead(200, { "Content-Type": "video/x-flv", "Cache-Control": "no-cache", Connection: "close" }));
    const has = (type: number): boolean => source.tags.some((tag) => tag.type === type);
    socket.write(flvHeader({ audio: has(TAG_AUDIO), video: has(TAG_VIDEO) }));
    for (const header of source.headers) this.#write(connection, header, 0, 0);
    this.#pump(connection);
    this.#onChange();
    this.#schedule();
  }

  /** Number of open connections. */
  get openConnections(): number {
    return this.#connections.size;
  }

  /** Ends every connection, between two tags or inside the next one. */
  cut(inside: boolean): void {
    for (const connection of [...this.#connections]) {
      const tag = inside ? this.#tagAt(connection) : undefined;
      if (tag === undefined) {
        this.#close(connection, "fault", () => connection.socket.end());
        continue;
      }
      const bytes = encodeTag(tag.tag, tag.timestampMs);
      const part = bytes.subarray(0, 11 + Math.floor(tag.tag.payload.length / 2));
      this.#note(connection, tag.tag, tag.timestampMs, tag.mediaMs).state = "cut";
      this.#close(connection, "fault", () => connection.socket.end(part));
    }
  }

  /** Open connections get nothing more, for a while or for good. */
  stall(forMs: number | undefined): void {
    const stalled = [...this.#connections];
    for (const connection of stalled) connection.stalled = true;
    if (forMs === undefined) return;
    this.#clock.setTimeout(() => {
      for (const connection of stalled) {
        connection.stalled = false;
        this.#pump(connection);
      }
    }, forMs);
  }

  /** From now on timestamps are `byMs` later, or go on from `toMs`. */
  jump(jump: { byMs?: number; toMs?: number }): void {
    const afterMs = this.#mediaMs();
    const target = Math.max(0, jump.toMs ?? this.#timestamp(afterMs) + (jump.byMs ?? 0));
    this.#jumps.push({ afterMs, offsetMs: target - afterMs });
  }

  /** The live is over: what is due goes out, then every connection ends. */
  end(): void {
    this.#ended = true;
    this.#clock.clearTimeout(this.#timer);
    for (const connection of [...this.#connections]) {
      this.#pump(connection);
      this.#close(connection, "end", () => connection.socket.end());
    }
  }

  #schedule(): void {
    this.#clock.clearTimeout(this.#timer);
    if (this.#connections.size === 0 || this.#ended) return;
    this.#timer = this.#clock.setTimeout(() => {
      for (const connection of [...this.#connections]) this.#pump(connection);
      this.#schedule();
    }, TICK_MS);
  }

  #timestamp(mediaMs: number): number {
    const jump = this.#jumps.findLast(({ afterMs }) => mediaMs > afterMs);
    return (mediaMs + (jump?.offsetMs ?? 0)) % 0x100000000;
  }

  #tagAt(connection: Connection): { tag: FlvTag; mediaMs: number; timestampMs: number } | undefined {
    const { source, next } = connection;
    const tag = source.tags[next % source.tags.length];
    if (tag === undefined) return undefined;
    const mediaMs = Math.floor(next / source.tags.length) * source.loopMs + tag.timestampMs;
    return { tag, mediaMs, timestampMs: this.#timestamp(mediaMs) };
  }

  /** Writes every tag that is due. */
  #pump(connection: Connection): void {
    const dueMs = this.#mediaMs();
    let at = this.#tagAt(connection);
    while (at !== undefined && at.mediaMs <= dueMs && !connection.stalled && !connection.closed) {
      this.#write(connection, at.tag, at.timestampMs, at.mediaMs);
      connection.next += 1;
      at = this.#tagAt(connection);
    }
    if (connection.socket.writableLength > MAX_BUFFERED_BYTES) {
      this.#close(connection, "fault", () => connection.socket.destroy());
    }
  }

  #note(connection: Connection, tag: FlvTag, timestampMs: number, mediaMs: number): TagRecord {
    const record: TagRecord = {
      connection: connection.record.connection,
      quality: connection.record.quality,
      type: tag.type,
      timestampMs,
      mediaMs,
      bytes: tag.payload.length,
      md5: tag.md5,
      header: tag.header,
      state: "open",
    };
    this.tags.push(record);
    return record;
  }

  #write(connection: Connection, tag: FlvTag, timestampMs: number, mediaMs: number): void {
    const record = this.#note(connection, tag, timestampMs, mediaMs);
    connection.pending.add(record);
    connection.socket.write(encodeTag(tag, timestampMs), (error) => {
      connection.pending.delete(record);
      // A write that ends after the socket was given up for cut keeps that verdict.
      if (record.state === "open") record.state = error ? "cut" : "whole";
    });
  }

  /**
   * @param finish what the server does to the socket; after a graceful end, tags that still wait are written out first
   */
  #close(connection: Connection, closedBy: NonNullable<ConnectionRecord["closedBy"]>, finish?: () => void): void {
    if (!connection.closed) {
      connection.closed = true;
      connection.record.closedBy = closedBy;
      connection.record.closedAtMs = this.#clock.now();
      this.#connections.delete(connection);
      finish?.();
      this.#onChange();
    }
    if (connection.socket.destroyed) { for (const record of connection.pending) record.state = "cut"; }
  }
}

/** Number of the last keyframe at or before a media time; for sound alone, of the tag half a second before. */
function startIndex(source: FlvSource, mediaMs: number): number {
  const turn = Math.floor(mediaMs / source.loopMs);
  const withinMs = mediaMs - turn * source.loopMs;
  const pictures = source.tags.some((tag) => tag.type === TAG_VIDEO);
  const index = source.tags.findLastIndex((tag) =>
    pictures ? tag.keyframe && tag.timestampMs <= withinMs : tag.timestampMs <= withinMs - 500
  );
  return turn * source.tags.length + Math.max(0, index);
}
