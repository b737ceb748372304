/**
 * A TikTok on loopback: the pages, JSON routes, guest cookies, live socket, HTTP-FLV and HLS of invented hosts, as
 * ../shared/protocol describes the real ones, with faults on command and a log of everything that went out. One port
 * serves all of it by path; with a certificate it also answers over TLS under TikTok's own host names.
 *
 * In a test, in the same process (Bun, Deno, Node):
 * ```ts
 * const standin = await startStandin();
 * const room = standin.room("some.host");
 * room.startLive({ seed: "1", durationMs: 5000 });
 * const tiktok = new TikTok({ baseUrls: standin.baseUrls });
 * await room.until((stats) => stats.acked >= 20);
 * room.fault({ kind: "socket_drop" });
 * const written = room.stats().ids; // each goes out once; after a drop the unacknowledged ones again
 * await standin.stop();
 * ```
 * As a program: `bun tests/standin/main.ts --room some.host --duration-ms 30000`; see main.ts for its arguments and
 * control_api.ts for what it does over HTTP.
 *
 * What tests can rely on:
 * - Hosts exist once `room(name)` named them; others are "not found". The same seed gives the same messages.
 * - Every message goes out once per room. Those that a broken socket did not acknowledge go to the next socket again,
 *   under the same id; captured messages are all delivered before the live ends.
 * - `room.tags()` lists every FLV tag that was written, with the state `whole` or `cut`. A tag is whole once its last
 *   byte was handed to the system: a client that hangs up itself may not have read the last ones.
 * - A new FLV connection starts at the last keyframe, so tags come again after a reconnect; `mediaMs` tells them apart.
 * - Nothing here sleeps: pass a clock, or wait with `room.until()`.
 * @module
 */
import { type StandinClock, systemClock } from "./clock.ts";
import { answerControl } from "./control_api.ts";
import type { Drift } from "./drift.ts";
import { type Fault, StandingFaults } from "./faults.ts";
import { MediaLibrary, type MediaOptions, type MediaSource } from "./flv_source.ts";
import { SegmentLibrary } from "./hls_source.ts";
import { type Exchange, formatHead, serveHttp } from "./http1.ts";
import { LiveSocket, type SocketLimits } from "./live_socket.ts";
import { createRandom } from "./prng.ts";
import { RequestLog, type RequestRecord } from "./request_log.ts";
import { type Live, Room } from "./rooms.ts";
import { PollDesk } from "./signed_routes.ts";
import { StreamSigner } from "./stream_urls.ts";
import { TtwidIssuer, type TtwidOptions } from "./ttwid.ts";
import { checkHandshake, refusal, route, type WebContext } from "./web_routes.ts";
import { acceptKey } from "./ws_frames.ts";

export type { StandinClock } from "./clock.ts";
export type { Drift } from "./drift.ts";
export type { AccountState, Fault, HttpReply, WebRoute } from "./faults.ts";
export type { ConnectionRecord, TagRecord } from "./flv_server.ts";
export type { FlvSource, FlvTag, MediaOptions, MediaSource } from "./flv_source.ts";
export type { CapturedMessage } from "./live_feed.ts";
export type { AckRecord, SocketLimits } from "./live_socket.ts";
export type { RequestRecord } from "./request_log.ts";
export type { LiveOptions, Room, RoomStats } from "./rooms.ts";
export type { TtwidOptions } from "./ttwid.ts";
export { readCaptures } from "./captures.ts";

/** Options of {@link startStandin}. */
export interface StandinOptions {
  /** @default 0, a free one */
  port?: number;
  /** @default "127.0.0.1" */
  hostname?: string;
  /** Also listens with TLS, routed by host name. `port` 0 takes a free one. */
  tls?: { port: number; cert: string; key: string };
  /** Seed of hosts, cookies and ids. @default "standin" */
  seed?: string;
  /**
   * How ffmpeg makes the picture (at the first request for a stream), or streams from elsewhere; `false` answers 404
   * for every stream.
   */
  media?: MediaOptions | MediaSource | false;
  ttwid?: TtwidOptions;
  /** Life of stream URLs, ms. @default 14 days */
  streamUrlLifetimeMs?: number;
  limits?: Partial<SocketLimits>;
  clock?: StandinClock;
}

