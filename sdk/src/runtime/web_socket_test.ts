import { assert, assertEquals } from "@std/assert";
import { describe, it } from "node:test";
import { isLiveError } from "../errors.ts";
import type { SocketRefusal } from "../ports.ts";
import { FakeClock, settle } from "../testing/fakes.ts";
import { FakeFetch, type SeenRequest } from "../testing/http.ts";
import { type NativeWebSocket, webSocketFactory } from "./web_socket.ts";

/** A native WebSocket that the test plays. */
class FakeNative implements NativeWebSocket {
  binaryType = "blob";
  readyState = 0;
  readonly sent: Uint8Array[] = [];
  closes = 0;
  readonly url: string;
  readonly options: { headers: Record<string, string> };
  readonly #listeners = new Map<string, ((event: unknown) => void)[]>();

  constructor(url: string, options: { headers: Record<string, string> }) {
    this.url = url;
    this.options = options;
  }
  send(data: Uint8Array): void {
    this.sent.push(data);
  }
  close(): void {
    this.closes++;
  }
  addEventListener(type: string, listener: (event: unknown) => void): void {
    this.#listeners.set(type, [...this.#listeners.get(type) ?? [], listener]);
  }
  fire(type: string, event: object = {}): void {
    if (type === "open") this.readyState = 1;
    for (const listener of this.#listeners.get(type) ?? []) listener(event);
  }
}

function setUp(
  answer: (request: SeenRequest) => Response | Promise<Response> = () => new Response("", { status: 400 }),
) {
  const natives: FakeNative[] = [];
  const clock = new FakeClock();
  const http = new FakeFetch(answer);
  const log: string[] = [];
  const messages: number[][] = [];
  const refusals: SocketRefusal[] = [];
  class Native extends FakeNative {
    constructor(url: string, options: { headers: Record<string, string> }) {
      super(url, options);
      natives.push(this);
    }
  }
  const factory = webSocketFactory({ WebSocket: Native, fetch: http.fetch, clock });
  const socket = factory.open("wss://webcast-ws.tiktok.com/x?y=1", { headers: { Cookie: "ttwid=1" } }, {
    opened: () => log.push("opened"),
    refused: (refusal) => {
      refusals.push(refusal);
      log.push("refused");
    },
    message: (bytes) => messages.push([...bytes]),
    closed: ({ code, reason }) => log.push(`closed ${code} ${reason}`),
  });
  const [native] = natives;
  assert(native !== undefined);
  return { socket, native, clock, http, log, messages, refusals };
}

describe("webSocketFactory()", () => {
  it("hands headers over and binary messages on", () => {
    const { socket, native, log, messages } = setUp();
    assertEquals([native.url, native.options.headers, native.binaryType], [
      "wss://webcast-ws.tiktok.com/x?y=1",
      { Cookie: "ttwid=1" },
      "arraybuffer",
    ]);
    socket.send(new Uint8Array([1]));
    native.fire("open");
    socket.send(new Uint8Array([2]));
    native.fire("message", { data: new Uint8Array([3, 4]).buffer });
    native.fire("message", { data: new Uint8Array([0, 5]).subarray(1) });
    native.fire("message", { data: "A" });
    native.fire("message", { data: 7 });
    assertEquals([log, native.sent.map((bytes) => [...bytes]), messages], [["opened"], [[2]], [[3, 4], [5], [65]]]);
  });

  it("reports the end once, by error or close", () => {
    const { native, log } = setUp();
    native.fire("open");
    native.fire("close", { code: 1001, reason: "bye" });
    native.fire("error");
    assertEquals(log, ["opened", "closed 1001 bye"]);
    const broken = setUp();
    broken.native.fire("open");
    broken.native.fire("error");
    broken.native.fire("close", { code: 1006, reason: "" });
    assertEquals(broken.log, ["opened", "closed 1006 "]);
  });

  it("asks the same URL by fetch why the handshake was refused", async () => {
    const { native, http, log, refusals, clock } = setUp(() =>
      new Response("", { headers: { "Handshake-Status": "415", "Handshake-Msg": "DEVICE_BLOCKED", "X-Tt-Logid": "L" } })
    );
    native.fire("error");
    native.fire("close", { code: 1006 });
    await settle();
    assertEquals(http.requests.map((request) => [request.url.href, request.headers]), [
      ["https://webcast-ws.tiktok.com/x?y=1", { Cookie: "ttwid=1" }],
    ]);
    assertEquals([log, clock.waiting], [["refused"], 0]);
    assertEquals(refusals, [{ status: 200, handshakeStatus: "415", handshakeMessage: "DEVICE_BLOCKED", logId: "L" }]);
  });

  it("takes no answer for the reason that only misses the upgrade", async () => {
    const answers = [
      () =>
        new Response("", { status: 400, headers: { "Handshake-Status": "400", "Handshake-Msg": "illegal handshake" } }),
      () => new Response("", { headers: { "Handshake-Status": "400" } }),
      () => new Response("Upgrade Required", { status: 426 }),
      () => new Response("hello"),
    ];
    for (const answer of answers) {
      const { native, refusals } = setUp(answer);
      native.fire("error");
      await settle();
      assertEquals(refusals, [{ cause: undefined }]);
    }
  });

  it("names a status that is a refusal for every request", async () => {
    for (const status of [403, 415, 429, 503]) {
      const { native, refusals } = setUp(() => new Response("", { status, headers: { "Retry-After": "9" } }));
      native.fire("error");
      await settle();
      assertEquals(refusals, [{ status, retryAfter: "9" }]);
    }
  });

  it("ends a connection at once where the host can", () => {
    const { socket, native } = setUp();
    let terminated = 0;
    Object.assign(native, { terminate: () => terminated++ });
    native.fire("open");
    socket.close();
    assertEquals([native.closes, terminated], [1, 1]);
  });

  it("hands on the socket's own error when fetch fails too, or its own", async () => {
    const { native, refusals } = setUp(() => Promise.reject(new Error("fetch failed")));
    const error = new Error("getaddrinfo ENOTFOUND");
    native.fire("error", { error });
    await settle();
    assertEquals(refusals, [{ cause: error }]);
    const bare = setUp(() => Promise.reject(new Error("fetch failed")));
    bare.native.fire("error");
    await settle();
    assertEquals((bare.refusals[0]?.cause as Error).message, "fetch failed");
  });

  it("does not wait for ever for the reason", async () => {
    const { native, clock, log, refusals } = setUp(() => new Promise(() => {}));
    native.fire("error");
    await clock.advance(5000);
    assertEquals([log, clock.waiting], [["refused"], 0]);
    const cause = refusals[0]?.cause;
    assert(isLiveError(cause) && cause.code === "deadline");
  });

  it("calls no handler after close(), and leaves no timer", async () => {
    const { socket, native, log } = setUp();
    socket.close();
    native.fire("open");
    native.fire("message", { data: new ArrayBuffer(1) });
    native.fire("close", {});
    assertEquals([log, native.closes], [[], 2]);
    const asking = setUp(() => new Promise(() => {}));
    asking.native.fire("error");
    asking.socket.close();
    await settle();
    assertEquals([asking.log, asking.clock.waiting], [[], 0]);
  });

  it("says clearly that a constructor takes no headers", async () => {
    class Browser {
      constructor() {
        throw new DOMException("The subprotocol '[object Object]' is invalid", "SyntaxError");
      }
    }
    const refusals: SocketRefusal[] = [];
    const factory = webSocketFactory({
      WebSocket: Browser as unknown as typeof FakeNative,
      fetch: new FakeFetch(() => new Response("")).fetch,
      clock: new FakeClock(),
    });
    factory.open("wss://x.example/", { headers: {} }, {
      opened: () => undefined,
      refused: (refusal) => refusals.push(refusal),
      message: () => undefined,
      closed: () => undefined,
    });
    await settle();
    const cause = refusals[0]?.cause;
    assert(isLiveError(cause) && !cause.retryable && cause.message.includes("takes no headers"));
  });
});
