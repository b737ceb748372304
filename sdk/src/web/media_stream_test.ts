import { assert, assertEquals, assertInstanceOf, assertRejects, assertThrows } from "@std/assert";
import { describe, it } from "node:test";
import { isLiveError, LiveError } from "../errors.ts";
import { type Fetch, systemClock } from "../ports.ts";
import { TikTok } from "../tiktok.ts";

const clock = { ...systemClock, setTimeout: () => 0, clearTimeout: () => undefined };

function client(fetch: Fetch): TikTok {
  return new TikTok({
    fetch,
    clock,
    cookies: { sessionid: "secret" },
    socket: { open: () => ({ send() {}, close() {} }) },
  });
}

describe("TikTok.openStream", () => {
  it("follows redirects to other hosts and keeps cookies from them", async () => {
    const seen: { url: string; cookie: string | null }[] = [];
    const fetch: Fetch = (url, init) => {
      seen.push({ url, cookie: new Headers(init.headers).get("cookie") });
      return Promise.resolve(
        seen.length === 1
          ? new Response(null, { status: 302, headers: { location: "https://edge.tiktokcdn-eu.com/a.flv?sign=2" } })
          : new Response("flv"),
      );
    };
    const stream = await client(fetch).openStream("https://pull.tiktok.com/a.flv?sign=1");
    assertEquals(await new Response(stream).text(), "flv");
    assertEquals(seen, [
      { url: "https://pull.tiktok.com/a.flv?sign=1", cookie: "sessionid=secret" },
      { url: "https://edge.tiktokcdn-eu.com/a.flv?sign=2", cookie: null },
    ]);
  });

  it("opens no other host, whatever a link or a redirect says", async () => {
    const asked: string[] = [];
    const fetch: Fetch = (url) => {
      asked.push(url);
      return Promise.resolve(
        new Response(null, { status: 302, headers: { location: "http://169.254.169.254/a.flv" } }),
      );
    };
    const codeOf = async (tiktok: TikTok, url: string) => {
      const error = await assertRejects(() => tiktok.openStream(url));
      return isLiveError(error) ? error.code : error;
    };
    const foreign = [
      "https://tiktokcdn.com.evil.example/a.flv",
      "https://eviltiktokcdn.com/a.flv",
      "https://tiktokcdn.com@evil.example/a.flv",
      "https://user@pull.tiktokcdn.com/a.flv",
      "https://pull.tiktokcdn.com\\@evil.example/a.flv",
      "https://pull.tiktokcdn.com\n.evil.example/a.flv",
      "https://pull.tiktokcdn.com./a.flv",
      "https://tiktokcdn.com:pw@evil.example:443/a.flv",
      "https://evil.example/https://pull.tiktokcdn.com/a.flv",
      "https://evil.example?.tiktokcdn.com",
      "https://evil.example#.tiktokcdn.com",
      "https://[::ffff:169.254.169.254]/a.flv",
      "http://2852039166/a.flv",
      "ftp://pull.tiktokcdn.com/a.flv",
      "file:///etc/passwd",
      "http://127.0.0.1/a.flv",
      "nonsense",
    ];
    for (const url of foreign) assertEquals(await codeOf(client(fetch), url), "invalid_input", url);
    assertEquals(asked, []);
    assertEquals(await codeOf(client(fetch), "https://pull.tiktokcdn.com/a.flv"), "protocol");
    assertEquals(asked, ["https://pull.tiktokcdn.com/a.flv"]);
  });

  it("serves the configured hosts too", () => {
    const tiktok = new TikTok({ mediaHosts: ["cdn.example"], baseUrls: { web: "http://127.0.0.1:8080" } });
    assert(tiktok.servesMedia("https://a.cdn.example/x") && tiktok.servesMedia("http://127.0.0.1:8080/x"));
    assert(tiktok.servesMedia("HTTPS://PULL.TikTokCDN.com:8443/x.flv?a=1@b"));
    assert(!tiktok.servesMedia("ftp://127.0.0.1:8080/x"));
    assert(!tiktok.servesMedia("https://acdn.example/x") && !tiktok.servesMedia("http://127.0.0.1:8081/x"));
    for (const host of ["https://cdn.example", "cdn.example/a", "CDN.example", "a b"]) {
      assertInstanceOf(assertThrows(() => new TikTok({ mediaHosts: [host] })), TypeError);
    }
  });

  it("names the refusal and shows no query", async () => {
    const fetch: Fetch = () => Promise.resolve(new Response("no", { status: 403 }));
    const error = await assertRejects(() => client(fetch).openStream("https://pull.tiktokcdn.com/a.flv?sign=secret"));
    assert(isLiveError(error) && error.code === "blocked");
    assert(!JSON.stringify([error.message, error.evidence]).includes("secret"));
  });

  it("calls an unreachable host network, and hands on what fetch itself says", async () => {
    const cause = new TypeError("fetch failed");
    const error = await assertRejects(() =>
      client(() => Promise.reject(cause)).openStream("https://pull.tiktokcdn.com/a")
    );
    assert(isLiveError(error) && error.code === "network" && error.cause === cause);
    const said = new LiveError("network", "Use the proxy: NO_PROXY would send the request past it", {
      retryable: false,
    });
    assertEquals(
      await assertRejects(() => client(() => Promise.reject(said)).openStream("https://pull.tiktokcdn.com/a")),
      said,
    );
  });

  it("throws the reason of the signal that ends it", async () => {
    const controller = new AbortController();
    const fetch: Fetch = (_, init) =>
      new Promise((_, reject) => init.signal?.addEventListener("abort", () => reject(init.signal?.reason)));
    const opening = client(fetch).openStream("https://pull.tiktokcdn.com/a.flv", { signal: controller.signal });
    const reason = new Error("enough");
    controller.abort(reason);
    assertEquals(await assertRejects(() => opening), reason);
  });
});

