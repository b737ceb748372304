import { assert, assertEquals, assertMatch, assertNotEquals, assertStringIncludes } from "@std/assert";
import { after, before, describe, it } from "node:test";
import { type Standin, startStandin } from "./mod.ts";
import { RawConnection } from "./raw_client.ts";

// deno-lint-ignore no-explicit-any -- pages are read as tests expect them
type Json = any;

/** The JSON inside a page's script. */
function pageState(html: string, id: string): Json {
  const found = new RegExp(`<script id="${id}"[^>]*>(.*?)</script>`, "s").exec(html);
  assert(found !== null, `the page has no ${id}`);
  return JSON.parse(found[1] ?? "");
}

describe("the stand-in's web routes", () => {
  let standin: Standin;
  let roomId = "";
  before(async () => {
    standin = await startStandin({ media: false });
    const room = standin.room("live.host");
    roomId = room.startLive({ title: "Tea", rate: 0.001 }).roomId;
    standin.room("quiet.host");
  });
  after(() => standin.stop());

  const get = (path: string): Promise<Response> => fetch(`${standin.url}${path}`);
  const getJson = async (path: string): Promise<Json> => (await get(path)).json();
  const apiLive = (name: string): Promise<Json> =>
    getJson(`/api-live/user/room/?aid=1988&sourceType=54&uniqueId=${name}`);

  it("api-live tells a live host with all qualities", async () => {
    const { statusCode, data } = await apiLive("live.host");
    assertEquals([statusCode, data.user.roomId, data.user.status], [0, roomId, 2]);
    assertEquals([data.liveRoom.title, data.liveRoom.status], ["Tea", 2]);
    const { pull_data: pull } = data.liveRoom.streamData;
    const streams = JSON.parse(pull.stream_data).data;
    assertEquals(Object.keys(streams), ["origin", "hd", "sd", "ld", "ao"]);
    assertMatch(
      streams.hd.main.flv,
      /^http:\/\/127\.0\.0\.1:\d+\/stage\/stream-\d+_hd\.flv\?expire=\d+&sign=[0-9a-f]{32}$/,
    );
    assertMatch(streams.hd.main.hls, /_hd\/index\.m3u8\?expire=/);
    assertEquals(JSON.parse(streams.sd.main.sdk_params).resolution, "640x360");
    assertEquals(pull.options.qualities.map(({ level }: Json) => level), [10, 3, 2, 1]);
  });

  it("api-live tells a host that is not live, an unknown one and a missing parameter", async () => {
    const quiet = await apiLive("quiet.host");
    assertEquals([quiet.data.user.status, quiet.data.user.roomId, quiet.data.liveRoom], [4, "", undefined]);
    const unknown = await apiLive("nobody");
    assertEquals([unknown.statusCode, unknown.message, unknown.data], [19881007, "user_not_found", null]);
    assertEquals((await getJson("/api-live/user/room/?uniqueId=live.host")).message, "params_error");
  });

  it("the live page carries the same room in SIGI_STATE", async () => {
    const state = pageState(await (await get("/@live.host/live")).text(), "SIGI_STATE");
    assertEquals(state.LiveRoom.liveRoomUserInfo.user.roomId, roomId);
    assertEquals(state.LiveRoom.liveRoomStatus, 2);
    const unknown = pageState(await (await get("/@nobody/live")).text(), "SIGI_STATE");
    assertEquals(unknown.LiveRoom, undefined);
  });

  it("the profile page carries the person", async () => {
    const detail = async (name: string): Promise<Json> => {
      const state = pageState(await (await get(`/@${name}`)).text(), "__UNIVERSAL_DATA_FOR_REHYDRATION__");
      return state.__DEFAULT_SCOPE__["webapp.user-detail"];
    };
    const live = await detail("live.host");
    assertEquals([live.statusCode, live.userInfo.user.uniqueId], [0, "live.host"]);
    assertEquals(live.userInfo.statsV2.videoCount, "42");
    assertEquals((await detail("nobody")).statusCode, 10221);
  });

  it("room info and check_alive write ids with all their digits", async () => {
    const info = await (await get(`/webcast/room/info/?aid=1988&room_id=${roomId}`)).text();
    assertStringIncludes(info, `"id":${roomId},"id_str":"${roomId}"`);
    const { data } = JSON.parse(info);
    assertEquals([data.status, data.owner.display_id], [2, "live.host"]);
    assertEquals(Object.keys(data.stream_url.flv_pull_url), ["FULL_HD1", "HD1", "SD1", "SD2"]);
    const alive = await getJson(`/webcast/room/check_alive/?aid=1988&room_ids=${roomId},123`);
    assertEquals(alive.data.map(({ alive }: Json) => alive), [true, false]);
    assertEquals(alive.data[0].room_id_str, roomId);
    assertEquals((await getJson("/webcast/room/info/?aid=1988&room_id=5")).status_code, 10011);
  });

  it("the gift list names prices", async () => {
    const { data } = await getJson("/webcast/gift/list/?aid=1988");
    assert(data.gifts.length > 5 && data.gifts.every((gift: Json) => gift.diamond_count > 0 && gift.name !== ""));
  });

  it("pages and the register endpoint give a guest cookie to those who have none", async () => {
    const cookie = (await get("/@live.host")).headers.get("set-cookie") ?? "";
    assertMatch(cookie, /^ttwid=1%7C[\w-]{43}%7C\d+%7C[0-9a-f]{64}; /);
    const again = await fetch(`${standin.url}/@live.host`, { headers: { Cookie: cookie.split(";")[0] ?? "" } });
    assertEquals(again.headers.get("set-cookie"), null);
    const register = (aid: number): Promise<Response> =>
      fetch(`${standin.url}/ttwid/union/register/`, { method: "POST", body: JSON.stringify({ aid, region: "va" }) });
    assertMatch((await register(1768)).headers.get("set-cookie") ?? "", /^ttwid=/);
    assertEquals((await register(1988)).headers.get("set-cookie"), null);
  });

  it("answers in the account's state", async () => {
    const room = standin.room("odd.host");
    const { roomId: oddId } = room.startLive({ rate: 0.001 });
    const states: unknown[] = [];
    for (const state of ["private", "age_restricted", "no_live_access", "not_found"] as const) {
      room.fault({ kind: "account", state });
      const live = await apiLive("odd.host");
      const info = await getJson(`/webcast/room/info/?aid=1988&room_id=${oddId}`);
      const page = pageState(await (await get("/@odd.host")).text(), "__UNIVERSAL_DATA_FOR_REHYDRATION__");
      const { statusCode } = page.__DEFAULT_SCOPE__["webapp.user-detail"];
      states.push([state, live.message, live.data?.user.status, info.status_code, statusCode]);
    }
    assertEquals(states, [
      ["private", "", 4, 0, 10222],
      ["age_restricted", "", 2, 4003110, 0],
      ["no_live_access", "", 4, 0, 0],
      ["not_found", "user_not_found", undefined, 0, 10221],
    ]);
  });

  it("ends for the web when the live ends, and comes back in a new room", async () => {
    const room = standin.room("brief.host");
    room.startLive({ rate: 0.001 });
    const before = room.roomId;
    room.fault({ kind: "new_room" });
    assertNotEquals(room.roomId, before);
    const alive = await getJson(`/webcast/room/check_alive/?aid=1988&room_ids=${before},${room.roomId}`);
    assertEquals(alive.data.map(({ alive }: Json) => alive), [false, true]);
    assertEquals((await apiLive("brief.host")).data.user.roomId, room.roomId);
    room.fault({ kind: "offline" });
    const ended = await apiLive("brief.host");
    assertEquals([ended.data.user.status, ended.data.user.roomId], [4, room.roomId]);
    assertEquals((await getJson(`/webcast/room/info/?aid=1988&room_id=${room.roomId}`)).data.status, 4);
  });

  it("refuses in every way that it is told to, as often as it is told to", async () => {
    const room = standin.room("refused.host");
    const path = "/api-live/user/room/?aid=1988&uniqueId=refused.host";
    const replies = [
      "waf_page",
      "captcha_page",
      "region_page",
      "login_redirect",
      "empty",
      "rate_limited",
      "html",
    ] as const;
    const seen: unknown[] = [];
    for (const reply of [...replies, "broken_json", "status", "away_redirect", "system_error", "body"] as const) {
      room.fault({ kind: "http", route: "api_live", reply, times: 1, retryAfterS: 7, status: 403, body: "{}" });
      const response = await fetch(`${standin.url}${path}`, { redirect: "manual" });
      const text = await response.text();
      const mark = ["wci", "tiktok-verify-page", "discontinued"].find((word) => text.includes(word));
      seen.push([reply, response.status, mark ?? text.length, response.headers.get("retry-after")]);
    }
    assertEquals(seen, [
      ["waf_page", 200, "wci", null],
      ["captcha_page", 200, "tiktok-verify-page", null],
      ["region_page", 200, "discontinued", null],
      ["login_redirect", 302, 0, null],
      ["empty", 200, 0, null],
      ["rate_limited", 429, 0, "7"],
      ["html", 200, 91, null],
      ["broken_json", 200, 40, null],
      ["status", 403, 0, "7"],
      ["away_redirect", 302, 0, null],
      ["system_error", 200, 0, null],
      ["body", 200, 2, null],
    ]);
    assertEquals((await apiLive("refused.host")).statusCode, 0);
  });

  it("ends a connection without an answer, or answers late by its clock", async () => {
    const room = standin.room("slow.host");
    room.fault({ kind: "http", route: "api_live", reply: "reset", times: 1 });
    const path = "/api-live/user/room/?aid=1988&uniqueId=slow.host";
    const reset = await RawConnection.open({ port: standin.port }, path, []);
    assertEquals((await reset.rest()).length, 0);
    room.fault({ kind: "http", route: "api_live", reply: "slow", delayMs: 1, times: 1 });
    assertEquals((await apiLive("slow.host")).statusCode, 0);
  });

  it("serves one request after the other on a connection, bodies in chunks too", async () => {
    const connection = await RawConnection.open({ port: standin.port }, "/@live.host", []);
    const first = await connection.head();
    await connection.bytes(Number(first.headers.get("content-length")));
    connection.socket.write("POST /ttwid/union/register/ HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n");
    connection.socket.write('7\r\n{"aid":\r\n5\r\n1768}\r\n0\r\n\r\n');
    const second = await connection.head();
    assertEquals(second.status, 200);
    assertMatch(second.headers.get("set-cookie") ?? "", /^ttwid=/);
    connection.socket.destroy();
  });

  it("writes down what clients send, without the values of cookies", async () => {
    const connection = await RawConnection.open({ port: standin.port }, "/@live.host?count=me", [
      ["User-Agent", "one"],
      ["User-Agent", "two"],
      ["Cookie", "sessionid=secret; ttwid=a"],
    ]);
    await connection.head();
    connection.socket.destroy();
    const record = standin.requests.find(({ target }) => target === "/@live.host?count=me");
    assertEquals(record?.userAgents, ["one", "two"]);
    assertEquals(record?.cookieNames, ["sessionid", "ttwid"]);
    assert(!JSON.stringify(standin.requests).includes("secret"));
  });
});

describe("the stand-in's guest cookies", () => {
  it("come on the share of page requests that was asked for", async () => {
    const standin = await startStandin({ media: false, ttwid: { pageShare: 0.5 } });
    let given = 0;
    for (let turn = 0; turn < 40; turn++) {
      const response = await fetch(`${standin.url}/`);
      await response.body?.cancel();
      if (response.headers.has("set-cookie")) given += 1;
    }
    assert(given > 8 && given < 32, `${given} of 40`);
    await standin.stop();
  });

  it("can be had nowhere", async () => {
    const standin = await startStandin({ media: false, ttwid: { pageShare: 0, register: false } });
    const page = await fetch(`${standin.url}/@tiktok`);
    const register = await fetch(`${standin.url}/ttwid/union/register/`, { method: "POST", body: '{"aid":1768}' });
    assertEquals([page.headers.get("set-cookie"), register.headers.get("set-cookie")], [null, null]);
    await Promise.all([page.text(), register.text()]);
    await standin.stop();
  });
});
