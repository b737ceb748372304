/** Tunnels over connections that the test plays. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { describe, it } from "node:test";
import { isLiveError } from "../errors.ts";
import { settle } from "../testing/fakes.ts";
import type { RawConnection } from "./deno_socket.ts";
import { chooseProxies, type ProxyAddress } from "./proxy_options.ts";
import { tunnelHost } from "./tunnel.ts";

const ascii = (text: string) => new TextEncoder().encode(text);

/** A connection to a proxy that answers with these pieces, then ends or says nothing more. */
function setUp(pieces: readonly string[], options: { silent?: boolean; proxy?: string } = {}) {
  const log: string[] = [];
  const left = [...pieces];
  const hungUp = Promise.withResolvers<never>();
  hungUp.promise.catch(() => undefined);
  let open = true;
  const connection: RawConnection = {
    read: async (buffer) => {
      const piece = left.shift();
      if (piece === undefined) return options.silent === true ? await hungUp.promise : null;
      buffer.set(ascii(piece));
      return piece.length;
    },
    write: (bytes) => {
      const taken = bytes.subarray(0, 50);
      log.push(new TextDecoder().decode(taken));
      return Promise.resolve(taken.length);
    },
    close: () => {
      assert(open, "closed twice");
      open = false;
      log.push("closed");
      hungUp.reject(new Error("Bad resource ID"));
    },
  };
  const { socket: proxy } = chooseProxies({ proxy: options.proxy ?? "http://user:secret@proxy.example:3128" });
  const host = tunnelHost({
    connect: ({ hostname, port }) => {
      log.push(`connect ${hostname}:${port}`);
      return Promise.resolve(connection);
    },
    startTls: (inner, { hostname, alpnProtocols }) => {
      log.push(`tls ${hostname} ${alpnProtocols}`);
      return Promise.resolve(inner);
    },
  }, proxy as ProxyAddress);
  return { host, connection, log, written: () => log.slice(1).filter((line) => line !== "closed").join("") };
}

const TARGET = { hostname: "webcast-ws.tiktok.com", port: 443 };
const OPEN = "HTTP/1.1 200 Connection established\r\n\r\n";

describe("tunnelHost()", () => {
  it("asks the proxy for a tunnel, with the login, and reads its answer in any pieces", async () => {
    const { host, connection, log, written } = setUp([...OPEN]);
    assertEquals(await host.connect({ ...TARGET, port: 80 }), connection);
    assertEquals(log[0], "connect proxy.example:3128");
    assertEquals(written().split("\r\n"), [
      "CONNECT webcast-ws.tiktok.com:80 HTTP/1.1",
      "Host: webcast-ws.tiktok.com:80",
      "Proxy-Authorization: Basic dXNlcjpzZWNyZXQ=",
      "",
      "",
    ]);
  });

  it("runs TLS with the server inside of the tunnel", async () => {
    const { host, log } = setUp([OPEN]);
    await host.connectTls({ ...TARGET, alpnProtocols: ["http/1.1"] });
    assertEquals(log.at(-1), "tls webcast-ws.tiktok.com http/1.1");
  });

  it("sends no login that it has not, and IPv6 in brackets", async () => {
    const { host, written } = setUp([OPEN], { proxy: "http://[::1]:3128" });
    await host.connect({ hostname: "::2", port: 5 });
    assertEquals(written(), "CONNECT [::2]:5 HTTP/1.1\r\nHost: [::2]:5\r\n\r\n");
  });

  const refusals: [string, string[], string, number | undefined][] = [
    ["a refused login", ["HTTP/1.1 407 Proxy Authentication Required\r\n\r\n"], "network", 407],
    ["another refusal", ["HTTP/1.0 502 Bad Gateway\r\nX: 1\r\n\r\nbody"], "network", 502],
    ["an end", ["HTTP/1.1 2"], "network", undefined],
    ["bytes that are not the server's", [`${OPEN}hello`], "protocol", undefined],
    ["what is no HTTP", ["\u0016\u0003\u0001\u0002\u0000\u0001"], "protocol", undefined],
  ];
  for (const [what, pieces, code, status] of refusals) {
    it(`names ${what} and hangs up`, async () => {
      const { host, log } = setUp(pieces);
      const error = await assertRejects(() => host.connectTls({ ...TARGET, alpnProtocols: [] }));
      assert(isLiveError(error));
      assertEquals([error.code, error.evidence.status, error.retryable], [
        code,
        status,
        status !== 407 && code === "network",
      ]);
      assert(!JSON.stringify([error.message, error.remedy, error.evidence]).includes("secret"));
      assertEquals(log.at(-1), "closed");
      assert(!log.some((line) => line.startsWith("tls")));
    });
  }

  it("hangs up on a silent proxy when it is told to stop", async () => {
    const { host, log } = setUp(["HTTP/1.1 "], { silent: true });
    const stop = new AbortController();
    const opening = assertRejects(() => host.connect({ ...TARGET, signal: stop.signal }));
    await settle();
    stop.abort(new Error("enough"));
    await opening;
    assertEquals(log.filter((line) => line === "closed"), ["closed"]);
  });

  it("leaves a tunnel that is open to its user", async () => {
    const { host, log } = setUp([OPEN]);
    const stop = new AbortController();
    await host.connect({ ...TARGET, signal: stop.signal });
    stop.abort();
    assert(!log.includes("closed"));
  });
});
