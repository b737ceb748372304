import { assertEquals, assertInstanceOf, assertRejects, assertStrictEquals } from "@std/assert";
import { describe, it } from "node:test";
import { LiveError } from "../errors.ts";
import { FakeClock, settle } from "../testing/fakes.ts";
import { FakeFetch, type SeenRequest } from "../testing/http.ts";
import { HttpClient } from "./http.ts";
import { DEFAULT_BASE_URLS, Identity, parseCookies } from "./identity.ts";
import { fetchTtwid, PROFILE_ROUNDS } from "./ttwid.ts";

function setUp(answer: (request: SeenRequest, index: number) => Response, cookies = "") {
  let count = 0;
  const fake = new FakeFetch((request) => answer(request, count++));
  const clock = new FakeClock();
  const identity = new Identity({
    baseUrls: DEFAULT_BASE_URLS,
    userAgent: undefined,
    cookies: parseCookies(cookies),
    random: () => 0,
  });
  const http = new HttpClient({
    fetch: fake.fetch,
    clock,
    identity,
    timeoutMs: 5000,
    maxBodyBytes: 1000,
    trace: () => undefined,
  });
  return { context: { http, identity, clock }, fake, clock, identity };
}

const set = (value: string) => new Response("", { headers: { "set-cookie": `ttwid=${value}; Path=/; HttpOnly` } });
const isRegistration = (request: SeenRequest) => request.url.host === "ttwid.bytedance.com";

describe("fetchTtwid()", () => {
  it("takes the cookie that the host's page sets", async () => {
    const { context, fake, identity } = setUp(() => set("1%7Ca"));
    await fetchTtwid(context, "some.host");
    assertEquals(identity.ttwid, "1%7Ca");
    assertEquals(fake.requests.map((request) => request.url.pathname), ["/@some.host"]);
  });

  it("asks for nothing when there is one, also one of the user's", async () => {
    const { context, fake } = setUp(() => set("x"), "ttwid=mine");
    await fetchTtwid(context, "some.host");
    assertEquals(fake.requests.length, 0);
  });

  it("tries pages in turns with pauses, since only some loads set it", async () => {
    const { context, fake, clock, identity } = setUp((_request, index) => index === 3 ? set("late") : new Response(""));
    const pending = fetchTtwid(context, "some.host");
    await clock.advance(749);
    assertEquals(fake.requests.length, 1);
    await clock.advance(750 * 2 + 1);
    await pending;
    assertEquals(identity.ttwid, "late");
    const paths = fake.requests.map((request) => request.url.pathname);
    assertEquals(paths, ["/@some.host", "/@tiktok", "/@some.host", "/@tiktok"]);
  });

  it("registers when no page sets it", async () => {
    const { context, fake, clock, identity } = setUp((request) =>
      isRegistration(request) ? set("registered") : new Response("")
    );
    const pending = fetchTtwid(context, "some.host");
    await clock.advance(60_000);
    await pending;
    assertEquals(identity.ttwid, "registered");
    assertEquals(fake.requests.length, PROFILE_ROUNDS + 2 + 1);
    assertEquals(fake.requests.slice(-3).map((request) => request.url.pathname), [
      "/live",
      "/",
      "/ttwid/union/register/",
    ]);
    assertEquals(JSON.parse(fake.requests.at(-1)?.body ?? "").aid, 1768);
    assertEquals(fake.requests.at(-1)?.headers["Cookie"], undefined);
  });

  it("asks a page that refuses only once, then registers", async () => {
    const { context, fake, identity } = setUp((request) =>
      isRegistration(request) ? set("registered") : new Response("", { status: 403 })
    );
    await fetchTtwid(context, "some.host");
    assertEquals([fake.requests.length, identity.ttwid], [2, "registered"]);
  });

  it("takes only ttwid from the registration", async () => {
    const headers = new Headers([["set-cookie", "other=1"], ["set-cookie", "ttwid=r"]]);
    const { context, identity } = setUp((request) =>
      isRegistration(request) ? new Response("", { headers }) : new Response("", { status: 403 })
    );
    await fetchTtwid(context);
    assertEquals(identity.cookieHeader(new URL("https://www.tiktok.com/")), "ttwid=r");
  });

  it("fails with the refusal that stood in the way", async () => {
    const { context } = setUp((request) =>
      isRegistration(request) ? new Response("") : new Response("", { status: 429, headers: { "retry-after": "9" } })
    );
    const error = await assertRejects(() => fetchTtwid(context, "some.host"));
    assertInstanceOf(error, LiveError);
    assertEquals([error.code, error.retryAfterMs, error.evidence.status], ["rate_limited", 9000, 429]);
  });

  it("is blocked when nothing sets it", async () => {
    const { context, clock } = setUp(() => new Response(""));
    const pending = assertRejects(() => fetchTtwid(context));
    await clock.advance(60_000);
    const error = await pending;
    assertInstanceOf(error, LiveError);
    assertEquals(error.code, "blocked");
  });

  it("stops at once when the caller aborts in a pause", async () => {
    const { context, fake, clock } = setUp(() => new Response(""));
    const controller = new AbortController();
    const pending = assertRejects(() => fetchTtwid(context, "some.host", controller.signal));
    await settle();
    const reason = new Error("enough");
    controller.abort(reason);
    assertStrictEquals(await pending, reason);
    assertEquals([fake.requests.length, clock.waiting], [1, 0]);
  });
});
