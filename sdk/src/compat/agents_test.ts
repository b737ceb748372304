import { assert, assertEquals, assertInstanceOf, assertThrows } from "@std/assert";
import { describe, it } from "node:test";
import { proxiesOfAgents } from "./agents.ts";

const SECRET = "p%40ss";
const URL_TEXT = `http://user:${SECRET}@proxy.example:3128/`;
/** Agents, as the packages make them. */
const newer = { proxy: new URL(URL_TEXT), connectOpts: {}, options: {} };
const older = {
  proxy: { protocol: "http:", host: "proxy.example", hostname: "proxy.example", port: 3128, auth: "user:p@ss" },
  secureProxy: false,
};

describe("proxiesOfAgents()", () => {
  it("reads the proxy where agents of https-proxy-agent and hpagent keep it", () => {
    for (const httpsAgent of [newer, older, { proxy: URL_TEXT }]) {
      assertEquals(proxiesOfAgents({ httpsAgent }, {}), { proxy: URL_TEXT });
    }
    const secure = { proxy: { protocol: "https:", host: "::1", port: "8443" } };
    assertEquals(proxiesOfAgents({ agent: secure }, {}), { proxy: "https://[::1]:8443/" });
  });

  it("reads axios's own option", () => {
    const proxy = {
      protocol: "https",
      host: "proxy.example",
      port: 8443,
      auth: { username: "user", password: "p@ss" },
    };
    assertEquals(proxiesOfAgents({ proxy }, {}), { proxy: `https://user:${SECRET}@proxy.example:8443/` });
    assertEquals(proxiesOfAgents({ proxy: false, httpsAgent: newer }, {}), { proxy: URL_TEXT });
    assertEquals(proxiesOfAgents({ proxy: false }, { agent: null }), undefined);
  });

  it("lets one proxy serve requests and sockets, and each its own when there are two", () => {
    assertEquals(proxiesOfAgents({}, { agent: newer }), { proxy: URL_TEXT, allProxy: URL_TEXT });
    const other = { proxy: new URL("http://other.example:8080"), options: { rejectUnauthorized: false } };
    assertEquals(proxiesOfAgents({ httpsAgent: newer }, { agent: other }), {
      proxy: URL_TEXT,
      allProxy: "http://other.example:8080/",
      insecure: true,
    });
  });

  it("refuses agents that name no http proxy, without showing what they hold", () => {
    const socks = { proxy: { host: "proxy.example", port: 1080, type: 5, userId: "user", password: SECRET } };
    const given = [
      {},
      { proxy: `socks5://user:${SECRET}@proxy.example:1080` },
      socks,
      { proxy: { host: "x" } },
      () => {},
    ];
    for (const httpsAgent of given) {
      const error = assertThrows(() => proxiesOfAgents({ httpsAgent }, {}));
      assertInstanceOf(error, TypeError);
      assert(error.message.includes("requestOptions.httpsAgent") && !error.message.includes(SECRET));
    }
    assertInstanceOf(assertThrows(() => proxiesOfAgents({}, { agent: {} })), TypeError);
  });
});
