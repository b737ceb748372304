/** Requests and replies of the JSON and page endpoints. */
import { assert, assertEquals, assertInstanceOf, assertThrows } from "@std/assert";
import fc from "fast-check";
import { describe, it } from "node:test";
import { LiveError } from "../errors.ts";
import { reply } from "../testing/http.ts";
import { apiLiveRequest, parseApiLive } from "./api_live.ts";
import { checkAliveRequest, parseCheckAlive } from "./check_alive.ts";
import { giftListRequest, parseGiftList } from "./gift_list.ts";
import { livePageRequest, parseLivePage } from "./live_page.ts";
import { parseProfilePage, profilePageRequest } from "./profile_page.ts";
import { parseRoomInfo, roomInfoRequest } from "./room_info.ts";
import { summaryOf } from "./room_status.ts";

const ROOM = "7300000000000000001";

const page = (scriptId: string, state: unknown) =>
  reply(`<html><script id="${scriptId}" type="application/json">${JSON.stringify(state)}</script></html>`);

function codeOf(run: () => unknown): string {
  const error = assertThrows(run);
  assertInstanceOf(error, LiveError);
  assert(error.message.length > 0 && !error.message.endsWith("."));
  return error.code;
}

const liveData = (status: number, userStatus = status) => ({
  user: {
    id: "7100000000000000001",
    uniqueId: "some.host",
    nickname: "Some Host",
    secUid: "MS4w",
    signature: "hello",
    verified: true,
    roomId: ROOM,
    status: userStatus,
    avatarMedium: "https://p16.example/a.webp",
  },
  stats: { followerCount: 12 },
  liveRoom: { status, title: "painting", startTime: 1_700_000_000, liveRoomStats: { userCount: 5, enterCount: 50 } },
});

describe("api-live", () => {
  it("asks by name", () => {
    assertEquals(
      apiLiveRequest("https://www.tiktok.com", "some.host").url,
      "https://www.tiktok.com/api-live/user/room/?aid=1988&sourceType=54&uniqueId=some.host",
    );
  });

  it("reads a live room", () => {
    const status = parseApiLive(reply({ statusCode: 0, message: "", data: liveData(2) }), "some.host");
    assertEquals(status, {
      roomId: ROOM,
      live: true,
      paused: false,
      title: "painting",
      startedAt: 1_700_000_000_000,
      viewers: 5,
      totalViewers: 50,
      host: {
        id: "7100000000000000001",
        username: "some.host",
        nickname: "Some Host",
        avatarUrl: "https://p16.example/a.webp",
        secUid: "MS4w",
        bio: "hello",
        verified: true,
        private: false,
        followers: 12,
      },
      links: [],
    });
    assertEquals(summaryOf(status).host.username, "some.host");
    assert(!("links" in summaryOf(status)));
  });

  it("never takes a room id for a live", () => {
    const of = (status: number, userStatus: number) => {
      const { live, paused } = parseApiLive(reply({ statusCode: 0, data: liveData(status, userStatus) }), "some.host");
      return [live, paused];
    };
    assertEquals(of(4, 4), [false, false]);
    assertEquals(of(0, 0), [false, false]);
    assertEquals(of(4, 2), [true, false]);
    assertEquals(of(3, 3), [false, true]);
  });

  it("reads an account that never was live", () => {
    const status = parseApiLive(reply({ statusCode: 0, data: { user: { uniqueId: "x", roomId: "" } } }), "x");
    assertEquals([status.live, status.roomId, status.viewers], [false, "", undefined]);
  });

  it("names what TikTok refuses", () => {
    const of = (body: unknown) => codeOf(() => parseApiLive(reply(body), "some.host"));
    assertEquals(of({ statusCode: 19881007, message: "user_not_found", data: null }), "not_found");
    assertEquals(of({ statusCode: 1, message: "user_not_found" }), "not_found");
    assertEquals(of({ statusCode: 4003110, data: {} }), "age_restricted");
    assertEquals(of({ statusCode: 10000, message: "params_error" }), "invalid_input");
    assertEquals(of({ statusCode: 0, data: null }), "protocol");
    assertEquals(of([]), "protocol");
    assertEquals(of("{"), "protocol");
  });
});

