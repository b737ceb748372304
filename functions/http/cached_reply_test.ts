import { assert, assertEquals } from "@std/assert";
import type { Hono } from "hono";
import { beforeEach, describe, it } from "node:test";
import { CaptureLogger } from "../../tests/fakes/capture_logger.ts";
import { FakeLookup } from "../../tests/fakes/fake_lookup.ts";
import { ManualClock } from "../../tests/fakes/manual_clock.ts";
import { AnswerCache } from "../core/answer_cache.ts";
import type { AnswerStore, KeptAnswer } from "../ports/answer_store.ts";
import { createApp } from "./app.ts";

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
    assertEquals((await ask(LIVE, { "if-none-match": '"other"' })).status, 200);
    assert((await ask("/api/links?usernames=idle")).headers.get("etag") !== etag);
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
