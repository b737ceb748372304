import { assert, assertEquals, assertInstanceOf, assertThrows } from "@std/assert";
import fc from "fast-check";
import { describe, it } from "node:test";
import { isLiveError } from "../errors.ts";
import { bypassError, chooseProxies, type ProxyOptions } from "./proxy_options.ts";
import { proxied as bunProxied } from "./bun_proxy.ts";
import { proxied as denoProxied } from "./deno_proxy.ts";

const urls = (options: ProxyOptions) => {
  const { fetch, socket } = chooseProxies(options);
  return [fetch?.url, socket?.url];
};

describe("chooseProxies()", () => {
  const env = {
    HTTPS_PROXY: "http://web.example:1",
    ALL_PROXY: "http://all.example:2",
    HTTP_PROXY: "http://no.example:3",
    NO_PROXY: "*",
  };
  const [web, all] = [env.HTTPS_PROXY, env.ALL_PROXY];
  const [one, two] = ["http://one.example:4", "https://two.example:5"];

  it("prefers options to variables, and the socket's own to the common one", () => {
    assertEquals(urls({ proxy: one }), [one, one]);
    assertEquals(urls({ allProxy: two }), [undefined, two]);
    assertEquals(urls({ proxy: one, allProxy: two }), [one, two]);
    assertEquals(urls({ env }), [web, all]);
    assertEquals(urls({ proxy: one, env }), [one, one]);
    assertEquals(urls({ allProxy: two, env }), [web, two]);
    assertEquals(urls({ env: { https_proxy: web } }), [web, web]);
    assertEquals(urls({ env: { HTTPS_PROXY: "", all_proxy: all } }), [undefined, all]);
    assertEquals(urls({ env: { HTTP_PROXY: web } }), [undefined, undefined]);
  });

  it("takes the login out of the URL", () => {
    const { fetch } = chooseProxies({ proxy: "https://us%20er:p%40%C3%A9:x@[::1]/" });
    const login = { username: "us er", password: "p@é:x" };
    const authorization = "Basic dXMgZXI6cEDDqTp4";
    assertEquals(fetch, { url: "https://[::1]", secure: true, hostname: "::1", port: 443, login, authorization });
    assertEquals(chooseProxies({ proxy: "http://proxy.example" }).fetch, {
      url: "http://proxy.example",
      secure: false,
      hostname: "proxy.example",
      port: 80,
    });
  });

  it("refuses what is no proxy, and never repeats it", () => {
    const wrong: unknown[] = [
      "",
      "user:secret@host:1",
      "socks5://user:secret@host:1",
      "http://user:secret%@host:1",
      "http://user:secret@host:1/path",
      "http://user:secret@host:1?query",
      "http://user:secret@ho st:1",
      "http://user:secret@host:99999",
      7,
      null,
    ];
    for (const proxy of wrong) {
      for (const options of [{ proxy }, { allProxy: proxy }] as ProxyOptions[]) {
        const error = assertThrows(() => chooseProxies(options));
        assertInstanceOf(error, TypeError);
        assert(!String(error.stack).includes("secret") && error.cause === undefined);
      }
    }
    const error = assertThrows(() => chooseProxies({ env: { ALL_PROXY: "socks5://user:secret@host:1" } }));
    assertInstanceOf(error, TypeError);
    assert(error.message.includes("ALL_PROXY") && !error.message.includes("secret"));
  });

  it("refuses options that say nothing or the wrong thing", () => {
    assertInstanceOf(assertThrows(() => chooseProxies({})), TypeError);
    assertInstanceOf(assertThrows(() => chooseProxies({ insecure: true })), TypeError);
    const insecure = "yes" as unknown as boolean;
    assertInstanceOf(assertThrows(() => chooseProxies({ env: {}, insecure })), TypeError);
  });

  it("gives an http address or a TypeError for any text", () => {
    fc.assert(fc.property(fc.oneof(fc.string(), fc.webUrl({ withQueryParameters: true })), (proxy) => {
      try {
        const { fetch } = chooseProxies({ proxy });
        assert(fetch !== undefined && /^https?:\/\/[^@/]+$/.test(fetch.url));
      } catch (error) {
        assertInstanceOf(error, TypeError);
      }
    }));
  });
});

describe("bypassError()", () => {
  it("names the hosts that NO_PROXY leads past the proxy", () => {
    const url = "https://webcast.tiktok.com/x";
    for (const list of ["*", "tiktok.com", "a, .TikTok.com:443 b", "*.tiktok.com", "webcast.tiktok.com", "x tok.com"]) {
      const error = bypassError(list, url);
      assert(isLiveError(error), list);
      assertEquals([error.code, error.retryable], ["network", false]);
    }
    for (const list of ["", ",", " , .", "localhost,127.0.0.1", "example.com", "www.tiktok.com", "10.0.0.0/8"]) {
      assertEquals(bypassError(list, url), undefined, list);
    }
    for (
      const [list, address] of [["::1", "wss://[::1]:1/"], ["[::1]:1", "wss://[::1]:1/"], [
        "10.0.0.0/8",
        "ws://10.1.2.3/",
      ]]
    ) {
      assert(bypassError(list ?? "", address ?? "") !== undefined, list);
    }
  });
});

describe("proxied()", () => {
  const proxy = "http://user:secret@127.0.0.1:1";

  it("refuses to work on another runtime, where it would go past the proxy", async () => {
    const doors: Record<string, unknown> = { Bun: bunProxied, Deno: denoProxied };
    // undici asks Deno for permissions when it loads, so its door is opened by Node and Bun only.
    if (!("Deno" in globalThis)) doors["process"] = (await import("./node_proxy.ts")).proxied;
    const here = "Bun" in globalThis ? "Bun" : "Deno" in globalThis ? "Deno" : "process";
    for (const [name, proxied] of Object.entries(doors)) {
      assert(typeof proxied === "function");
      if (name !== here) assertInstanceOf(assertThrows(() => proxied({ proxy })), TypeError, name);
    }
  });

  it("says what Deno cannot do", { skip: !("Deno" in globalThis) }, () => {
    for (const options of [{ proxy, insecure: true }, { proxy: "https://user:secret@proxy.example" }]) {
      const error = assertThrows(() => denoProxied(options));
      assertInstanceOf(error, TypeError);
      assert(error.message.includes("Deno") && !error.message.includes("secret"));
    }
  });
});