describe("live page", () => {
  it("asks for the page", () => {
    assertEquals(livePageRequest("https://www.tiktok.com", "a.b").url, "https://www.tiktok.com/@a.b/live");
  });
  it("reads its state", () => {
    const state = { LiveRoom: { liveRoomUserInfo: liveData(2), liveRoomStatus: 2 } };
    const status = parseLivePage(page("SIGI_STATE", state), "some.host");
    assertEquals([status.live, status.roomId, status.title], [true, ROOM, "painting"]);
  });
  it("calls an account without LIVE not found, and a page without state what it is", () => {
    assertEquals(codeOf(() => parseLivePage(page("SIGI_STATE", { CurrentRoom: {} }), "x")), "not_found");
    assertEquals(codeOf(() => parseLivePage(page("SIGI_STATE", { LiveRoom: {} }), "x")), "protocol");
    assertEquals(codeOf(() => parseLivePage(reply("<html></html>"), "x")), "blocked");
  });
});

describe("profile page", () => {
  const state = (detail: unknown) =>
    page("__UNIVERSAL_DATA_FOR_REHYDRATION__", { __DEFAULT_SCOPE__: { "webapp.user-detail": detail } });

  it("asks for the page", () => {
    assertEquals(profilePageRequest("https://www.tiktok.com", "a.b").url, "https://www.tiktok.com/@a.b");
  });
  it("reads the user, exact counts first", () => {
    const user = {
      id: "7100000000000000001",
      uniqueId: "some.host",
      nickname: "Some Host",
      signature: "hello",
      secUid: "MS4w",
      roomId: "",
      privateAccount: false,
      bioLink: { link: "example.org" },
      avatarMedium: "https://p16.example/a.webp",
    };
    const userInfo = { user, stats: { heartCount: -5, videoCount: 3 }, statsV2: { heartCount: "4294967300" } };
    assertEquals(parseProfilePage(state({ statusCode: 0, userInfo }), "some.host"), {
      id: "7100000000000000001",
      username: "some.host",
      nickname: "Some Host",
      bio: "hello",
      bioLink: "example.org",
      avatarUrl: "https://p16.example/a.webp",
      verified: false,
      private: false,
      secUid: "MS4w",
      roomId: "",
      followers: undefined,
      following: undefined,
      friends: undefined,
      likes: 4294967300,
      videos: 3,
    });
  });
  it("names what TikTok refuses", () => {
    const of = (detail: unknown) => codeOf(() => parseProfilePage(state(detail), "x"));
    assertEquals(of({ statusCode: 10221 }), "not_found");
    assertEquals(of({ statusCode: 10223 }), "not_found");
    assertEquals(of({ statusCode: 10222, userInfo: { user: {} } }), "private");
    assertEquals(of({ statusCode: 10204 }), "blocked");
    assertEquals(of({ statusCode: 1 }), "protocol");
    assertEquals(of({}), "protocol");
    assertEquals(codeOf(() => parseProfilePage(reply("<html></html>"), "x")), "blocked");
  });
});

describe("room info", () => {
  it("asks by id", () => {
    assertEquals(
      roomInfoRequest("https://webcast.tiktok.com", ROOM).url,
      `https://webcast.tiktok.com/webcast/room/info/?aid=1988&room_id=${ROOM}`,
    );
  });
  it("reads a room and its streams, ids whole", () => {
    const body = `{"status_code":0,"data":{"id":${ROOM},"id_str":"${ROOM}","title":"painting","status":2,
      "create_time":1700000000,"user_count":5,"stats":{"total_user":50,"like_count":7},
      "cover":{"url_list":["https://p16.example/c.webp"]},"share_url":"https://www.tiktok.com/x",
      "owner":{"id_str":"7100000000000000001","display_id":"some.host","nickname":"Some Host","sec_uid":"MS4w",
      "bio_description":"hello","follow_info":{"follower_count":12,"following_count":3}},
      "stream_url":{"flv_pull_url":{"HD1":"https://pull.example/x_hd.flv?expire=1800000000"}}}}`;
    const room = parseRoomInfo(reply(body), ROOM);
    assertEquals([room.roomId, room.live, room.paused, room.title], [ROOM, true, false, "painting"]);
    assertEquals([room.startedAt, room.viewers, room.totalViewers, room.likes], [1_700_000_000_000, 5, 50, 7]);
    assertEquals([room.host.id, room.host.username, room.host.followers], ["7100000000000000001", "some.host", 12]);
    assertEquals(room.links.map((link) => [link.quality, link.expiresAt]), [["hd", 1_800_000_000_000]]);
    assertEquals([room.coverUrl, room.ageRestricted, room.data["title"]], [
      "https://p16.example/c.webp",
      false,
      "painting",
    ]);
  });
  it("names what TikTok refuses", () => {
    const of = (body: unknown) => codeOf(() => parseRoomInfo(reply(body), ROOM));
    assertEquals(of({ status_code: 4003110, data: { prompts: "x" } }), "age_restricted");
    assertEquals(of({ status_code: 0, data: { prompts: "x" } }), "age_restricted");
    assertEquals(of({ status_code: 0, data: { prompts: "x", extra: 1, more: 2 } }), "age_restricted");
    assertEquals(of({ status_code: 0, data: {} }), "age_restricted");
    assertEquals(of({ status_code: 10041, data: {} }), "offline");
    assertEquals(of({ status_code: 20003, data: {} }), "login_required");
    assertEquals(of({ status_code: 10011, data: {} }), "invalid_input");
    assertEquals(of({ status_code: 99, data: {} }), "protocol");
    assertEquals(of({ status_code: 0 }), "protocol");
  });
});

