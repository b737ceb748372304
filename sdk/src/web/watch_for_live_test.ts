import { assertEquals, assertInstanceOf, assertRejects, assertStrictEquals } from "@std/assert";
import { describe, it } from "node:test";
import { isLiveError } from "../errors.ts";
import { FakeClock, FakeSockets } from "../testing/fakes.ts";
import { FakeFetch, json } from "../testing/http.ts";
import { TikTok } from "../tiktok.ts";
import type { LiveWait } from "./watch_for_live.ts";

const on = (status: number, extra: object = {}) => () =>
  json({ statusCode: 0, data: { user: { roomId: status === 4 ? "" : "7", status, ...extra }, liveRoom: { status } } });
const busy = (retryAfterS?: number) => () =>
  new Response("", { status: 429, headers: retryAfterS === undefined ? {} : { "retry-after": String(retryAfterS) } });

/** TikTok gives the answers one after the other, and the times of the questions are kept, ms since the first. */
function setUp(answers: (() => Response)[]) {
  const clock = new FakeClock();
  const start = clock.now();
  const askedAt: number[] = [];
  const http = new FakeFetch(() => {
    askedAt.push(clock.now() - start);
    return (answers.length > 1 ? answers.shift() : answers[0])?.() ?? new Response("", { status: 404 });
  });
  const tiktok = new TikTok({ fetch: http.fetch, socket: new FakeSockets(), clock, random: () => 0 });
  return { clock, askedAt, tiktok };
}

describe("waitUntilLive()", () => {
  it("asks at the interval until the host is on air", async () => {
    const { tiktok, clock, askedAt } = setUp([on(4), on(4), on(2)]);
    const waiting = tiktok.waitUntilLive("@Some.Host", { intervalMs: 10_000 });
    await clock.advance(60_000);
    assertEquals([(await waiting).roomId, askedAt, clock.waiting], ["7", [0, 10_000, 20_000], 0]);
  });

  it("waits longer after each refusal, and as long as TikTok says", async () => {
    const { tiktok, clock, askedAt } = setUp([busy(), busy(), busy(300), on(4), on(3)]);
    const waiting = tiktok.waitUntilLive("some.host", { intervalMs: 10_000 });
    await clock.advance(600_000);
    assertEquals([(await waiting).paused, askedAt], [true, [0, 20_000, 60_000, 360_000, 370_000]]);
  });

  it("tells when it asks next, and which refusal came", async () => {
    const { tiktok, clock } = setUp([on(4), busy(300), on(2)]);
    const start = clock.now();
    const told: unknown[] = [];
    const onWait = ({ until, error }: LiveWait) => told.push([until - start, error?.code]);
    const waiting = tiktok.waitUntilLive("some.host", { intervalMs: 10_000, onWait });
    await clock.advance(600_000);
    assertEquals([(await waiting).roomId, told], ["7", [[10_000, undefined], [310_000, "rate_limited"]]]);
  });

  it("gives up on what waiting cannot mend", async () => {
    for (
      const [answer, code] of [
        [() => json({ statusCode: 19881007, message: "user_not_found" }), "not_found"],
        [on(4, { secret: true }), "private"],
      ] as const
    ) {
      const error = await assertRejects(() => setUp([answer]).tiktok.waitUntilLive("some.host"));
      assertEquals(isLiveError(error) && error.code, code);
    }
  });

  it("ends by its signal while it waits, and leaves no timer", async () => {
    const { tiktok, clock } = setUp([on(4)]);
    const controller = new AbortController();
    const waiting = assertRejects(() => tiktok.waitUntilLive("some.host", { signal: controller.signal }));
    await clock.advance(90_000);
    const reason = new Error("enough");
    controller.abort(reason);
    assertStrictEquals(await waiting, reason);
    assertEquals(clock.waiting, 0);
  });

  it("rejects an interval out of range", async () => {
    const { tiktok, askedAt } = setUp([on(2)]);
    for (const intervalMs of [0, 999, 1.5, 1e9]) {
      assertInstanceOf(await assertRejects(() => tiktok.waitUntilLive("a", { intervalMs })), RangeError);
    }
    assertEquals(askedAt, []);
  });
});
