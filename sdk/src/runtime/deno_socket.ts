/**
 * WebSockets over a host's raw connections (`Deno.connect`, `Deno.connectTls`). Deno's own WebSocket adds a second
 * User-Agent and hides the answer of a refused handshake; this one sends each header once, shows the answer, and needs
 * the permission `--allow-net` alone.
 * @module
 */
import { isLiveError, LiveError } from "../errors.ts";
import type { Socket, SocketFactory, SocketHandlers, SocketRefusal } from "../ports.ts";
import { refusalOf } from "./socket_events.ts";
import {
  acceptFor,
  base64,
  encodeFrame,
  FrameParser,
  handshakeFault,
  handshakeRequest,
  MAX_HEAD_BYTES,
  OPCODE,
  parseHead,
  type ResponseHead,
} from "./ws_protocol.ts";

/** A raw connection. */
export interface RawConnection {
  /** Bytes read into `buffer`, or `null` at the end. */
  read(buffer: Uint8Array): Promise<number | null>;
  /** Bytes written, which can be fewer than given. */
  write(bytes: Uint8Array): Promise<number>;
  close(): void;
}

/** The part of the `Deno` namespace that is used. */
export interface RawHost {
  connect(options: { hostname: string; port: number; signal?: AbortSignal }): Promise<RawConnection>;
  connectTls(
    options: { hostname: string; port: number; alpnProtocols: string[]; signal?: AbortSignal },
  ): Promise<RawConnection>;
}

/** Options of {@link rawSocketFactory}. */
export interface RawSocketOptions {
  host: RawHost;
  /** Unpredictable bytes, for keys and masks. */
  randomBytes: (length: number) => Uint8Array;
}

const READ_BYTES = 32 * 1024;

/** Bytes that may wait to be written: a peer that takes nothing is as good as gone. */
const MAX_UNSENT_BYTES = 1024 * 1024;

/** {@link SocketFactory} over raw connections. */
export function rawSocketFactory(options: RawSocketOptions): SocketFactory {
  return {
    open: (url, { headers }, handlers) => {
      const socket = new RawSocket(options, handlers);
      void socket.run(new URL(url), headers);
      return socket;
    },
  };
}

class RawSocket implements Socket {
  readonly #options: RawSocketOptions;
  readonly #handlers: SocketHandlers;
  readonly #opening = new AbortController();
  #connection: RawConnection | undefined;
  #open = false;
  /** Set once the socket is done: no handler is called afterwards. */
  #done = false;
  #unsentBytes = 0;
  #lastWrite: Promise<void> = Promise.resolve();

  constructor(options: RawSocketOptions, handlers: SocketHandlers) {
    this.#options = options;
    this.#handlers = handlers;
  }

