import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { describe, it } from "node:test";
import { FakeFetch, json } from "../testing/http.ts";
import { ROOM, setUp } from "../testing/live_world.ts";
import { settle } from "../testing/fakes.ts";
import { TikTok, type TikTokOptions } from "../tiktok.ts";

describe("headers, socketHeaders and params", () => {
  it("go to TikTok's API, pages and socket, and win over the client's own", async () => {
    const { tiktok, http, sockets } = setUp({
      headers: { "accept-language": "de", "X-Mine": "1" },
      socketHeaders: { "X-Socket": "2" },
      params: { app_language: "de-DE", extra: "a b" },
    });
    const live = tiktok.live("some.host");
    await settle();
    const [status, page] = http.requests;
    assertEquals(status?.url.searchParams.get("app_language"), "de-DE");
    assertEquals(status?.url.searchParams.get("extra"), "a b");
    for (const { headers } of http.requests) {
      const names = Object.keys(headers).filter((name) => name.toLowerCase() === "accept-language");
      assertEquals(names.map((name) => headers[name]), ["de"]);
      assertEquals(new Headers(headers).get("x-mine"), "1");
      assertEquals(new Headers(headers).has("x-socket"), false);
    }
    assertEquals(page?.url.searchParams.has("extra"), false, "a page takes no API parameters");
    const socket = sockets.last;
    const url = new URL(socket.url);
    assertEquals([url.searchParams.get("app_language"), url.searchParams.get("room_id")], ["de-DE", ROOM]);
    assertEquals(url.search.includes("extra=a%20b"), true);
    assertEquals([socket.headers["X-Socket"], socket.headers["X-Mine"]], ["2", undefined]);
    live.close();
  });

  it("never leave for a host that is not TikTok's", async () => {
    const seen: [string, string | null][] = [];
    const { fetch } = new FakeFetch(({ url, headers }) => {
      seen.push([url.host, new Headers(headers).get("x-mine")]);
      if (url.host === "www.tiktok.com") {
        return new Response(null, { status: 302, headers: { location: "https://elsewhere.example/" } });
      }
      return json({});
    });
    const tiktok = new TikTok({ fetch, headers: { "X-Mine": "1" } });
    await tiktok.openStream("https://pull.tiktokcdn.com/a.flv").catch(() => undefined);
    await tiktok.roomStatus("some.host").catch(() => undefined);
    assertEquals(seen.filter(([host]) => !host.endsWith(".tiktok.com")).map(([, mine]) => mine), [null]);
    assertEquals(seen.some(([, mine]) => mine === "1"), true);
  });

  it("refuse what has an option of its own, or cannot be sent", () => {
    const refusal = (options: TikTokOptions) => String(assertThrows(() => new TikTok(options)));
    assertStringIncludes(refusal({ headers: { Cookie: "a=1" } }), "goes into 'cookies'");
    assertStringIncludes(refusal({ socketHeaders: { "user-agent": "x" } }), "goes into 'userAgent'");
    assertStringIncludes(refusal({ headers: { "X-Mine": "a\r\nb: c" } }), "TypeError");
    assertStringIncludes(refusal({ headers: { "a b": "c" } }), "a b is not a header");
    assertStringIncludes(refusal({ params: { a: 1 as never } }), "must be a string");
  });
});