describe("check_alive", () => {
  it("asks for many rooms at once", () => {
    assertEquals(
      new URL(checkAliveRequest("https://webcast.tiktok.com", ["1", "2"]).url).searchParams.get("room_ids"),
      "1,2",
    );
  });
  it("reads who is alive, ids whole", () => {
    const body = `{"status_code":0,"data":[{"alive":true,"room_id":${ROOM},"room_id_str":"${ROOM}"},
      {"alive":false,"room_id_str":"2"},{"alive":true}]}`;
    assertEquals([...parseCheckAlive(reply(body))], [[ROOM, true], ["2", false]]);
  });
  it("calls any other shape protocol", () => {
    for (const body of [{}, { data: {} }, { status_code: 5, data: [] }, []]) {
      assertEquals(codeOf(() => parseCheckAlive(reply(body))), "protocol");
    }
  });
});

describe("gift list", () => {
  it("asks with and without a room", () => {
    assert(giftListRequest("https://webcast.tiktok.com", "5").url.endsWith("room_id=5"));
    assert(!giftListRequest("https://webcast.tiktok.com").url.includes("room_id"));
  });
  it("reads names and prices", () => {
    const gifts = [{
      id: 5655,
      name: "Rose",
      describe: "sent Rose",
      diamond_count: 1,
      type: 1,
      combo: true,
      icon: { url_list: ["u"] },
      preview_image: { url_list: ["p"] },
      duration: 1500,
      for_linkmic: true,
      is_displayed_on_panel: true,
      primary_effect_id: 77,
    }];
    assertEquals(parseGiftList(reply({ status_code: 0, data: { gifts } })), [{
      id: "5655",
      name: "Rose",
      describe: "sent Rose",
      diamonds: 1,
      giftType: 1,
      combo: true,
      imageUrl: "u",
      previewImageUrl: "p",
      labelImageUrl: undefined,
      durationMs: 1500,
      forLinkMic: true,
      broadcast: false,
      onPanel: true,
      effectId: "77",
      data: gifts[0] ?? {},
    }]);
  });
  it("names what TikTok refuses", () => {
    assertEquals(codeOf(() => parseGiftList(reply({ status_code: 20003 }))), "login_required");
    assertEquals(codeOf(() => parseGiftList(reply({ status_code: 0, data: {} }))), "protocol");
  });
});

describe("all parsers", () => {
  it("give a value or a LiveError for any JSON", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const bodies = [value, { statusCode: 0, data: value }, { status_code: 0, data: value }, {
          statusCode: 0,
          data: { user: value, liveRoom: value, stats: value },
        }];
        for (const body of bodies) {
          for (
            const run of [
              () => parseApiLive(reply(body), "x"),
              () => parseRoomInfo(reply(body), ROOM),
              () => parseCheckAlive(reply(body)),
              () => parseGiftList(reply(body)),
              () => parseLivePage(page("SIGI_STATE", { LiveRoom: { liveRoomUserInfo: body } }), "x"),
              () => parseProfilePage(page("__UNIVERSAL_DATA_FOR_REHYDRATION__", body), "x"),
            ]
          ) {
            try {
              run();
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
