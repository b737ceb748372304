/** The agents of connector 1.x scripts on this runtime: what goes to the proxy that they name. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { createServer, type Server } from "node:net";
import { after, before, beforeEach, describe, it } from "node:test";
import { WebcastPushConnection } from "../compat.ts";
import { isLiveError } from "../mod.ts";
import type { SocketRefusal } from "../src/ports.ts";
import { proxiedByHost } from "../src/runtime/host_proxy.ts";
import { settle } from "../src/testing/fakes.ts";

const RUNTIME = "Bun" in globalThis ? "bun" : "Deno" in globalThis ? "deno" : "node";

describe("a proxy that an agent names", () => {
  /** A proxy that refuses everything, and the first line of each request to it. */
  let proxy: Server;
  let url = "";
  let seen: string[] = [];

  before(async () => {
    proxy = createServer((socket) => {
      socket.on("error", () => undefined);
      socket.once("data", (bytes) => {
        seen.push(bytes.toString("latin1").split("\r\n")[0] ?? "");
        socket.end("HTTP/1.1 502 Bad Gateway\r\n\r\n");
      });
    });
    await new Promise<void>((resolve) => proxy.listen(0, "127.0.0.1", resolve));
    const address = proxy.address();
    url = `http://127.0.0.1:${typeof address === "object" && address !== null ? address.port : 0}`;
  });
  beforeEach(() => {
    seen = [];
  });
  after(() => new Promise<void>((resolve) => proxy.close(() => resolve())));

  it("sees the requests of a connection, whichever option names it", async () => {
    const agent = { proxy: new URL(url) };
    for (const options of [{ requestOptions: { httpsAgent: agent } }, { websocketOptions: { agent } }]) {
      seen = [];
      const connection = new WebcastPushConnection("some.host", options);
      const error = await assertRejects(() => connection.connect());
      assert(isLiveError(error) && error.code === "network", String(error));
      assertEquals([...new Set(seen)], ["CONNECT www.tiktok.com:443 HTTP/1.1"]);
    }
  });

  it("sees the sockets", async () => {
    const { socket } = proxiedByHost({ proxy: url });
    const refusal = await new Promise<SocketRefusal>((resolve, reject) => {
      const unexpected = () => reject(new Error("it opened"));
      socket.open("wss://webcast-ws.tiktok.com/x", { headers: { Cookie: "a=1" } }, {
        ...{ opened: unexpected, message: unexpected, closed: unexpected },
        refused: resolve,
      });
    });
    assertEquals([refusal.handshakeStatus, new Set(seen)], [
      undefined,
      new Set(["CONNECT webcast-ws.tiktok.com:443 HTTP/1.1"]),
    ]);
  });

  const skip = RUNTIME === "node" ? false : "SKIPPED: only Node wants undici";
  it("is an error with a remedy when undici is missing, and no request goes past it", { skip }, async () => {
    const { fetch, socket } = proxiedByHost({ proxy: url }, () => Promise.reject(new Error("not installed")));
    await assertRejects(() => fetch("https://www.tiktok.com/", {}));
    const told: string[] = [];
    const handlers = {
      opened: () => told.push("opened"),
      refused: ({ cause }: SocketRefusal) => told.push(String(cause)),
      message: () => told.push("message"),
      closed: () => told.push("closed"),
    };
    socket.open("wss://webcast-ws.tiktok.com/x", { headers: {} }, handlers);
    socket.open("wss://webcast-ws.tiktok.com/x", { headers: {} }, handlers).close();
    await settle();
    assertEquals([told, seen], [["Error: not installed"], []]);
  });
});
