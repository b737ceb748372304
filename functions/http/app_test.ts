import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import type { Hono } from "hono";
import { afterEach, beforeEach, describe, it } from "node:test";
import * as v from "valibot";
import { CaptureLogger } from "../../tests/fakes/capture_logger.ts";
import { FakeLookup } from "../../tests/fakes/fake_lookup.ts";
import { ManualClock } from "../../tests/fakes/manual_clock.ts";
import { type SqliteStore, sqliteStore } from "../adapters/local/sqlite_store.ts";
import { APP_ERROR_CODES, AppError } from "../contract/errors.ts";
import { LinksReply, Problem, UserInfoReply } from "../contract/schemas.ts";
import { createApp } from "./app.ts";
import { STATUS_OF, toProblem } from "./errors.ts";

const TAYLOR = {
  id: "6881290705605477381",
  username: "taylorswift",
  nickname: "Taylor Swift",
  bio: "Singer and songwriter",
  secUid: "MS4wLjABAAAAqB08cUbXaDWqbD6MCga2RbGTuhfO2EsHayBYx08NDrN7IE3jQuRDNNN6YwyfH6_6",
  followers: 1_000_000,
  following: 20,
  likes: 5_000_000,
  videos: 12,
  profilePictureUrl: "https://example.com/taylor.jpg",
  verified: true,
  private: false,
  roomId: "",
  live: false,
};

