/**
 * The server's side of one live socket: enter-room before anything is pushed, heartbeats, acks, gzip, and the ways in
 * which a socket goes wrong (protocol.md 4).
 * @module
 */
import { gzipSync } from "node:zlib";
import type { Socket } from "node:net";
import { decodeClientFrame, encodeFetchResult, encodePushFrame } from "@roomtone/sdk/testing";
import type { Drift } from "./drift.ts";
import type { StandinClock } from "./clock.ts";
import type { FeedCursor, FeedEntry, LiveFeed } from "./live_feed.ts";
import { closePayload, encodeServerFrame, FrameReader, OPCODE } from "./ws_frames.ts";

/** Limits that the sockets keep to. */
export interface SocketLimits {
  /** Frames without an ack after which a socket goes quiet. */
  unackedFrames: number;
  /** Age of the oldest frame without an ack after which a socket goes quiet. */
  ackTimeoutMs: number;
  /** Silence of the client after which the server hangs up. */
  heartbeatTimeoutMs: number;
  /** Messages in one frame at most. */
  messagesPerFrame: number;
}

/** One ack that came in. */
export interface AckRecord {
  socket: number;
  logId: string;
  /** Whether the log id was waited for and the payload echoed `internal_ext`. */
  ok: boolean;
  atMs: number;
}

/** What a socket needs from the room that it enters. */
export interface RoomDoor {
  /** The feed of a live room; `undefined` for a room that is not live. */
  feedOf(roomId: string): LiveFeed | undefined;
  /** Whether the room existed and is over. */
  isOver(roomId: string): boolean;
}

/** What a socket is made of. */
export interface LiveSocketOptions {
  number: number;
  socket: Socket;
  rest: Uint8Array;
  query: URLSearchParams;
  /** The guest cookie. */
  client: string;
  clock: StandinClock;
  limits: SocketLimits;
  door: RoomDoor;
  nextId(): string;
  /** How frames have changed. */
  drift(): Drift["socket"];
  /** It left one room (none: "") for another (none: ""). */
  onMove(socket: LiveSocket, from: string, to: string): void;
  onAck(record: AckRecord): void;
  onChange(): void;
}

const WRITE_BUFFER_BYTES = 8 * 1024 * 1024;
const encoder = new TextEncoder();

const sameBytes = (one: Uint8Array, other: Uint8Array): boolean =>
  one.length === other.length && one.every((byte, index) => byte === other[index]);

/** One client on the live socket. */
export class LiveSocket {
  readonly number: number;
  readonly #options: LiveSocketOptions;
  readonly #reader = new FrameReader();
  readonly #unacked = new Map<string, { from: number; ext: Uint8Array; atMs: number }>();
  #feed: LiveFeed | undefined;
  #cursor: FeedCursor | undefined;
  #roomId = "";
  #muted = false;
  #gone = false;
  #heartbeatTimer: unknown;
  heartbeats = 0;
  frames = 0;

