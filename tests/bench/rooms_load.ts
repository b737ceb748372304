/**
 * A small TikTok for thousands of sockets, on Bun: it answers the lookup of rooms, lets sockets in, and pushes
 * messages at a steady rate. The stand-in would need more of the machine than what is measured.
 *
 * Rooms share channels: what a channel says is made and packed once and goes to each of its rooms. Ids are unique in a
 * room and have the shape of TikTok's. `createTime` is the moment at which a message was due.
 * @module
 */
import process from "node:process";
import { gzipSync } from "node:zlib";
import { encodeFetchResult, encodeMessage, encodePushFrame } from "@roomtone/sdk/testing";
import { WINDOW } from "../../sdk/src/live/message_ids.ts";
import { MessageGenerator } from "../standin/generator.ts";
import { createRandom } from "../standin/prng.ts";
import { inventHost } from "../standin/users.ts";

/** What the load has counted so far; as JSON at `/bench/stats`. */
export interface LoadStats {
  rooms: number;
  /** Messages pushed since `/bench/start`. */
  sent: number;
  /** Messages that filled the windows. */
  filled: number;
  acks: number;
  /** Sockets that went away. */
  closed: number;
  /** How late the load itself was at worst since `/bench/start`, ms. */
  latestMs: number;
}

/** Bun's server, as far as it is used. */
interface ServerSocket {
  data: { channel: number; fill: number };
  send(bytes: Uint8Array): number;
}
interface Upgrader {
  upgrade(request: Request, options: { data: ServerSocket["data"] }): boolean;
}
interface BunServer {
  serve(options: {
    hostname: string;
    port: number;
    fetch(request: Request, server: Upgrader): Response | undefined | Promise<Response>;
    websocket: {
      perMessageDeflate: boolean;
      idleTimeout: number;
      open(socket: ServerSocket): void;
      message(socket: ServerSocket, message: string | Uint8Array): void;
      close(socket: ServerSocket): void;
    };
  }): { port: number };
}

const messagesPerSecond = Number(process.argv[2] ?? 5);
const CHANNELS = 100;
const TICK_MS = 10;
const FILL_FRAMES = 8;
/** Rooms whose windows are being filled at the same time. */
const FILL_WIDTH = 32;
/** Low bits of a message id hardly differ on TikTok: the high word is a time, and these end it. */
const ID_TAIL = 773n;

const stats: LoadStats = { rooms: 0, sent: 0, filled: 0, acks: 0, closed: 0, latestMs: 0 };
const sockets = new Set<ServerSocket>();
const channels = Array.from({ length: CHANNELS }, () => new Set<ServerSocket>());
const generators = channels.map((_, index) =>
  new MessageGenerator(`rooms/${index}`, inventHost(createRandom(`rooms/${index}`), `bench.host${index}`), 1)
);
let lastId = 0n;

function nextId(nowMs: number): string {
  const second = BigInt(Math.floor(nowMs / 1000)) << 32n;
  const id = second | ID_TAIL;
  lastId = id > lastId ? id : lastId + (1n << 16n);
  return String(lastId);
}

/** A `msg` frame, packed as TikTok's are. */
function frameOf(messages: { method: string; payload: Uint8Array; id: string }[], nowMs: number): Uint8Array {
  const batch = encodeFetchResult({
    messages,
    cursor: `t-${nowMs}_r-1_d-1_u-1_h-1`,
    internalExt: new TextEncoder().encode(`fetch_time:${nowMs}|start_time:0|ack_ids:,,|flag:0|seq:1|wss_info:0-1-0-0`),
    needAck: true,
    nowMs,
  });
  const logId = nextId(nowMs);
  return encodePushFrame({
    payloadType: "msg",
    logId,
    payload: new Uint8Array(gzipSync(batch)),
    headers: { compress_type: "gzip" },
  });
}

/** Frames of small messages that fill the duplicate window, the same for all rooms. */
const fillFrames = Array.from({ length: FILL_FRAMES }, () => {
  const nowMs = Date.now() - 60_000;
  const messages = Array.from({ length: WINDOW / FILL_FRAMES }, () => {
    const id = nextId(nowMs);
    const common = { method: "WebcastLikeMessage", msgId: id, createTime: nowMs };
    return {
      method: "WebcastLikeMessage",
      payload: encodeMessage("WebcastLikeMessage", { common, count: 1, total: 1 }),
      id,
    };
  });
  return frameOf(messages, nowMs);
});

const fillQueue: ServerSocket[] = [];
let filling = 0;

function fillNext(): void {
  for (; filling < FILL_WIDTH; filling++) {
    const socket = fillQueue.shift();
    if (socket === undefined) return;
    socket.data.fill = 0;
    pushFill(socket);
  }
}

