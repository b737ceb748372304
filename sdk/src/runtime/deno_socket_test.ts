/** The raw socket over connections that the test plays. */
import { assert, assertEquals } from "@std/assert";
import { describe, it } from "node:test";
import { isLiveError } from "../errors.ts";
import type { SocketHandlers } from "../ports.ts";
import { settle } from "../testing/fakes.ts";
import { type RawConnection, rawSocketFactory } from "./deno_socket.ts";
import { acceptFor, base64, encodeFrame, OPCODE } from "./ws_protocol.ts";

/** One connection: `give` is what the server sends, `null` its end. */
class FakeConnection implements RawConnection {
  readonly written: number[] = [];
  closed = 0;
  /** Bytes taken by one write. */
  writeSize = 7;
  #incoming: (Uint8Array | null)[] = [];
  #waiting: ((value: Uint8Array | null) => void) | undefined;

  give(bytes: Uint8Array | null): void {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    if (waiting === undefined) this.#incoming.push(bytes);
    else waiting(bytes);
  }

  async read(buffer: Uint8Array): Promise<number | null> {
    if (this.closed > 0) throw new Error("Bad resource ID");
    const [first] = this.#incoming.splice(0, 1);
    const bytes = first === undefined
      ? await new Promise<Uint8Array | null>((resolve) => this.#waiting = resolve)
      : first;
    if (bytes === null) return null;
    buffer.set(bytes);
    return bytes.length;
  }

  write(bytes: Uint8Array): Promise<number> {
    if (this.closed > 0) return Promise.reject(new Error("Bad resource ID"));
    const taken = bytes.subarray(0, this.writeSize);
    this.written.push(...taken);
    return Promise.resolve(taken.length);
  }

  close(): void {
    this.closed++;
    this.give(null);
  }

  get text(): string {
    return String.fromCharCode(...this.written);
  }
}

const KEY = base64(new Uint8Array(16));
const HEADERS = { "User-Agent": "Test/1.0", Cookie: "ttwid=1" };

function setUp(url = "ws://127.0.0.1:5000/path?room_id=1", connect?: () => Promise<RawConnection>) {
  const connection = new FakeConnection();
  const dialled: object[] = [];
  const log: string[] = [];
  let refusal: Parameters<SocketHandlers["refused"]>[0] | undefined;
  const dial = (options: object) => {
    const { signal: _signal, ...rest } = options as { signal?: AbortSignal };
    dialled.push(rest);
    return connect?.() ?? Promise.resolve(connection);
  };
  const factory = rawSocketFactory({
    host: { connect: dial, connectTls: dial },
    randomBytes: (length) => new Uint8Array(length),
  });
  let check = () => undefined as void;
  const told = (line: string) => {
    log.push(line);
    check();
  };
  const socket = factory.open(url, { headers: HEADERS }, {
    opened: () => told("opened"),
    refused: (given) => {
      refusal = given;
      told("refused");
    },
    message: (bytes) => told(`message ${new TextDecoder().decode(bytes)}`),
    closed: ({ code, reason }) => told(`closed ${code} ${reason}`),
  });
  /** Waits until so many things were told; the handshake's SHA-1 is real work. */
  const until = (count: number) =>
    new Promise<void>((resolve) => {
      check = () => log.length >= count ? resolve() : undefined;
      check();
    });
  return { socket, connection, dialled, log, until, refusal: () => refusal };
}

const ascii = (text: string) => new TextEncoder().encode(text);
const upgrade = async () =>
  `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${await acceptFor(
    KEY,
  )}\r\n\r\n`;

/** A short frame of the server's. */
function frame(opcode: number, payload: string | number[]): Uint8Array {
  const body = typeof payload === "string" ? ascii(payload) : new Uint8Array(payload);
  return new Uint8Array([0x80 | opcode, body.length, ...body]);
}

async function opened(): Promise<ReturnType<typeof setUp>> {
  const setting = setUp();
  setting.connection.give(ascii(await upgrade()));
  await setting.until(1);
  assertEquals(setting.log, ["opened"]);
  setting.connection.written.length = 0;
  return setting;
}

describe("rawSocketFactory()", () => {
  it("dials host and port, and sends one User-Agent", async () => {
    const { connection, dialled } = setUp();
    await settle();
    assertEquals(dialled, [{ hostname: "127.0.0.1", port: 5000 }]);
    assert(connection.text.startsWith("GET /path?room_id=1 HTTP/1.1\r\nHost: 127.0.0.1:5000\r\n"));
    assertEquals(connection.text.match(/user-agent/gi)?.length, 1);
    assert(connection.text.includes("Cookie: ttwid=1\r\n"));
  });

  it("dials wss on 443 with HTTP/1.1 alone, and IPv6 without brackets", async () => {
    const tls = setUp("wss://webcast-ws.tiktok.com/x");
    const six = setUp("ws://[::1]:80/x");
    await settle();
    assertEquals(tls.dialled, [{ hostname: "webcast-ws.tiktok.com", port: 443, alpnProtocols: ["http/1.1"] }]);
    assertEquals(six.dialled, [{ hostname: "::1", port: 80 }]);
  });

  it("gives messages, also those that came with the handshake, in any pieces", async () => {
    const { connection, log, until } = setUp();
    const bytes = new Uint8Array([
      ...ascii(await upgrade()),
      ...frame(OPCODE.binary, "one"),
      ...frame(OPCODE.text, "two"),
    ]);
    for (let index = 0; index < bytes.length; index += 11) connection.give(bytes.slice(index, index + 11));
    await until(3);
    assertEquals(log, ["opened", "message one", "message two"]);
  });

  it("sends masked frames whole, in order", async () => {
    const { socket, connection } = await opened();
    socket.send(ascii("first message"));
    socket.send(ascii("second"));
    await settle();
    const mask = new Uint8Array(4);
    assertEquals(connection.written, [
      ...encodeFrame(OPCODE.binary, ascii("first message"), mask),
      ...encodeFrame(OPCODE.binary, ascii("second"), mask),
    ]);
  });

  it("answers pings", async () => {
    const { connection } = await opened();
    connection.give(frame(OPCODE.ping, "are you there"));
    await settle();
    assertEquals(connection.written, [...encodeFrame(OPCODE.pong, ascii("are you there"), new Uint8Array(4))]);
  });

  it("shows why a handshake was refused", async () => {
    const { connection, log, refusal } = setUp();
    connection.give(
      ascii(
        "HTTP/1.1 200 OK\r\nHandshake-Status: 415\r\nHandshake-Msg: DEVICE_BLOCKED\r\nX-Tt-Logid: L\r\nRetry-After: 9\r\n\r\n",
      ),
    );
    await settle();
    assertEquals(log, ["refused"]);
    assertEquals(refusal(), {
      status: 200,
      handshakeStatus: "415",
      handshakeMessage: "DEVICE_BLOCKED",
      retryAfter: "9",
      logId: "L",
    });
    assertEquals(connection.closed, 1);
  });

  it("refuses an upgrade with the wrong key, a server that hangs up, and what is no HTTP", async () => {
    const answers: (string | null)[] = [
      "HTTP/1.1 101 x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: x\r\n\r\n",
      null,
      "SSH-2.0-OpenSSH\r\n",
    ];
    const codes: unknown[] = [];
    for (const answer of answers) {
      const { connection, log, until, refusal } = setUp();
      connection.give(answer === null ? null : ascii(answer));
      await until(1);
      const cause = refusal()?.cause;
      codes.push(isLiveError(cause) && cause.code);
      assertEquals([log, connection.closed], [["refused"], 1]);
    }
    assertEquals(codes, ["protocol", "network", "protocol"]);
  });

  it("reports a host that cannot be reached", async () => {
    const error = new Error("connection refused");
    const { log, refusal } = setUp(undefined, () => Promise.reject(error));
    await settle();
    assertEquals([log, refusal()], [["refused"], { cause: error }]);
  });

  it("reports how an open socket ended, once", async () => {
    const cases: [Uint8Array | null, string][] = [
      [frame(OPCODE.close, [0x03, 0xe9, 0x62, 0x79, 0x65]), "closed 1001 bye"],
      [null, "closed 1006 the connection ended without a close frame"],
      [new Uint8Array([0xff, 0x00]), "closed 1002 Read a WebSocket frame: it uses an extension that was not agreed on"],
    ];
    for (const [given, expected] of cases) {
      const { connection, log } = await opened();
      connection.give(given);
      await settle();
      assertEquals([log, connection.closed], [["opened", expected], 1]);
    }
  });

  it("close() says goodbye, ends the connection, and calls no handler", async () => {
    const { socket, connection, log } = await opened();
    socket.close();
    socket.close();
    socket.send(ascii("too late"));
    await settle();
    assertEquals(connection.written, [...encodeFrame(OPCODE.close, new Uint8Array([3, 232]), new Uint8Array(4))]);
    assertEquals([log, connection.closed], [["opened"], 1]);
  });

  it("close() while dialling ends the connection as soon as it is there", async () => {
    const gate = Promise.withResolvers<RawConnection>();
    const { socket, log } = setUp(undefined, () => gate.promise);
    socket.close();
    const late = new FakeConnection();
    gate.resolve(late);
    await settle();
    assertEquals([log, late.closed, late.written.length], [[], 1, 0]);
  });

  it("gives up a server that takes no bytes", async () => {
    const { socket, connection, log } = await opened();
    connection.write = () => new Promise(() => {});
    for (let index = 0; index < 20; index++) socket.send(new Uint8Array(100_000));
    await settle();
    assertEquals([log, connection.closed], [["opened", "closed 1006 the server takes no bytes"], 1]);
  });
});
