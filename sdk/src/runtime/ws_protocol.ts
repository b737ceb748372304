/**
 * The client side of RFC 6455 as far as the SDK needs it: handshake text and frames, without extensions or
 * subprotocols. Pure: bytes in, bytes out.
 * @module
 */
import { LiveError } from "../errors.ts";

const ACCEPT_GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/** Longest answer to a handshake, bytes. */
export const MAX_HEAD_BYTES = 16 * 1024;

/** Longest message, bytes, whatever number of frames it comes in. */
export const MAX_MESSAGE_BYTES = 16 * 1024 * 1024;

export const OPCODE = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const;

/** Text without characters that could start a new header line. */
function headerText(value: string): string {
  if (!/^[\t\x20-\x7e]*$/.test(value)) throw new TypeError("Cannot send a header: it holds control characters");
  return value;
}

/**
 * The upgrade request.
 * @param url `ws:` or `wss:` URL
 * @param headers each is sent once; names that the handshake itself needs are refused
 * @param key `Sec-WebSocket-Key`: 16 random bytes in Base64
 * @throws {TypeError} for a header that cannot be sent
 */
export function handshakeRequest(url: URL, headers: Readonly<Record<string, string>>, key: string): string {
  const lines = [
    `GET ${url.pathname}${url.search} HTTP/1.1`,
    `Host: ${url.host}`,
    "Upgrade: websocket",
    "Connection: Upgrade",
    `Sec-WebSocket-Key: ${key}`,
    "Sec-WebSocket-Version: 13",
  ];
  const taken = new Set(["host", "upgrade", "connection", "content-length", "transfer-encoding"]);
  for (const [name, value] of Object.entries(headers)) {
    const lower = name.toLowerCase();
    if (!/^[a-z0-9-]+$/.test(lower) || taken.has(lower) || lower.startsWith("sec-websocket-")) {
      throw new TypeError(`Cannot send the header '${headerText(name)}': it is twice there, or the handshake's own`);
    }
    taken.add(lower);
    lines.push(`${name}: ${headerText(value)}`);
  }
  return `${lines.join("\r\n")}\r\n\r\n`;
}

/** Base64 of bytes. */
export function base64(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes));
}

/** What `Sec-WebSocket-Accept` must be for a key. */
export async function acceptFor(key: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-1", new TextEncoder().encode(key + ACCEPT_GUID));
  return base64(new Uint8Array(digest));
}

/** The head of an HTTP answer. Header names are in lower case; a repeated one keeps its first value. */
export interface ResponseHead {
  status: number;
  headers: ReadonlyMap<string, string>;
  /** Where the body begins in the bytes given. */
  bodyOffset: number;
}

/**
 * Reads the head of an answer.
 * @returns `undefined` while the head is not complete
 * @throws {LiveError} `protocol` when it is no HTTP, or longer than {@link MAX_HEAD_BYTES}
 */
export function parseHead(bytes: Uint8Array): ResponseHead | undefined {
  const looked = bytes.subarray(0, MAX_HEAD_BYTES);
  const text = Array.from(looked, (byte) => String.fromCharCode(byte)).join("");
  const end = text.indexOf("\r\n\r\n");
  if (end < 0) {
    if (bytes.length >= MAX_HEAD_BYTES || !"HTTP/".startsWith(text.slice(0, 5))) {
      throw new LiveError("protocol", "Read the handshake: the answer is not HTTP", {
        evidence: { bodyBytes: bytes.length },
      });
    }
    return undefined;
  }
  const [statusLine = "", ...lines] = text.slice(0, end).split("\r\n");
  const match = /^HTTP\/1\.[01] (\d{3})(?: |$)/.exec(statusLine);
  if (match === null) throw new LiveError("protocol", "Read the handshake: the answer is not HTTP/1.1");
  const headers = new Map<string, string>();
  for (const line of lines) {
    const colon = line.indexOf(":");
    const name = line.slice(0, Math.max(0, colon)).trim().toLowerCase();
    if (name !== "" && !headers.has(name)) headers.set(name, line.slice(colon + 1).trim());
  }
  return { status: Number(match[1]), headers, bodyOffset: end + 4 };
}

