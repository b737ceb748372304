/**
 * Routes 1 to 3 on the stand-in, over real HTTP, beside the documented answers that callers know from the two programs
 * whose place this API takes: the same fields, in the same order, of the same types, and further ones only behind them.
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { loadConfig, LocalConfig, type LocalSystem, startLocal } from "@roomtone/functions/local";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { CaptureLogger } from "../fakes/capture_logger.ts";
import { SESSION_ID } from "../standin/call_routes.ts";
import { type Standin, startStandin } from "../standin/mod.ts";

/** As documented; lists hold one entry, which stands for all. */
const DOCUMENTED = {
  live: { user: "ohsomefunhouse", live_stream_link: "rtmp://example.com/live/streamkey" },
  offline: { error: "User is not live" },
  userInfo: {
    status: "success",
    data: {
      userInfo: {
        uniqueId: "taylorswift",
        nickname: "Taylor Swift",
        bio: "Singer and songwriter",
        followers: 1000000,
        following: 20,
        likes: 5000000,
        profilePictureUrl: "https://example.com/taylor.jpg",
      },
    },
  },
  followings: {
    requestDetails: {
      secUid: "MS4wLjABAAAATtFKZYaOb-9nF_w7QRi4y64d45mvuWuwf5ACEd3c6f-GTlfW9rJJlKfV2vWhg0aw",
      count: "50",
      minCursor: 0,
      maxCursor: 0,
    },
    metadata: {
      totalFollowings: 76,
      hasMore: true,
      maxCursor: 0,
      minCursor: 1656812667,
      logId: "20250111155934E455EDD1CB08AC3FE50F",
    },
    followings: [{
      username: "cnn",
      nickname: "CNN",
      avatar: "https://p16-sign-va.tiktokcdn.com/avatar.jpeg",
      verified: true,
      bio: "This is CNN...",
      stats: { followers: 6900000, followings: 8, likes: 204600000, videos: 5588 },
    }],
  },
};

type Json = string | number | boolean | null | Json[] | { [name: string]: Json };

/** Where an answer departs from the documented one. */
function departures(documented: Json, answer: Json | undefined, place = "answer"): string[] {
  if (Array.isArray(documented)) {
    const [one = null] = documented;
    if (!Array.isArray(answer) || answer.length === 0) return [`${place} is no list with something in it`];
    return answer.flatMap((each, index) => departures(one, each, `${place}[${index}]`));
  }
  if (typeof documented === "object" && documented !== null) {
    if (typeof answer !== "object" || answer === null || Array.isArray(answer)) return [`${place} is no object`];
    const names = Object.keys(documented);
    const first = Object.keys(answer).slice(0, names.length);
    if (first.join() !== names.join()) return [`${place} begins with ${first}, not with ${names}`];
    return names.flatMap((name) => departures(documented[name] ?? null, answer[name], `${place}.${name}`));
  }
  return typeof answer === typeof documented ? [] : [`${place} is a ${typeof answer}, not a ${typeof documented}`];
}

