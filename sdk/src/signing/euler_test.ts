import { assert, assertEquals, assertInstanceOf, assertRejects, assertStrictEquals, assertThrows } from "@std/assert";
import { describe, it } from "node:test";
import { isLiveError, type LiveError } from "../errors.ts";
import { FakeClock, FakeSockets } from "../testing/fakes.ts";
import { FakeFetch, json, type SeenRequest } from "../testing/http.ts";
import { TikTok, type TikTokOptions } from "../tiktok.ts";
import { type EulerOptions, eulerSigner } from "./euler.ts";
import type { SignContext } from "./signer.ts";

const KEY = "key-0123456789";
const EULER = "api.eulerstream.com";

/** The signer answers `answer`; TikTok answers a user. */
function setUp(
  answer: (request: SeenRequest) => Response | Promise<Response>,
  euler: EulerOptions = {},
  options: TikTokOptions = {},
) {
  const http = new FakeFetch((request) =>
    request.url.host === EULER
      ? answer(request)
      : json({ statusCode: 0, userInfo: { user: { id: "7", uniqueId: "some.host", secUid: "MS4w" } } })
  );
  const clock = new FakeClock();
  const signer = eulerSigner({ apiKey: KEY, ...euler });
  const tiktok = new TikTok({ fetch: http.fetch, socket: new FakeSockets(), clock, signer, ...options });
  const context: SignContext = {
    fetch: http.fetch,
    clock,
    userAgent: "Mozilla/5.0 (X11)",
    session: undefined,
    signal: new AbortController().signal,
  };
  return { http, tiktok, clock, signer, context };
}

const signedBy = (request: SeenRequest, more: object = {}) => {
  const body = JSON.parse(request.body) as { url: string };
  return json({ code: 200, response: { signedUrl: `${body.url}&X-Bogus=b&X-Gnarly=g&msToken=m`, ...more } });
};

async function errorOf(promise: Promise<unknown>): Promise<LiveError> {
  const error = await assertRejects(() => promise);
  if (!isLiveError(error)) throw error;
  assert(!JSON.stringify([error.message, error.remedy, error.evidence]).includes(KEY));
  return error;
}

