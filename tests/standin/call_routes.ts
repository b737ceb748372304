/**
 * Calls that want a session or a signature, and the signer that makes one: protocol.md 1.4, 3 and 6 to 9. A signature
 * of the stand-in is a checksum of the request's path and query; nothing of TikTok's own is in it.
 * @module
 */
import type { RawReply, RawRequest } from "./http1.ts";
import { toJson } from "./json.ts";
import { type HostView, roomObject, userInfo } from "./pages.ts";
import { createRandom } from "./prng.ts";
import type { Room } from "./rooms.ts";
import { readCookies } from "./ttwid.ts";
import { type Fields, inventPerson, type Person } from "./users.ts";
import type { Match, WebContext } from "./web_routes.ts";

/** The key that the stand-in's signer takes; without a key it signs too. */
export const SIGNER_KEY = "standin-key";
/** The session that the stand-in takes. */
export const SESSION_ID = "standin-session";

const JSON_TYPE = { "Content-Type": "application/json; charset=utf-8" };
const SIGNATURE_PARAMS = ["X-Bogus", "X-Gnarly", "msToken"];
const FEED_PAGE = 6;
/** One in so many users of a list is counted and not shown. */
const HIDDEN_EVERY = 20;
const FIRST_CURSOR = 1_700_000_000;

interface CallWorld extends WebContext {
  view(room: Room): HostView;
}

/** Finds the call that a request is. */
export function matchCall(request: RawRequest, world: CallWorld): Match | undefined {
  const { path, query } = request;
  const named = world.roomByName(query.get("uniqueId") ?? "");
  switch (path) {
    case "/api/user/detail/":
      return { route: "user_detail", room: named, answer: () => userDetail(request, named, world) };
    case "/api/user/list/": {
      const room = [...world.rooms()].find(({ host }) => host.secUid === query.get("secUid"));
      return { route: "user_list", room, answer: () => userList(request, room) };
    }
    case "/api/search/live/full/":
      return { route: "search", room: undefined, answer: () => search(query, world) };
    case "/webcast/feed/":
      return { route: "feed", room: undefined, answer: () => feed(query, world) };
    case "/webcast/wallet_api/fs/diamond":
      return { route: "prices", room: undefined, answer: prices };
    case "/webcast/room/chat/": {
      const room = world.liveById(query.get("room_id") ?? "")?.room;
      return { route: "chat", room, answer: () => chat(request, room) };
    }
    case "/webcast/sign_url":
      return { route: "signer", room: undefined, answer: () => signUrl(request) };
  }
  return undefined;
}

const json = (body: unknown): RawReply => ({ status: 200, headers: JSON_TYPE, body: toJson(body) });
const empty = (headers: Record<string, string> = {}): RawReply => ({
  status: 200,
  headers: { ...JSON_TYPE, ...headers },
});

function checksum(url: URL): string {
  const query = new URLSearchParams(url.searchParams);
  for (const name of SIGNATURE_PARAMS) query.delete(name);
  let sum = 0x811c9dc5;
  for (const char of `${url.pathname}?${query}`) sum = Math.imul(sum ^ (char.codePointAt(0) ?? 0), 0x01000193) >>> 0;
  return sum.toString(16);
}

/** Whether the stand-in's signer signed a request. */
export function isSigned(request: RawRequest): boolean {
  return request.query.get("X-Bogus") === checksum(new URL(request.target, "http://standin.invalid"));
}

const hasSession = (request: RawRequest): boolean => readCookies(request).get("sessionid") === SESSION_ID;

function userDetail(request: RawRequest, room: Room | undefined, world: CallWorld): RawReply {
  if (!isSigned(request)) return empty();
  if (room === undefined || room.account === "not_found") return json({ statusCode: 10221, userInfo: {} });
  if (room.account === "private") return json({ statusCode: 10222, userInfo: {} });
  return json({ statusCode: 0, userInfo: userInfo(world.view(room)) });
}

/** The people of a list; the same host has the same ones. */
function peopleOf(room: Room, scene: string): Person[] {
  const random = createRandom(`${room.username}/${scene}`);
  return Array.from({ length: room.host.following }, () => inventPerson(random, 0));
}

function userList(request: RawRequest, room: Room | undefined): RawReply {
  const { query } = request;
  const scene = query.get("scene") ?? "";
  if (!isSigned(request)) {
    // A session alone is answered once it carries the token of an earlier answer.
    const token = query.get("msToken") ?? "";
    if (!hasSession(request)) return empty();
    if (token === "") return empty({ "Set-Cookie": "msToken=standin-token; Path=/; Secure" });
  }
  if (room === undefined || !/^(21|67)$/.test(scene)) return json({ statusCode: 10201, status_msg: "params_error" });
  const people = peopleOf(room, scene);
  const cursor = Number(query.get("minCursor"));
  const from = cursor === 0 ? 0 : FIRST_CURSOR - cursor;
  const to = Math.min(people.length, from + Math.min(30, Number(query.get("count"))));
  const shown = people.slice(from, to).filter((_, index) => (from + index) % HIDDEN_EVERY !== HIDDEN_EVERY - 1);
  return json({
    statusCode: 0,
    status_code: 0,
    status_msg: "",
    userList: shown.map((person) => userEntry(person)),
    hasMore: to < people.length,
    minCursor: FIRST_CURSOR - to,
    maxCursor: 0,
    total: people.length,
    extra: { fatal_item_ids: [], logid: `log-${scene}-${from}`, now: FIRST_CURSOR * 1000 },
    log_pb: { impr_id: `log-${scene}-${from}` },
  });
}