  constructor(options: LiveSocketOptions) {
    this.#options = options;
    this.number = options.number;
    const { socket } = options;
    socket.on("data", (chunk: Buffer) => this.#read(chunk));
    socket.on("drain", () => this.flush());
    socket.on("end", () => socket.end());
    socket.on("close", () => this.#leave());
    this.#watch();
    if (options.rest.length > 0) this.#read(options.rest);
  }

  /** Room that the client entered; empty before. */
  get roomId(): string {
    return this.#roomId;
  }

  /** Whether every frame is acknowledged and nothing waits. */
  get settled(): boolean {
    return this.#unacked.size === 0;
  }

  /** Writes what is due, unless the client owes acks or reads too slowly. */
  flush(): void {
    const feed = this.#feed;
    const cursor = this.#cursor;
    if (feed === undefined || cursor === undefined || this.#muted || this.#gone) return;
    while (this.#mayWrite()) {
      const from = cursor.next;
      const entries = feed.take(cursor, this.#options.limits.messagesPerFrame);
      if (entries.length > 0) this.#writeMessages(entries, from);
      if (cursor.next === from) return;
    }
  }

  /** Writes messages again, outside the feed. */
  repeat(entries: readonly FeedEntry[]): void {
    if (entries.length > 0) this.#writeMessages(entries, Number.POSITIVE_INFINITY);
  }

  /** Writes a `msg` frame with any payload. */
  writeRaw(payload: Uint8Array, gzip: boolean): void {
    this.#push({
      payloadType: "msg",
      logId: this.#options.nextId(),
      payload,
      ...(gzip ? { headers: { compress_type: "gzip" } } : {}),
    });
  }

  /** Writes a binary message that is no push frame. */
  writeGarbage(bytes: Uint8Array): void {
    this.#write(encodeServerFrame(OPCODE.binary, bytes));
  }

  /** Half a frame, then the connection breaks. */
  writeHalfFrame(): void {
    const frame = encodeServerFrame(OPCODE.binary, new Uint8Array(2000).fill(7));
    this.#options.socket.write(frame.subarray(0, 1000), () => this.drop());
  }

  /** Breaks the connection without a close frame. */
  drop(): void {
    this.#options.socket.destroy();
    this.#leave();
  }

  /** Sends nothing any more, for a while or for good. */
  stall(forMs: number | undefined): void {
    this.#muted = true;
    if (forMs === undefined) return;
    this.#options.clock.setTimeout(() => {
      this.#muted = false;
      this.flush();
    }, forMs);
  }

  /** Ends the connection with a WebSocket close, after a `close` push frame when a reason is given. */
  close(code: number, reason?: string): void {
    if (this.#gone) return;
    if (reason !== undefined) this.#push({ payloadType: "close", headers: { close_reason: reason } });
    this.#options.socket.end(encodeServerFrame(OPCODE.close, closePayload(code, "")));
    this.#leave();
  }

  #mayWrite(): boolean {
    const { limits, clock, socket } = this.#options;
    if (socket.writableLength > WRITE_BUFFER_BYTES || this.#unacked.size >= limits.unackedFrames) return false;
    const oldest = this.#unacked.values().next();
    return oldest.done === true || clock.now() - oldest.value.atMs < limits.ackTimeoutMs;
  }

  #writeMessages(entries: readonly FeedEntry[], from: number): void {
    const { clock, nextId } = this.#options;
    const drift = this.#options.drift();
    const nowMs = clock.now();
    const logId = nextId();
    const ext = encoder.encode(
      `fetch_time:${nowMs}|start_time:0|ack_ids:,,|flag:0|seq:${this.frames}|wss_info:0-${logId}-0-0`,
    );
    const messages = entries.map(({ method, payload, id }) => ({ method, payload, id }));
    const encoded = encodeFetchResult({
      messages: drift?.message === undefined ? messages : messages.map(drift.message),
      cursor: `t-${nowMs}_r-${logId}_d-1_u-1_h-1`,
      internalExt: ext,
      needAck: true,
      heartbeatDurationMs: 10_000,
      fetchIntervalMs: 1000,
      nowMs,
    });
    const result = drift?.batch?.(encoded) ?? encoded;
    this.#unacked.set(logId, { from, ext, atMs: nowMs });
    this.#push({ payloadType: "msg", logId, ...this.#pack(result) });
    this.#options.onChange();
  }

  #pack(bytes: Uint8Array): { payload: Uint8Array; headers?: Record<string, string> } {
    if (this.#options.query.get("compress") !== "gzip") return { payload: bytes };
    return { payload: new Uint8Array(gzipSync(bytes, { level: 1 })), headers: { compress_type: "gzip" } };
  }

  #push(frame: Parameters<typeof encodePushFrame>[0]): void {
    this.frames += 1;
    const bytes = encodePushFrame(this.#options.drift()?.fields?.(frame) ?? frame);
    this.#write(encodeServerFrame(OPCODE.binary, this.#options.drift()?.frame?.(bytes) ?? bytes));
  }

