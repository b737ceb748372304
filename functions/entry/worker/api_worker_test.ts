import { assert, assertEquals } from "@std/assert";
import { createHash } from "node:crypto";
import { afterEach, beforeEach, describe, it } from "node:test";
import { type Standin, startStandin } from "../../../tests/standin/mod.ts";
import worker from "./api.worker.ts";

const ID = "0123456789ab";
const KEY = `rtk_${ID}_${"cd".repeat(32)}`;
const HASH = createHash("sha256").update(KEY).digest("hex");

describe("the Worker's answers", () => {
  let standin: Standin;
  beforeEach(async () => {
    standin = await startStandin({ media: false });
    standin.room("host").startLive();
    standin.room("idle");
  });
  afterEach(() => standin.stop());

  /** An isolate. */
  const open = (more: Record<string, string> = {}) => {
    const { web, webcast, socket, ttwid } = standin.baseUrls;
    const env = {
      ROOMTONE_TIKTOK_WEB_URL: web,
      ROOMTONE_TIKTOK_WEBCAST_URL: webcast,
      ROOMTONE_TIKTOK_SOCKET_URL: socket,
      ROOMTONE_TIKTOK_TTWID_URL: ttwid,
      ROOMTONE_API_KEYS: `${ID}:${HASH}:lookup+write`,
      ...more,
    };
    return async (path: string, init: RequestInit = {}) => {
      const headers = { "x-api-key": KEY, ...init.headers as Record<string, string> };
      return await worker.fetch(new Request(`https://api.example${path}`, { ...init, headers }), env);
    };
  };

  it("are kept for all requests of an isolate, who are one visitor to TikTok", async () => {
    const ask = open();
    const first = await ask("/api/links?usernames[]=host&usernames[]=idle");
    const asked = standin.requests.length;
    const second = await ask("/api/links?usernames[]=idle&usernames[]=host");
    assertEquals([first.status, second.status, standin.requests.length], [200, 200, asked]);
    assert(second.headers.has("age") && second.headers.get("etag") !== first.headers.get("etag"));
    await ask("/tiktok/user-info?uniqueId=host");
    await ask("/api/feed");
    assert(standin.requests.length > asked);
    assertEquals(new Set(standin.requests.flatMap(({ userAgents }) => userAgents)).size, 1);
  });

  it("do not wait for a request that is gone", async () => {
    const ask = open();
    standin.room("host").fault({ kind: "http", route: "api_live", reply: "hang", times: 1 });
    void ask("/api/links?usernames[]=host").catch(() => undefined);
    while (standin.requests.length === 0) await new Promise((resolve) => setImmediate(resolve));
    const second = await ask("/api/links?usernames[]=host");
    assertEquals((await second.json() as { code: unknown }).code, "live");
  });

  it("say at once when the budget of the isolate is used up", async () => {
    const ask = open({ ROOMTONE_TIKTOK_REQUESTS_PER_MINUTE: "15", ROOMTONE_TIKTOK_REQUEST_BURST: "1" });
    assertEquals((await ask("/api/links?usernames[]=idle")).status, 200);
    const refused = await ask("/api/links?usernames[]=host");
    const { code, retry_after } = await refused.json() as Record<string, unknown>;
    assertEquals([refused.status, code], [503, "rate_limited"]);
    assertEquals(retry_after, 4);
    // What is kept needs no turn.
    assertEquals((await ask("/api/links?usernames[]=idle")).status, 200);
    assertEquals(standin.requests.length, 1);
  });

  it("take messages only where that is configured", async () => {
    const post = { method: "POST", body: '{"text":"hello"}', headers: { "content-type": "application/json" } };
    const codes = [];
    for (const env of [{}, { ROOMTONE_SEND_MESSAGES: "true" }] as Record<string, string>[]) {
      const response = await open(env)("/api/rooms/host/messages", post);
      codes.push([response.status, (await response.json() as { code: unknown }).code]);
    }
    assertEquals(codes, [[403, "not_configured"], [403, "login_required"]]);
  });

  it("may be read by the configured pages only", async () => {
    const ask = open({ ROOMTONE_CORS_ORIGINS: "https://app.example" });
    const allowed = async (origin: string, init: RequestInit = {}) =>
      (await ask("/api/live?usernames[]=host", { ...init, headers: { ...init.headers, origin } })).headers
        .get("access-control-allow-origin");
    assertEquals(await allowed("https://app.example"), "https://app.example");
    assertEquals(await allowed("https://evil.example"), null);
    const preflight = { method: "OPTIONS", headers: { "access-control-request-method": "GET", "x-api-key": "" } };
    assertEquals(await allowed("https://app.example", preflight), "https://app.example");
    const off = await open()("/health", { headers: { origin: "https://app.example" } });
    assertEquals(off.headers.get("access-control-allow-origin"), null);
  });
});
