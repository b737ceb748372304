import { assert, assertEquals, assertInstanceOf, assertRejects } from "@std/assert";
import { describe, it } from "node:test";
import { ManualClock } from "../../tests/fakes/manual_clock.ts";
import { AppError } from "../contract/errors.ts";
import { CircuitBreaker, FAILURES_TO_OPEN } from "./circuit_breaker.ts";

function open(failures = FAILURES_TO_OPEN, retryAfterMs?: number) {
  const clock = new ManualClock();
  const breaker = new CircuitBreaker(clock);
  const captcha = (more = retryAfterMs) =>
    new AppError("captcha", "Read the page of some.host: captcha", {
      remedy: "Wait",
      evidence: { url: "https://www.tiktok.com/@some.host" },
      ...(more === undefined ? {} : { retryAfterMs: more }),
    });
  for (let count = 0; count < failures; count++) breaker.failed(captcha());
  let calls = 0;
  const call = () => breaker.run(() => Promise.resolve(++calls));
  return { clock, breaker, captcha, call, calls: () => calls };
}

const refused = async (call: () => Promise<unknown>): Promise<AppError> => {
  const error = await assertRejects(call);
  assertInstanceOf(error, AppError);
  return error;
};

describe("CircuitBreaker", () => {
  it("lets calls through until there were enough failures in a row", async () => {
    const { breaker, captcha, call } = open(FAILURES_TO_OPEN - 1);
    assertEquals([await call(), breaker.state], [1, "closed"]);
    breaker.worked();
    for (let count = 1; count < FAILURES_TO_OPEN; count++) breaker.failed(captcha());
    assertEquals([await call(), breaker.state], [2, "closed"]);
    breaker.failed(captcha());
    assertEquals(breaker.state, "open");
  });

  it("answers in place of a call, with the time to wait and nothing of the caller that failed", async () => {
    const { clock, call, calls } = open();
    await clock.advance(10_000);
    const error = await refused(call);
    assertEquals([error.code, error.retryAfterMs, error.remedy], ["captcha", 20_000, "Wait"]);
    assert(!JSON.stringify([error.message, error.evidence]).includes("some.host"));
    assertEquals(calls(), 0);
  });

  it("lets one call probe when the time is up; its success closes it", async () => {
    const { clock, breaker, call } = open();
    await clock.advance(30_000);
    assertEquals(breaker.state, "half_open");
    const probe = Promise.withResolvers<string>();
    const probing = breaker.run(() => probe.promise);
    assertEquals((await refused(call)).retryAfterMs, 1_000);
    breaker.worked();
    probe.resolve("works");
    assertEquals([await probing, await call(), breaker.state], ["works", 1, "closed"]);
  });

  it("a probe that fails opens it again, for longer each time", async () => {
    const { clock, breaker, captcha, call } = open();
    const waits: number[] = [];
    for (let round = 0; round < 6; round++) {
      const { retryAfterMs = 0 } = await refused(call);
      waits.push(retryAfterMs / 1_000);
      await clock.advance(retryAfterMs);
      await refused(() =>
        breaker.run(() => {
          breaker.failed(captcha());
          return Promise.reject(captcha());
        })
      );
      assertEquals(breaker.state, "open");
    }
    assertEquals(waits, [30, 60, 120, 240, 300, 300]);
  });

  it("a probe that tells nothing leaves the next call to probe", async () => {
    const { clock, breaker, call } = open();
    await clock.advance(30_000);
    await assertRejects(() => breaker.run(() => Promise.reject(new Error("the caller left"))));
    assertEquals(await call(), 1);
  });

  it("gives a probe up that never ends", async () => {
    const { clock, breaker, call } = open();
    await clock.advance(30_000);
    const lost = Promise.withResolvers<string>();
    const losing = breaker.run(() => lost.promise);
    await clock.advance(29_999);
    await refused(call);
    await clock.advance(1);
    const other = breaker.run(() => new Promise(() => {}));
    // The first one's end is not that of the second.
    lost.resolve("late");
    await losing;
    await refused(call);
    assert(other instanceof Promise);
  });

  it("waits as long as the last failure asks for; calls that were under way change nothing", async () => {
    const { breaker, captcha, call } = open(FAILURES_TO_OPEN, 90_000);
    breaker.failed(captcha(500_000));
    assertEquals((await refused(call)).retryAfterMs, 90_000);
  });

  it("reports since when it is as it is, why, and when the next try may be", async () => {
    const { clock, breaker, captcha } = open(0);
    assertEquals(breaker.report(), {
      state: "closed",
      failures: 0,
      since: undefined,
      code: undefined,
      nextTryAt: undefined,
    });
    const began = clock.now();
    breaker.worked();
    await clock.advance(1_000);
    breaker.worked();
    assertEquals(breaker.report().since, began);
    for (let count = 0; count < FAILURES_TO_OPEN; count++) {
      await clock.advance(count);
      breaker.failed(captcha());
    }
    const { nextTryAt = 0, ...report } = breaker.report();
    assertEquals(report, { state: "open", failures: FAILURES_TO_OPEN, since: began + 1_000, code: "captcha" });
    assertEquals(nextTryAt, clock.now() + 30_000);
    breaker.worked();
    assertEquals([breaker.report().since, breaker.report().code], [clock.now(), undefined]);
  });
});
