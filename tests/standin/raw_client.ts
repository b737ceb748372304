/**
 * A client for the stand-in's own tests, on raw sockets: it can say what `fetch` and `WebSocket` would not, such as two
 * User-Agents, and sees every byte of the answer.
 * @module
 */
import { randomBytes } from "node:crypto";
import { connect, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { gunzipSync } from "node:zlib";
import { decodeFetchResult, decodeFrame, type FetchResult, type PushFrame } from "../../sdk/src/wire/frames.ts";

/** Head of an answer. */
export interface RawHead {
  status: number;
  headers: Map<string, string>;
}

/** A connection on which a request was sent. */
export class RawConnection {
  readonly socket: Socket;
  #buffered: Buffer = Buffer.alloc(0);
  #ended = false;
  #wake: (() => void) | undefined;

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.on("data", (chunk: Buffer) => {
      this.#buffered = Buffer.concat([this.#buffered, chunk]);
      this.#wake?.();
    });
    const end = (): void => {
      this.#ended = true;
      this.#wake?.();
    };
    socket.on("end", end);
    socket.on("close", end);
    socket.on("error", end);
  }

  /** Connects and sends a request. */
  static async open(
    address: { port: number; tls?: { servername: string } },
    target: string,
    headers: readonly (readonly [string, string])[],
  ): Promise<RawConnection> {
    const { port, tls } = address;
    const socket = await new Promise<Socket>((resolve, reject) => {
      const opened: Socket = tls === undefined
        ? connect({ host: "127.0.0.1", port }, () => resolve(opened))
        : connectTls({ host: "127.0.0.1", port, servername: tls.servername, rejectUnauthorized: false }, () => {
          resolve(opened);
        });
      opened.once("error", reject);
    });
    const connection = new RawConnection(socket);
    const host = tls?.servername ?? "127.0.0.1";
    const lines = [["Host", `${host}:${port}`] as const, ...headers].map(([name, value]) => `${name}: ${value}\r\n`);
    socket.write(`GET ${target} HTTP/1.1\r\n${lines.join("")}\r\n`);
    return connection;
  }

  /** Reads the answer's head. */
  async head(): Promise<RawHead> {
    await this.#until(() => this.#buffered.indexOf("\r\n\r\n") >= 0);
    const end = this.#buffered.indexOf("\r\n\r\n");
    const [first = "", ...lines] = this.#buffered.toString("latin1", 0, end).split("\r\n");
    this.#buffered = this.#buffered.subarray(end + 4);
    const headers = new Map(lines.map((line) => {
      const colon = line.indexOf(":");
      return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
    }));
    return { status: Number(first.split(" ")[1]), headers };
  }

  /** Reads exactly so many bytes. */
  async bytes(count: number): Promise<Uint8Array> {
    await this.#until(() => this.#buffered.length >= count);
    const taken = new Uint8Array(this.#buffered.subarray(0, count));
    this.#buffered = this.#buffered.subarray(count);
    return taken;
  }

  /** Reads to the end of the connection. */
  async rest(): Promise<Uint8Array> {
    while (!this.#ended) await this.#more();
    return new Uint8Array(this.#buffered);
  }

  /** Whether the connection ended and nothing is left to read. */
  get over(): boolean {
    return this.#ended && this.#buffered.length === 0;
  }

  async #until(met: () => boolean): Promise<void> {
    while (!met()) {
      if (this.#ended) throw new Error("The connection ended too early");
      await this.#more();
    }
  }

  #more(): Promise<void> {
    return new Promise((resolve) => this.#wake = resolve);
  }
}

/** Masks and frames a client's binary message. */
export function maskFrame(payload: Uint8Array, opcode = 2): Uint8Array {
  const extended = payload.length < 126 ? 0 : 2;
  const frame = new Uint8Array(6 + extended + payload.length);
  frame[0] = 0x80 | opcode;
  frame[1] = 0x80 | (extended === 0 ? payload.length : 126);
  if (extended === 2) new DataView(frame.buffer).setUint16(2, payload.length);
  const mask = new Uint8Array(randomBytes(4));
  frame.set(mask, 2 + extended);
  for (const [index, byte] of payload.entries()) frame[6 + extended + index] = byte ^ (mask[index & 3] ?? 0);
  return frame;
}

/** The client's end of a live socket. */
export class RawLiveSocket {
  readonly connection: RawConnection;

  constructor(connection: RawConnection) {
    this.connection = connection;
  }

  send(bytes: Uint8Array): void {
    this.connection.socket.write(maskFrame(bytes));
  }

  /** The next WebSocket frame. */
  async frame(): Promise<{ opcode: number; payload: Uint8Array }> {
    const [first = 0, second = 0] = await this.connection.bytes(2);
    let length = second & 0x7f;
    if (length === 126) length = new DataView((await this.connection.bytes(2)).buffer).getUint16(0);
    else if (length === 127) length = Number(new DataView((await this.connection.bytes(8)).buffer).getBigUint64(0));
    return { opcode: first & 0x0f, payload: await this.connection.bytes(length) };
  }

  /** The next push frame. */
  async push(): Promise<PushFrame> {
    const { opcode, payload } = await this.frame();
    if (opcode !== 2) throw new Error(`The frame has opcode ${opcode}`);
    return decodeFrame(payload);
  }

  /** The next push frame that carries messages, unpacked; heartbeats are skipped. */
  async batch(): Promise<FetchResult & { logId: string; payloadType: string }> {
    let frame = await this.push();
    while (frame.payloadType === "hb") frame = await this.push();
    const packed = frame.headers["compress_type"] === "gzip";
    const payload = packed ? new Uint8Array(gunzipSync(frame.payload)) : frame.payload;
    return { ...decodeFetchResult(payload), logId: frame.logId, payloadType: frame.payloadType };
  }
}
