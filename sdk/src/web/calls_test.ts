/** Requests and replies of the calls behind a session or a signer, of the feed, the search and the price list. */
import { assert, assertEquals, assertInstanceOf, assertThrows } from "@std/assert";
import fc from "fast-check";
import { describe, it } from "node:test";
import { LiveError } from "../errors.ts";
import { FakeClock } from "../testing/fakes.ts";
import { FakeFetch, reply } from "../testing/http.ts";
import { CallContext } from "./calls.ts";
import { feedRequest, parseFeed } from "./feed.ts";
import { DEFAULT_BASE_URLS, Identity } from "./identity.ts";
import { liveSearchRequest, parseLiveSearch } from "./live_search.ts";
import { parsePriceList, priceListRequest } from "./price_list.ts";
import { parseRoomChat, roomChatRequest } from "./room_chat.ts";
import { parseUserDetail } from "./user_detail.ts";
import { parseUserList, type UserListCursor, userListRequest } from "./user_list.ts";

const ROOM = "7300000000000000001";
const START: UserListCursor & { count: number } = { minCursor: 0, maxCursor: 0, count: 30 };
const never = () => {
  throw new Error("Cannot track: no live here");
};

function context(cookies: Record<string, string> = {}): CallContext {
  const userAgent = "Mozilla/5.0 (Macintosh) Test";
  const identity = new Identity({
    baseUrls: DEFAULT_BASE_URLS,
    userAgent,
    cookies: new Map(Object.entries(cookies)),
    random: () => 0,
  });
  const { fetch } = new FakeFetch(() => new Response(""));
  const http = { fetch, clock: new FakeClock(), identity, timeoutMs: 1000, maxBodyBytes: 1e6, trace: () => undefined };
  return new CallContext({ http, signer: undefined, random: () => 0.999, timeZone: "Europe/Berlin", params: {} });
}

function codeOf(run: () => unknown): string {
  const error = assertThrows(run);
  assertInstanceOf(error, LiveError);
  assert(error.message.length > 0 && !error.message.endsWith("."));
  return error.code;
}

const params = (url: string, ...names: string[]) => names.map((name) => new URL(url).searchParams.get(name));

describe("requests of the calls", () => {
  it("carry TikTok's usual parameters, with the User-Agent cut at its first slash", () => {
    const calls = context();
    const { url } = priceListRequest(calls);
    assert(url.startsWith("https://webcast.tiktok.com/webcast/wallet_api/fs/diamond?aid=1988&"));
    assertEquals(params(url, "browser_name", "browser_version", "browser_platform", "os"), [
      "Mozilla",
      "5.0 (Macintosh) Test",
      "MacIntel",
      "mac",
    ]);
    assertEquals(params(url, "device_id", "tz_name", "user_is_login"), [
      "9999999999999999999",
      "Europe/Berlin",
      "false",
    ]);
    assertEquals(params(priceListRequest(context({ sid_tt: "s" })).url, "user_is_login"), ["true"]);
  });

  it("name scene, place and token of a list", () => {
    const calls = context({ msToken: "token" });
    const { url } = userListRequest(calls, "followers", "MS4w", 30, { minCursor: 5, maxCursor: 6 });
    assertEquals(params(url, "scene", "secUid", "count", "minCursor", "maxCursor", "msToken"), [
      "67",
      "MS4w",
      "30",
      "5",
      "6",
      "token",
    ]);
    assertEquals(params(userListRequest(calls, "followings", "x", 1, START).url, "scene"), ["21"]);
  });

  it("name the place in the feed from the second page on", () => {
    assertEquals(params(feedRequest(context(), "").url, "channel_id", "max_time"), ["86", null]);
    assertEquals(params(feedRequest(context(), "17").url, "max_time"), ["17"]);
  });

  it("take words and chat lines of a sane length", () => {
    assertEquals(params(liveSearchRequest(context(), " tea ", 40, 20).url, "keyword", "offset", "count"), [
      "tea",
      "40",
      "20",
    ]);
    assertEquals(codeOf(() => liveSearchRequest(context(), "x".repeat(201), 0, 1)), "invalid_input");
    const calls = context({ sessionid: "s" });
    assertEquals(codeOf(() => roomChatRequest(calls, ROOM, "x".repeat(501))), "invalid_input");
    assertEquals(codeOf(() => roomChatRequest(context(), ROOM, "hi")), "login_required");
    const { method, body, url } = roomChatRequest(calls, ROOM, "hi");
    assertEquals([method, ...params(url, "room_id", "from_page")], ["POST", ROOM, "live"]);
    assertEquals(JSON.parse(body ?? ""), { room_id: ROOM, content: "hi", emotes_with_index: "", input_type: 0 });
  });
});