/**
 * Why a 101 answer cannot be used, or `undefined` when it can.
 * @param accept the value that {@link acceptFor} gives for the key sent
 */
export function handshakeFault(head: ResponseHead, accept: string): string | undefined {
  const tokens = (name: string) => (head.headers.get(name) ?? "").toLowerCase().split(",").map((token) => token.trim());
  if (!tokens("upgrade").includes("websocket")) return "it does not name the upgrade";
  if (!tokens("connection").includes("upgrade")) return "it does not upgrade the connection";
  if (head.headers.get("sec-websocket-accept") !== accept) return "its accept key is wrong";
  if (head.headers.has("sec-websocket-extensions")) return "it chose an extension that was not offered";
  if (head.headers.has("sec-websocket-protocol")) return "it chose a subprotocol that was not offered";
  return undefined;
}

/**
 * One whole client frame.
 * @param mask 4 random bytes; clients must mask
 */
export function encodeFrame(opcode: number, payload: Uint8Array, mask: Uint8Array): Uint8Array {
  const { length } = payload;
  const lengthBytes = length < 126 ? 0 : length < 0x10000 ? 2 : 8;
  const frame = new Uint8Array(2 + lengthBytes + 4 + length);
  const view = new DataView(frame.buffer);
  frame[0] = 0x80 | opcode;
  frame[1] = 0x80 | (lengthBytes === 0 ? length : lengthBytes === 2 ? 126 : 127);
  if (lengthBytes === 2) view.setUint16(2, length);
  if (lengthBytes === 8) view.setBigUint64(2, BigInt(length));
  const start = 2 + lengthBytes;
  frame.set(mask.subarray(0, 4), start);
  for (let index = 0; index < length; index++) {
    frame[start + 4 + index] = (payload[index] ?? 0) ^ (mask[index & 3] ?? 0);
  }
  return frame;
}

/** What the server sent. */
export type ServerMessage =
  | { type: "data"; bytes: Uint8Array }
  | { type: "ping"; bytes: Uint8Array }
  | { type: "pong" }
  | { type: "close"; code: number; reason: string };

function violation(what: string): LiveError {
  return new LiveError("protocol", `Read a WebSocket frame: ${what}`, { retryable: true });
}

/**
 * Cuts a byte stream into messages: fragments are joined, control frames may stand between them. Holds at most one
 * message.
 */
export class FrameParser {
  readonly #maxMessageBytes: number;
  #chunks: Uint8Array[] = [];
  #buffered = 0;
  #fragments: Uint8Array[] = [];
  #fragmentBytes = 0;
  #fragmented = false;

  constructor(maxMessageBytes: number = MAX_MESSAGE_BYTES) {
    this.#maxMessageBytes = maxMessageBytes;
  }

  /**
   * @param bytes what came next; any cut is fine
   * @returns the messages that are complete now
   * @throws {LiveError} `protocol` when the server breaks RFC 6455 or a message is too long; the connection is then
   * of no more use
   */
  push(bytes: Uint8Array): ServerMessage[] {
    if (bytes.length > 0) {
      this.#chunks.push(bytes);
      this.#buffered += bytes.length;
    }
    const messages: ServerMessage[] = [];
    for (let frame = this.#nextFrame(); frame !== undefined; frame = this.#nextFrame()) {
      const message = this.#onFrame(frame.fin, frame.opcode, frame.payload);
      if (message !== undefined) messages.push(message);
    }
    return messages;
  }