describe("eulerSigner()", () => {
  it("rejects hosts and headers that would give the key away", () => {
    const wrong: EulerOptions[] = [
      { host: "api.eulerstream.com" },
      { host: "http://api.eulerstream.com" },
      { host: "https://user@api.eulerstream.com" },
      { host: "https://api.eulerstream.com?x=1" },
      { apiKey: "a\r\nb" },
      { headers: { "a b": "c" } },
      { sessionHost: "evil.example" },
    ];
    for (const options of wrong) assertInstanceOf(assertThrows(() => eulerSigner(options)), TypeError);
    eulerSigner({ host: "http://127.0.0.1:5000", sessionHost: "127.0.0.1:5000" });
  });

  it("sends the key, the host's parameters and the unsigned URL", async () => {
    const { http, tiktok } = setUp((request) => signedBy(request), {
      params: { plan: "x" },
      headers: { "X-Mine": "1" },
    });
    assertEquals((await tiktok.userInfo("some.host")).id, "7");
    const [sign, ask] = http.requests;
    assert(sign !== undefined && ask !== undefined);
    assertEquals([sign.method, sign.url.pathname, sign.url.search], ["POST", "/webcast/sign_url", "?plan=x"]);
    assertEquals([sign.headers["x-api-key"], sign.headers["X-Mine"]], [KEY, "1"]);
    const body = JSON.parse(sign.body) as Record<string, string>;
    assertEquals([body["method"], body["type"], body["userAgent"]], ["GET", "fetch", ask.headers["User-Agent"]]);
    assert(!/X-Bogus|X-Gnarly|msToken/.test(String(body["url"])));
    assertEquals([ask.url.searchParams.get("X-Bogus"), ask.headers["x-api-key"]], ["b", undefined]);
  });

  it("takes on headers, cookies and User-Agent of the signature, and never loses the user's session", async () => {
    const more = {
      userAgent: "Signed/1.0",
      requestHeaders: { "X-Signed": "1", "Cookie": "a=b", "host": "evil.example" },
      cookies: { ttwid: "t", sessionid: "stolen" },
    };
    const { http, tiktok } = setUp((request) => signedBy(request, more), {}, { cookies: { sessionid: "mine" } });
    await tiktok.userInfo("some.host");
    const headers = http.requests[1]?.headers ?? {};
    assertEquals([headers["User-Agent"], headers["X-Signed"], headers["host"]], ["Signed/1.0", "1", undefined]);
    assertEquals(headers["Cookie"], "ttwid=t; sessionid=mine");
  });

  it("shows the session to the host that the user named for it, and to no other", async () => {
    const cookies = { sessionid: "my-session", "tt-target-idc": "useast1a" };
    const seen = async (euler: EulerOptions) => {
      const { http, tiktok } = setUp((request) => signedBy(request), euler, { cookies });
      await tiktok.userInfo("some.host");
      const [sign] = http.requests;
      assertEquals(sign?.headers["Cookie"], undefined);
      return JSON.parse(sign?.body ?? "") as Record<string, unknown>;
    };
    const silent = await seen({});
    assertEquals([silent["sessionId"], JSON.stringify(silent).includes("my-session")], [undefined, false]);
    const told = await seen({ sessionHost: EULER });
    assertEquals([told["sessionId"], told["ttTargetIdc"]], ["my-session", "useast1a"]);
  });

  it("never follows a redirect", async () => {
    const { http, signer, context } = setUp(() =>
      new Response(null, { status: 307, headers: { location: "https://evil.example/" } })
    );
    const request = { url: "https://www.tiktok.com/api/x", method: "GET", headers: {} } as const;
    const error = await errorOf(signer.sign(request, context));
    assertEquals([error.code, error.retryable, error.evidence.status], ["signer_failed", false, 307]);
    assertEquals(http.requests.map(({ url }) => url.host), [EULER]);
  });

  it("reads when a limit is lifted", async () => {
    const start = new FakeClock().now();
    const cases: [Record<string, string>, number | undefined][] = [
      [{ "retry-after": "12" }, 12_000],
      [{ "ratelimit-reset": "30" }, 30_000],
      [{ "x-ratelimit-reset": String(start / 1000 + 60) }, 60_000],
      [{ "x-ratelimit-reset": String(start + 5000) }, 5000],
      [{ "x-ratelimit-reset": "1500000000" }, 0],
      [{}, undefined],
    ];
    for (const [headers, wait] of cases) {
      const { signer, context } = setUp(() =>
        Response.json({ code: 429, limit_label: "minute" }, { status: 429, headers })
      );
      const error = await errorOf(signer.fetchRoom?.("7", context) ?? Promise.resolve());
      assertEquals([error.code, error.retryable, error.retryAfterMs], ["rate_limited", true, wait]);
      assert(error.message.endsWith("(minute)"));
    }
  });

  it("names what the service refuses", async () => {
    const of = async (answer: () => Response | Promise<Response>) => {
      const { signer, context } = setUp(answer);
      const error = await errorOf(signer.fetchRoom?.("7", context) ?? Promise.resolve());
      return [error.code, error.retryable];
    };
    assertEquals(await of(() => new Response(`no ${KEY}`, { status: 401 })), ["signer_failed", false]);
    assertEquals(await of(() => new Response("", { status: 402 })), ["signer_failed", false]);
    assertEquals(await of(() => new Response("ISP blocked", { status: 403 })), ["signer_failed", false]);
    assertEquals(await of(() => new Response("", { status: 500 })), ["signer_failed", true]);
    assertEquals(await of(() => new Response("", { status: 503 })), ["signer_failed", true]);
    assertEquals(await of(() => Promise.reject(new Error("no route"))), ["network", true]);
    assertEquals(await of(() => new Response("")), ["signer_failed", true]);
    assertEquals(await of(() => new Response("bytes")), ["signer_failed", true]);
    assertEquals(await of(() => new Response(new Uint8Array(9 * 1024 * 1024))), ["signer_failed", true]);
  });

  it("fetches a room's first answer with the cookies of its socket", async () => {
    const headers = { "X-Set-TT-Cookie": "ttwid=1", "X-Set-TT-User-Agent": "Signed/1.0" };
    const { http, signer, context } = setUp(() => new Response(new Uint8Array([1, 2]), { headers }));
    assertEquals(await signer.fetchRoom?.("7", context), {
      result: new Uint8Array([1, 2]),
      cookies: "ttwid=1",
      userAgent: "Signed/1.0",
    });
    const url = http.requests[0]?.url;
    assertEquals([url?.pathname, url?.searchParams.get("room_id")], ["/webcast/fetch", "7"]);
    assertEquals(url?.searchParams.get("user_agent"), "Mozilla/5.0 (X11)");
  });
});