describe("replies of the calls", () => {
  it("a list ends by TikTok's word, by an empty page, and by a cursor that stands still", () => {
    const more = (body: object, asked = START) => parseUserList(reply(body), "followings", asked).hasMore;
    const userList = [{ user: { uniqueId: "a" } }];
    assertEquals(more({ userList, hasMore: true, minCursor: 9 }), true);
    assertEquals(more({ userList, hasMore: false, minCursor: 9 }), false);
    assertEquals(more({ userList: [], hasMore: true, minCursor: 9 }), false);
    assertEquals(more({ userList: [], hasMore: true, minCursor: 9 }, { ...START, count: 1 }), true);
    assertEquals(more({ userList, hasMore: true, minCursor: 9 }, { ...START, minCursor: 9, maxCursor: 9 }), false);
    assertEquals(more({ userList, hasMore: true }), false);
  });

  it("name what TikTok refuses", () => {
    assertEquals(codeOf(() => parseUserList(reply({ statusCode: 20003 }), "followers", START)), "login_required");
    assertEquals(
      codeOf(() => parseUserList(reply({ statusCode: 5, status_msg: "x" }), "followers", START)),
      "protocol",
    );
    assertEquals(codeOf(() => parseUserList(reply({ statusCode: 0 }), "followers", START)), "protocol");
    assertEquals(codeOf(() => parseFeed(reply({ status_code: 20003 }), never)), "login_required");
    assertEquals(codeOf(() => parseFeed(reply({ status_code: 0, data: null }), never)), "protocol");
    assertEquals(codeOf(() => parsePriceList(reply({ data: {} }))), "protocol");
    assertEquals(codeOf(() => parseLiveSearch(reply({ status_code: 2483 }), never)), "login_required");
    assertEquals(codeOf(() => parseLiveSearch(reply({}), never)), "protocol");
    assertEquals(codeOf(() => parseUserDetail(reply({ statusCode: 10222 }), "x")), "private");
    const chat = (status_code: unknown) => codeOf(() => parseRoomChat(reply({ status_code })));
    assertEquals([20003, 10007, 4003001, 20001, 3, 99, undefined].map(chat), [
      "login_required",
      "login_required",
      "login_required",
      "signer_failed",
      "rate_limited",
      "protocol",
      "protocol",
    ]);
  });

  it("hand on what TikTok says of a message that it took", () => {
    const data = (value: unknown) => parseRoomChat(reply({ status_code: 0, data: value })).data;
    assertEquals(data({ msg_id_str: "7300000000000000002", user: { id_str: "1" } }), {
      msg_id_str: "7300000000000000002",
      user: { id_str: "1" },
    });
    for (const nothing of [undefined, null, "", [1]]) assertEquals(data(nothing), {});
  });

  it("keep what is a live, and know a search that finds nothing", () => {
    const room = {
      id_str: ROOM,
      title: "tea",
      status: 2,
      owner: { display_id: "some.host" },
      stats: { comment_count: 4 },
    };
    const found = parseLiveSearch(
      reply({ data: [{ live_info: { raw_data: JSON.stringify(room) } }, { live_info: { raw_data: "{" } }, {}] }),
      never,
    );
    assertEquals(found.map(({ roomId, live, comments, data }) => [roomId, live, comments, data["title"]]), [
      [ROOM, true, 4, "tea"],
    ]);
    assertEquals(parseLiveSearch(reply({ status_code: 0, data: null }), never), []);
    const page = parseFeed(reply({ data: [{ data: room }], extra: { has_more: true } }), never);
    assertEquals([page.liveStreams.length, page.hasMore], [1, false]);
  });

  it("are a value or a LiveError for any JSON", () => {
    const run = [
      (body: unknown) => parseUserList(reply(body), "followings", START),
      (body: unknown) => parseFeed(reply(body), never),
      (body: unknown) => parsePriceList(reply(body)),
      (body: unknown) => parseLiveSearch(reply(body), never),
      (body: unknown) => parseUserDetail(reply(body), "x"),
      (body: unknown) => parseRoomChat(reply(body)),
    ];
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const bodies = [
          value,
          { data: [value], extra: value },
          { data: [{ data: value, currency_price: [value] }] },
          {
            userList: [value, { user: value, stats: value }],
            hasMore: value,
            minCursor: value,
          },
          { statusCode: 0, userInfo: { user: value } },
          { data: [{ live_info: { raw_data: JSON.stringify(value) } }] },
        ];
        for (const body of bodies) {
          for (const parse of run) {
            try {
              parse(body);
            } catch (error) {
              assertInstanceOf(error, LiveError);
            }
          }
        }
      }),
      { numRuns: 50 },
    );
  });
});
