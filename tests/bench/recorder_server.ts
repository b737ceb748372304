/**
 * A TikTok for the recorder's bench: every room is live with one quiet socket and one FLV stream of the same tags, paced
 * in real time. It counts what it sends; the stand-in would need more of the machine than what is measured.
 *
 * `bun tests/bench/recorder_server.ts FILE.flv`; `/bench/stats` tells, and lets all begin anew.
 * @module
 */
import { readFileSync } from "node:fs";
import process from "node:process";
import { encodePushFrame } from "@roomtone/sdk/testing";
import { encodeTag, flvHeader, parseFlv, TAG_AUDIO, TAG_SCRIPT, TAG_VIDEO } from "../standin/flv_source.ts";

/** What the server has sent. */
export interface SentStats {
  streams: number;
  /** Of them, those that were sent to their end. */
  whole: number;
  /** All bytes of FLV. */
  bytes: number;
  /** Bytes of pictures and sound alone, as an MP4 holds them. */
  mediaBytes: number;
  /** How late the server itself was at worst, ms. */
  latestMs: number;
}

/** Bun's server, as far as it is used. */
interface BunServer {
  serve(options: {
    hostname: string;
    port: number;
    idleTimeout: number;
    fetch(request: Request, server: { upgrade(request: Request): boolean }): Response | undefined;
    websocket: { open(socket: { send(bytes: Uint8Array): number }): void; message(): void };
  }): { port: number };
}

const TICK_MS = 40;
const [file = ""] = process.argv.slice(2);

interface Slot {
  bytes: Uint8Array<ArrayBuffer>;
  mediaBytes: number;
}

function slotsOf(path: string): Slot[] {
  const slots: { parts: Uint8Array[]; mediaBytes: number }[] = [];
  for (const tag of parseFlv(new Uint8Array(readFileSync(path)))) {
    const slot = slots[Math.floor(tag.timestampMs / TICK_MS)] ??= { parts: [], mediaBytes: 0 };
    slot.parts.push(encodeTag(tag, tag.timestampMs));
    const isEnd = tag.type === TAG_VIDEO && tag.payload[1] === 2;
    if (tag.type !== TAG_SCRIPT && !tag.header && !isEnd) {
      slot.mediaBytes += tag.payload.length - (tag.type === TAG_AUDIO ? 2 : 5);
    }
  }
  const head = flvHeader({ audio: true, video: true });
  return Array.from(slots, (slot, index) => ({
    bytes: new Uint8Array(Buffer.concat([...index === 0 ? [head] : [], ...slot?.parts ?? []])),
    mediaBytes: slot?.mediaBytes ?? 0,
  }));
}

const slots = slotsOf(file);
const NOTHING: SentStats = { streams: 0, whole: 0, bytes: 0, mediaBytes: 0, latestMs: 0 };
let stats = { ...NOTHING };

interface Stream {
  controller: ReadableStreamDefaultController<Uint8Array>;
  room: string;
  startedAt: number;
  next: number;
}

const streams = new Set<Stream>();
/** Rooms whose stream has ended: their live is over. */
const over = new Set<string>();

function pump(stream: Stream): void {
  for (;;) {
    const lateMs = Date.now() - stream.startedAt - stream.next * TICK_MS;
    if (lateMs < 0) return;
    const slot = slots[stream.next++];
    if (slot === undefined) {
      stats.whole++;
      over.add(stream.room);
      streams.delete(stream);
      return stream.controller.close();
    }
    stats.latestMs = Math.max(stats.latestMs, lateMs);
    stats.bytes += slot.bytes.length;
    stats.mediaBytes += slot.mediaBytes;
    if (slot.bytes.length > 0) stream.controller.enqueue(slot.bytes);
  }
}

setInterval(() => {
  for (const stream of streams) pump(stream);
}, TICK_MS / 4);

function openStream(room: string): Response {
  stats.streams++;
  let stream: Stream | undefined;
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      stream = { controller, room, startedAt: Date.now(), next: 0 };
      streams.add(stream);
    },
    cancel() {
      if (stream !== undefined) streams.delete(stream);
    },
  });
  return new Response(body, { headers: { "Content-Type": "video/x-flv" } });
}

function roomInfo(room: string, origin: string): Response {
  const stream = { main: { flv: `${origin}/stream/${room}.flv`, sdk_params: JSON.stringify({ VCodec: "h264" }) } };
  return Response.json({
    status_code: 0,
    data: {
      id_str: room,
      title: `Room ${room}`,
      status: over.has(room) ? 4 : 2,
      owner: { id_str: room, display_id: `host.${room}`, nickname: `Host ${room}` },
      stream_url: {
        live_core_sdk_data: { pull_data: { stream_data: JSON.stringify({ data: { origin: stream } }) } },
      },
    },
  });
}

function tellStats(): Response {
  const told = stats;
  stats = { ...NOTHING };
  over.clear();
  return Response.json(told);
}

const entered = encodePushFrame({ payloadType: "im_enter_room_resp" });
const { Bun } = globalThis as unknown as { Bun: BunServer };
const { port } = Bun.serve({
  hostname: "127.0.0.1",
  port: 0,
  idleTimeout: 120,
  fetch(request, server) {
    const url = new URL(request.url);
    if (request.headers.has("upgrade")) return server.upgrade(request) ? undefined : new Response(null);
    const room = url.searchParams.get("room_id") ?? "";
    if (url.pathname.startsWith("/stream/")) return openStream(/(\d+)\.flv$/.exec(url.pathname)?.[1] ?? "");
    if (url.pathname === "/webcast/room/info/") return roomInfo(room, url.origin);
    if (url.pathname === "/webcast/room/check_alive/") {
      const rooms = (url.searchParams.get("room_ids") ?? "").split(",");
      return Response.json({
        status_code: 0,
        data: rooms.map((each) => ({ alive: !over.has(each), room_id_str: each })),
      });
    }
    if (url.pathname === "/bench/stats") return tellStats();
    return new Response("<html></html>", {
      headers: { "Content-Type": "text/html", "Set-Cookie": "ttwid=bench; Path=/" },
    });
  },
  websocket: { open: (socket) => void socket.send(entered), message: () => {} },
});
process.stdout.write(`http://127.0.0.1:${port}\n`);