describe("signed requests", () => {
  const list = (options: TikTokOptions) => {
    const http = new FakeFetch(() => json({ statusCode: 0, userList: [] }));
    const clock = new FakeClock();
    const tiktok = new TikTok({ fetch: http.fetch, socket: new FakeSockets(), clock, ...options });
    return { http, clock, next: (signal?: AbortSignal) => tiktok.followings({ secUid: "MS4w" }, { signal }).next() };
  };

  it("go nowhere but to the place that was asked for", async () => {
    const places: unknown[] = ["https://evil.example/api/user/list/", "http://www.tiktok.com/api/user/list/", "x", 5];
    for (const url of [...places, "https://www.tiktok.com/api/other/", undefined]) {
      const { http, next } = list({ signer: { sign: () => Promise.resolve({ url } as { url: string }) } });
      assertEquals([(await errorOf(next())).code, http.requests.length], ["signer_failed", 0]);
    }
    const { next } = list({
      signer: { sign: ({ url }) => Promise.resolve({ url, headers: { "X-A": "b\r\nCookie: c" } }) },
    });
    assertEquals((await errorOf(next())).code, "signer_failed");
  });

  it("wrap what the signer throws, end with the deadline, and give way to the signal", async () => {
    const cause = new Error("broken");
    const failing = await errorOf(list({ signer: { sign: () => Promise.reject(cause) } }).next());
    assertEquals([failing.code, failing.cause], ["signer_failed", cause]);
    const silent = { sign: () => new Promise<never>(() => {}) };
    const late = list({ signer: silent, timeoutMs: 5000 });
    const pending = errorOf(late.next());
    await late.clock.advance(5000);
    assertEquals((await pending).code, "deadline");
    const signal = AbortSignal.abort(new Error("enough"));
    assertStrictEquals(await assertRejects(() => list({ signer: silent }).next(signal)), signal.reason);
  });

  it("carry the program's own parameters inside the signature, and stay as they were signed", async () => {
    const http = new FakeFetch(() => json({ status_code: 0 }));
    const seen: string[] = [];
    const signer = {
      sign: ({ url }: { url: string }) => {
        seen.push(`${url}&X-Bogus=a+b%20c`);
        return Promise.resolve({ url: `${url}&X-Bogus=a+b%20c` });
      },
    };
    const cookies = { sessionid: "s" };
    const params = { region: "DE" };
    const tiktok = new TikTok({ fetch: http.fetch, socket: new FakeSockets(), signer, cookies, params });
    await tiktok.sendMessage({ roomId: "7" }, "hi");
    assertEquals(http.requests.map(({ url }) => url.href), seen);
    assertEquals(new URL(seen[0] ?? "").searchParams.getAll("region"), ["DE"]);
  });

  it("need a signer that can sign", () => {
    assertInstanceOf(assertThrows(() => new TikTok({ signer: {} as never })), TypeError);
  });
});