  #write(bytes: Uint8Array): void {
    if (!this.#gone && !this.#muted) this.#options.socket.write(bytes);
  }

  #read(chunk: Uint8Array): void {
    let messages;
    try {
      messages = this.#reader.push(chunk);
    } catch {
      // A client that breaks RFC 6455 is told so and left.
      this.close(1002);
      return;
    }
    for (const { opcode, payload } of messages) {
      if (this.#gone) return;
      this.#watch();
      if (opcode === OPCODE.ping) this.#write(encodeServerFrame(OPCODE.pong, payload));
      else if (opcode === OPCODE.close) this.close(1000);
      else if (opcode === OPCODE.binary) this.#handle(payload);
    }
  }

  #handle(bytes: Uint8Array): void {
    let frame;
    try {
      frame = decodeClientFrame(bytes);
    } catch {
      this.close(1003);
      return;
    }
    const { ignores, closes } = this.#options.drift() ?? {};
    if (closes !== undefined && frame.payloadType === "im_enter_room") return this.close(1000, closes);
    if (frame.payloadType === ignores) {
      // A server that no longer knows acks waits for something else, and is quiet.
      this.#muted ||= ignores === "ack";
      return;
    }
    switch (frame.payloadType) {
      case "hb":
        this.heartbeats += 1;
        this.#push({ payloadType: "hb" });
        break;
      case "im_enter_room":
        this.#enter(frame.roomId ?? "");
        break;
      case "ack":
        this.#acknowledge(frame.logId, frame.payload);
        break;
    }
    this.#options.onChange();
  }

  #enter(roomId: string): void {
    const { door, query, client } = this.#options;
    if (this.#feed !== undefined && this.#cursor !== undefined) this.#feed.leave(this.#cursor);
    this.#unacked.clear();
    const from = this.#roomId;
    this.#roomId = roomId;
    this.#options.onMove(this, from, roomId);
    this.#feed = door.feedOf(roomId);
    this.#cursor = this.#feed?.join(client);
    const wanted = Number(query.get("history_comment_count") ?? "0");
    const history = this.#feed?.takeHistory(Number.isInteger(wanted) ? wanted : 0) ?? [];
    const response = encodeFetchResult({
      messages: history.map(({ method, payload, id }) => ({ method, payload, id, history: true })),
      nowMs: this.#options.clock.now(),
    });
    this.#push({ payloadType: "im_enter_room_resp", logId: this.#options.nextId(), ...this.#pack(response) });
    if (this.#feed === undefined && door.isOver(roomId)) this.close(1000);
    this.flush();
  }

  #acknowledge(logId: string, payload: Uint8Array): void {
    const frame = this.#unacked.get(logId);
    const ok = frame !== undefined && sameBytes(payload, frame.ext);
    this.#options.onAck({ socket: this.number, logId, ok, atMs: this.#options.clock.now() });
    if (!ok || this.#feed === undefined || this.#cursor === undefined) return;
    this.#unacked.delete(logId);
    // Acks may come out of order: the place moves up to the oldest frame that still waits.
    let to = this.#cursor.next;
    for (const waiting of this.#unacked.values()) to = Math.min(to, waiting.from);
    this.#feed.acknowledge(this.#cursor, to);
    this.flush();
  }

  #watch(): void {
    const { clock, limits } = this.#options;
    clock.clearTimeout(this.#heartbeatTimer);
    this.#heartbeatTimer = clock.setTimeout(() => this.close(1001), limits.heartbeatTimeoutMs);
  }

  #leave(): void {
    if (this.#gone) return;
    this.#gone = true;
    this.#options.clock.clearTimeout(this.#heartbeatTimer);
    if (this.#feed !== undefined && this.#cursor !== undefined) this.#feed.leave(this.#cursor);
    this.#options.onMove(this, this.#roomId, "");
    this.#options.onChange();
  }
}