function userEntry(person: Person): Fields {
  const stats = {
    followerCount: person.followers,
    followingCount: person.following,
    heartCount: person.followers * 3,
    videoCount: 7,
  };
  return {
    user: {
      id: person.id,
      uniqueId: person.username,
      nickname: person.nickname,
      signature: person.bio,
      secUid: person.secUid,
      verified: person.verified,
      avatarThumb: `https://p16-sign-va.tiktokcdn.com/${person.avatarKey}.webp`,
    },
    stats,
    statsV2: Object.fromEntries(Object.entries(stats).map(([key, value]) => [key, String(value)])),
  };
}

function liveViews(world: CallWorld): HostView[] {
  return [...world.rooms()].map((room) => world.view(room)).filter(({ status }) => status === 2);
}

function search(query: URLSearchParams, world: CallWorld): RawReply {
  const words = (query.get("keyword") ?? "").toLowerCase();
  const from = Number(query.get("offset"));
  const found = liveViews(world).filter(({ title, host }) => `${title} ${host.username}`.toLowerCase().includes(words));
  return json({
    status_code: 0,
    data: found.slice(from, from + Number(query.get("count"))).map((view) => ({
      type: 1,
      live_info: { raw_data: toJson(roomObject(view)) },
    })),
    log_pb: { impr_id: "search" },
  });
}

function feed(query: URLSearchParams, world: CallWorld): RawReply {
  const views = liveViews(world);
  const from = query.has("max_time") ? FIRST_CURSOR - Number(query.get("max_time")) : 0;
  const to = Math.min(views.length, from + FEED_PAGE);
  const entries = views.slice(from, to).map((view) => ({
    rid: view.roomId,
    type: 1,
    data: roomObject(view),
    live_reason: "popular",
    is_recommend_card: false,
  }));
  return json({
    status_code: 0,
    // Not every entry is a live.
    data: from === 0 ? [{ rid: "", type: 9, data: null }, ...entries] : entries,
    extra: {
      has_more: to < views.length,
      max_time: FIRST_CURSOR - to,
      min_time: 0,
      now: FIRST_CURSOR * 1000,
      total: 0,
      log_pb: { impr_id: `feed-${from}` },
    },
  });
}

function prices(): RawReply {
  const packet = (id: number, coins: number, cents: number): Fields => ({
    id,
    diamond_count: coins,
    price: cents,
    exchange_price: cents,
    giving_count: 0,
    discount_price: 0,
    describe: `${coins} coins`,
    iap_id: `standin.coins.${coins}`,
    coupon_id: "",
    currency_price: [{
      currency: "EUR",
      price: cents,
      original_price: cents,
      keep_dot: 2,
      price_dot: 2,
      price_show_form: `€${(cents / 100).toFixed(2)}`,
    }],
  });
  return json({
    status_code: 0,
    data: [packet(1, 70, 105), packet(2, 350, 525), packet(3, 1400, 2100)],
    extra: { currency_list: ["EUR"], default_currency: "EUR", recommended_packet_id: 2 },
  });
}

function chat(request: RawRequest, room: Room | undefined): RawReply {
  if (!isSigned(request)) return { status: 403 };
  if (!hasSession(request)) return json({ status_code: 20003, data: { message: "login" } });
  const body = JSON.parse(new TextDecoder().decode(request.body)) as Record<string, unknown>;
  const fits = request.method === "POST" && room !== undefined && typeof body["content"] === "string";
  return json(fits ? { status_code: 0, data: { content: body["content"] } } : { status_code: 10011, data: {} });
}

/** What the signer answers to a wrong key; no key at all will do. */
export function refuseKey(request: RawRequest): RawReply | undefined {
  const key = request.header("x-api-key");
  if (key === undefined || key === SIGNER_KEY) return undefined;
  return { status: 401, headers: JSON_TYPE, body: '{"code":401,"message":"bad key"}' };
}

/** Signs as Euler Stream does, for whoever has no key or the right one. */
function signUrl(request: RawRequest): RawReply {
  const refused = refuseKey(request);
  if (refused !== undefined) return refused;
  const body = JSON.parse(new TextDecoder().decode(request.body)) as Record<string, unknown>;
  const url = new URL(String(body["url"]));
  const sum = checksum(url);
  for (const name of SIGNATURE_PARAMS) url.searchParams.set(name, sum);
  return json({
    code: 200,
    message: "",
    response: { signedUrl: url.href, userAgent: body["userAgent"], requestHeaders: {}, cookies: "", tokens: {} },
  });
}