describe("TikTok.readMediaFile", () => {
  const PLAYLIST = "https://pull.tiktokcdn.com/a/index.m3u8?sign=1";
  const codeOf = async (tiktok: TikTok, url = PLAYLIST) => {
    const error = await assertRejects(() => tiktok.readMediaFile(url, { maxBytes: 10 }));
    return isLiveError(error) ? error.code : error;
  };

  it("reads a whole file and tells where it came from, after redirects", async () => {
    const fetch: Fetch = (url) =>
      Promise.resolve(
        url === PLAYLIST
          ? new Response(null, { status: 302, headers: { location: "https://edge.tiktokcdn-us.com/b/index.m3u8" } })
          : new Response("#EXTM3U"),
      );
    const { bytes, url } = await client(fetch).readMediaFile(PLAYLIST, { maxBytes: 10 });
    assertEquals([new TextDecoder().decode(bytes), url], ["#EXTM3U", "https://edge.tiktokcdn-us.com/b/index.m3u8"]);
  });

  it("asks no other host, and takes no more than it was told to", async () => {
    const asked: string[] = [];
    const fetch: Fetch = (url) => {
      asked.push(url);
      return Promise.resolve(new Response("more than ten bytes"));
    };
    assertEquals(await codeOf(client(fetch), "https://cdn.example/1.ts"), "invalid_input");
    assertEquals(asked, []);
    assertEquals(await codeOf(client(fetch)), "protocol");
  });

  it("tells a refusal, and an answer that breaks off", async () => {
    const body = () =>
      new ReadableStream<Uint8Array>({
        pull(controller) {
          controller.error(new Error("reset"));
        },
      });
    assertEquals(await codeOf(client(() => Promise.resolve(new Response("", { status: 404 })))), "not_found");
    assertEquals(await codeOf(client(() => Promise.resolve(new Response(body())))), "network");
  });

  it("ends an answer that does not come to its end, and follows the caller's signal", async () => {
    const timers: (() => void)[] = [];
    const own = { ...clock, setTimeout: (callback: () => void) => timers.push(callback) };
    const endless = () => Promise.resolve(new Response(new ReadableStream<Uint8Array>({ pull() {} })));
    const tiktok = new TikTok({ fetch: endless, clock: own, socket: { open: () => ({ send() {}, close() {} }) } });
    const late = codeOf(tiktok);
    await new Promise((resolve) => setTimeout(resolve));
    for (const timer of timers) timer();
    assertEquals(await late, "deadline");
    const controller = new AbortController();
    const reading = tiktok.readMediaFile(PLAYLIST, { maxBytes: 10, signal: controller.signal });
    controller.abort(new Error("enough"));
    assertEquals((await assertRejects(() => reading) as Error).message, "enough");
  });
});
