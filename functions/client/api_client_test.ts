import { assert, assertEquals, assertInstanceOf, assertThrows } from "@std/assert";
import { beforeEach, describe, it } from "node:test";
import { CaptureLogger } from "../../tests/fakes/capture_logger.ts";
import { FakeLookup } from "../../tests/fakes/fake_lookup.ts";
import { ManualClock } from "../../tests/fakes/manual_clock.ts";
import { AppError } from "../contract/errors.ts";
import { createApp } from "../http/app.ts";
import { apiClient } from "./api_client.ts";

const URL = "https://api.example/live";
const KEY = "rtk_0123456789ab_secret";

describe("apiClient()", () => {
  let lookup: FakeLookup;
  let asked: Request[];
  beforeEach(() => {
    lookup = new FakeLookup();
    asked = [];
  });

  /** A client of the real app, mounted below a path. */
  function ofApp() {
    const deps = { lookup, clock: new ManualClock() };
    const app = createApp({
      ...{ links: deps, lives: deps, logger: new CaptureLogger(), loopbackOnly: true },
    });
    return apiClient({
      url: `${URL}/`,
      key: KEY,
      fetch: (request) => {
        asked.push(request);
        const { pathname, search } = new globalThis.URL(request.url);
        return Promise.resolve(app.request(`http://127.0.0.1${pathname.replace(/^\/live/, "")}${search}`, request));
      },
    });
  }
  /** A client of a server that gives this answer to everything. */
  const ofAnswer = (body: BodyInit | null, init: ResponseInit = {}) =>
    apiClient({
      url: URL,
      key: KEY,
      fetch: (request) => {
        asked.push(request);
        return Promise.resolve(new Response(body, init));
      },
    });
  const json = { headers: { "content-type": "application/json" } };
  const failureOf = async (call: Promise<unknown>): Promise<AppError> => {
    const error = await call.then(() => undefined, (reason: unknown) => reason);
    assert(error instanceof AppError, String(error));
    return error;
  };

  it("asks by the contract's paths, with the key, and gives the checked answer with its status", async () => {
    lookup.offline("idle");
    const { status, body } = await ofApp().links({ query: { usernames: ["idle", "@idle"], protocol: "flv" } });
    assertEquals([status, Array.isArray(body) ? body.map(({ code }) => code) : body], [200, ["offline", "offline"]]);
    const { url, headers, redirect } = asked[0] ?? new Request(URL);
    assertEquals(url, `${URL}/api/links?usernames=idle&usernames=%40idle&protocol=flv`);
    assertEquals([headers.get("authorization"), redirect], [`Bearer ${KEY}`, "manual"]);
  });

  it("puts what a path names into it, and refuses what leads to another path", async () => {
    const error = await failureOf(ofApp().room({ params: { username: "a/b?c" } }));
    assertEquals([error.code, asked.map(({ url }) => url)], ["invalid_input", [`${URL}/api/rooms/a%2Fb%3Fc`]]);
    for (const username of ["..", ".", ""]) {
      assertEquals((await failureOf(ofApp().room({ params: { username } }))).code, "invalid_input");
    }
    assertEquals(asked.length, 1);
  });

  it("throws the problem that the API tells about", async () => {
    lookup.failure = new AppError("rate_limited", "Read the gifts: refused", { remedy: "Wait", retryAfterMs: 9_000 });
    const { code, message, remedy, retryAfterMs, evidence } = await failureOf(ofApp().gifts());
    assertEquals([code, message, remedy, retryAfterMs], ["rate_limited", "Read the gifts: refused", "Wait", 9_000]);
    assertEquals([evidence["status"], typeof evidence["requestId"]], [503, "string"]);
    const wrong = await failureOf(ofApp().feed({ query: { cursor: "x" } }));
    assertEquals([wrong.code, wrong.parameters[0]?.name], ["invalid_input", "cursor"]);
  });

  it("tells what a gateway before the API answers", async () => {
    for (
      const [status, code] of [
        [401, "unauthorized"],
        [403, "forbidden"],
        [429, "too_many_requests"],
        [503, "network"],
        [504, "deadline"],
        [418, "protocol"],
      ] as const
    ) {
      const headers = { "content-type": "application/json", "retry-after": "3" };
      const error = await failureOf(ofAnswer('{"message":"no"}', { status, headers }).gifts());
      assertEquals([error.code, error.retryAfterMs, error.evidence["status"]], [code, 3_000, status]);
    }
  });

  it("follows no redirect: the key goes to no other address", async () => {
    const location = "https://elsewhere.example/api/gifts";
    const error = await failureOf(ofAnswer(null, { status: 307, headers: { location } }).gifts());
    assertEquals([error.code, error.evidence["status"], asked.length], ["protocol", 307, 1]);
  });

  it("believes no answer that is not what the contract says", async () => {
    const odd = await failureOf(ofAnswer('{"gifts":[{"id":1}]}', json).gifts());
    assertEquals([odd.code, odd.evidence["at"]], ["protocol", "gifts.0.id"]);
    assertEquals(
      (await failureOf(ofAnswer("<html>", { headers: { "content-type": "text/html" } }).gifts())).code,
      "protocol",
    );
    assertEquals((await failureOf(ofAnswer("{", json).gifts())).code, "protocol");
    assertEquals((await failureOf(ofAnswer("{}", { ...json, status: 202 }).gifts())).code, "protocol");
  });

  it("tells that the server is not reached or late, and ends with its caller's reason", async () => {
    const fails = (reason: unknown) => apiClient({ url: URL, key: KEY, fetch: () => Promise.reject(reason) });
    const cause = Object.assign(new Error("refused"), { code: "ECONNREFUSED" });
    const error = await failureOf(fails(new TypeError("fetch failed", { cause })).gifts());
    assertEquals([error.code, error.evidence["systemError"]], ["network", "ECONNREFUSED"]);
    const hangs = apiClient({
      url: URL,
      timeoutMs: 1,
      fetch: ({ signal }) => new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason))),
    });
    assertEquals((await failureOf(hangs.gifts())).code, "deadline");
    const ending = new AbortController();
    const ended = hangs.gifts({}, { signal: ending.signal });
    ending.abort("enough");
    assertEquals(await ended.catch((reason: unknown) => reason), "enough");
  });

  it("takes https, and plain HTTP on this machine only; it repeats neither address nor key", () => {
    const refuses = (options: { url: string; key?: string }) => {
      const error = assertThrows(() => apiClient(options));
      assertInstanceOf(error, TypeError);
      assert(!error.message.includes("hunter2"), error.message);
    };
    for (const local of ["127.0.0.1:3000", "localhost:3000", "[::1]:3000/x"]) apiClient({ url: `http://${local}` });
    for (
      const url of [
        "http://api.example",
        "http://127.0.0.1.evil.example",
        "ftp://api.example",
        "api.example",
        "https://name:hunter2@api.example",
        "https://api.example?key=hunter2",
      ]
    ) refuses({ url });
    refuses({ url: URL, key: "hunter2\r\nx-evil: 1" });
  });
});