describe("createApp()", () => {
  let lookup: FakeLookup;
  let store: SqliteStore;
  let clock: ManualClock;
  let logger: CaptureLogger;
  let app: Hono;

  beforeEach(() => {
    lookup = new FakeLookup();
    store = sqliteStore(":memory:");
    clock = new ManualClock();
    logger = new CaptureLogger();
    app = createApp({
      links: { lookup, clock },
      userInfo: { lookup, clock },
      followings: { lookup, clock },
      lives: { lookup, clock },
      system: { store, clock },
      logger,
      loopbackOnly: true,
    });
  });
  afterEach(() => store.close());

  const ask = async (path: string, init: RequestInit = {}) => {
    const response = await app.request(path, init);
    const text = await response.text();
    const body: unknown = text === "" ? undefined : JSON.parse(text);
    return { status: response.status, headers: response.headers, text, body: body as Record<string, unknown> };
  };
  const askProblem = async (path: string, init: RequestInit = {}) => {
    const { status, headers, body } = await ask(path, init);
    assertEquals(headers.get("content-type"), "application/problem+json");
    const problem = v.parse(Problem, body);
    assertEquals(problem.status, status);
    return { ...problem, headers, body };
  };

  describe("GET /api/links", () => {
    beforeEach(() => {
      lookup.offline("idle");
      lookup.live("ohsomefunhouse", "7300000000000000001", [
        { url: "https://example.com/live/key.flv", protocol: "flv", quality: "hd", codec: "h264", level: 3 },
      ]);
    });

    it("gives one object for one name, whose first fields are the seed's", async () => {
      const live = await ask("/api/links?usernames[]=ohsomefunhouse");
      assertEquals(live.status, 200);
      assertEquals(live.headers.get("content-type"), "application/json");
      assert(live.text.startsWith('{"user":"ohsomefunhouse","live_stream_link":"https://example.com/live/key.flv",'));
      v.parse(LinksReply, live.body);
      const idle = await ask("/api/links?usernames=idle");
      assertEquals(idle.status, 200);
      assert(idle.text.startsWith('{"error":"User is not live",'));
    });

    it("takes names in every spelling of the parameter", async () => {
      const url = encodeURIComponent("https://www.tiktok.com/@idle");
      for (
        const query of [
          `usernames[]=idle&usernames[]=@ohsomefunhouse`,
          `usernames=idle&usernames=ohsomefunhouse`,
          `usernames=idle,%20ohsomefunhouse,`,
          `usernames%5B%5D=${url}&usernames=ohsomefunhouse`,
        ]
      ) {
        const { body } = await ask(`/api/links?${query}`);
        assertEquals(v.parse(v.array(v.object({ user: v.string() })), body).map(({ user }) => user), [
          "idle",
          "ohsomefunhouse",
        ]);
      }
    });

    it("names every wrong parameter at once", async () => {
      const problem = await askProblem("/api/links?usernames=,&protocol=rtmp&quality=&codec=h264&codec=h265");
      assertEquals([problem.status, problem.code], [400, "invalid_input"]);
      assertEquals(problem.parameters?.map(({ name }) => name).sort(), ["codec", "protocol", "quality", "usernames"]);
      for (const query of ["", "?usernames=", `?usernames=${Array.from({ length: 51 }, (_, i) => `h${i}`)}`]) {
        const { parameters, status } = await askProblem(`/api/links${query}`);
        assertEquals([status, parameters?.map(({ name }) => name)], [400, ["usernames"]]);
      }
    });

    it("answers the failure of the only name as a problem with the seed's fields", async () => {
      lookup.fails("refused", "captcha", 30_500);
      const problem = await askProblem("/api/links?usernames[]=refused");
      assertEquals([problem.status, problem.code, problem.retry_after], [503, "captcha", 31]);
      assertEquals([problem.body["user"], problem.body["error"]], ["refused", "Look up refused: captcha"]);
      assertEquals(problem.headers.get("retry-after"), "31");
      assertEquals((await askProblem("/api/links?usernames[]=nobody")).status, 404);
      assertEquals((await askProblem("/api/links?usernames[]=a%2Fb")).status, 400);
    });
  });

  describe("GET /tiktok/user-info", () => {
    it("gives the seed's answer with more beside it", async () => {
      lookup.users.set("taylorswift", TAYLOR);
      const { status, text, body } = await ask("/tiktok/user-info?uniqueId=taylorswift");
      assertEquals(status, 200);
      v.parse(UserInfoReply, body);
      const seed = {
        uniqueId: "taylorswift",
        nickname: "Taylor Swift",
        bio: "Singer and songwriter",
        followers: 1_000_000,
        following: 20,
        likes: 5_000_000,
        profilePictureUrl: "https://example.com/taylor.jpg",
      };
      assertStringIncludes(text, `{"status":"success","data":{"userInfo":${JSON.stringify(seed).slice(0, -1)},`);
      const { secUid, id, roomId, verified, private: hidden, videos, live } = TAYLOR;
      assertEquals(body, {
        status: "success",
        data: { userInfo: { ...seed, secUid, id, roomId, verified, private: hidden, videos, live } },
      });
    });

    it("tells what is wrong", async () => {
      assertEquals((await askProblem("/tiktok/user-info")).parameters, [
        { name: "uniqueId", detail: "must be given" },
      ]);
      assertEquals((await askProblem("/tiktok/user-info?uniqueId=a%20b")).parameters?.[0]?.name, "uniqueId");
      assertEquals((await askProblem("/tiktok/user-info?uniqueId=a&uniqueId=b")).parameters, [
        { name: "uniqueId", detail: "must be given once" },
      ]);
      assertEquals((await askProblem("/tiktok/user-info?uniqueId=nobody")).status, 404);
    });
  });

  describe("GET /tiktok/user-followings", () => {
    it("names every wrong parameter at once", async () => {
      const problem = await askProblem("/tiktok/user-followings?secUid=x&count=0&minCursor=-1&maxCursor=b");
      assertEquals(problem.parameters?.map(({ name }) => name), ["secUid", "count", "minCursor", "maxCursor"]);
      assertEquals((await askProblem("/tiktok/user-followings")).parameters?.map(({ name }) => name), ["secUid"]);
    });
  });

  describe("/watchlist", () => {
    it("puts, shows, lists and deletes names in their normal form", async () => {
      const put = await ask("/watchlist/@Some.Host", { method: "PUT" });
      const expected = {
        username: "some.host",
        state: "unknown",
        priority: 0,
        paused: false,
        added_at: clock.now(),
        next_check_at: clock.now(),
        failures: 0,
      };
      assertEquals([put.status, put.body], [201, expected]);
      assertEquals((await ask("/watchlist/some.host", { method: "PUT" })).status, 200);
      assertEquals((await ask("/watchlist/some.host")).body, expected);
      await ask("/watchlist/another", { method: "PUT" });
      const first = await ask("/watchlist?limit=1");
      assertEquals((first.body["watches"] as { username: string }[]).map(({ username }) => username), ["another"]);
      const second = await ask(`/watchlist?limit=1&cursor=${first.body["cursor"]}`);
      assertEquals(second.body, { watches: [expected] });
      const changed = await ask("/watchlist/some.host?priority=-2&quality=hd", { method: "PUT" });
      assertEquals([changed.status, changed.body], [200, { ...expected, priority: -2, quality: "hd" }]);
      const { next_check_at: _, ...unseen } = { ...expected, priority: -2, quality: "hd", paused: true };
      assertEquals((await ask("/watchlist/some.host?paused=true", { method: "PUT" })).body, unseen);
      assertEquals((await ask("/watchlist/some.host", { method: "PUT" })).body, unseen);
      assertEquals((await ask("/watchlist/some.host?paused=false", { method: "PUT" })).body, {
        ...changed.body,
      });
      const problem = await askProblem("/watchlist/some.host?paused=maybe&quality=best", { method: "PUT" });
      assertEquals(problem.parameters?.map(({ name }) => name), ["quality", "paused"]);
      assertEquals((await ask("/watchlist/new.host?priority=3", { method: "PUT" })).body["priority"], 3);
      for (const wrong of ["4", "1.5", "high", ""]) {
        const problem = await askProblem(`/watchlist/some.host?priority=${wrong}`, { method: "PUT" });
        assertEquals([problem.status, problem.parameters?.[0]?.name], [400, "priority"]);
      }
      const deleted = await ask("/watchlist/some.host", { method: "DELETE" });
      assertEquals([deleted.status, deleted.text], [204, ""]);
    });

    it("tells what is wrong", async () => {
      assertEquals((await askProblem("/watchlist/nobody")).status, 404);
      assertEquals((await askProblem("/watchlist/nobody", { method: "DELETE" })).status, 404);
      for (const name of ["a%2F..%2Fb", "a%20b", "%00", "x".repeat(40)]) {
        const problem = await askProblem(`/watchlist/${name}`, { method: "PUT" });
        assertEquals([problem.status, problem.parameters?.[0]?.name], [400, "username"]);
      }
      const page = await askProblem("/watchlist?limit=0&cursor=");
      assertEquals(page.parameters?.map(({ name }) => name), ["limit", "cursor"]);
    });
  });

  it("has one status for every code, and a problem of the documented shape", async () => {
    for (const code of APP_ERROR_CODES) {
      const error = new AppError(code, "Do it: it failed", { remedy: "Do it again", evidence: { status: 403 } });
      const response = toProblem(error);
      assertEquals(response.status, STATUS_OF[code]);
      v.parse(Problem, await response.json());
    }
  });

  it("says no more than that something broke when something unexpected did, and logs it", async () => {
    lookup.userInfo = () => Promise.reject(new TypeError("secret detail"));
    const problem = await askProblem("/tiktok/user-info?uniqueId=a");
    assertEquals([problem.status, problem.code], [500, "internal"]);
    assert(!JSON.stringify(problem).includes("secret detail"));
    const levels = logger.lines.map(({ level, event }) => [level, event]);
    assertEquals(levels, [["error", "request_failed"], ["info", "request"]]);
  });

  it("answers unknown paths and wrong methods as problems", async () => {
    assertEquals((await askProblem("/nothing")).status, 404);
    const problem = await askProblem("/watchlist/a", { method: "POST" });
    assertEquals([problem.status, problem.headers.get("allow")], [405, "GET, PUT, DELETE"]);
    assertEquals((await askProblem("/health", { method: "DELETE" })).status, 405);
    assertEquals((await askProblem("/", { method: "POST" })).headers.get("allow"), "GET");
  });

  it("tells its health and its routes", async () => {
    assertEquals((await ask("/health")).body, { status: "ok" });
    const { body } = await ask("/");
    const paths = v.parse(v.array(v.object({ method: v.string(), path: v.string() })), body["routes"]);
    assert(paths.some(({ method, path }) => method === "PUT" && path === "/watchlist/{username}"));
    store.close();
    assertEquals((await askProblem("/health")).status, 500);
    store = sqliteStore(":memory:");
  });

  it("mounts only the groups that are given", async () => {
    app = createApp({ links: { lookup, clock }, logger, loopbackOnly: true });
    lookup.offline("idle");
    assertEquals((await ask("/api/links?usernames=idle")).status, 200);
    assertEquals((await ask("/health")).status, 200);
    for (const path of ["/tiktok/user-info?uniqueId=a", "/tiktok/user-followings", "/watchlist", "/recordings"]) {
      assertEquals((await askProblem(path)).status, 404);
    }
  });

  describe("on loopback", () => {
    const health = (headers: Record<string, string>) => app.request("http://127.0.0.1:3000/health", { headers });

    it("refuses foreign hosts, origins and sites", async () => {
      const foreign: Record<string, string>[] = [
        { host: "evil.example" },
        { host: "127.0.0.1.evil.example:3000" },
        { host: "localhost.evil.example" },
        { host: "10.0.0.1:3000" },
        { host: "" },
        { host: "127.0.0.1:3000", origin: "https://evil.example" },
        { host: "127.0.0.1:3000", origin: "null" },
        { host: "127.0.0.1:3000", origin: "http://127.0.0.1:4000" },
        { host: "127.0.0.1:3000", "sec-fetch-site": "cross-site" },
        { host: "127.0.0.1:3000", "sec-fetch-site": "same-site" },
      ];
      for (const headers of foreign) {
        const response = await health(headers);
        assertEquals(response.status, 403, JSON.stringify(headers));
        assertEquals(v.parse(Problem, await response.json()).code, "forbidden");
      }
    });

    it("serves programs and its own pages", async () => {
      const own: Record<string, string>[] = [
        {},
        { host: "127.0.0.1:3000" },
        { host: "localhost:3000", origin: "http://localhost:3000", "sec-fetch-site": "same-origin" },
        { host: "[::1]:3000", "sec-fetch-site": "none" },
      ];
      for (const headers of own) assertEquals((await health(headers)).status, 200, JSON.stringify(headers));
    });

    it("lets everybody in elsewhere", async () => {
      app = createApp({ logger, loopbackOnly: false });
      assertEquals((await health({ host: "api.example.com", origin: "https://other.example" })).status, 200);
    });
  });
});