  /** Opens, reads to the end, and reports; never rejects. */
  async run(url: URL, headers: Record<string, string>): Promise<void> {
    try {
      const { rest, refusal } = await this.#handshake(url, headers);
      if (refusal !== undefined) return this.#refuse(refusal);
      if (this.#done) return this.#drop();
      this.#open = true;
      this.#handlers.opened();
      await this.#readFrames(rest);
    } catch (cause) {
      if (!this.#open) return this.#refuse({ cause });
      const isViolation = isLiveError(cause) && cause.code === "protocol";
      this.#end(isViolation ? 1002 : 1006, cause instanceof Error ? cause.message : "the connection broke");
    }
  }

  send(bytes: Uint8Array): void {
    if (this.#open && !this.#done) this.#write(OPCODE.binary, bytes);
  }

  close(): void {
    if (this.#done) return;
    this.#done = true;
    this.#opening.abort(new DOMException("the socket was closed", "AbortError"));
    // A peer that has not taken the last frames will not take a farewell either.
    if (!this.#open || this.#unsentBytes > 0) return this.#drop();
    this.#write(OPCODE.close, new Uint8Array([0x03, 0xe8]));
    void this.#lastWrite.then(() => this.#drop());
  }

  async #handshake(
    url: URL,
    headers: Record<string, string>,
  ): Promise<{ rest: Uint8Array; refusal?: SocketRefusal }> {
    const { host, randomBytes } = this.#options;
    const key = base64(randomBytes(16));
    const request = new TextEncoder().encode(handshakeRequest(url, headers, key));
    // An IPv6 literal has its brackets in a URL and none in a connect call.
    const hostname = url.hostname.replace(/^\[(.*)\]$/, "$1");
    const tls = url.protocol === "wss:";
    const port = url.port === "" ? (tls ? 443 : 80) : Number(url.port);
    const { signal } = this.#opening;
    const connection = tls
      ? await host.connectTls({ hostname, port, alpnProtocols: ["http/1.1"], signal })
      : await host.connect({ hostname, port, signal });
    this.#connection = connection;
    signal.throwIfAborted();
    await writeAll(connection, request);
    const { head, rest } = await readHead(connection, "the server hung up in the handshake");
    return await this.#judge(head, rest, key);
  }

  async #judge(head: ResponseHead, rest: Uint8Array, key: string) {
    if (head.status !== 101) return { rest, refusal: refusalOf(head) };
    const fault = handshakeFault(head, await acceptFor(key));
    if (fault === undefined) return { rest };
    return {
      rest,
      refusal: { cause: new LiveError("protocol", `Open the socket: the answer is no upgrade, ${fault}`) },
    };
  }

  async #readFrames(rest: Uint8Array): Promise<void> {
    const connection = this.#connection;
    const parser = new FrameParser();
    const buffer = new Uint8Array(READ_BYTES);
    for (let bytes: Uint8Array | undefined = rest; bytes !== undefined && !this.#done;) {
      for (const message of parser.push(bytes)) {
        if (this.#done) return;
        if (message.type === "data") this.#handlers.message(message.bytes);
        else if (message.type === "ping") this.#write(OPCODE.pong, message.bytes);
        else if (message.type === "close") return this.#end(message.code, message.reason);
      }
      const count = this.#done ? null : await connection?.read(buffer);
      bytes = typeof count === "number" ? buffer.slice(0, count) : undefined;
    }
    this.#end(1006, "the connection ended without a close frame");
  }

  #write(opcode: number, payload: Uint8Array): void {
    const connection = this.#connection;
    if (connection === undefined) return;
    const frame = encodeFrame(opcode, payload, this.#options.randomBytes(4));
    this.#unsentBytes += frame.length;
    if (this.#unsentBytes > MAX_UNSENT_BYTES) return this.#end(1006, "the server takes no bytes");
    this.#lastWrite = this.#lastWrite.then(() => writeAll(connection, frame)).then(
      () => {
        this.#unsentBytes -= frame.length;
      },
      // A broken connection also ends the read loop, which reports it; here it only must not go on.
      () => this.#drop(),
    );
  }

  #refuse(refusal: SocketRefusal): void {
    this.#drop();
    if (this.#done) return;
    this.#done = true;
    this.#handlers.refused(refusal);
  }

  #end(code: number, reason: string): void {
    if (!this.#done) {
      this.#done = true;
      this.#handlers.closed({ code, reason });
    }
    this.#drop();
  }

  #drop(): void {
    const connection = this.#connection;
    this.#connection = undefined;
    connection?.close();
  }
}

/**
 * Reads the head of an HTTP answer, and what came after it.
 * @param hungUp what an end before that is called
 * @throws {LiveError} `network` when the connection ends before; `protocol` when it is no HTTP or too long
 */
export async function readHead(
  connection: RawConnection,
  hungUp: string,
): Promise<{ head: ResponseHead; rest: Uint8Array }> {
  let received = new Uint8Array(0);
  for (;;) {
    const head = parseHead(received);
    if (head !== undefined) return { head, rest: received.slice(head.bodyOffset) };
    const buffer = new Uint8Array(MAX_HEAD_BYTES);
    const count = await connection.read(buffer);
    if (count === null) throw new LiveError("network", `Open the socket: ${hungUp}`);
    const longer = new Uint8Array(received.length + count);
    longer.set(received);
    longer.set(buffer.subarray(0, count), received.length);
    received = longer;
  }
}

/** Writes all of the bytes. */
export async function writeAll(connection: RawConnection, bytes: Uint8Array): Promise<void> {
  for (let offset = 0; offset < bytes.length;) {
    offset += await connection.write(bytes.subarray(offset));
  }
}
