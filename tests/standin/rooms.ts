/**
 * A host and their lives: what the web says, what the socket sends, what the stream shows, and what goes wrong.
 * @module
 */
import { gzipSync } from "node:zlib";
import { encodeFetchResult } from "@roomtone/sdk/testing";
import type { StandinClock } from "./clock.ts";
import type { AccountState, Fault, StandingFaults } from "./faults.ts";
import { type ConnectionRecord, FlvChannel, type TagRecord } from "./flv_server.ts";
import { MessageGenerator } from "./generator.ts";
import { HlsChannel } from "./hls_server.ts";
import type { SegmentLibrary } from "./hls_source.ts";
import { type CapturedMessage, type FeedStats, LiveFeed } from "./live_feed.ts";
import type { AckRecord, LiveSocket } from "./live_socket.ts";
import { createRandom, type Random } from "./prng.ts";
import { inventHost, type Person } from "./users.ts";

/** How a live runs. */
export interface LiveOptions {
  /** Ends by itself after this long; runs until told otherwise when absent (with captures: until all are delivered). */
  durationMs?: number;
  /** Same seed, same people and messages. @default the host's name */
  seed?: string;
  /** 1 is a busy room of 35,000 viewers, about 16 messages a second. @default 1 */
  rate?: number;
  /** Messages to send in place of invented ones, each exactly once. */
  captures?: readonly CapturedMessage[];
  /** Captured messages a second. @default all of them within half of `durationMs`, else 100 */
  capturesPerSecond?: number;
  /** Speed of messages, media and duration against the clock. @default 1 */
  speed?: number;
  title?: string;
  /** How its streams are offered. @default both */
  streams?: "flv" | "hls" | "both";
  /** Numeric id; invented when absent. */
  roomId?: string;
}

/** What a room has to say for itself. */
export interface RoomStats extends FeedStats {
  live: boolean;
  roomId: string;
  startedAtMs: number;
  /** Absent while it runs. */
  endedAtMs: number | undefined;
  /** Sockets that entered the room and are open. */
  sockets: number;
  flvConnections: number;
  /** Acks with an unknown log id or a wrong payload. */
  badAcks: number;
}

/** What a room needs from the stand-in. */
export interface RoomContext {
  clock: StandinClock;
  faults: StandingFaults;
  segments: SegmentLibrary;
  nextId(): string;
  /** Sockets in a room. */
  socketsOf(roomId: string): LiveSocket[];
  /** Makes a new live known to the routes. */
  register(room: Room, live: Live): void;
}

const TICK_MS = 100;
/** How long a live goes on past its duration for acks that are still out, ms of the clock. */
const DRAIN_MS = { generated: 5000, captured: 30_000 };
/** How long sockets stay open after the end was said. */
const FAREWELL_MS = 2000;

/** One live of a host. */
export interface Live {
  readonly roomId: string;
  readonly streamId: string;
  readonly title: string;
  readonly startedAtMs: number;
  readonly feed: LiveFeed;
  readonly flv: FlvChannel;
  readonly hls: HlsChannel;
  readonly streams: "flv" | "hls" | "both";
  readonly generator: MessageGenerator | undefined;
  /** 2 live, 4 over. */
  status: 2 | 4;
  endedAtMs: number | undefined;
  /** Media time since the start, ms. */
  elapsedMs(): number;
}

/** A host. Made by the stand-in; tests drive it. */
export class Room {
  readonly username: string;
  readonly host: Person;
  readonly #context: RoomContext;
  readonly #random: Random;
  readonly #lives: Live[] = [];
  readonly acks: AckRecord[] = [];
  #badAcks = 0;
  #options: LiveOptions = {};
  #timer: unknown;
  #waiters: { met: (stats: RoomStats) => boolean; resolve: () => void }[] = [];
  account: AccountState = "normal";

