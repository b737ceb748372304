/**
 * The frames of the WebSocket and the batch of messages inside them (protocol.md 3 and 4.2).
 * @module
 */
import { plainBytes } from "./bytes.ts";
import { WireReader } from "./reader.ts";
import { WireWriter } from "./writer.ts";

/** One binary frame of the socket, with its payload still packed. */
export type PushFrame = {
  /** Names the frame in the ack; `"0"` when it carries none. */
  logId: string;
  /** `msg`, `hb`, `ack`, `im_enter_room`, `im_enter_room_resp`, `close` or `im_preview_room`. */
  payloadType: string;
  /** `pb`. */
  payloadEncoding: string;
  /** Known keys: `compress_type` (`gzip`), and `close_reason` on close frames. */
  headers: Record<string, string>;
  /** Inner message; packed when a header says so. */
  payload: Uint8Array;
};

/** One message of a batch, still encoded. */
export type WireMessage = {
  /** Wire method, such as `WebcastChatMessage`. */
  method: string;
  /** The encoded message. */
  payload: Uint8Array;
  /** Message id of the envelope; empty when it has none. */
  id: string;
  /** Replayed from before the join. */
  history: boolean;
};

/** The payload of a `msg` frame, and the answer of im/fetch. */
export type FetchResult = {
  /** The messages, oldest first. */
  messages: WireMessage[];
  /** Cursor for the next poll. */
  cursor: string;
  /** Opaque: echoed byte for byte in the ack. */
  internalExt: Uint8Array;
  /** Whether the server wants an ack. */
  needAck: boolean;
  /** Milliseconds between heartbeats; 0 when the server leaves it open. */
  heartbeatDurationMs: number;
  /** Milliseconds to wait before the next poll. */
  fetchIntervalMs: number;
  /** WebSocket base URL. */
  pushServer: string;
  /** Query parameters for the socket's URL. */
  routeParams: Record<string, string>;
  /** Server time, ms since 1970. */
  nowMs: number;
};

/** TikTok LIVE among the products that share the socket. */
const LIVE_ID = 12n;

/** Payload of an ack for a batch without internal_ext. */
const NO_INTERNAL_EXT = new Uint8Array([0x2d]);

/**
 * Decodes one binary frame of the WebSocket.
 * @param bytes the frame as received
 * @returns the frame; its payload is a view of `bytes`, still packed when the header says gzip
 * @throws {LiveError} `protocol` when the bytes are not a frame
 *
 * @example
 * ```ts
 * import { decodeFrame } from "@roomtone/sdk";
 * console.log(decodeFrame(new Uint8Array([0x3a, 0x02, 0x68, 0x62])).payloadType); // "hb"
 * ```
 */
export function decodeFrame(bytes: Uint8Array): PushFrame {
  const reader = new WireReader(plainBytes(bytes));
  const frame: PushFrame = {
    logId: "0",
    payloadType: "",
    payloadEncoding: "",
    headers: {},
    payload: new Uint8Array(0),
  };
  while (reader.pos < reader.end) {
    const tag = reader.tag();
    switch (tag) {
      case 2 << 3:
        frame.logId = reader.id();
        break;
      case 5 << 3 | 2:
        readEntry(reader, frame.headers);
        break;
      case 6 << 3 | 2:
        frame.payloadEncoding = reader.string();
        break;
      case 7 << 3 | 2:
        frame.payloadType = reader.string();
        break;
      case 8 << 3 | 2:
        frame.payload = reader.view();
        break;
      default:
        reader.skip(tag);
    }
  }
  return frame;
}

/**
 * Decodes a batch of messages: the payload of a `msg` frame after gunzip, or the body of im/fetch.
 * @param bytes the unpacked payload
 * @returns the batch; the payloads are views of `bytes`
 * @throws {LiveError} `protocol` when the bytes are not a batch
 */