  #nextFrame(): { fin: boolean; opcode: number; payload: Uint8Array } | undefined {
    if (this.#buffered < 2) return undefined;
    const head = this.#peek(Math.min(10, this.#buffered));
    const [first = 0, second = 0] = head;
    const opcode = first & 0x0f;
    if ((first & 0x70) !== 0) throw violation("it uses an extension that was not agreed on");
    if ((second & 0x80) !== 0) throw violation("the server masked it");
    const short = second & 0x7f;
    if (opcode >= 8 && (short > 125 || (first & 0x80) === 0)) throw violation("a control frame is too long or cut");
    const lengthBytes = short < 126 ? 0 : short === 126 ? 2 : 8;
    if (head.length < 2 + lengthBytes) return undefined;
    const view = new DataView(head.buffer, head.byteOffset, head.length);
    const length = lengthBytes === 0 ? short : lengthBytes === 2 ? view.getUint16(2) : Number(view.getBigUint64(2));
    if (length + (opcode < 8 ? this.#fragmentBytes : 0) > this.#maxMessageBytes) {
      throw violation(`the message is longer than ${this.#maxMessageBytes} bytes`);
    }
    const total = 2 + lengthBytes + length;
    if (this.#buffered < total) return undefined;
    const frame = this.#peek(total);
    this.#drop(total);
    return { fin: (first & 0x80) !== 0, opcode, payload: frame.subarray(2 + lengthBytes, total) };
  }

  #onFrame(fin: boolean, opcode: number, payload: Uint8Array): ServerMessage | undefined {
    switch (opcode) {
      case OPCODE.text:
      case OPCODE.binary:
        if (this.#fragmented) throw violation("a message begins before the last one ended");
        if (fin) return { type: "data", bytes: payload.slice() };
        this.#fragmented = true;
        this.#keep(payload);
        return undefined;
      case OPCODE.continuation: {
        if (!this.#fragmented) throw violation("it continues a message that never began");
        this.#keep(payload);
        if (!fin) return undefined;
        const bytes = joined(this.#fragments, this.#fragmentBytes);
        this.#fragmented = false;
        this.#fragments = [];
        this.#fragmentBytes = 0;
        return { type: "data", bytes };
      }
      case OPCODE.close: {
        if (payload.length === 0) return { type: "close", code: 1005, reason: "" };
        if (payload.length === 1) throw violation("a close frame has half a code");
        const code = new DataView(payload.buffer, payload.byteOffset, 2).getUint16(0);
        return { type: "close", code, reason: new TextDecoder().decode(payload.subarray(2)) };
      }
      case OPCODE.ping:
        return { type: "ping", bytes: payload.slice() };
      case OPCODE.pong:
        return { type: "pong" };
      default:
        throw violation(`its opcode ${opcode} is reserved`);
    }
  }

  #keep(fragment: Uint8Array): void {
    this.#fragments.push(fragment.slice());
    this.#fragmentBytes += fragment.length;
  }

  /** The first `length` buffered bytes, in one piece. */
  #peek(length: number): Uint8Array {
    const [first] = this.#chunks;
    if (first !== undefined && first.length >= length) return first.subarray(0, length);
    if (length === this.#buffered || length > 16) {
      const whole = joined(this.#chunks, this.#buffered);
      this.#chunks = [whole];
      return whole.subarray(0, length);
    }
    const head = new Uint8Array(length);
    let filled = 0;
    for (const chunk of this.#chunks) {
      const part = chunk.subarray(0, length - filled);
      head.set(part, filled);
      filled += part.length;
      if (filled === length) break;
    }
    return head;
  }

  #drop(length: number): void {
    this.#buffered -= length;
    for (let left = length; left > 0;) {
      const chunk = this.#chunks[0] ?? new Uint8Array(left);
      if (chunk.length > left) {
        this.#chunks[0] = chunk.subarray(left);
        return;
      }
      left -= chunk.length;
      this.#chunks.shift();
    }
  }
}

function joined(chunks: readonly Uint8Array[], size: number): Uint8Array {
  const whole = new Uint8Array(size);
  let offset = 0;
  for (const chunk of chunks) {
    whole.set(chunk, offset);
    offset += chunk.length;
  }
  return whole;
}
