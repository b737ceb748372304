import { assert, assertEquals, assertInstanceOf, assertRejects, assertStrictEquals } from "@std/assert";
import { describe, it } from "node:test";
import { LiveError } from "../errors.ts";
import { FakeFetch, json, type SeenRequest } from "../testing/http.ts";
import { FakeClock, settle } from "../testing/fakes.ts";
import type { TraceEvent } from "../trace.ts";
import { HttpClient, type HttpRequest } from "./http.ts";
import { DEFAULT_BASE_URLS, Identity, parseCookies } from "./identity.ts";

const REQUEST: HttpRequest = { action: "Read it", url: "https://www.tiktok.com/api/?token=hush", wants: "json" };

function setUp(answer: (request: SeenRequest, signal: AbortSignal) => Response | Promise<Response>, cookies = "") {
  const fake = new FakeFetch(answer);
  const clock = new FakeClock();
  const traces: TraceEvent[] = [];
  const identity = new Identity({
    baseUrls: DEFAULT_BASE_URLS,
    userAgent: "Test/1.0",
    cookies: parseCookies(cookies),
    random: () => 0,
  });
  const http = new HttpClient({
    fetch: fake.fetch,
    clock,
    identity,
    timeoutMs: 1000,
    maxBodyBytes: 2000,
    trace: (event) => traces.push(event),
  });
  return { http, fake, clock, identity, traces };
}

async function failure(promise: Promise<unknown>): Promise<LiveError> {
  const error = await assertRejects(() => promise);
  assertInstanceOf(error, LiveError);
  return error;
}

describe("HttpClient", () => {
  it("sends the identity: one User-Agent, cookies, Referer, Origin", async () => {
    const { http, fake, identity } = setUp(() => json({}, { "set-cookie": "ttwid=1; Path=/" }), "sessionid=s");
    const reply = await http.send(REQUEST);
    assertEquals([reply.status, reply.text, reply.bodyBytes], [200, "{}", 2]);
    await http.send(REQUEST);
    const [first, second] = fake.requests;
    assertEquals(first?.headers, {
      "User-Agent": "Test/1.0",
      "Accept": "text/html,application/json,application/protobuf",
      "Accept-Language": "en-US,en;q=0.9",
      "Referer": "https://www.tiktok.com/",
      "Origin": "https://www.tiktok.com",
      "Cookie": "sessionid=s",
    });
    assertEquals(identity.ttwid, "1");
    assertEquals(second?.headers["Cookie"], "ttwid=1; sessionid=s");
  });

  it("sends and keeps no cookie in an anonymous request, and posts its body as JSON", async () => {
    const { http, fake, identity } = setUp(() => json({}, { "set-cookie": "ttwid=1" }), "sessionid=s");
    await http.send({ ...REQUEST, url: "https://ttwid.bytedance.com/x", method: "POST", body: "{}", anonymous: true });
    const [request] = fake.requests;
    assertEquals([request?.method, request?.body, request?.headers["Content-Type"]], [
      "POST",
      "{}",
      "application/json",
    ]);
    assertEquals([request?.headers["Cookie"], identity.ttwid], [undefined, undefined]);
  });

  it("follows redirects within TikTok and notices the login page", async () => {
    const { http, fake } = setUp((request) =>
      request.url.pathname === "/login"
        ? new Response("<html></html>")
        : new Response(null, { status: 302, headers: { location: "/login?redirect_url=x" } })
    );
    assertEquals((await failure(http.send({ ...REQUEST, wants: "html" }))).code, "login_required");
    assertEquals(fake.requests.length, 2);
  });

  it("follows no redirect to another site and no endless ones", async () => {
    const away = setUp(
      () => new Response(null, { status: 302, headers: { location: "https://evil.example/" } }),
      "sessionid=s",
    );
    assertEquals((await failure(away.http.send(REQUEST))).code, "blocked");
    assertEquals(away.fake.requests.length, 1);
    const circle = setUp(() => new Response(null, { status: 301, headers: { location: "/again" } }));
    assertEquals((await failure(circle.http.send(REQUEST))).code, "blocked");
    assertEquals(circle.fake.requests.length, 6);
  });

  it("calls an unreachable host network, with the cause and without the query", async () => {
    const cause = new TypeError("fetch failed");
    const { http, traces } = setUp(() => Promise.reject(cause));
    const error = await failure(http.send(REQUEST));
    assertEquals([error.code, error.retryable], ["network", true]);
    assertStrictEquals(error.cause, cause);
    assert(!JSON.stringify([error, error.message, traces]).includes("hush"));
    assertEquals(traces.map((event) => event.kind === "http" && event.error), ["network"]);
  });

  it("hands on what fetch itself says, such as a proxy's error", async () => {
    const said = new LiveError("network", "Use the proxy: NO_PROXY would send the request past it", {
      retryable: false,
    });
    const { http, traces } = setUp(() => Promise.reject(said));
    assertStrictEquals(await failure(http.send(REQUEST)), said);
    assertEquals(traces.map((event) => event.kind === "http" && event.error), ["network"]);
  });

  it("gives up after the deadline, also when fetch ignores its signal", async () => {
    const { http, clock } = setUp(() => new Promise(() => {}));
    const pending = failure(http.send(REQUEST));
    await clock.advance(999);
    assertEquals(clock.waiting, 1);
    await clock.advance(1);
    assertEquals((await pending).code, "deadline");
    assertEquals(clock.waiting, 0);
  });

  it("counts a body that stalls against the deadline", async () => {
    const { http, clock } = setUp(() =>
      new Response(new ReadableStream({ start: (c) => c.enqueue(new Uint8Array(3)) }))
    );
    const pending = failure(http.send(REQUEST));
    await clock.advance(1000);
    assertEquals((await pending).code, "deadline");
  });

  it("throws the caller's reason, unwrapped, and leaves no timer", async () => {
    const { http, clock, traces } = setUp(() => new Promise(() => {}));
    const controller = new AbortController();
    const reason = new Error("changed my mind");
    const pending = assertRejects(() => http.send(REQUEST, controller.signal));
    await settle();
    controller.abort(reason);
    assertStrictEquals(await pending, reason);
    assertEquals(clock.waiting, 0);
    assertEquals(traces.map((event) => event.kind === "http" && event.error), ["aborted"]);
    assertStrictEquals(await assertRejects(() => http.send(REQUEST, controller.signal)), reason);
  });

  it("reads no more of a body than allowed", async () => {
    let pulled = 0;
    const endless = () =>
      new Response(
        new ReadableStream({
          pull: (controller) => {
            pulled++;
            controller.enqueue(new Uint8Array(500).fill(0x20));
          },
        }),
      );
    const { http } = setUp(endless);
    const error = await failure(http.send(REQUEST));
    assertEquals(error.code, "protocol");
    assert(pulled < 10, `${pulled} chunks were read`);
  });

  it("calls an answer that breaks off network", async () => {
    const { http } = setUp(() =>
      new Response(new ReadableStream({ pull: (controller) => controller.error(new Error("reset")) }))
    );
    assertEquals((await failure(http.send(REQUEST))).code, "network");
  });

  it("reads text whose characters are cut between chunks", async () => {
    const bytes = new TextEncoder().encode(`"é漢"`);
    const { http } = setUp(() =>
      new Response(
        new ReadableStream({
          start: (controller) => {
            for (const byte of bytes) controller.enqueue(new Uint8Array([byte]));
            controller.close();
          },
        }),
      )
    );
    assertEquals((await http.send(REQUEST)).text, `"é漢"`);
  });
});