describe("the answers that callers know", () => {
  let dataDir: string;
  let standin: Standin;
  let system: LocalSystem;
  before(async () => {
    dataDir = await mkdtemp(join(tmpdir(), "roomtone-seeds-"));
    standin = await startStandin({ media: false, seed: "seeds" });
    standin.room("some.host").startLive({ title: "Tea", rate: 0.001 });
    standin.room("other.host");
    const { web, webcast, socket, ttwid } = standin.baseUrls;
    const config = loadConfig(LocalConfig, {
      ROOMTONE_PORT: "0",
      ROOMTONE_DATA_DIR: dataDir,
      ROOMTONE_RECORDER_SLOTS: "0",
      ROOMTONE_TIKTOK_WEB_URL: web,
      ROOMTONE_TIKTOK_WEBCAST_URL: webcast,
      ROOMTONE_TIKTOK_SOCKET_URL: socket,
      ROOMTONE_TIKTOK_TTWID_URL: ttwid,
      ROOMTONE_TIKTOK_COOKIES: `sessionid=${SESSION_ID}`,
    });
    system = await startLocal(config, { logger: new CaptureLogger() });
  });
  after(async () => {
    await system.stop();
    await standin.stop();
    await rm(dataDir, { recursive: true });
  });

  async function ask<T extends Json>(path: string): Promise<T> {
    const response = await fetch(`${system.url}${path}`);
    const text = await response.text();
    assertEquals([response.status, response.headers.get("content-type")], [200, "application/json"], text);
    return JSON.parse(text) as T;
  }

  it("GET /api/links: of one name that is live, of one that is not, and of several", async () => {
    const live = await ask<Record<string, Json>>("/api/links?usernames[]=some.host");
    assertEquals(departures(DOCUMENTED.live, live), []);
    assertEquals(live["user"], "some.host");
    assert(URL.canParse(String(live["live_stream_link"])), "the link is a URL");
    const offline = await ask<Record<string, Json>>("/api/links?usernames[]=other.host");
    assertEquals(departures(DOCUMENTED.offline, offline), []);
    assertEquals(offline["error"], DOCUMENTED.offline.error);
    const several = await ask<Json[]>("/api/links?usernames[]=other.host&usernames[]=some.host");
    assertEquals(departures(DOCUMENTED.offline, several[0]), []);
    assertEquals(departures(DOCUMENTED.live, several[1]), []);
  });

  it("GET /api/links: tells of every quality, and gives the one that is asked for", async () => {
    type Link = { url: string; protocol: string; quality: string; codec: string };
    type Answer = { live_stream_link: string; links: (Link & Record<string, Json>)[] };
    const askFor = (query: string) => ask<Answer>(`/api/links?usernames[]=some.host${query}`);
    const { links, live_stream_link: usual } = await askFor("");
    for (const link of links) {
      const names = ["url", "protocol", "quality", "codec", "resolution", "bitrate_kbps", "expires_at", "level"];
      assertEquals(Object.keys(link).filter((name) => !names.includes(name)), []);
      assert(Number(link["expires_at"]) > Date.now(), JSON.stringify(link));
      if (link.quality === "ao") continue; // sound alone
      assert(Number(link["bitrate_kbps"]) > 0, JSON.stringify(link));
      const { width, height } = link["resolution"] as { width: number; height: number };
      assert(width > 0 && height > 0);
    }
    const chosen = (url: string) => links.find((link) => link.url === url);
    const { protocol, codec } = chosen(usual) ?? {};
    assertEquals([protocol, codec], ["flv", "h264"]);
    let found = 0;
    for (const { quality, protocol, codec } of links) {
      const { live_stream_link } = await askFor(`&quality=${quality}&protocol=${protocol}&codec=${codec}`);
      const got = chosen(live_stream_link);
      assertEquals([got?.quality, got?.protocol, got?.codec], [quality, protocol, codec]);
      if (live_stream_link !== usual) found++;
    }
    assert(found > 1, "there is something to choose from");
  });

  it("GET /tiktok/user-info", async () => {
    const answer = await ask<{ data: { userInfo: Record<string, Json> } }>("/tiktok/user-info?uniqueId=some.host");
    assertEquals(departures(DOCUMENTED.userInfo, answer), []);
    const { host } = standin.room("some.host");
    const { uniqueId, nickname, bio, followers, following } = answer.data.userInfo;
    assertEquals([uniqueId, nickname, bio], ["some.host", host.nickname, host.bio]);
    assertEquals([followers, following], [host.followers, host.following]);
  });

  it("GET /tiktok/user-followings: page by page, by the cursor that an answer names", async () => {
    const { secUid, following } = standin.room("some.host").host;
    type Page = { requestDetails: Json; metadata: Record<string, Json>; followings: { username: string }[] };
    const base = `/tiktok/user-followings?secUid=${secUid}`;
    const first = await ask<Page>(`${base}&count=20`);
    assertEquals(departures(DOCUMENTED.followings, first), []);
    assertEquals(first.requestDetails, { secUid, count: "20", minCursor: 0, maxCursor: 0 });
    assertEquals([first.metadata["totalFollowings"], first.metadata["hasMore"]], [following, true]);
    const minCursor = first.metadata["minCursor"];
    const second = await ask<Page>(`${base}&count=20&minCursor=${minCursor}`);
    assertEquals(departures(DOCUMENTED.followings, second), []);
    assertEquals(second.requestDetails, { secUid, count: "20", minCursor, maxCursor: 0 } as Json);
    const names = [...first.followings, ...second.followings].map(({ username }) => username);
    assertEquals([names.length, new Set(names).size], [40, 40]);
    const usual = await ask<Page>(base);
    assertEquals(usual.requestDetails, { secUid, count: "50", minCursor: 0, maxCursor: 0 });
    assertEquals(usual.followings.length, 50);
  });
});
