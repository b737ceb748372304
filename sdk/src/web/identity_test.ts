import { assert, assertEquals, assertInstanceOf, assertNotEquals, assertThrows } from "@std/assert";
import { describe, it } from "node:test";
import { DEFAULT_BASE_URLS, Identity, parseCookies } from "./identity.ts";

const page = new URL("https://www.tiktok.com/@some.host");

function identity(options: { cookies?: string; userAgent?: string; random?: number } = {}): Identity {
  return new Identity({
    baseUrls: DEFAULT_BASE_URLS,
    userAgent: options.userAgent,
    cookies: parseCookies(options.cookies),
    random: () => options.random ?? 0,
  });
}

describe("Identity", () => {
  it("keeps cookies of TikTok and sends them back", () => {
    const one = identity();
    assertEquals([one.ttwid, one.cookieHeader(page)], [undefined, undefined]);
    one.keepCookies(page, ["ttwid=1%7Cabc; Path=/; Domain=.tiktok.com; HttpOnly", "msToken=x; Max-Age=100"]);
    assertEquals(one.ttwid, "1%7Cabc");
    assertEquals(one.cookieHeader(new URL("wss://webcast-ws.tiktok.com/x")), "ttwid=1%7Cabc; msToken=x");
  });

  it("sends nothing to strangers and takes nothing from them", () => {
    const one = identity({ cookies: "sessionid=secret" });
    const strangers = [
      "https://evil.example/",
      "https://tiktok.com.evil.example/",
      "https://eviltiktok.com/",
      "https://www.tiktok.com@evil.example/",
      "https://www.tiktok.com.:443/",
      "https://203.0.113.5/",
      "http://m.tiktok.com/",
      "http://www.tiktok.com/",
      "ws://webcast-ws.tiktok.com/",
    ];
    for (const url of strangers) {
      one.keepCookies(new URL(url), ["ttwid=evil"]);
      assertEquals(one.cookieHeader(new URL(url)), undefined);
    }
    assertEquals(one.ttwid, undefined);
    assertEquals(one.cookieHeader(new URL("https://webcast.us.tiktok.com/")), "sessionid=secret");
    assertEquals(one.cookieHeader(new URL("HTTPS://WWW.TikTok.COM/")), "sessionid=secret");
  });

  it("lets the user's cookies win", () => {
    const one = identity({ cookies: "ttwid=mine" });
    one.keepCookies(page, ["ttwid=theirs", "other=1"]);
    assertEquals([one.ttwid, one.cookieHeader(page)], ["mine", "ttwid=mine; other=1"]);
  });

  it("drops cookies that end, and those that could inject a header", () => {
    const one = identity();
    one.keepCookies(page, ["a=1", "b=2", "c=3"]);
    one.keepCookies(page, ["a=; Max-Age=0", "b=x; max-age=0", "d=1\r\nX-Evil: 1", "=x", "e"]);
    assertEquals(one.cookieHeader(page), "c=3");
  });

  it("holds a bounded number of cookies", () => {
    const one = identity();
    one.keepCookies(page, Array.from({ length: 500 }, (_, index) => `c${index}=${index}`));
    assertEquals(one.cookieHeader(page)?.split("; ").length, 50);
    one.keepCookies(page, [`c1=${"x".repeat(5000)}`]);
    assert((one.cookieHeader(page)?.length ?? 0) < 1000);
  });

  it("rotate() changes User-Agent and guest cookies, once for each refused generation", () => {
    const one = identity();
    one.keepCookies(page, ["ttwid=old"]);
    const { userAgent, generation } = one;
    one.rotate(generation);
    assertNotEquals(one.userAgent, userAgent);
    assertEquals(one.ttwid, undefined);
    one.keepCookies(page, ["ttwid=new"]);
    one.rotate(generation);
    assertEquals(one.ttwid, "new");
  });

  it("rotate() keeps what the user chose", () => {
    const one = identity({ userAgent: "Mine/1.0", cookies: "ttwid=mine" });
    assertEquals(one.canRotate, false);
    const other = identity({ userAgent: "Mine/1.0" });
    other.keepCookies(page, ["ttwid=old"]);
    assertEquals(other.canRotate, true);
    other.rotate(other.generation);
    assertEquals([other.userAgent, other.ttwid], ["Mine/1.0", undefined]);
  });

  it("gives a desktop browser's User-Agent for any random number", () => {
    for (const random of [0, 0.5, 0.999999]) assert(identity({ random }).userAgent.startsWith("Mozilla/5.0 ("));
  });
});

describe("parseCookies()", () => {
  it("reads a header and an object", () => {
    assertEquals([...parseCookies("a=1; b=2=3;")], [["a", "1"], ["b", "2=3"]]);
    assertEquals([...parseCookies({ a: "1" })], [["a", "1"]]);
    assertEquals(parseCookies(undefined).size, 0);
  });
  for (const wrong of ["nonsense", "a=1\r\nX: y", { a: "x; y" }, { "a b": "1" }, { a: 1 }, "=1"]) {
    it(`rejects ${JSON.stringify(wrong)}`, () => {
      assertInstanceOf(assertThrows(() => parseCookies(wrong as string)), TypeError);
    });
  }
});
