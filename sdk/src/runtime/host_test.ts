import { assert, assertEquals, assertInstanceOf, assertThrows } from "@std/assert";
import { describe, it } from "node:test";
import { isLiveError } from "../errors.ts";
import { FakeClock, settle } from "../testing/fakes.ts";
import { chooseSocket, hostFetch, type HostGlobals } from "./host.ts";
import type { NativeWebSocketConstructor } from "./web_socket.ts";

/** Which way a socket goes on a host. */
async function routeOf(globals: HostGlobals, given?: NativeWebSocketConstructor): Promise<string> {
  const seen: string[] = [];
  const fetch = () => Promise.reject(new Error("no network"));
  chooseSocket({ WebSocket: given, fetch, clock: new FakeClock(), globals }).open(
    "ws://127.0.0.1:1/",
    { headers: {} },
    {
      opened: () => seen.push("opened"),
      refused: ({ cause }) => seen.push(isLiveError(cause) ? cause.message : (cause as Error).message),
      message: () => undefined,
      closed: () => undefined,
    },
  );
  await settle();
  return seen.join();
}

const native = (name: string) =>
  class {
    constructor() {
      throw new Error(name);
    }
  } as unknown as NativeWebSocketConstructor;
const deno = {
  connect: () => Promise.reject(new Error("raw")),
  connectTls: () => Promise.reject(new Error("raw tls")),
};
const NO_HEADERS = "Open the socket: this host's WebSocket takes no headers";

describe("chooseSocket()", () => {
  it("takes raw connections where the host offers them", async () => {
    assertEquals(await routeOf({ Deno: deno, WebSocket: native("global") }), "raw");
  });
  it("takes the host's WebSocket elsewhere", async () => {
    assertEquals(await routeOf({ WebSocket: native("global") }), NO_HEADERS);
    assertEquals(await routeOf({ Deno: { connect: deno.connect }, WebSocket: native("global") }), NO_HEADERS);
  });
  it("always takes the WebSocket that was given", async () => {
    assertEquals(await routeOf({ Deno: deno }, native("given")), NO_HEADERS);
  });
  it("refuses with a remedy where there is nothing", async () => {
    assertEquals(await routeOf({}), "Open the socket: this host has no WebSocket");
  });
});

describe("hostFetch()", () => {
  it("calls the host's fetch with the host as this", async () => {
    let self: unknown;
    const globals = {
      fetch(this: unknown) {
        self = this;
        return Promise.resolve(new Response("x"));
      },
    };
    await hostFetch(globals)("https://a.example/", {});
    assert(self === globals);
  });
  it("throws where there is none", () => assertInstanceOf(assertThrows(() => hostFetch({})), TypeError));
});
