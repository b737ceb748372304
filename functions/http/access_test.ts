import { assert, assertEquals, assertMatch } from "@std/assert";
import { getRandomValues } from "node:crypto";
import { afterEach, beforeEach, describe, it } from "node:test";
import * as v from "valibot";
import { CaptureMetrics } from "../../tests/fakes/capture_metrics.ts";
import { CaptureLogger } from "../../tests/fakes/capture_logger.ts";
import { FakeLookup } from "../../tests/fakes/fake_lookup.ts";
import { ManualClock } from "../../tests/fakes/manual_clock.ts";
import { type SqliteKeyStore, sqliteKeyStore } from "../adapters/local/sqlite_key_store.ts";
import { type SqliteStore, sqliteStore } from "../adapters/local/sqlite_store.ts";
import { Problem } from "../contract/schemas.ts";
import type { Scope } from "../contract/scopes.ts";
import { createKey } from "../core/api_keys.ts";
import type { RequestMetric } from "../ports/metrics.ts";
import { type AppOptions, createApp } from "./app.ts";

const APP = "https://app.example";

describe("createApp(): who may call", () => {
  let lookup: FakeLookup;
  let store: SqliteStore;
  let keys: SqliteKeyStore;
  let clock: ManualClock;
  let logger: CaptureLogger;

  beforeEach(() => {
    lookup = new FakeLookup();
    lookup.offline("idle");
    store = sqliteStore(":memory:");
    keys = sqliteKeyStore(":memory:");
    clock = new ManualClock();
    logger = new CaptureLogger();
  });
  afterEach(() => {
    store.close();
    keys.close();
  });

  const make = (options: Partial<AppOptions> = {}) =>
    createApp({
      links: { lookup, clock },
      system: { store, clock },
      logger,
      loopbackOnly: false,
      keys: { store: keys, clock },
      ...options,
    });
  const newKey = async (scopes: Scope[], requestsPerMinute?: number) =>
    (await createKey({ keys, now: clock.now(), random: (bytes) => getRandomValues(bytes) }, {
      name: "test",
      scopes,
      requestsPerMinute,
    })).secret;
  const bearer = (secret: string) => ({ headers: { authorization: `Bearer ${secret}` } });
  const problemOf = async (response: Response) => v.parse(Problem, await response.json());

  describe("off loopback", () => {
    it("wants a key with the route's scope, and none for what is open", async () => {
      const app = make();
      const secrets = {
        lookup: await newKey(["lookup"]),
        read: await newKey(["read"]),
        write: await newKey(["write"]),
      };
      const routes: [Scope, string, string][] = [
        ["lookup", "GET", "/api/links?usernames=idle"],
        ["read", "GET", "/watchlist"],
        ["read", "GET", "/recordings"],
        ["write", "PUT", "/watchlist/some.host"],
        ["write", "DELETE", "/watchlist/some.host"],
      ];
      for (const [needed, method, path] of routes) {
        const none = await app.request(path, { method });
        assertEquals([none.status, (await problemOf(none)).code], [401, "unauthorized"], path);
        assertEquals(none.headers.get("www-authenticate"), "Bearer");
        for (const scope of ["lookup", "read", "write"] as const) {
          const { status } = await app.request(path, { method, ...bearer(secrets[scope]) });
          assertEquals(status === 403, scope !== needed, `${method} ${path} with ${scope}: ${status}`);
        }
      }
      assertEquals(await store.getWatch("some.host"), undefined);
      for (const path of ["/health", "/"]) assertEquals((await app.request(path)).status, 200);
      assertEquals((await app.request("/nothing")).status, 404);
    });

    it("takes the key from either header, and refuses before it reads the request", async () => {
      const app = make();
      const secret = await newKey(["read"]);
      assertEquals((await app.request("/watchlist", { headers: { "x-api-key": secret } })).status, 200);
      assertEquals((await app.request("/watchlist", { headers: { authorization: `bearer ${secret}` } })).status, 200);
      for (const header of [`Basic ${secret}`, secret, "Bearer", `Bearer ${secret.slice(0, -1)}`]) {
        assertEquals((await app.request("/watchlist", { headers: { authorization: header } })).status, 401, header);
      }
      assertEquals((await app.request(`/watchlist?key=${secret}`)).status, 401);
      assertEquals((await app.request("/watchlist?limit=0")).status, 401);
      assertEquals((await app.request("/watchlist?limit=0", bearer(secret))).status, 400);
    });

    it("is no matter of what the request says about itself", async () => {
      const app = make();
      const local = { host: "127.0.0.1:3000", "x-forwarded-for": "127.0.0.1", forwarded: "for=127.0.0.1" };
      assertEquals((await app.request("http://127.0.0.1:3000/watchlist", { headers: local })).status, 401);
    });

    it("refuses everything that needs a key when it has none to compare with", async () => {
      const response = await make({ keys: undefined }).request("/watchlist", bearer(await newKey(["read"])));
      assertEquals([response.status, (await problemOf(response)).code], [403, "not_configured"]);
    });

    it("counts the requests of each key, and tells what is left", async () => {
      const app = make();
      const secret = await newKey(["read"], 2);
      const ask = (key = secret) => app.request("/watchlist", bearer(key));
      const first = await ask();
      assertEquals(first.headers.get("ratelimit-policy"), `"key";q=2;w=60`);
      assertEquals(first.headers.get("ratelimit"), `"key";r=1;t=30`);
      assertEquals((await ask()).headers.get("ratelimit"), `"key";r=0;t=60`);
      const refused = await ask();
      const { code, retry_after } = await problemOf(refused);
      assertEquals([refused.status, code, retry_after], [429, "too_many_requests", 30]);
      assertEquals(refused.headers.get("retry-after"), "30");
      assertEquals(refused.headers.get("ratelimit"), `"key";r=0;t=60`);
      assertEquals((await ask(await newKey(["read"]))).status, 200);
      await clock.advance(30_000);
      assertEquals((await ask()).status, 200);
      assertEquals((await ask()).status, 429);
    });
  });

  describe("CORS", () => {
    const preflight = (origin: string) => ({
      method: "OPTIONS",
      headers: {
        origin,
        "access-control-request-method": "PUT",
        "access-control-request-headers": "authorization",
      },
    });

    it("is off by default", async () => {
      const app = make();
      const asked = await app.request("/watchlist/a", preflight(APP));
      assertEquals(asked.headers.get("access-control-allow-origin"), null);
      const answer = await app.request("/health", { headers: { origin: APP } });
      assertEquals(answer.headers.get("access-control-allow-origin"), null);
    });

    it("answers preflights of the listed origins without a key", async () => {
      const app = make({ corsOrigins: [APP] });
      const { status, headers } = await app.request("/watchlist/a", preflight(APP));
      assertEquals([status, headers.get("access-control-allow-origin")], [204, APP]);
      assertMatch(headers.get("access-control-allow-methods") ?? "", /PUT/);
      assertMatch(headers.get("access-control-allow-headers") ?? "", /authorization.*x-api-key/);
      assertMatch(headers.get("vary") ?? "", /origin/i);
      assertEquals(headers.get("access-control-allow-credentials"), null);
      const other = await app.request("/watchlist/a", preflight("https://evil.example"));
      assertEquals(other.headers.get("access-control-allow-origin"), null);
    });

    it("lets the pages of the listed origins read answers and failures", async () => {
      const app = make({ corsOrigins: [APP] });
      const headers = { origin: APP, "x-api-key": await newKey(["read"]) };
      const answer = await app.request("/watchlist", { headers });
      assertEquals([answer.status, answer.headers.get("access-control-allow-origin")], [200, APP]);
      assertMatch(answer.headers.get("access-control-expose-headers") ?? "", /ratelimit/);
      const failure = await app.request("/watchlist", { headers: { origin: APP } });
      assertEquals([failure.status, failure.headers.get("access-control-allow-origin")], [401, APP]);
      assertEquals(failure.headers.get("content-type"), "application/problem+json");
    });

    it("lets listed origins in on loopback too, under a loopback name only", async () => {
      const app = make({ corsOrigins: [APP], loopbackOnly: true, keys: undefined });
      const ask = (headers: Record<string, string>) => app.request("http://127.0.0.1:3000/watchlist", { headers });
      assertEquals((await ask({ origin: APP, "sec-fetch-site": "cross-site" })).status, 200);
      assertEquals((await ask({ origin: "https://evil.example" })).status, 403);
      assertEquals((await ask({ origin: APP, host: "evil.example" })).status, 403);
    });
  });

  describe("the request log", () => {
    const lines = () => logger.lines.filter(({ event }) => event === "request").map(({ fields }) => fields);

    it("has one line a request: route, status, time and ids, and nothing secret", async () => {
      let ms = 0;
      const app = make({ now: () => ms += 1.5, newId: () => "made-1" });
      const secret = await newKey(["read"]);
      await app.request("/watchlist/some.host?token=hidden", {
        headers: { authorization: `Bearer ${secret}`, cookie: "sessionid=hidden", traceparent: "00-ab-cd-01" },
      });
      const keyId = secret.split("_")[1];
      assertEquals(lines(), [{
        method: "GET",
        route: "/watchlist/{username}",
        status: 404,
        durationMs: 1.5,
        requestId: "made-1",
        keyId,
        traceId: "00-ab-cd-01",
        client: undefined,
      }]);
      const text = JSON.stringify(logger.lines);
      assert(!text.includes("hidden") && !text.includes(secret.slice(20)));
      await app.request("/nothing/here");
      assertEquals(lines().at(-1)?.["route"], "none");
    });

    it("takes the caller's request id when it is sane, and gives it back with answers and failures", async () => {
      const app = make({ newId: () => "made" });
      const ask = async (id: string, path: string) => {
        const response = await app.request(path, { headers: { "x-request-id": id } });
        const { request_id } = await response.json() as { request_id?: string };
        return [response.headers.get("x-request-id"), request_id];
      };
      assertEquals(await ask("abc-1", "/health"), ["abc-1", undefined]);
      assertEquals(await ask("abc-2", "/watchlist"), ["abc-2", "abc-2"]);
      assertEquals(await ask("abc-3", "/nothing"), ["abc-3", "abc-3"]);
      for (const odd of ["two words", "x".repeat(129), "<b>", '"']) {
        assertEquals(await ask(odd, "/nothing"), ["made", "made"], odd);
      }
      assertEquals(lines().map((fields) => fields["requestId"]).slice(0, 3), ["abc-1", "abc-2", "abc-3"]);
    });

    it("believes the nearest proxy about the client's address only when it is told to", async () => {
      const headers = { "x-forwarded-for": "1.2.3.4, 192.0.2.7" };
      await make().request("/health", { headers });
      await make({ trustForwarded: true }).request("/health", { headers });
      assertEquals(lines().map((fields) => fields["client"]), [undefined, "192.0.2.7"]);
    });

    it("feeds the metrics by route", async () => {
      const seen: RequestMetric[] = [];
      const metrics = new CaptureMetrics();
      metrics.request = (metric: RequestMetric) => void seen.push(metric);
      const app = make({ metrics, now: () => 7 });
      await app.request("/watchlist/a", bearer(await newKey(["read"])));
      assertEquals(seen, [{ method: "GET", route: "/watchlist/{username}", status: 404, durationMs: 0 }]);
    });
  });
});
