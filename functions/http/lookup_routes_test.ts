import { assert, assertEquals } from "@std/assert";
import type { Hono } from "hono";
import { beforeEach, describe, it } from "node:test";
import * as v from "valibot";
import { CaptureLogger } from "../../tests/fakes/capture_logger.ts";
import { FakeLookup } from "../../tests/fakes/fake_lookup.ts";
import { ManualClock, until } from "../../tests/fakes/manual_clock.ts";
import { APP_ERROR_CODES, AppError } from "../contract/errors.ts";
import {
  FeedReply,
  FollowersReply,
  FollowingsReply,
  GiftsReply,
  LinksReply,
  LiveChecksReply,
  MessageReply,
  PricesReply,
  Problem,
  RoomReply,
} from "../contract/schemas.ts";
import type { Room, UserInfo, UserListPage } from "../ports/live_lookup.ts";
import { createApp } from "./app.ts";
import { STATUS_OF } from "./errors.ts";

const SEC_UID = "MS4wLjABAAAAtFKZYaOb-9nF_w7QRi4y64d45mvuWuwf5ACEd3c6f";
const LINK = {
  url: "https://pull-flv.tiktokcdn.com/stage/key.flv",
  protocol: "flv",
  quality: "hd",
  codec: "h264",
} as const;

const user = (username: string): UserInfo => ({
  ...{ id: "1", username, nickname: username.toUpperCase(), bio: `This is ${username}...`, secUid: SEC_UID },
  ...{ followers: 6_900_000, following: 8, likes: 204_600_000, videos: 5_588 },
  ...{ profilePictureUrl: "https://p16.tiktokcdn.com/a.jpeg", verified: true, private: false, roomId: "", live: false },
});
const room = (roomId: string, username: string): Room => ({
  ...{ roomId, title: "hello", live: true, paused: false, ageRestricted: false, startedAt: 5, viewers: 7 },
  host: { id: "1", username, nickname: "N", bio: "", followers: 3 },
  links: [{ ...LINK, level: 3 }],
});