export function decodeFetchResult(bytes: Uint8Array): FetchResult {
  const reader = new WireReader(plainBytes(bytes));
  const result: FetchResult = {
    messages: [],
    cursor: "",
    internalExt: new Uint8Array(0),
    needAck: false,
    heartbeatDurationMs: 0,
    fetchIntervalMs: 0,
    pushServer: "",
    routeParams: {},
    nowMs: 0,
  };
  while (reader.pos < reader.end) {
    const tag = reader.tag();
    switch (tag) {
      case 1 << 3 | 2:
        result.messages.push(readMessage(reader));
        break;
      case 2 << 3 | 2:
        result.cursor = reader.string();
        break;
      case 3 << 3:
        result.fetchIntervalMs = reader.int64();
        break;
      case 4 << 3:
        result.nowMs = reader.int64();
        break;
      case 5 << 3 | 2:
        result.internalExt = reader.view();
        break;
      case 7 << 3 | 2:
        readEntry(reader, result.routeParams);
        break;
      case 8 << 3:
        result.heartbeatDurationMs = reader.int64();
        break;
      case 9 << 3:
        result.needAck = reader.bool();
        break;
      case 10 << 3 | 2:
        result.pushServer = reader.string();
        break;
      default:
        reader.skip(tag);
    }
  }
  return result;
}

function readMessage(reader: WireReader): WireMessage {
  const message: WireMessage = { method: "", payload: new Uint8Array(0), id: "", history: false };
  const outer = reader.enter();
  while (reader.pos < reader.end) {
    const tag = reader.tag();
    switch (tag) {
      case 1 << 3 | 2:
        message.method = reader.string();
        break;
      case 2 << 3 | 2:
        message.payload = reader.view();
        break;
      case 3 << 3: {
        const id = reader.id();
        message.id = id === "0" ? "" : id;
        break;
      }
      case 6 << 3:
        message.history = reader.bool();
        break;
      default:
        reader.skip(tag);
    }
  }
  reader.leave(outer);
  return message;
}

/** Reads `{1 key, 2 value}` into `target`. */
function readEntry(reader: WireReader, target: Record<string, string>): void {
  let key = "";
  let value = "";
  const outer = reader.enter();
  while (reader.pos < reader.end) {
    const tag = reader.tag();
    switch (tag) {
      case 1 << 3 | 2:
        key = reader.string();
        break;
      case 2 << 3 | 2:
        value = reader.string();
        break;
      default:
        reader.skip(tag);
    }
  }
  reader.leave(outer);
  target[key] = value;
}

/** WebcastPushFrame {2 log_id, 6 payload_encoding, 7 payload_type, 8 payload}. */
function encodeFrame(payloadType: string, payload: Uint8Array, logId?: string): Uint8Array {
  const frame = new WireWriter();
  if (logId !== undefined) frame.varint(2, BigInt(logId));
  frame.string(6, "pb");
  frame.string(7, payloadType);
  frame.bytes(8, payload);
  return frame.finish();
}

/**
 * The heartbeat that keeps the socket open; due every 10 s.
 * @param roomId numeric id of the room
 */
export function encodeHeartbeat(roomId: string): Uint8Array {
  const beat = new WireWriter(); // HeartBeatMessage
  beat.varint(1, BigInt(roomId));
  return encodeFrame("hb", beat.finish());
}

/**
 * Enters a room: without this frame the server pushes nothing.
 * @param roomId numeric id of the room
 */
export function encodeEnterRoom(roomId: string): Uint8Array {
  const enter = new WireWriter(); // WebcastImEnterRoomMessage {1 room_id, 4 live_id, 5 identity, 9 filter_welcome_msg}
  enter.varint(1, BigInt(roomId));
  enter.varint(4, LIVE_ID);
  enter.string(5, "audience");
  enter.string(9, "0");
  return encodeFrame("im_enter_room", enter.finish());
}

/**
 * Acknowledges a batch whose `needAck` is set; unacknowledged sockets go quiet after seconds.
 * @param logId {@link PushFrame.logId} of the frame that carried the batch
 * @param internalExt {@link FetchResult.internalExt} of the batch
 */
export function encodeAck(logId: string, internalExt: Uint8Array): Uint8Array {
  return encodeFrame("ack", internalExt.length === 0 ? NO_INTERNAL_EXT : internalExt, logId);
}
