import { assert, assertEquals, assertInstanceOf, assertRejects, assertThrows } from "@std/assert";
import fc from "fast-check";
import { describe, it } from "node:test";
import { ManualClock, turn } from "../../tests/fakes/manual_clock.ts";
import { BudgetError, RequestBudget } from "./request_budget.ts";

/** One request a second, three at once; pauses are exact. */
function open(options: { requestsPerMinute?: number; burst?: number; maxWaitMs?: number } = {}) {
  const clock = new ManualClock();
  const budget = new RequestBudget({ requestsPerMinute: 60, burst: 3, clock, random: () => 0.5, ...options });
  const granted: string[] = [];
  const take = (name: string, count?: number, signal?: AbortSignal) =>
    budget.take(count, signal && { signal }).then(() => void granted.push(name));
  return { clock, budget, granted, take };
}

describe("RequestBudget", () => {
  it("lets a burst through, then one at a time, in the order of asking", async () => {
    const { clock, granted, take } = open();
    for (const name of ["a", "b", "c", "d", "e", "f"]) void take(name);
    await turn();
    assertEquals(granted, ["a", "b", "c"]);
    await clock.advance(999);
    assertEquals(granted.length, 3);
    await clock.advance(1);
    assertEquals(granted, ["a", "b", "c", "d"]);
    await clock.advance(2_000);
    assertEquals(granted, ["a", "b", "c", "d", "e", "f"]);
    assertEquals(clock.sleeping(), 0);
  });

  it("a small request does not overtake a large one", async () => {
    const { clock, budget, granted, take } = open();
    assert(budget.tryTake(2));
    void take("large", 3);
    void take("small");
    await clock.advance(1_000);
    assert(!budget.tryTake());
    assertEquals(granted, []);
    await clock.advance(1_000);
    assertEquals(granted, ["large"]);
    await clock.advance(1_000);
    assertEquals(granted, ["large", "small"]);
  });

  it("gives the place of one who leaves to the next", async () => {
    const { clock, budget, granted, take } = open();
    assert(budget.tryTake(3));
    const leaving = new AbortController();
    const left = take("left", 3, leaving.signal);
    void take("next");
    leaving.abort(new Error("enough"));
    assertEquals(String(await assertRejects(() => left)), "Error: enough");
    assertEquals(budget.state().waiting, 1);
    await clock.advance(1_000);
    assertEquals(granted, ["next"]);
    assertEquals(String(await assertRejects(() => take("gone", 1, leaving.signal))), "Error: enough");
  });

  it("says at once, and with a time, that a turn would come too late", async () => {
    const { budget, take } = open({ maxWaitMs: 2_000 });
    assert(budget.tryTake(3));
    void take("one");
    void take("two");
    const error = await assertRejects(() => take("three"));
    assertInstanceOf(error, BudgetError);
    assertEquals([error.code, error.retryAfterMs], ["rate_limited", 3_000]);
    assertEquals(budget.state().waiting, 2);
  });

  it("a refusal stops everything for a while, then halves the rate; successes bring it back", async () => {
    const { clock, budget, granted, take } = open();
    budget.slowDown();
    const state = { available: 0, taken: 0, waiting: 0, requestsPerMinute: 30, pausedMs: 2_000, refusals: 1 };
    assertEquals(budget.state(), state);
    void take("first");
    await clock.advance(3_999);
    assertEquals(granted, []);
    await clock.advance(1);
    assertEquals(granted, ["first"]);
    for (let count = 0; count < 25; count++) budget.succeeded();
    const { requestsPerMinute, refusals } = budget.state();
    assertEquals([Math.round(requestsPerMinute), refusals], [60, 0]);
    await clock.advance(60_000);
    assertEquals([budget.state().available, budget.state().taken], [3, 1]);
  });

  it("refusals in a row make longer pauses; those of one pause count once", async () => {
    const { clock, budget } = open();
    const pauses: number[] = [];
    for (let round = 0; round < 10; round++) {
      for (let same = 0; same < 8; same++) budget.slowDown();
      budget.succeeded();
      const { pausedMs } = budget.state();
      pauses.push(pausedMs / 1_000);
      await clock.advance(pausedMs);
      assertEquals(budget.state().available, 0);
    }
    assertEquals(pauses, [2, 4, 8, 16, 32, 64, 128, 256, 300, 300]);
    assertEquals(budget.state().requestsPerMinute, 60 / 16);
  });

  it("a refusal that asks for a time gets it, also within a pause", async () => {
    const { clock, budget } = open();
    budget.slowDown(30_000);
    assertEquals(budget.state().pausedMs, 30_000);
    await clock.advance(10_000);
    budget.slowDown(60_000);
    budget.slowDown(1_000);
    assertEquals([budget.state().pausedMs, budget.state().refusals], [60_000, 1]);
    budget.slowDown(1e12);
    assertEquals(budget.state().pausedMs, 3_600_000);
  });

  it("a refusal sends those away whose turn it puts off too far", async () => {
    const { budget, take } = open();
    assert(budget.tryTake(3));
    const waiting = take("one");
    budget.slowDown(60_000);
    const error = await assertRejects(() => waiting);
    assertInstanceOf(error, BudgetError);
    assertEquals(error.retryAfterMs, 62_000);
    assertEquals(budget.state().waiting, 0);
  });

  it("untilFree() lets callers in a hurry go first, and takes nothing", async () => {
    const { clock, budget, granted, take } = open();
    assert(budget.tryTake(3));
    void budget.untilFree(2).then(() => void granted.push("free"));
    void budget.untilFree(3, { maxWaitMs: 2_500 }).then(() => void granted.push("enough"));
    void take("a");
    await clock.advance(1_000);
    assertEquals(granted, ["a"]);
    await clock.advance(1_500);
    assertEquals(granted, ["a", "enough"]);
    await clock.advance(500);
    assertEquals(granted, ["a", "enough", "free"]);
    assertEquals(budget.state().available, 2);
    const gone = AbortSignal.abort(new Error("enough"));
    assertEquals(String(await assertRejects(() => budget.untilFree(1, { signal: gone }))), "Error: enough");
  });

  it("wants numbers that can work", async () => {
    assertInstanceOf(assertThrows(() => open({ requestsPerMinute: 0 })), RangeError);
    assertInstanceOf(assertThrows(() => open({ burst: 0 })), RangeError);
    assertInstanceOf(await assertRejects(() => open().budget.take(4)), RangeError);
  });

  it("never lets more through than burst and rate allow, in any span, and keeps the order", async () => {
    const step = fc.oneof(
      {
        weight: 5,
        arbitrary: fc.record({ kind: fc.constant("take" as const), count: fc.integer({ min: 1, max: 4 }) }),
      },
      {
        weight: 4,
        arbitrary: fc.record({ kind: fc.constant("wait" as const), ms: fc.integer({ min: 0, max: 4_000 }) }),
      },
      { weight: 1, arbitrary: fc.record({ kind: fc.constant("leave" as const), which: fc.nat() }) },
      { weight: 1, arbitrary: fc.record({ kind: fc.constant("refused" as const), ms: fc.integer({ max: 9_000 }) }) },
      { weight: 1, arbitrary: fc.record({ kind: fc.constant("answered" as const) }) },
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { maxLength: 40 }),
        fc.integer({ min: 1, max: 600 }),
        fc.integer({ min: 4, max: 10 }),
        async (steps, requestsPerMinute, burst) => {
          const { clock, budget } = open({ requestsPerMinute, burst });
          const sent: { at: number; count: number }[] = [];
          const order: number[] = [];
          const waiting: AbortController[] = [];
          let asked = 0;
          for (const each of steps) {
            if (each.kind === "wait") await clock.advance(each.ms);
            else if (each.kind === "leave") waiting[each.which % waiting.length]?.abort(new Error("left"));
            else if (each.kind === "refused") budget.slowDown(each.ms);
            else if (each.kind === "answered") budget.succeeded();
            else {
              const id = asked++;
              const leaving = new AbortController();
              waiting.push(leaving);
              budget.take(each.count, { signal: leaving.signal }).then(
                () => {
                  sent.push({ at: clock.now(), count: each.count });
                  order.push(id);
                },
                // Too late, or left.
                () => undefined,
              );
              await turn();
            }
          }
          await clock.advance(12_000);
          assertEquals(budget.state().waiting, 0);
          assertEquals(order, [...order].sort((a, b) => a - b));
          for (const [from, first] of sent.entries()) {
            let count = 0;
            for (const { at, count: more } of sent.slice(from)) {
              count += more;
              const most = burst + (at - first.at) * requestsPerMinute / 60_000;
              assert(count <= most + 1e-3, `${count} requests in ${at - first.at} ms, at most ${most}`);
            }
          }
        },
      ),
      { numRuns: 150 },
    );
  });
});
