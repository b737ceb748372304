import { type Fetch, isLiveError, type TikTok } from "@roomtone/sdk";
import { assert, assertEquals, assertInstanceOf, assertRejects } from "@std/assert";
import { afterEach, beforeEach, describe, it } from "node:test";
import { ManualClock, until } from "../../../tests/fakes/manual_clock.ts";
import { type Standin, startStandin } from "../../../tests/standin/mod.ts";
import { BudgetError, RequestBudget } from "../../core/request_budget.ts";
import { fetchInTurn, openClient } from "./tiktok_client.ts";
import { tiktokLookup } from "./tiktok_lookup.ts";

const asksTikTok = (url: URL) => url.hostname.endsWith("tiktok.com");

/** One request a second, three at once, and a fetch that answers what it is told. */
function open(answer: () => Response = () => new Response("{}")) {
  const clock = new ManualClock();
  const budget = new RequestBudget({ requestsPerMinute: 60, burst: 3, clock, random: () => 0.5 });
  const fetched: string[] = [];
  const fetch: Fetch = (url) => {
    fetched.push(url);
    return Promise.resolve(answer());
  };
  return { clock, budget, fetched, inTurn: fetchInTurn(fetch, budget, asksTikTok) };
}

describe("fetchInTurn()", () => {
  it("waits for a turn before each request to TikTok, and for none elsewhere", async () => {
    const { clock, fetched, inTurn } = open();
    const asked = ["a", "b", "c", "d"].map((path) => inTurn(`https://www.tiktok.com/${path}`, {}));
    await inTurn("https://pull.tiktokcdn.com/stream", {});
    assertEquals(fetched.map((url) => url.at(-1)), ["m", "a", "b", "c"]);
    await clock.advance(1_000);
    await Promise.all(asked);
    assertEquals(fetched.length, 5);
  });

  it("fails as the SDK does when no turn comes in time, and sends nothing", async () => {
    const { budget, fetched, inTurn } = open();
    budget.slowDown(60_000);
    const error = await assertRejects(() => inTurn("https://www.tiktok.com/", {}));
    assert(isLiveError(error));
    assertEquals([error.code, error.retryAfterMs], ["rate_limited", 62_000]);
    assertInstanceOf(error.cause, BudgetError);
    assertEquals(fetched, []);
  });

  it("ends with the signal's reason", async () => {
    const { budget, fetched, inTurn } = open();
    assert(budget.tryTake(3));
    const leaving = new AbortController();
    const asking = inTurn("https://www.tiktok.com/", { signal: leaving.signal });
    leaving.abort(new Error("enough"));
    assertEquals(String(await assertRejects(() => asking)), "Error: enough");
    assertEquals([fetched, budget.state().waiting], [[], 0]);
  });

  it("HTTP 429 slows everything down, for as long as it asks", async () => {
    const limited = (headers: Record<string, string>) => new Response(null, { status: 429, headers });
    for (
      const [headers, pausedMs] of [[{ "retry-after": "30" }, 30_000], [{ "retry-after": "soon" }, 2_000]] as const
    ) {
      const { budget, inTurn } = open(() => limited({ ...headers }));
      assertEquals((await inTurn("https://www.tiktok.com/", {})).status, 429);
      assertEquals(budget.state().pausedMs, pausedMs);
    }
  });
});

describe("openClient()", () => {
  let standin: Standin;
  let budget: RequestBudget;
  let tiktok: TikTok;
  beforeEach(async () => {
    standin = await startStandin({ media: false });
    const { web, webcast, socket, ttwid } = standin.baseUrls;
    budget = new RequestBudget({ requestsPerMinute: 60, burst: 100, clock: new ManualClock(), random: () => 0.5 });
    const addresses = { tiktokWebUrl: web, tiktokWebcastUrl: webcast, tiktokSocketUrl: socket, tiktokTtwidUrl: ttwid };
    tiktok = openClient(addresses, budget);
  });
  afterEach(() => standin.stop());

  it("takes a turn for every request of look-ups and lives", async () => {
    const room = standin.room("host");
    room.startLive();
    const lookup = tiktokLookup(tiktok);
    await lookup.links(["host", "nobody"]);
    await lookup.userInfo("host");
    await lookup.gifts();
    const live = tiktok.live("host");
    await live.connected;
    live.close();
    await live.done;
    const requests = standin.requests.filter(({ headers }) => headers["upgrade"] === undefined);
    assert(requests.length > 5);
    assertEquals(budget.state().taken, requests.length);
  });

  it("a live that TikTok refuses slows everything down", async () => {
    standin.room("host").startLive();
    standin.fault({ kind: "http", route: "api_live", reply: "captcha_page" });
    standin.fault({ kind: "http", route: "live_page", reply: "captcha_page" });
    await assertRejects(() => tiktok.live("host").connected);
    await until(() => budget.state().refusals === 1);
  });

  it("answers with the budget's own error, so that it is not taken for a refusal", async () => {
    budget.slowDown(60_000);
    const [answer] = await tiktokLookup(tiktok).links(["host"]);
    assert(answer?.state === "failed");
    assertInstanceOf(answer.error, BudgetError);
    assertEquals(standin.requests.length, 0);
  });
});
