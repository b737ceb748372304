/** The calls against the stand-in TikTok: lists, feed, search, prices, chat, waiting. */
import { assert, assertEquals, assertInstanceOf, assertRejects, assertStrictEquals } from "@std/assert";
import { after, before, beforeEach, describe, it } from "node:test";
import { isLiveError, type LiveError, type LiveStream, TikTok, type TikTokOptions } from "../mod.ts";
import { eulerSigner } from "../euler.ts";
import { FakeClock } from "../testing.ts";
import { startStandin } from "../../tests/standin/mod.ts";
import { SESSION_ID, SIGNER_KEY } from "../../tests/standin/call_routes.ts";

let standin: Awaited<ReturnType<typeof startStandin>>;
const client = (options: TikTokOptions = {}) => new TikTok({ baseUrls: standin.baseUrls, ...options });
const signer = () => eulerSigner({ host: standin.url, apiKey: SIGNER_KEY });
const cookies = { sessionid: SESSION_ID };
const targets = (from = 0) => standin.requests.slice(from).map(({ target }) => target.split("?")[0]);

async function errorOf(promise: Promise<unknown>): Promise<LiveError> {
  const error = await assertRejects(() => promise);
  if (!isLiveError(error)) throw error;
  return error;
}

describe("the calls against the stand-in", () => {
  before(async () => {
    standin = await startStandin({ media: false, seed: "calls" });
    for (let number = 1; number <= 8; number++) {
      standin.room(`live${number}`).startLive({ title: `Painting ${number}`, rate: 0.001 });
    }
    standin.room("quiet.host");
    standin.room("secret.host").account = "private";
  });
  beforeEach(() => standin.clearFaults());
  after(() => standin.stop());

  for (
    const [way, options] of [["a session", () => ({ cookies })], ["a signer", () => ({ signer: signer() })]] as const
  ) {
    it(`followings() and followers() read to the end with ${way}, each user once`, async () => {
      const { host } = standin.room("quiet.host");
      for (const kind of ["followings", "followers"] as const) {
        const list = client(options())[kind]("quiet.host");
        assertEquals([list.hasMore, list.total, list.hidden], [true, undefined, undefined]);
        const names = [];
        for await (const user of list) names.push(user.username);
        const hidden = Math.floor(host.following / 20);
        assertEquals([list.hasMore, list.total, list.hidden], [false, host.following, hidden]);
        assertEquals(names.length, host.following - hidden);
        assertInstanceOf(await assertRejects(() => list.next()), RangeError);
      }
    });
  }

  it("followings() goes on from the cursors of a page", async () => {
    const tiktok = client({ signer: signer() });
    const { secUid } = standin.room("quiet.host").host;
    const first = await tiktok.followings({ secUid }, { count: 10 }).next();
    const second = await tiktok.followings({ secUid }, { count: 10, from: first }).next();
    assertEquals([first.users.length, second.users.length, first.hasMore], [10, 9, true]);
    assertEquals(first.logId, "log-21-0");
    assert(first.users[0]?.username !== second.users[0]?.username);
  });

  it("followings() says what it needs, and sends nothing without it", async () => {
    const from = standin.requests.length;
    const none = await errorOf(client().followings("quiet.host").next());
    assertEquals([none.code, none.retryable, targets(from)], ["login_required", false, []]);
    assert(/session/.test(none.remedy) && /signer/.test(none.remedy));
    const bad = await errorOf(client({ cookies: { sessionid: "old" } }).followings("quiet.host").next());
    assertEquals([bad.code, bad.retryable, /signer/.test(bad.remedy)], ["signer_failed", false, true]);
    assertEquals((await errorOf(client({ cookies }).followers("secret.host").next())).code, "private");
  });

  it("userInfo() asks the API with a signer, and the page when that fails", async () => {
    const from = standin.requests.length;
    const signed = await client({ signer: signer() }).userInfo("quiet.host");
    assertEquals(targets(from), ["/webcast/sign_url", "/api/user/detail/"]);
    assertEquals(signed, await client().userInfo("quiet.host"));
    standin.fault({ kind: "http", route: "user_detail", reply: "empty" });
    assertEquals(await client({ signer: signer() }).userInfo("quiet.host"), signed);
    const refused = client({ signer: eulerSigner({ host: standin.url, apiKey: "wrong" }) });
    assertEquals((await errorOf(refused.userInfo("quiet.host"))).code, "signer_failed");
    assertEquals((await errorOf(client({ signer: signer() }).userInfo("nobody"))).code, "not_found");
  });

  it("feed() yields each live once, page by page, and tracks one", async () => {
    const feed = client().feed();
    const pages = [];
    while (feed.hasMore) pages.push(await feed.next());
    assertEquals(pages.map((page) => page.liveStreams.length), [6, 2]);
    assertEquals([pages[0]?.logId, pages[1]?.logId], ["feed-0", "feed-6"]);
    const names = feed.liveStreams.map((stream) => stream.host.username);
    assertEquals([...new Set(names)].sort(), Array.from({ length: 8 }, (_, index) => `live${index + 1}`));
    assertInstanceOf(await assertRejects(() => feed.next()), RangeError);
    const [stream] = feed.liveStreams;
    assert(stream?.live && stream.links.length > 0 && stream.reason === "popular");
    await tracked(stream);
  });

  it("searchLives() finds by words, and the next ones by offset", async () => {
    const tiktok = client();
    const titles = async (options: { offset?: number; count?: number }) =>
      (await tiktok.searchLives("painting", options)).map(({ title }) => title);
    assertEquals(await titles({ count: 3 }), ["Painting 1", "Painting 2", "Painting 3"]);
    assertEquals(await titles({ count: 3, offset: 6 }), ["Painting 7", "Painting 8"]);
    const [found] = await tiktok.searchLives(" LIVE4 ");
    assert(found !== undefined);
    await tracked(found);
    assertEquals((await errorOf(tiktok.searchLives("  "))).code, "invalid_input");
  });

  it("priceList() reads packets, prices and currencies", async () => {
    const prices = await client().priceList();
    assertEquals(prices.packages.map(({ diamonds, priceUsdCents }) => [diamonds, priceUsdCents]), [
      [70, 105],
      [350, 525],
      [1400, 2100],
    ]);
    assertEquals([prices.currencies, prices.defaultCurrency, prices.recommendedPackageId], [["EUR"], "EUR", "2"]);
    assertEquals(prices.packages[0]?.prices[0]?.shown, "€1.05");
  });

  it("isLive() answers in order, whatever fails", async () => {
    const results = await client().isLive(["@Live1", "quiet.host", "nobody", "a/b", "secret.host"], { concurrency: 2 });
    assertEquals(results.map(({ user, live, error }) => [user, live, error?.code]), [
      ["live1", true, undefined],
      ["quiet.host", false, undefined],
      ["nobody", undefined, "not_found"],
      ["a/b", undefined, "invalid_input"],
      ["secret.host", undefined, "private"],
    ]);
  });

  it("checkAlive() asks for fifty rooms at a time", async () => {
    const { roomId } = standin.room("live1");
    const from = standin.requests.length;
    const ids = [...Array.from({ length: 100 }, (_, index) => String(1000 + index)), roomId];
    const alive = await client().checkAlive(ids);
    assertEquals([targets(from).length, alive.size, alive.get(roomId), alive.get("1000")], [3, 101, true, false]);
  });

  it("sendMessage() needs session and signer, and shows the session to TikTok alone", async () => {
    const say = (options: TikTokOptions, text = "hello") => client(options).sendMessage("live1", text);
    const from = standin.requests.length;
    assertEquals((await errorOf(say({ signer: signer() }))).code, "login_required");
    assertEquals((await errorOf(say({ cookies }))).code, "signer_failed");
    assertEquals((await errorOf(say({ cookies, signer: signer() }, " "))).code, "invalid_input");
    assertEquals(targets(from), []);
    assertEquals(await say({ cookies, signer: signer() }), { data: { content: "hello" } });
    const [room, sign, chat] = standin.requests.slice(from);
    assertEquals(targets(from), ["/api-live/user/room/", "/webcast/sign_url", "/webcast/room/chat/"]);
    assertEquals([room?.cookieNames, sign?.cookieNames, chat?.cookieNames], [["sessionid"], [], ["sessionid"]]);
    assertEquals((await errorOf(say({ cookies: { sessionid: "old" }, signer: signer() }))).code, "login_required");
    const forged = { sign: ({ url }: { url: string }) => Promise.resolve({ url: `${url}&X-Bogus=1` }) };
    assertEquals((await errorOf(say({ cookies, signer: forged }))).code, "blocked");
  });

  it("giftList() is read once an hour, unless asked to", async () => {
    const clock = new FakeClock();
    const tiktok = client({ clock });
    const from = standin.requests.length;
    const [one, other] = await Promise.all([tiktok.giftList("5"), tiktok.giftList("5")]);
    assertStrictEquals(one, other);
    assertStrictEquals(await tiktok.giftList("5"), one);
    assertEquals(targets(from).length, 1);
    await tiktok.giftList("5", { refresh: true });
    await tiktok.giftList("6");
    await clock.advance(3_600_000);
    await tiktok.giftList("6");
    assertEquals(targets(from).length, 4);
    assertEquals([one[0]?.name, one[0]?.data["describe"]], ["Tea Leaf", "sent Tea Leaf"]);
  });

  const refusals = [
    ["rate_limited", "rate_limited"],
    ["waf_page", "blocked"],
    ["empty", "empty_reply"],
    ["broken_json", "protocol"],
    ["login_redirect", "login_required"],
    ["region_page", "region_blocked"],
    ["reset", "network"],
  ] as const;
  for (const [reply, code] of refusals) {
    it(`every call names the refusal '${reply}'`, async () => {
      for (const route of ["feed", "search", "prices", "user_list", "chat"] as const) {
        standin.fault({ kind: "http", route, reply });
      }
      const tiktok = client({ cookies, signer: signer() });
      const { secUid } = standin.room("quiet.host").host;
      const calls = [
        () => tiktok.feed().next(),
        () => tiktok.searchLives("x"),
        () => tiktok.priceList(),
        () => tiktok.followings({ secUid }).next(),
        () => tiktok.sendMessage("live1", "hello"),
      ];
      for (const call of calls) {
        const error = await errorOf(call());
        assertEquals([error.code, error.remedy !== ""], [code, true]);
        assertEquals(error.retryAfterMs, code === "rate_limited" ? 30_000 : undefined);
      }
    });
  }
});

async function tracked(stream: LiveStream): Promise<void> {
  const live = stream.track();
  const { roomInfo } = await live.connected;
  assertEquals(roomInfo.roomId, stream.roomId);
  live.close();
}