/** A running stand-in. */
export interface Standin {
  /** `http://127.0.0.1:port` */
  readonly url: string;
  /** `ws://127.0.0.1:port` */
  readonly wsUrl: string;
  /** `http://127.0.0.1:port/_control` */
  readonly controlUrl: string;
  readonly port: number;
  /** Port with TLS; `undefined` without. */
  readonly tlsPort: number | undefined;
  /** For the SDK's option of that name: all of TikTok at this address. */
  readonly baseUrls: { web: string; webcast: string; socket: string; ttwid: string };
  /** A host; made, not live, when there is none of the name. */
  room(username: string): Room;
  /** Every request so far, oldest first. */
  readonly requests: readonly RequestRecord[];
  /** A fault for every host. */
  fault(fault: Extract<Fault, { kind: "http" | "handshake" }>): void;
  /** From now on TikTok's protocol is another one; `undefined` brings the known one back. */
  drift(drift: Drift | undefined): void;
  /** Forgets all standing faults. */
  clearFaults(): void;
  /** Encodes the picture now rather than at the first request. */
  prepareMedia(): Promise<void>;
  /** Ends all lives and connections and stops listening. */
  stop(): Promise<void>;
}

const DEFAULT_LIMITS: SocketLimits = {
  unackedFrames: 50,
  ackTimeoutMs: 10_000,
  heartbeatTimeoutMs: 60_000,
  messagesPerFrame: 50,
};
const HANDSHAKE_MESSAGES: Record<number, string> = { 415: "DEVICE_BLOCKED", 417: "illegal secret key" };
const FOURTEEN_DAYS_MS = 14 * 24 * 3600 * 1000;

function mediaSource(media: StandinOptions["media"]): MediaSource | undefined {
  if (media === false) return undefined;
  return media !== undefined && "source" in media ? media : new MediaLibrary(media ?? {});
}

