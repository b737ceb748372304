/**
 * RFC 6455 frames, the server's side: no extension, no subprotocol but an echoed one.
 * @module
 */
import { createHash } from "node:crypto";

const MAX_MESSAGE_BYTES = 1024 * 1024;
const ACCEPT_GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/** Frame kinds that the stand-in reads or writes. */
export const OPCODE = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const;

/** Value of `Sec-WebSocket-Accept` for a client's key. */
export function acceptKey(key: string): string {
  return createHash("sha1").update(key + ACCEPT_GUID).digest("base64");
}

/** Builds one final frame without a mask. */
export function encodeServerFrame(opcode: number, payload: Uint8Array): Uint8Array {
  const length = payload.length;
  const headLength = length < 126 ? 2 : length < 65536 ? 4 : 10;
  const frame = new Uint8Array(headLength + length);
  frame[0] = 0x80 | opcode;
  if (length < 126) {
    frame[1] = length;
  } else {
    const view = new DataView(frame.buffer);
    frame[1] = length < 65536 ? 126 : 127;
    if (length < 65536) view.setUint16(2, length);
    else view.setBigUint64(2, BigInt(length));
  }
  frame.set(payload, headLength);
  return frame;
}

/** Payload of a close frame. */
export function closePayload(code: number, reason: string): Uint8Array {
  const text = new TextEncoder().encode(reason);
  const payload = new Uint8Array(2 + text.length);
  new DataView(payload.buffer).setUint16(0, code);
  payload.set(text, 2);
  return payload;
}

/** One whole message or control frame from the client. */
export interface ClientMessage {
  opcode: number;
  payload: Uint8Array;
}

/** Cuts a byte stream into messages; fragments are joined. */
export class FrameReader {
  #buffered = new Uint8Array(0);
  #fragments: Uint8Array[] = [];
  #fragmentOpcode = 0;

  /**
   * Takes bytes and returns the messages that they complete.
   * @throws RangeError for frames that no client may send: without mask, reserved bits, over 1 MiB
   */
  push(chunk: Uint8Array): ClientMessage[] {
    const joined = new Uint8Array(this.#buffered.length + chunk.length);
    joined.set(this.#buffered);
    joined.set(chunk, this.#buffered.length);
    this.#buffered = joined;
    const messages: ClientMessage[] = [];
    let frame = this.#shift();
    while (frame !== undefined) {
      const message = this.#join(frame);
      if (message !== undefined) messages.push(message);
      frame = this.#shift();
    }
    return messages;
  }

  #shift(): (ClientMessage & { final: boolean }) | undefined {
    const bytes = this.#buffered;
    const first = bytes[0];
    const second = bytes[1];
    if (first === undefined || second === undefined) return undefined;
    if ((first & 0x70) !== 0) throw new RangeError("Cannot read the frame: reserved bits are set");
    if ((second & 0x80) === 0) throw new RangeError("Cannot read the frame: the client did not mask it");
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    let length = second & 0x7f;
    let offset = 2;
    if (length === 126) {
      if (bytes.length < 4) return undefined;
      length = view.getUint16(2);
      offset = 4;
    } else if (length === 127) {
      if (bytes.length < 10) return undefined;
      length = Number(view.getBigUint64(2));
      offset = 10;
    }
    if (length > MAX_MESSAGE_BYTES) throw new RangeError(`Cannot read the frame: ${length} bytes are too many`);
    const start = offset + 4;
    if (bytes.length < start + length) return undefined;
    const payload = new Uint8Array(length);
    for (let index = 0; index < length; index++) {
      payload[index] = (bytes[start + index] ?? 0) ^ (bytes[offset + (index & 3)] ?? 0);
    }
    this.#buffered = bytes.slice(start + length);
    return { opcode: first & 0x0f, payload, final: (first & 0x80) !== 0 };
  }

  #join(frame: ClientMessage & { final: boolean }): ClientMessage | undefined {
    if (frame.opcode >= 8) return { opcode: frame.opcode, payload: frame.payload };
    if (frame.opcode !== OPCODE.continuation) {
      this.#fragments = [];
      this.#fragmentOpcode = frame.opcode;
    }
    this.#fragments.push(frame.payload);
    if (!frame.final) return undefined;
    const payload = Buffer.concat(this.#fragments);
    this.#fragments = [];
    return { opcode: this.#fragmentOpcode, payload: new Uint8Array(payload) };
  }
}