  constructor(username: string, seed: string, context: RoomContext) {
    this.username = username;
    this.#context = context;
    this.#random = createRandom(`${seed}/${username}`);
    this.host = inventHost(this.#random, username);
  }

  /** The running live, or the last one. */
  get current(): Live | undefined {
    return this.#lives.at(-1);
  }

  /** Every live so far, oldest first. */
  get lives(): readonly Live[] {
    return this.#lives;
  }

  /** Id of the current or last live; empty before the first. */
  get roomId(): string {
    return this.current?.roomId ?? "";
  }

  get live(): boolean {
    return this.current?.status === 2;
  }

  /**
   * Goes live.
   * @throws Error when it is live already
   */
  startLive(options: LiveOptions = {}): Live {
    if (this.live) throw new Error(`Cannot start the live: ${this.username} is live already`);
    const { clock, nextId, segments } = this.#context;
    const speed = options.speed ?? 1;
    const startedAtMs = clock.now();
    const elapsedMs = (): number => Math.floor((clock.now() - startedAtMs) * speed);
    const roomId = options.roomId ?? `7${this.#random.digits(18)}`;
    const { captures } = options;
    const generator = captures === undefined
      ? new MessageGenerator(options.seed ?? this.username, this.host, options.rate ?? 1)
      : undefined;
    const perSecond = options.capturesPerSecond ??
      (options.durationMs === undefined ? 100 : (captures?.length ?? 0) / (options.durationMs / 2000));
    const source = generator !== undefined ? { generator } : { captures: captures ?? [], perSecond };
    const onChange = (): void => this.changed();
    const live: Live = {
      roomId,
      streamId: `3${this.#random.digits(18)}`,
      title: options.title ?? `${this.host.nickname} paints`,
      startedAtMs,
      feed: new LiveFeed({ roomId, now: () => clock.now(), elapsedMs, nextId, source }),
      flv: new FlvChannel(clock, elapsedMs, onChange),
      hls: new HlsChannel(clock, elapsedMs, onChange, segments),
      streams: options.streams ?? "both",
      generator,
      status: 2,
      endedAtMs: undefined,
      elapsedMs,
    };
    this.#options = options;
    this.#lives.push(live);
    this.#context.register(this, live);
    this.#tick(live, options.durationMs);
    this.changed();
    return live;
  }

  /**
   * Ends the live.
   * @param control whether a control message says so before the sockets close
   */
  endLive(control = true): void {
    const live = this.current;
    if (live === undefined || live.status === 4) return;
    const { clock, socketsOf } = this.#context;
    clock.clearTimeout(this.#timer);
    live.status = 4;
    live.endedAtMs = clock.now();
    live.feed.endSource();
    live.flv.end();
    live.hls.end();
    if (control) {
      live.feed.injectFields("WebcastControlMessage", { action: 3 });
      for (const socket of socketsOf(live.roomId)) socket.flush();
      this.#farewell(live, clock.now() + FAREWELL_MS);
    }
    this.changed();
  }

  /** Writes down an ack. */
  noteAck(record: AckRecord): void {
    this.acks.push(record);
    if (!record.ok) this.#badAcks += 1;
  }

  /** Makes something go wrong; see {@link Fault}. */
  fault(fault: Fault): void {
    const { faults, socketsOf, nextId } = this.#context;
    const live = this.current;
    const sockets = live === undefined ? [] : socketsOf(live.roomId);
    switch (fault.kind) {
      case "http":
        faults.addHttp(fault, this.username);
        break;
      case "handshake":
        faults.addHandshake(fault, this.username);
        break;
      case "account":
        this.account = fault.state;
        break;
      case "socket_drop":
        for (const socket of sockets) socket.drop();
        break;
      case "socket_stall":
        for (const socket of sockets) socket.stall(fault.forMs);
        break;
      case "socket_half_frame":
        for (const socket of sockets) socket.writeHalfFrame();
        break;
      case "socket_close":
        for (const socket of sockets) socket.close(1000, fault.reason);
        break;
      case "frame_gzip_bomb": {
        const bomb = gzipSync(new Uint8Array((fault.megabytes ?? 256) * 1024 * 1024));
        for (const socket of sockets) socket.writeRaw(new Uint8Array(bomb), true);
        break;
      }
      case "frame_broken_gzip": {
        const whole = gzipSync(encodeFetchResult({ cursor: "a".repeat(200), needAck: true }));
        const broken = new Uint8Array(whole).slice(0, whole.length - 12);
        broken[12] = (broken[12] ?? 0) ^ 0xff;
        for (const socket of sockets) socket.writeRaw(broken, true);
        break;
      }
      case "frame_garbage":
        for (const socket of sockets) socket.writeGarbage(Uint8Array.of(0xff, 0xff, 0xff, 0x0f, 0x00, 0x9c));
        break;
      case "duplicate_messages":
        for (const socket of sockets) socket.repeat(live?.feed.lastWritten(fault.count ?? 5) ?? []);
        break;
      case "unknown_method":
        live?.feed.inject("WebcastStandinNoveltyMessage", Uint8Array.of(0x08, 0x01));
        break;
      case "message_without_id":
        live?.feed.inject("WebcastChatMessage", Uint8Array.of(0x1a, 0x05, 0x6e, 0x6f, 0x20, 0x69, 0x64), "");
        break;
      case "broken_message":
        live?.feed.inject("WebcastChatMessage", Uint8Array.of(0x12, 0x7f, 0x01), nextId());
        break;
      case "control":
        live?.feed.injectFields("WebcastControlMessage", { action: fault.action });
        break;
      case "flv_cut":
        live?.flv.cut(fault.inside);
        break;
      case "flv_stall":
        live?.flv.stall(fault.forMs);
        break;
      case "flv_clock_jump":
        live?.flv.jump(fault);
        break;
      case "hls_skip":
        live?.hls.skip(fault.segments);
        break;
      case "hls_stall":
        live?.hls.freeze(fault.forMs);
        break;
      case "hls_clock_jump":
        live?.hls.jump(fault.byMs);
        break;
      case "hls_restart":
        live?.hls.restart();
        break;
      case "offline":
        this.endLive(fault.control ?? true);
        break;
      case "new_room":
        this.endLive(false);
        if (fault.control === true) live?.feed.injectFields("WebcastControlMessage", { action: 3 });
        else for (const socket of sockets) socket.drop();
        for (const socket of sockets) socket.flush();
        this.startLive({ ...this.#options, roomId: undefined });
        break;
    }
    for (const socket of sockets) socket.flush();
    this.changed();
  }

  stats(): RoomStats {
    const live = this.current;
    const feed: FeedStats = live?.feed.stats ?? {
      sentByMethod: {},
      sent: 0,
      ids: [],
      historyIds: [],
      acked: 0,
      captured: { total: 0, sent: 0, acked: 0 },
    };
    return {
      ...feed,
      live: this.live,
      roomId: this.roomId,
      startedAtMs: live?.startedAtMs ?? 0,
      endedAtMs: live?.endedAtMs,
      sockets: live === undefined ? 0 : this.#context.socketsOf(live.roomId).length,
      flvConnections: live?.flv.openConnections ?? 0,
      badAcks: this.#badAcks,
    };
  }

  /** Every tag that was written to a socket, FLV before HLS, in order, of all lives. */
  tags(): TagRecord[] {
    return this.#lives.flatMap((live) => [...live.flv.tags, ...live.hls.tags]);
  }

  /** Every FLV connection, and one for each quality that was fetched over HLS, of all lives. */
  connections(): ConnectionRecord[] {
    return this.#lives.flatMap((live) => [...live.flv.records, ...live.hls.records]);
  }

  /**
   * Resolves as soon as the room's stats meet a condition; looks again at each change.
   * @param met the condition
   */
  until(met: (stats: RoomStats) => boolean): Promise<void> {
    return new Promise((resolve) => {
      this.#waiters.push({ met, resolve });
      this.changed();
    });
  }

  /** Something happened: those who wait look again. */
  changed(): void {
    if (this.#waiters.length > 0) {
      const stats = this.stats();
      const met = this.#waiters.filter((waiter) => waiter.met(stats));
      this.#waiters = this.#waiters.filter((waiter) => !met.includes(waiter));
      for (const waiter of met) waiter.resolve();
    }
  }

  /** Stops all timers and streams. */
  stop(): void {
    this.#context.clock.clearTimeout(this.#timer);
    this.current?.flv.end();
  }

  #tick(live: Live, durationMs: number | undefined, doneAtMs?: number): void {
    const { clock, socketsOf } = this.#context;
    this.#timer = clock.setTimeout(() => {
      const elapsedMs = live.elapsedMs();
      const over = durationMs !== undefined && elapsedMs >= durationMs;
      if (live.feed.advance()) this.changed();
      // A captures file is sent to its end, however long the client was away.
      if (over && live.generator !== undefined) live.feed.endSource();
      for (const socket of socketsOf(live.roomId)) socket.flush();
      const done = durationMs === undefined ? live.feed.exhausted : over;
      if (done) doneAtMs ??= clock.now();
      const patienceMs = DRAIN_MS[live.generator === undefined ? "captured" : "generated"];
      const late = doneAtMs !== undefined && clock.now() >= doneAtMs + patienceMs;
      if (late || (done && live.feed.drained)) this.endLive();
      else this.#tick(live, durationMs, doneAtMs);
    }, TICK_MS);
  }

  #farewell(live: Live, untilMs: number): void {
    const { clock, socketsOf } = this.#context;
    const sockets = socketsOf(live.roomId);
    if (clock.now() >= untilMs || (sockets.every((socket) => socket.settled) && live.feed.drained)) {
      for (const socket of sockets) socket.close(1000);
      return;
    }
    for (const socket of sockets) socket.flush();
    this.#timer = clock.setTimeout(() => this.#farewell(live, untilMs), TICK_MS);
  }
}