/** Starts a stand-in. */
export async function startStandin(options: StandinOptions = {}): Promise<Standin> {
  const clock = options.clock ?? systemClock;
  const hostname = options.hostname ?? "127.0.0.1";
  const seed = options.seed ?? "standin";
  const limits = { ...DEFAULT_LIMITS, ...options.limits };
  const faults = new StandingFaults();
  const requests = new RequestLog();
  const rooms = new Map<string, Room>();
  const sockets = new Set<LiveSocket>();
  const socketsByRoom = new Map<string, Set<LiveSocket>>();
  const livesById = new Map<string, { room: Room; live: Live }>();
  const livesByStream = new Map<string, { room: Room; live: Live }>();
  const media = mediaSource(options.media);
  // Neighbouring ids fall together when a client reads them as doubles.
  let lastId = BigInt(createRandom(`${seed}/ids`).digits(12)) * 10_000_000n;
  const nextId = (): string => String(lastId += 1n);
  let drift: Drift | undefined;
  let socketCount = 0;
  let url = "";

  const { media: source } = options;
  const roomContext = {
    clock,
    faults,
    segments: new SegmentLibrary(source === undefined || source === false || "source" in source ? {} : source),
    nextId,
    socketsOf: (roomId: string) => [...socketsByRoom.get(roomId) ?? []],
    register(room: Room, live: Live) {
      livesById.set(live.roomId, { room, live });
      livesByStream.set(live.streamId, { room, live });
    },
  };
  const room = (username: string): Room => {
    let found = rooms.get(username);
    if (found === undefined) {
      found = new Room(username, seed, roomContext);
      rooms.set(username, found);
    }
    return found;
  };
  const move = (socket: LiveSocket, from: string, to: string): void => {
    socketsByRoom.get(from)?.delete(socket);
    if (to === "") {
      sockets.delete(socket);
      return;
    }
    const inRoom = socketsByRoom.get(to) ?? new Set();
    socketsByRoom.set(to, inRoom.add(socket));
  };

  const upgrade = (exchange: Exchange): void => {
    const { request } = exchange;
    const target = livesById.get(request.query.get("room_id") ?? "");
    const { socket, rest } = exchange.takeOver();
    const fault = faults.takeHandshake(target?.room.username, request.query.has("wrss") ? "signed" : "direct");
    if (fault !== undefined) {
      const message = fault.message ?? HANDSHAKE_MESSAGES[fault.status] ?? "refused";
      socket.end(refusal(fault.status, message, fault.as ?? "header", fault.retryAfterS));
      return;
    }
    const gone = drift?.socket?.handshakeStatus;
    if (gone !== undefined) {
      socket.end(formatHead(gone, { "Content-Length": "0", Connection: "close" }));
      return;
    }
    const key = request.header("sec-websocket-key");
    if (request.method !== "GET" || request.header("upgrade")?.toLowerCase() !== "websocket" || key === undefined) {
      socket.end(refusal(400, "illegal handshake", "http"));
      return;
    }
    const verdict = checkHandshake(request);
    if ("refused" in verdict) {
      socket.end(refusal(verdict.refused.status, verdict.refused.message, "header"));
      return;
    }
    const protocol = request.header("sec-websocket-protocol")?.split(",")[0]?.trim();
    socket.write(formatHead(101, {
      Upgrade: "websocket",
      Connection: "Upgrade",
      "Sec-WebSocket-Accept": acceptKey(key),
      ...(protocol === undefined ? {} : { "Sec-WebSocket-Protocol": protocol }),
      "Handshake-Status": "200",
      "Handshake-Msg": "OK",
      "Handshake-Options": "ping-interval=10",
    }));
    socketCount += 1;
    const roomOf = (one: LiveSocket): Room | undefined => livesById.get(one.roomId)?.room;
    const live: LiveSocket = new LiveSocket({
      number: socketCount,
      socket,
      rest,
      query: request.query,
      client: verdict.client,
      clock,
      limits,
      nextId,
      drift: () => drift?.socket,
      door: {
        feedOf: (roomId) => {
          const found = livesById.get(roomId);
          return found?.live.status === 2 ? found.live.feed : undefined;
        },
        isOver: (roomId) => livesById.get(roomId)?.live.status === 4,
      },
      onMove: move,
      onAck: (record) => roomOf(live)?.noteAck(record),
      onChange: () => roomOf(live)?.changed(),
    });
    sockets.add(live);
  };

  const context: WebContext = {
    clock,
    faults,
    drift: () => drift,
    ttwid: new TtwidIssuer(createRandom(`${seed}/ttwid`), clock, options.ttwid ?? {}),
    media,
    signer: new StreamSigner(seed, options.streamUrlLifetimeMs ?? FOURTEEN_DAYS_MS),
    baseUrl: () => url,
    rooms: () => rooms.values(),
    roomByName: (username) => rooms.get(username),
    liveById: (roomId) => livesById.get(roomId),
    liveByStream: (streamId) => livesByStream.get(streamId),
    upgrade,
    polls: new PollDesk(),
    control: (exchange) => answerControl(exchange, { faults, requests, rooms: () => [...rooms.values()], room }),
  };
  const handle = (exchange: Exchange): Promise<void> => {
    if (!exchange.request.path.startsWith("/_control/")) requests.add(exchange.request, clock.now());
    return route(exchange, context);
  };

  const plain = await serveHttp({ hostname, port: options.port ?? 0 }, handle);
  const secure = options.tls === undefined
    ? undefined
    : await serveHttp({ hostname, port: options.tls.port, tls: options.tls }, handle);
  url = `http://${hostname}:${plain.port}`;
  const wsUrl = `ws://${hostname}:${plain.port}`;
  return {
    url,
    wsUrl,
    controlUrl: `${url}/_control`,
    port: plain.port,
    tlsPort: secure?.port,
    baseUrls: { web: url, webcast: url, socket: wsUrl, ttwid: url },
    room,
    get requests() {
      return requests.entries;
    },
    fault(fault) {
      if (fault.kind === "http") faults.addHttp(fault);
      else faults.addHandshake(fault);
    },
    drift(next) {
      drift = next;
    },
    clearFaults: () => faults.clear(),
    async prepareMedia() {
      await media?.source("origin");
    },
    async stop() {
      for (const one of rooms.values()) one.stop();
      for (const socket of sockets) socket.drop();
      await Promise.all([plain.close(), secure?.close()]);
    },
  };
}