function pushFill(socket: ServerSocket): void {
  const frame = fillFrames[socket.data.fill++];
  if (frame === undefined) {
    socket.data.fill = -1;
    filling--;
    return fillNext();
  }
  stats.filled += WINDOW / FILL_FRAMES;
  socket.send(frame);
}

let timer: ReturnType<typeof setInterval> | undefined;

/** Each room gets a frame each period; the channels take turns in it. */
function start(messagesPerFrame: number): void {
  const periodMs = 1000 * messagesPerFrame / messagesPerSecond;
  const startedAt = Date.now();
  let pushed = 0;
  stats.sent = 0;
  stats.latestMs = 0;
  timer = setInterval(() => {
    // A server that fell behind still has to read acks and control calls: one round of the channels at a time.
    for (let channel = 0; channel < CHANNELS; channel++) {
      const dueAt = startedAt + Math.floor(pushed * periodMs / CHANNELS);
      const lateMs = Date.now() - dueAt;
      if (lateMs < 0) return;
      stats.latestMs = Math.max(stats.latestMs, lateMs);
      const index = pushed++ % CHANNELS;
      const frame = messageFrame(index, dueAt, messagesPerFrame);
      for (const socket of channels[index] ?? []) {
        socket.send(frame);
        stats.sent += messagesPerFrame;
      }
    }
  }, TICK_MS);
}

function messageFrame(channel: number, dueAt: number, messagesPerFrame: number): Uint8Array {
  const generator = generators[channel];
  if (generator === undefined) throw new Error(`there is no channel ${channel}`);
  const messages = Array.from({ length: messagesPerFrame }, () => {
    const { method, fields, common } = generator.next();
    const id = nextId(dueAt);
    const head = { ...common, method, msgId: id, createTime: dueAt };
    return { method, payload: encodeMessage(method as "WebcastChatMessage", { ...fields, common: head }), id };
  });
  return frameOf(messages, dueAt);
}

function control({ pathname, searchParams }: URL): Response | undefined {
  switch (pathname) {
    case "/bench/fill":
      fillQueue.push(...sockets);
      fillNext();
      return Response.json(stats);
    case "/bench/start":
      start(Number(searchParams.get("messagesPerFrame")));
      return Response.json(stats);
    case "/bench/stop":
      clearInterval(timer);
      return Response.json(stats);
    case "/bench/stats":
      return Response.json(stats);
  }
  return undefined;
}

function lookup(url: URL): Response {
  const roomId = url.searchParams.get("room_id") ?? "";
  switch (url.pathname) {
    case "/webcast/room/check_alive/": {
      const ids = (url.searchParams.get("room_ids") ?? "").split(",");
      return Response.json({ status_code: 0, data: ids.map((id) => ({ alive: true, room_id_str: id })) });
    }
    case "/webcast/room/info/":
      return Response.json({
        status_code: 0,
        data: {
          id_str: roomId,
          title: `Room ${roomId}`,
          status: 2,
          create_time: 1_700_000_000,
          user_count: 1000,
          owner: { id_str: roomId, display_id: `host.${roomId}`, nickname: `Host ${roomId}` },
        },
      });
    default:
      return new Response("<html></html>", {
        headers: { "Content-Type": "text/html", "Set-Cookie": "ttwid=bench; Path=/" },
      });
  }
}

const entered = encodePushFrame({ payloadType: "im_enter_room_resp" });

const { Bun } = globalThis as unknown as { Bun: BunServer };
const { port } = Bun.serve({
  hostname: "127.0.0.1",
  port: 0,
  fetch(request, server) {
    const url = new URL(request.url);
    if (request.headers.has("upgrade")) {
      const channel = Number(url.searchParams.get("room_id")?.slice(-6)) % CHANNELS;
      return server.upgrade(request, { data: { channel, fill: -1 } }) ? undefined : lookup(url);
    }
    return control(url) ?? lookup(url);
  },
  websocket: {
    perMessageDeflate: false,
    idleTimeout: 120,
    open(socket) {
      stats.rooms++;
      sockets.add(socket);
      channels[socket.data.channel]?.add(socket);
    },
    message(socket, message) {
      if (typeof message === "string") return;
      // Only an ack starts with a log id; the others are a heartbeat and the entry.
      if (message[0] === 2 << 3) {
        stats.acks++;
        if (socket.data.fill >= 0) pushFill(socket);
      } else if (new TextDecoder("latin1").decode(message).includes("im_enter_room")) {
        socket.send(entered);
      }
    },
    close(socket) {
      stats.closed++;
      sockets.delete(socket);
      channels[socket.data.channel]?.delete(socket);
    },
  },
});
process.stdout.write(`http://127.0.0.1:${port}\n`);