describe("createApp(): what TikTok answers", () => {
  let lookup: FakeLookup;
  let clock: ManualClock;
  let app: Hono;
  let sent: string[][];

  beforeEach(() => {
    lookup = new FakeLookup();
    clock = new ManualClock();
    sent = [];
    const deps = { lookup, clock };
    const sender = {
      send(username: string, text: string) {
        sent.push([username, text]);
        return Promise.resolve();
      },
    };
    app = createApp({
      ...{ links: deps, userInfo: deps, followings: deps, lives: { ...deps, sender } },
      logger: new CaptureLogger(),
      loopbackOnly: true,
    });
  });

  const ask = async (path: string, init: RequestInit = {}) => {
    const response = await app.request(path, init);
    return { status: response.status, headers: response.headers, text: await response.text() };
  };
  const read = async <S extends v.GenericSchema>(schema: S, path: string, init: RequestInit = {}) => {
    const { status, text } = await ask(path, init);
    assertEquals(status, 200, text);
    return v.parse(schema, JSON.parse(text)) as v.InferOutput<S>;
  };
  const askProblem = async (path: string, init: RequestInit = {}) => {
    const { status, headers, text } = await ask(path, init);
    assertEquals(headers.get("content-type"), "application/problem+json", text);
    const problem = v.parse(Problem, JSON.parse(text));
    assertEquals(problem.status, status);
    return problem;
  };
  const post = (text: string, type = "application/json"): RequestInit => ({
    method: "POST",
    body: text,
    headers: { "content-type": type },
  });

  describe("GET /api/links", () => {
    it("answers for several names in order, each with its name, and one failure spoils nothing", async () => {
      lookup.live("on.air", "7", [{ ...LINK, level: 3 }]);
      lookup.offline("idle");
      lookup.fails("refused", "captcha", 30_000);
      const replies = await read(
        v.array(v.record(v.string(), v.unknown())),
        "/api/links?usernames=refused,on.air,a b,idle",
      );
      v.parse(LinksReply, replies);
      assertEquals(replies.map(({ user, code }) => [user, code]), [
        ["refused", "captcha"],
        ["on.air", "live"],
        ["a b", "invalid_input"],
        ["idle", "offline"],
      ]);
      assertEquals(replies[0]?.["retry_after"], 30);
      assertEquals(replies[1]?.["live_stream_link"], LINK.url);
    });

    it("marks names that are late, and answers for the others", async () => {
      lookup.offline("quick");
      lookup.answers.set("slow", () => new Promise(() => {}));
      const several = ask("/api/links?usernames=quick,slow");
      const single = askProblem("/api/links?usernames=slow");
      await until(() => clock.sleeping() === 2);
      await clock.advance(20_000);
      const replies = v.parse(v.array(v.object({ code: v.string() })), JSON.parse((await several).text));
      assertEquals(replies.map(({ code }) => code), ["offline", "deadline"]);
      const late = await single;
      assertEquals([late.status, late.code, late["user"]], [504, "deadline", "slow"]);
    });

    it("answers each code with its status and the seed's fields", async () => {
      for (const code of APP_ERROR_CODES) {
        if (code === "internal") continue;
        lookup.fails("some.host", code, 1_500);
        const problem = await askProblem("/api/links?usernames[]=@some.host");
        assertEquals([problem.status, problem.code, problem.retry_after], [STATUS_OF[code], code, 2]);
        assertEquals([problem["error"], problem["user"]], [problem.detail, "some.host"]);
      }
      const wrong = await askProblem("/api/links?usernames[]=some.host&protocol=rtmp");
      assertEquals([wrong.code, wrong["error"], wrong["user"]], ["invalid_input", wrong.detail, "some.host"]);
    });
  });

  it("has the statuses that the contract names", () => {
    const { invalid_input, not_found, private: hidden, age_restricted, login_required, captcha, blocked } = STATUS_OF;
    const { rate_limited, protocol, network, deadline } = STATUS_OF;
    assertEquals([invalid_input, not_found, hidden, age_restricted, login_required], [400, 404, 403, 403, 403]);
    assertEquals([captcha, blocked, rate_limited, protocol, network, deadline], [503, 503, 503, 502, 502, 504]);
  });

  describe("GET /tiktok/user-info", () => {
    it("answers for private accounts, and lets the seed's field come along with failures", async () => {
      lookup.users.set("shy", { ...user("shy"), private: true });
      assertEquals((await ask("/tiktok/user-info?uniqueId=shy")).status, 200);
      const problem = await askProblem("/tiktok/user-info?uniqueId=nobody");
      assertEquals([problem.status, problem["data"]], [404, null]);
    });
  });

  describe("GET /tiktok/user-followings", () => {
    const page = (from: number, count: number, more: boolean): UserListPage => ({
      users: Array.from({ length: count }, (_, i) => user(`u${from + i}`)),
      hasMore: more,
      minCursor: 1_656_812_667 - from,
      maxCursor: 0,
      total: 76,
      logId: `LOG${from}`,
    });
    const query = `/tiktok/user-followings?secUid=${SEC_UID}`;

    it("gives the seed's answer, field by field", async () => {
      lookup.pages.set("followings 0", { ...page(0, 1, true), users: [user("cnn")] });
      const { text } = await ask(`${query}&count=1`);
      const body = JSON.parse(text) as Record<string, Record<string, unknown>>;
      v.parse(FollowingsReply, body);
      assertEquals(Object.keys(body), ["requestDetails", "metadata", "followings"]);
      assertEquals(Object.keys(body["requestDetails"] ?? {}), ["secUid", "count", "minCursor", "maxCursor"]);
      const documented = ["totalFollowings", "hasMore", "maxCursor", "minCursor", "logId"];
      assertEquals(Object.keys(body["metadata"] ?? {}), [...documented, "hidden"]);
      assertEquals(body["requestDetails"], { secUid: SEC_UID, count: "1", minCursor: 0, maxCursor: 0 });
      assertEquals(body["followings"] as unknown, [{
        username: "cnn",
        nickname: "CNN",
        avatar: "https://p16.tiktokcdn.com/a.jpeg",
        verified: true,
        bio: "This is cnn...",
        stats: { followers: 6_900_000, followings: 8, likes: 204_600_000, videos: 5_588 },
      }]);
    });

    it("fills the count over several pages, with the cursors of the last, and tells how many are hidden", async () => {
      lookup.pages.set("followings 0", page(0, 28, true));
      lookup.pages.set("followings 1656812667", page(30, 28, true));
      lookup.pages.set("followings 1656812637", page(60, 16, false));
      const all = await read(FollowingsReply, `${query}&count=200`);
      assertEquals(all.followings.length, 72);
      assertEquals(all.metadata, {
        ...{ totalFollowings: 76, hasMore: false, maxCursor: 0, minCursor: 1_656_812_607, logId: "LOG60", hidden: 4 },
      });
      assertEquals(lookup.listed.map(({ minCursor, maxCursor }) => [minCursor, maxCursor]), [
        [0, 0],
        [1_656_812_667, 1_656_812_667],
        [1_656_812_637, 1_656_812_637],
      ]);
      const next = await read(FollowingsReply, `${query}&count=20&minCursor=1656812637`);
      assertEquals([next.requestDetails.minCursor, next.metadata.hidden], [1_656_812_637, null]);
      const short = await read(FollowingsReply, `${query}&count=30`);
      assertEquals([short.metadata.hasMore, lookup.listed.at(-1)?.count], [true, 2]);
    });

    it("takes a name in place of the secUid, and lists followers likewise", async () => {
      lookup.users.set("cnn", user("cnn"));
      lookup.pages.set("followers 0", page(0, 2, false));
      const reply = await read(FollowersReply, "/tiktok/user-followers?uniqueId=@cnn");
      assertEquals([reply.requestDetails.secUid, reply.requestDetails.count], [SEC_UID, "50"]);
      assertEquals([reply.metadata.totalFollowers, reply.followers.length], [76, 2]);
    });

    it("keeps what it read when a later page fails", async () => {
      lookup.pages.set("followings 0", page(0, 28, true));
      const { followings, metadata } = await read(FollowingsReply, `${query}&count=60`);
      assertEquals([followings.length, metadata.hasMore, metadata.minCursor], [28, true, 1_656_812_667]);
    });

    it("answers failures with the request's details", async () => {
      lookup.failure = new AppError("login_required", "Read the followings: there is neither a session nor a signer");
      const problem = await askProblem(`${query}&count=7`);
      const requestDetails = { secUid: SEC_UID, count: "7", minCursor: 0, maxCursor: 0 };
      assertEquals([problem.status, problem["requestDetails"]], [403, requestDetails]);
      assertEquals((await askProblem(`${query}&count=201`))["requestDetails"], { ...requestDetails, count: "201" });
    });
  });

  it("GET /api/live checks many names", async () => {
    lookup.live("on.air", "7");
    lookup.offline("idle");
    lookup.fails("refused", "blocked");
    const checks = await read(LiveChecksReply, "/api/live?usernames[]=on.air&usernames[]=idle&usernames[]=refused");
    assertEquals(checks.map(({ user, live }) => [user, live]), [["on.air", true], ["idle", false], ["refused", null]]);
    assertEquals((await askProblem("/api/live")).parameters?.[0]?.name, "usernames");
  });

  it("GET /api/rooms/{username} shows a room, and that there is none", async () => {
    lookup.live("on.air", "7");
    lookup.rooms.set("7", room("7", "on.air"));
    lookup.offline("idle");
    const reply = await read(RoomReply, "/api/rooms/on.air");
    assert(reply.code === "live");
    assertEquals([reply.room_id, reply.viewers, reply.links[0]?.url], ["7", 7, LINK.url]);
    assertEquals(await read(RoomReply, "/api/rooms/@idle"), {
      ...{ error: "User is not live", user: "idle", live: false, code: "offline" },
    });
    assertEquals((await askProblem("/api/rooms/nobody")).status, 404);
    assertEquals((await askProblem("/api/rooms/a%20b")).parameters?.[0]?.name, "username");
  });

  it("GET /api/gifts, /api/prices and /api/feed answer, or tell why not", async () => {
    lookup.giftList = [{ id: "5655", name: "Rose", describe: "sent Rose", diamonds: 1, giftType: 1, combo: true }];
    const prices = [{ currency: "EUR", price: 105, shown: "€1.05" }];
    lookup.priceList = {
      packages: [{ id: "1", diamonds: 70, extraDiamonds: 0, priceUsdCents: 105, describe: "70 coins", prices }],
      currencies: ["EUR"],
    };
    lookup.feedPages.set("", { rooms: [{ ...room("7", "on.air"), reason: "popular" }], cursor: "17" });
    lookup.feedPages.set("17", { rooms: [], cursor: null });
    assertEquals((await read(GiftsReply, "/api/gifts")).gifts[0]?.gift_type, 1);
    assertEquals((await read(PricesReply, "/api/prices")).packages[0]?.prices, prices);
    const first = await read(FeedReply, "/api/feed");
    assertEquals([first.rooms[0]?.user, first.rooms[0]?.reason, first.cursor], ["on.air", "popular", "17"]);
    assertEquals(await read(FeedReply, `/api/feed?cursor=${first.cursor}`), { rooms: [] });
    assertEquals((await askProblem("/api/feed?cursor=x")).parameters?.[0]?.name, "cursor");
    const seen = { status: 429, logId: "LOG" };
    lookup.failure = new AppError("rate_limited", "Ask: refused", { retryAfterMs: 9_000, evidence: seen });
    for (const path of ["/api/gifts", "/api/prices", "/api/feed"]) {
      const { status, retry_after, evidence } = await askProblem(path);
      assertEquals([status, retry_after, evidence], [503, 9, seen]);
    }
  });

  describe("POST /api/rooms/{username}/messages", () => {
    const path = "/api/rooms/on.air/messages";

    it("sends what it is given", async () => {
      const reply = await read(MessageReply, path, post('{"text":" hello "}', "application/json; charset=utf-8"));
      assertEquals(reply, { user: "on.air", text: "hello", sent: true });
      assertEquals(sent, [["on.air", "hello"]]);
    });

    it("names what is wrong with the body", async () => {
      assertEquals((await askProblem(path, post("text=a", "text/plain"))).status, 415);
      assertEquals((await askProblem(path, { method: "POST" })).status, 415);
      assertEquals((await askProblem(path, post("{"))).parameters, [{ name: "body", detail: "must be JSON" }]);
      assertEquals((await askProblem(path, post("{}"))).parameters, [{ name: "text", detail: "must be given" }]);
      const long = await askProblem(path, post(JSON.stringify({ text: "x".repeat(501) })));
      assertEquals([long.status, long.parameters?.[0]?.name], [400, "text"]);
      assertEquals((await askProblem(path, post(`"${"x".repeat(1024 * 1024)}"`))).status, 413);
      assertEquals(sent, []);
    });

    it("is off unless it is configured", async () => {
      app = createApp({ lives: { lookup, clock }, logger: new CaptureLogger(), loopbackOnly: true });
      const problem = await askProblem(path, post('{"text":"hello"}'));
      assertEquals([problem.status, problem.code], [403, "not_configured"]);
    });
  });
});
