import { assert, assertEquals, assertInstanceOf, assertRejects, assertStrictEquals, assertThrows } from "@std/assert";
import { describe, it } from "node:test";
import { LiveError } from "./errors.ts";
import { FakeClock, FakeSockets, settle } from "./testing/fakes.ts";
import { FakeFetch, json, type SeenRequest } from "./testing/http.ts";
import { TikTok, type TikTokOptions } from "./tiktok.ts";

const nameOf = (request: SeenRequest) => request.url.searchParams.get("uniqueId") ?? "";

function setUp(answer: (request: SeenRequest) => Response | Promise<Response>, options: TikTokOptions = {}) {
  const http = new FakeFetch(answer);
  const clock = new FakeClock();
  return { http, clock, tiktok: new TikTok({ fetch: http.fetch, socket: new FakeSockets(), clock, ...options }) };
}

const streamData = (url: string) => ({
  pull_data: { stream_data: JSON.stringify({ data: { hd: { main: { flv: url } } } }) },
});
const live = (roomId: string, extra: object = {}) =>
  json({ statusCode: 0, data: { user: { roomId, status: 2 }, liveRoom: { status: 2, title: "t", ...extra } } });
const off = () => json({ statusCode: 0, data: { user: { roomId: "5", status: 4 }, liveRoom: { status: 4 } } });

describe("new TikTok()", () => {
  it("needs no options and touches nothing", () => assertInstanceOf(new TikTok(), TikTok));

  const wrong: [unknown, typeof TypeError | typeof RangeError][] = [
    [{ timeoutMs: 0 }, RangeError],
    [{ timeoutMs: 1.5 }, RangeError],
    [{ timeoutMs: "5" }, TypeError],
    [{ maxBodyBytes: 10 }, RangeError],
    [{ fetch: 5 }, TypeError],
    [{ WebSocket: {} }, TypeError],
    [{ gunzip: "gzip" }, TypeError],
    [{ onTrace: {} }, TypeError],
    [{ userAgent: "" }, TypeError],
    [{ userAgent: "A\r\nB: c" }, TypeError],
    [{ cookies: "nonsense" }, TypeError],
    [{ baseUrls: { web: "www.tiktok.com" } }, TypeError],
    [{ baseUrls: { web: "wss://www.tiktok.com" } }, TypeError],
    [{ baseUrls: { socket: "https://webcast-ws.tiktok.com" } }, TypeError],
    [{ baseUrls: { web: "https://user@www.tiktok.com" } }, TypeError],
    [{ baseUrls: { web: undefined } }, TypeError],
  ];
  for (const [options, kind] of wrong) {
    it(`rejects ${JSON.stringify(options)}`, () => {
      assertInstanceOf(assertThrows(() => new TikTok(options as TikTokOptions)), kind);
    });
  }

  it("takes base URLs with a slash at the end", async () => {
    const { tiktok, http } = setUp(off, { baseUrls: { web: "http://127.0.0.1:5000/" } });
    await tiktok.roomStatus("a");
    assertEquals(http.requests[0]?.url.pathname, "/api-live/user/room/");
  });
});

describe("TikTok.links()", () => {
  it("answers in order, whatever comes back first, with so many requests at a time", async () => {
    let running = 0;
    let most = 0;
    const gates: (() => void)[] = [];
    const { tiktok } = setUp(async (request) => {
      most = Math.max(most, ++running);
      await new Promise<void>((resolve) => gates.push(resolve));
      running--;
      return live("7", { streamData: streamData(`https://p.example/${nameOf(request)}.flv`) });
    });
    const names = ["a", "b", "c", "d", "e", "f", "g"];
    const pending = tiktok.links(names, { concurrency: 3 });
    for (let round = 0; round < 10; round++) {
      await settle();
      gates.pop()?.();
    }
    const results = await pending;
    assertEquals(
      results.map((result) => result.live && result.best?.url),
      names.map((name) => `https://p.example/${name}.flv`),
    );
    assertEquals(most, 3);
  });

  it("puts each failure into its own place", async () => {
    const { tiktok } = setUp((request) => {
      switch (nameOf(request)) {
        case "on":
          return live("7", { streamData: streamData("https://p.example/x.flv") });
        case "off":
          return off();
        case "busy":
          return new Response("", { status: 429 });
        default:
          return json({ statusCode: 19881007 });
      }
    });
    const results = await tiktok.links(["@On", "off", "busy", "gone", "a/b", ""]);
    assertEquals(results.map(({ user, live, error }) => [user, live, error?.code]), [
      ["on", true, undefined],
      ["off", false, undefined],
      ["busy", undefined, "rate_limited"],
      ["gone", undefined, "not_found"],
      ["a/b", undefined, "invalid_input"],
      ["", undefined, "invalid_input"],
    ]);
  });

  it("asks room info when api-live carries no streams", async () => {
    const { tiktok, http } = setUp((request) =>
      request.url.pathname.includes("room/info")
        ? json({
          status_code: 0,
          data: { id_str: "7", stream_url: { flv_pull_url: { HD1: "https://p.example/x.flv" } } },
        })
        : live("7")
    );
    const [result] = await tiktok.links(["a"]);
    assertEquals([result?.live && result.links.length, http.requests.length], [1, 2]);
  });

  it("throws the abort's reason, and RangeError for a bad concurrency", async () => {
    const { tiktok } = setUp(() => new Promise(() => {}));
    const controller = new AbortController();
    const pending = assertRejects(() => tiktok.links(["a", "b"], { signal: controller.signal }));
    const reason = new Error("enough");
    controller.abort(reason);
    assertStrictEquals(await pending, reason);
    assertInstanceOf(await assertRejects(() => tiktok.links([], { concurrency: 0 })), RangeError);
    assertEquals(await tiktok.links([]), []);
  });
});

describe("TikTok's calls", () => {
  it("reject bad input before anything is sent", async () => {
    const { tiktok, http } = setUp(off);
    const calls = [
      () => tiktok.roomStatus("a/b"),
      () => tiktok.userInfo(""),
      () => tiktok.roomInfo("x"),
      () => tiktok.checkAlive(["1", "0"]),
      () => tiktok.giftList("-1"),
    ];
    for (const call of calls) {
      const error = await assertRejects(call);
      assertInstanceOf(error, LiveError);
      assertEquals(error.code, "invalid_input");
    }
    assertEquals(http.requests.length, 0);
  });

  it("take a signal", async () => {
    const { tiktok } = setUp(() => new Promise(() => {}));
    const signal = AbortSignal.abort(new Error("enough"));
    const calls = [
      () => tiktok.roomStatus("a", { signal }),
      () => tiktok.userInfo("a", { signal }),
      () => tiktok.roomInfo("1", { signal }),
      () => tiktok.checkAlive(["1"], { signal }),
      () => tiktok.giftList(undefined, { signal }),
    ];
    for (const call of calls) assertStrictEquals(await assertRejects(call), signal.reason);
  });

  it("send the user's cookies to TikTok", async () => {
    const { tiktok, http } = setUp(off, { cookies: { sessionid: "s" }, userAgent: "Mine/1.0" });
    await tiktok.roomStatus("a");
    const headers = http.requests[0]?.headers;
    assert(headers !== undefined);
    assertEquals([headers["Cookie"], headers["User-Agent"]], ["sessionid=s", "Mine/1.0"]);
  });
});
