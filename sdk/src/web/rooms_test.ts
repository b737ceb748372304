import { assertEquals, assertInstanceOf, assertRejects } from "@std/assert";
import { describe, it } from "node:test";
import { LiveError } from "../errors.ts";
import { FakeClock } from "../testing/fakes.ts";
import { FakeFetch, json, type SeenRequest } from "../testing/http.ts";
import { HttpClient } from "./http.ts";
import { DEFAULT_BASE_URLS, Identity } from "./identity.ts";
import { Rooms } from "./rooms.ts";

const apiLive = (status: number, roomId = "71", user: object = {}) =>
  json({ statusCode: 0, data: { user: { uniqueId: "a", roomId, status, ...user }, liveRoom: { status, title: "t" } } });
const livePage = (status: number, roomId = "72") =>
  new Response(
    `<script id="SIGI_STATE">${
      JSON.stringify({
        LiveRoom: { liveRoomUserInfo: { user: { uniqueId: "a", roomId, status }, liveRoom: { status } } },
      })
    }</script>`,
  );
const notFound = () => json({ statusCode: 19881007, message: "user_not_found" });
const alive = (...rooms: [string, boolean][]) =>
  json({ status_code: 0, data: rooms.map(([room_id_str, on]) => ({ room_id_str, alive: on })) });

function setUp(answers: Partial<Record<"api" | "page" | "alive" | "info", () => Response>>) {
  const fake = new FakeFetch((request: SeenRequest) => {
    const { pathname } = request.url;
    const kind = pathname.startsWith("/api-live")
      ? "api"
      : pathname.includes("check_alive")
      ? "alive"
      : pathname.includes("room/info")
      ? "info"
      : "page";
    return answers[kind]?.() ?? new Response("unexpected", { status: 500 });
  });
  const identity = new Identity({ baseUrls: DEFAULT_BASE_URLS, cookies: new Map(), random: () => 0 });
  const http = new HttpClient({
    fetch: fake.fetch,
    clock: new FakeClock(),
    identity,
    timeoutMs: 1000,
    maxBodyBytes: 100_000,
    trace: () => undefined,
  });
  return { rooms: new Rooms(http, DEFAULT_BASE_URLS), fake };
}

async function codeOf(promise: Promise<unknown>): Promise<string> {
  const error = await assertRejects(() => promise);
  assertInstanceOf(error, LiveError);
  return error.code;
}

describe("Rooms", () => {
  it("takes api-live's word and asks nothing else", async () => {
    const { rooms, fake } = setUp({ api: () => apiLive(2) });
    assertEquals((await rooms.resolve({ username: "a" })).roomId, "71");
    assertEquals(fake.requests.length, 1);
  });

  it("asks the live page when api-live refuses", async () => {
    for (const refusal of [() => new Response(""), () => new Response("<html></html>"), () => new Response("{")]) {
      const { rooms } = setUp({ api: refusal, page: () => livePage(2) });
      assertEquals((await rooms.resolve({ username: "a" })).roomId, "72");
    }
  });

  it("asks the live page when api-live names no room of a live", async () => {
    const { rooms } = setUp({ api: () => apiLive(2, ""), page: () => livePage(2) });
    assertEquals((await rooms.resolve({ username: "a" })).roomId, "72");
    const neither = setUp({ api: () => apiLive(2, "0"), page: () => livePage(2, "") });
    assertEquals(await codeOf(neither.rooms.resolve({ username: "a" })), "protocol");
  });

  it("does not bother the live page after a final answer or a rate limit", async () => {
    const cases: [() => Response, string][] = [
      [notFound, "not_found"],
      [() => new Response("", { status: 429 }), "rate_limited"],
      [() => new Response("", { status: 503 }), "network"],
    ];
    for (const [api, code] of cases) {
      const { rooms, fake } = setUp({ api });
      assertEquals(await codeOf(rooms.status("a")), code);
      assertEquals(fake.requests.length, 1);
    }
  });

  it("throws the page's error when it is final, else api-live's", async () => {
    const login = () => new Response("", { status: 401 });
    assertEquals(await codeOf(setUp({ api: () => new Response(""), page: login }).rooms.status("a")), "login_required");
    const forbidden = () => new Response("", { status: 403 });
    assertEquals(
      await codeOf(setUp({ api: () => new Response(""), page: forbidden }).rooms.status("a")),
      "empty_reply",
    );
  });

  it("never takes a refusal for offline", async () => {
    const { rooms } = setUp({
      api: () => new Response("", { status: 403 }),
      page: () => new Response("", { status: 403 }),
    });
    assertEquals(await codeOf(rooms.resolve({ username: "a" })), "blocked");
  });

  it("tells offline, private and paused apart", async () => {
    assertEquals(await codeOf(setUp({ api: () => apiLive(4) }).rooms.resolve({ username: "a" })), "offline");
    const hidden = setUp({ api: () => apiLive(4, "", { secret: true }) });
    assertEquals(await codeOf(hidden.rooms.resolve({ username: "a" })), "private");
    assertEquals((await setUp({ api: () => apiLive(3) }).rooms.resolve({ username: "a" })).roomId, "71");
  });

  it("resolves a room id through check_alive, with or without room info", async () => {
    const info = () => json({ status_code: 0, data: { id_str: "71", title: "t", status: 2, owner: {} } });
    const known = setUp({ alive: () => alive(["71", true]), info });
    assertEquals((await known.rooms.resolve({ roomId: "71" })).title, "t");
    const restricted = setUp({ alive: () => alive(["71", true]), info: () => json({ status_code: 4003110 }) });
    assertEquals((await restricted.rooms.resolve({ roomId: "71" })).roomId, "71");
    assertEquals(await codeOf(setUp({ alive: () => alive(["71", false]) }).rooms.resolve({ roomId: "71" })), "offline");
    assertEquals(await codeOf(setUp({ alive: () => alive() }).rooms.resolve({ roomId: "71" })), "offline");
  });

  it("whereabouts() believes HTTP only, and names the room that the host moved to", async () => {
    const byName = (api: () => Response) => setUp({ api }).rooms.whereabouts({ username: "a" }, "71");
    assertEquals(await byName(() => apiLive(2)), { over: false });
    assertEquals(await byName(() => apiLive(3)), { over: false });
    assertEquals(await byName(() => apiLive(4)), { over: true });
    const moved = await byName(() => apiLive(2, "99"));
    assertEquals([moved.over, moved.movedTo?.roomId], [true, "99"]);
    const byId = async (...rooms: [string, boolean][]) =>
      (await setUp({ alive: () => alive(...rooms) }).rooms.whereabouts({ roomId: "71" }, "71")).over;
    assertEquals([await byId(["71", true]), await byId(["71", false]), await byId()], [false, true, undefined]);
  });

  it("asks check_alive in batches of 50", async () => {
    const { rooms, fake } = setUp({ alive: () => alive(["1", true]) });
    await rooms.alive(Array.from({ length: 120 }, (_, index) => String(index + 1)));
    const sizes = fake.requests.map((request) => request.url.searchParams.get("room_ids")?.split(",").length);
    assertEquals(sizes, [50, 50, 20]);
  });
});
