/** What somebody who controls TikTok's answers, or a caller of the API, can make the API fetch: nothing elsewhere. */
import type { Fetch } from "@roomtone/sdk";
import { assert, assertEquals } from "@std/assert";
import { afterEach, beforeEach, describe, it } from "node:test";
import { CaptureLogger } from "../../tests/fakes/capture_logger.ts";
import { type Standin, startStandin } from "../../tests/standin/mod.ts";
import { systemClock } from "../adapters/local/system_clock.ts";
import { tiktokMessages } from "../adapters/live/tiktok_lookup.ts";
import { openUpstream } from "../entry/open_upstream.ts";
import { createApp } from "./app.ts";

const ADDRESSES = {
  tiktokWebUrl: "https://www.tiktok.com",
  tiktokWebcastUrl: "https://webcast.tiktok.com",
  tiktokSocketUrl: "wss://webcast-ws.tiktok.com",
  tiktokTtwidUrl: "https://ttwid.bytedance.com",
  tiktokRequestsPerMinute: 600_000,
  tiktokRequestBurst: 10_000,
};
const TIKTOK = ["https://www.tiktok.com", "https://webcast.tiktok.com"];
const SESSION = "sessionid=the-operators-session";

/** Places that are not TikTok's, some of which look like it. */
const FOREIGN = [
  "https://evil.example/",
  "http://169.254.169.254/latest/meta-data/",
  "http://127.0.0.1:6379/",
  "http://[::1]/",
  "http://2130706433/",
  "https://eviltiktok.com/",
  "https://tiktok.com.evil.example/",
  "https://www.tiktok.com@evil.example/",
  "https://www.tiktok.com:443@evil.example/",
  "https://www.tiktok.com\\@evil.example/",
  "//evil.example/",
  "\\\\evil.example\\",
  "http://www.tiktok.com/",
  "http://WEBCAST.TIKTOK.COM/",
  "https://www.tiktok.com./",
  "file:///etc/passwd",
];

const ROUTES: [string, RequestInit?][] = [
  ["/api/links?usernames[]=host"],
  ["/tiktok/user-info?uniqueId=host"],
  ["/tiktok/user-followings?uniqueId=host"],
  ["/tiktok/user-followers?secUid=MS4wLjABAAAA"],
  ["/api/live?usernames[]=host"],
  ["/api/rooms/host"],
  ["/api/gifts"],
  ["/api/prices"],
  ["/api/feed"],
  ["/api/rooms/host/messages", {
    method: "POST",
    body: '{"text":"hello"}',
    headers: { "content-type": "application/json" },
  }],
];

/** What was fetched from others than TikTok. */
const elsewhere = (fetched: { place: string }[]) => fetched.filter(({ place }) => !TIKTOK.includes(place));

describe("the API and foreign hosts", () => {
  let standin: Standin;
  beforeEach(async () => {
    standin = await startStandin({ media: false });
    standin.room("host").startLive({ title: "hello" });
  });
  afterEach(() => standin.stop());

  /** An app on a TikTok whose answers pass through `spoil`, and all that it fetched. */
  function open(spoil: (url: URL, response: Response) => Response | Promise<Response>) {
    const fetched: { place: string; cookie: string | null }[] = [];
    const fetch: Fetch = async (text, init) => {
      const url = new URL(text);
      fetched.push({ place: url.origin, cookie: new Headers(init.headers).get("cookie") });
      return await spoil(url, await globalThis.fetch(`${standin.url}${url.pathname}${url.search}`, init));
    };
    const { tiktok, upstream } = openUpstream(ADDRESSES, {
      fetch,
      cookies: SESSION,
      signer: { sign: ({ url }) => Promise.resolve({ url }) },
    });
    const deps = { lookup: upstream.prompt, clock: systemClock };
    const app = createApp({
      ...{ links: deps, userInfo: deps, followings: deps, lives: { ...deps, sender: tiktokMessages(tiktok) } },
      ...{ logger: new CaptureLogger(), loopbackOnly: true },
    });
    return { app, fetched };
  }

  it("no redirect leads any route there, nor the session", async () => {
    for (const place of FOREIGN) {
      for (const [path, init] of ROUTES) {
        // Each on its own: a refusal slows all others down.
        const { app, fetched } = open(() => new Response(null, { status: 302, headers: { location: place } }));
        const response = await app.request(path, init);
        assert(response.status >= 400 || (await response.text()).includes("blocked"), `${path} to ${place}`);
        assert(fetched.length > 0 && fetched.some(({ cookie }) => cookie === SESSION), path);
        assertEquals(elsewhere(fetched), [], `${path} to ${place}`);
      }
    }
  });

  it("no stream elsewhere is handed on, however its address is written", async () => {
    const cdn = "https://pull-f5.tiktokcdn-us.com";
    const spoiled: [string, boolean][] = [
      [cdn, true],
      [cdn.toUpperCase(), true],
      ["https://tiktokcdn.com:8443", true],
      ["https://evil.example", false],
      ["http://169.254.169.254", false],
      ["https://eviltiktokcdn.com", false],
      ["https://pull.tiktokcdn.com.evil.example", false],
      ["https://tiktokcdn.com@evil.example", false],
      ["https://someone@pull.tiktokcdn.com", false],
      ["https://pull.tiktokcdn.com%2f@evil.example", false],
      ["https://pull.tiktokcdn.com\\\\\\\\@evil.example", false],
      ["ftp://pull.tiktokcdn.com", false],
    ];
    for (const [place, served] of spoiled) {
      const { app, fetched } = open(async (_url, response) => {
        const text = (await response.text()).replaceAll(standin.url, place);
        return new Response(text, { status: response.status, headers: { "content-type": "application/json" } });
      });
      for (const path of ["/api/links?usernames=host", "/api/rooms/host", "/api/feed"]) {
        const response = await app.request(path);
        assertEquals([path, response.status], [path, 200], place);
        const body = await response.json() as { links?: unknown[]; rooms?: { links: unknown[] }[] };
        const links = body.links ?? body.rooms?.flatMap((room) => room.links) ?? [];
        assertEquals([path, links.length > 0], [path, served], place);
        assert(served || !JSON.stringify(links).includes("evil"), place);
      }
      assertEquals(elsewhere(fetched), []);
    }
  });

  it("no parameter of a caller names a host", async () => {
    const { app, fetched } = open((_url, response) => response);
    for (const place of FOREIGN) {
      for (
        const path of [
          `/api/links?usernames[]=${encodeURIComponent(place)}`,
          `/api/links?usernames[]=${encodeURIComponent(`${place}@host`)}`,
          `/tiktok/user-info?uniqueId=${encodeURIComponent(place)}`,
          `/tiktok/user-followings?secUid=${encodeURIComponent(place)}`,
          `/api/live?usernames[]=${encodeURIComponent(place)}`,
          `/api/rooms/${encodeURIComponent(place)}`,
          `/api/feed?cursor=${encodeURIComponent(place)}`,
        ]
      ) await app.request(path);
    }
    assertEquals(elsewhere(fetched), []);
  });
});
