import { assert, assertEquals } from "@std/assert";
import type { Hono } from "hono";
import { beforeEach, describe, it } from "node:test";
import { CaptureLogger } from "../../tests/fakes/capture_logger.ts";
import { FakeLookup } from "../../tests/fakes/fake_lookup.ts";
import { ManualClock, until } from "../../tests/fakes/manual_clock.ts";
import { AnswerCache } from "../core/answer_cache.ts";
import type { AnswerStore, KeptAnswer } from "../ports/answer_store.ts";
import type { LiveAnswer } from "../ports/live_lookup.ts";
import { createApp } from "./app.ts";
import { prometheusMetrics } from "../adapters/local/prometheus_metrics.ts";

const LIVE = "/api/links?usernames[]=on.air";

describe("createApp() with a cache", () => {
  let lookup: FakeLookup;
  let clock: ManualClock;
  let logger: CaptureLogger;
  let kept: Map<string, KeptAnswer>;
  let store: AnswerStore;
  let app: Hono;

  beforeEach(() => {
    lookup = new FakeLookup();
    clock = new ManualClock();
    logger = new CaptureLogger();
    kept = new Map();
    store = {
      getAnswer: (key) => Promise.resolve(kept.get(key)),
      putAnswer: (key, answer) => Promise.resolve(void kept.set(key, answer)),
    };
    const deps = { lookup, clock };
    const late: AnswerStore = {
      getAnswer: (key) => store.getAnswer(key),
      putAnswer: (key, answer) => store.putAnswer(key, answer),
    };
    const cache = new AnswerCache({ store: late, clock, logger });
    app = createApp({ links: deps, userInfo: deps, lives: deps, cache, logger, loopbackOnly: true });
    lookup.live("on.air", "7");
    lookup.offline("idle");
  });
  const ask = async (path: string, headers: Record<string, string> = {}) => {
    const response = await app.request(path, { headers });
    const [age, control] = [response.headers.get("age"), response.headers.get("cache-control")];
    return { status: response.status, age, control, headers: response.headers, text: await response.text() };
  };

  it("answers again without asking TikTok, and tells how old the answer is", async () => {
    const first = await ask(LIVE);
    assertEquals([first.status, first.age, first.control], [200, "0", "private, max-age=10"]);
    await clock.advance(4_000);
    const again = await ask("/api/links?usernames=@on.air");
    assertEquals([again.text, again.age, again.control], [first.text, "4", "private, max-age=10"]);
    assertEquals((await ask("/api/live?usernames=on.air,idle")).age, "4");
    assertEquals(lookup.asked, [["on.air"], ["idle"]]);
    await clock.advance(6_000);
    assertEquals((await ask(LIVE)).age, "0");
    assertEquals(lookup.asked.length, 3);
  });

  it("answers 304 to those who have the answer", async () => {
    const first = await ask(LIVE);
    const etag = first.headers.get("etag") ?? "";
    for (const known of [etag, `W/${etag}`, `"other", ${etag}`, "*"]) {
      const { status, text, headers } = await ask(LIVE, { "if-none-match": known });
      assertEquals([status, text, headers.get("etag")], [304, "", etag]);
    }
    const other = await ask(LIVE, { "if-none-match": '"other"' });
    assertEquals([other.status, other.headers.get("content-type"), other.text], [200, "application/json", first.text]);
    assert((await ask("/api/links?usernames=idle")).headers.get("etag") !== etag);
  });

  it("refuses other sites' pages an answer that is at hand", async () => {
    const url = `http://127.0.0.1:3000${LIVE}`;
    assertEquals((await ask(url)).status, 200);
    const foreign: Record<string, string>[] = [
      { origin: "https://evil.example" },
      { host: "evil.example" },
      { "sec-fetch-site": "cross-site" },
    ];
    for (const headers of foreign) {
      const { status, text } = await ask(url, headers);
      assertEquals([status, text.includes("live_stream_link")], [403, false]);
    }
    const rebound = await ask(`http://evil.example${LIVE}`);
    assertEquals([rebound.status, lookup.asked.length], [403, 1]);
    assertEquals((await ask(url, { origin: "http://127.0.0.1:3000" })).status, 200);
  });

  it("keeps the order that each request asks for", async () => {
    const users = async (names: string) =>
      (JSON.parse((await ask(`/api/links?usernames=${names}`)).text) as { user: string }[]).map(({ user }) => user);
    for (let turn = 0; turn < 2; turn++) {
      assertEquals(await users("on.air,idle"), ["on.air", "idle"]);
      assertEquals(await users("idle,on.air"), ["idle", "on.air"]);
    }
    assertEquals(lookup.asked.length, 2);
  });

  it("asks again for a name of several as soon as its own answer is old", async () => {
    await ask("/api/links?usernames=idle");
    await clock.advance(6_000);
    const both = "/api/links?usernames=on.air,idle";
    assertEquals([(await ask(both)).age, (await ask(both)).control], ["6", "private, max-age=10"]);
    lookup.live("idle", "9");
    await clock.advance(4_000);
    assert((await ask(both)).text.includes('"room_id":"9"'));
    assertEquals(lookup.asked, [["idle"], ["on.air"], ["idle"]]);
  });

  it("does not keep the answer to several names when one of them was late", async () => {
    const slow = Promise.withResolvers<LiveAnswer>();
    lookup.answers.set("slow", () => slow.promise);
    lookup.answers.set("idle", async () => {
      await clock.sleep(15_000);
      return { username: "idle", state: "offline" };
    });
    const codes = async () => {
      const { text } = await ask("/api/links?usernames=idle,slow");
      return (JSON.parse(text) as { code: string }[]).map(({ code }) => code);
    };
    const late = codes();
    await until(() => clock.sleeping() === 2);
    await clock.advance(15_000);
    await clock.advance(5_000);
    assertEquals(await late, ["offline", "deadline"]);
    slow.resolve({ username: "slow", state: "offline" });
    assertEquals(await codes(), ["offline", "offline"]);
    assertEquals(lookup.asked, [["idle"], ["slow"]]);
  });

  it("logs and counts an answer that is at hand like any other, under an id of its own", async () => {
    const metrics = prometheusMetrics();
    const deps = { lookup, clock };
    const cache = new AnswerCache({ store, clock, logger });
    app = createApp({ links: deps, cache, logger, metrics, loopbackOnly: true });
    const ids = new Set<string | null>();
    for (let turn = 0; turn < 3; turn++) ids.add((await ask(LIVE)).headers.get("x-request-id"));
    assertEquals((await ask(LIVE, { "x-request-id": "mine" })).headers.get("x-request-id"), "mine");
    const lines = logger.lines.filter(({ event }) => event === "request").map(({ fields }) => fields);
    assertEquals(lines.map(({ route, status }) => [route, status]), new Array(4).fill(["/api/links", 200]));
    assertEquals([ids.size, new Set(lines.map(({ requestId }) => requestId)).size], [3, 4]);
    assert((await metrics.text()).includes('_count{method="GET",route="/api/links",status="200"} 4\n'));
  });

  it("has only so much at hand, the newest", async () => {
    const title = "x".repeat(3_000_000);
    lookup.answers.set("on.air", { username: "on.air", state: "live", roomId: "7", title, links: [] });
    for (const more of ["", "&a", "&b", "&c"]) assertEquals((await ask(LIVE + more)).status, 200);
    kept.clear();
    const asked = async (more: string) => {
      await ask(LIVE + more);
      return lookup.asked.length;
    };
    assertEquals([await asked("&c"), await asked("&b"), await asked("")], [1, 1, 2]);
  });

  it("makes equal requests in flight once", async () => {
    const answers = await Promise.all([ask(LIVE), ask(LIVE), ask("/api/live?usernames=on.air"), ask(LIVE)]);
    assertEquals(answers.map(({ status }) => status), [200, 200, 200, 200]);
    assertEquals(lookup.asked, [["on.air"]]);
  });

  it("gives the older answer with a warning while TikTok refuses, and a new one when it does not", async () => {
    const first = await ask(LIVE);
    lookup.fails("on.air", "captcha", 60_000);
    await clock.advance(11_000);
    const stale = await ask(LIVE);
    assertEquals([stale.status, stale.text, stale.age], [200, first.text, "11"]);
    assertEquals(stale.headers.get("warning"), '111 - "Revalidation Failed: captcha"');
    await clock.advance(20_000);
    assertEquals((await ask(LIVE)).headers.get("warning"), stale.headers.get("warning"));
    assertEquals(lookup.asked.length, 2);
    lookup.live("on.air", "8");
    await clock.advance(11_000);
    const fresh = await ask(LIVE);
    assertEquals([fresh.age, fresh.headers.get("warning")], ["0", null]);
    assert(fresh.text.includes('"room_id":"8"'));
  });

  it("remembers failures briefly", async () => {
    lookup.fails("refused", "blocked");
    const path = "/api/links?usernames=refused";
    for (let i = 0; i < 3; i++) {
      const { status, headers } = await ask(path);
      assertEquals([status, headers.get("retry-after")], [503, "60"]);
    }
    assertEquals(lookup.asked.length, 1);
    lookup.offline("refused");
    await clock.advance(5_000);
    assertEquals((await ask(path)).status, 200);
    assertEquals((await ask("/tiktok/user-info?uniqueId=nobody")).status, 404);
  });

  it("answers without its store when that fails", async () => {
    store = { getAnswer: () => Promise.reject(new Error("down")), putAnswer: () => Promise.reject(new Error("down")) };
    assertEquals((await ask(LIVE)).status, 200);
    assertEquals(logger.events().filter((event) => event === "cache_failed").length, 2);
  });
});
