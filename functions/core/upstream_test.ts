import { assert, assertEquals, assertInstanceOf, assertRejects } from "@std/assert";
import { describe, it } from "node:test";
import { CaptureMetrics } from "../../tests/fakes/capture_metrics.ts";
import { FakeLookup } from "../../tests/fakes/fake_lookup.ts";
import { ManualClock, turn } from "../../tests/fakes/manual_clock.ts";
import { AppError, type AppErrorCode } from "../contract/errors.ts";
import type { LiveAnswer } from "../ports/live_lookup.ts";
import { BudgetError, RequestBudget } from "./request_budget.ts";
import { Upstream } from "./upstream.ts";

function open() {
  const clock = new ManualClock();
  const random = () => 0.5;
  const budget = new RequestBudget({ requestsPerMinute: 60, burst: 10, clock, random });
  const lookup = new FakeLookup();
  const metrics = new CaptureMetrics();
  const upstream = new Upstream({ lookup, budget, clock, random, metrics });
  const states = (answers: LiveAnswer[]) =>
    answers.map((answer) => answer.state === "failed" ? answer.error.code : answer.state);
  /** Answers for a name, one after the other; the last one stays. */
  const script = (username: string, ...codes: (AppErrorCode | "offline")[]) => {
    lookup.answers.set(username, () => {
      const code = codes.length > 1 ? codes.shift() : codes[0];
      if (code === undefined || code === "offline") return Promise.resolve({ username, state: "offline" });
      return Promise.resolve({ username, state: "failed", error: new AppError(code, `Look up ${username}: ${code}`) });
    });
  };
  return { clock, budget, lookup, upstream, states, script, metrics };
}

describe("Upstream", () => {
  it("tries again after trouble of the network, and only for the name that had it", async () => {
    const { clock, lookup, upstream, states, script } = open();
    script("good", "offline");
    script("flaky", "network", "deadline", "offline");
    const asking = upstream.prompt.links(["good", "flaky"]);
    await clock.advance(10_000);
    assertEquals(states(await asking), ["offline", "offline"]);
    assertEquals(lookup.asked, [["good"], ["flaky"], ["flaky"], ["flaky"]]);
  });

  it("gives up after three tries, and counts them as one failure", async () => {
    const { clock, lookup, upstream, states, script } = open();
    script("down", "network");
    for (let count = 0; count < 4; count++) {
      const asking = upstream.prompt.links(["down"]);
      await clock.advance(10_000);
      assertEquals(states(await asking), ["network"]);
    }
    assertEquals([lookup.asked.length, upstream.state().breakers["links"]], [12, "closed"]);
  });

  it("begins no try that the deadline leaves no time for, and none after the caller left", async () => {
    const { clock, lookup, upstream, states } = open();
    const slow = async (): Promise<LiveAnswer> => {
      await clock.sleep(15_000);
      return { username: "slow", state: "failed", error: new AppError("deadline", "Look up slow: no answer") };
    };
    lookup.answers.set("slow", slow);
    const asking = upstream.prompt.links(["slow"]);
    await clock.advance(30_000);
    assertEquals([states(await asking), lookup.asked.length], [["deadline"], 1]);

    lookup.failure = new AppError("network", "Read the gifts: no answer");
    const leaving = new AbortController();
    const gifts = upstream.prompt.gifts({ signal: leaving.signal });
    await turn();
    leaving.abort(new Error("enough"));
    assertEquals(String(await assertRejects(() => gifts)), "Error: enough");
    assertEquals(clock.sleeping(), 0);
  });

  it("does not ask again after a refusal, nor after one's own budget", async () => {
    const { lookup, upstream, states, script } = open();
    for (const code of ["captcha", "blocked", "rate_limited", "empty_reply", "not_found", "protocol"] as const) {
      lookup.asked.length = 0;
      script("host", code);
      assertEquals([states(await upstream.prompt.links(["host"])), lookup.asked.length], [[code], 1]);
    }
  });

  it("a refusal slows everything down; a limit of the signer, and one's own, do not", async () => {
    const { clock, budget, lookup, upstream, script, metrics } = open();
    script("host", "rate_limited");
    await upstream.patient.links(["host"]);
    lookup.failure = new BudgetError(3_000);
    await assertRejects(() => upstream.prompt.gifts());
    assertEquals(budget.state().pausedMs, 0);
    assertEquals(metrics.counts, { "tiktok_refusals_total rate_limited": 1 });

    lookup.failure = new AppError("blocked", "Read the gifts: no", { retryAfterMs: 40_000 });
    await assertRejects(() => upstream.prompt.gifts());
    assertEquals([budget.state().pausedMs, budget.state().refusals], [40_000, 1]);
    const refusals = { "tiktok_refusals_total rate_limited": 1, "tiktok_refusals_total blocked": 1 };
    assertEquals(metrics.counts, refusals);
    await clock.advance(40_000);
    // That there is no such user is an answer.
    await upstream.patient.links(["nobody"]);
    assertEquals(budget.state().refusals, 0);
  });

  it("answers at once while TikTok refuses a kind of call, and asks again later", async () => {
    const { clock, lookup, upstream, states, script } = open();
    script("host", "captcha");
    script("good", "offline");
    for (let count = 0; count < 5; count++) await upstream.patient.links(["host"]);
    lookup.asked.length = 0;
    const [answer] = await upstream.prompt.links(["good"]);
    assert(answer?.state === "failed");
    assertEquals([answer.error.code, answer.error.retryAfterMs, lookup.asked], ["captcha", 30_000, []]);
    assertEquals([upstream.state().breakers["links"], upstream.state().breakers["gifts"]], ["open", "closed"]);
    assertEquals(await upstream.prompt.gifts(), []);
    assertEquals(states(await upstream.patient.links(["host"])), ["captcha"]);

    await clock.advance(30_000);
    assertEquals(states(await upstream.prompt.links(["good"])), ["offline"]);
    assertEquals(upstream.state().breakers["links"], "closed");
  });

  it("callers leave requests for the watchlist, however many they are", async () => {
    const { clock, budget, lookup } = open();
    const random = () => 0.5;
    const callers = new RequestBudget({ requestsPerMinute: 30, burst: 5, clock, random });
    const upstream = new Upstream({ lookup, budget, callers, clock, random });
    lookup.answers.set("host", async () => {
      await budget.take();
      return { username: "host", state: "offline" };
    });
    const done = new AbortController();
    const { signal } = done;
    const counts = { asked: 0, refused: 0, checked: 0 };
    const call = async () => {
      while (!signal.aborted) {
        const [answer] = await upstream.prompt.links(["host"]);
        if (answer?.state !== "failed") counts.asked++;
        else {
          counts.refused++;
          await clock.sleep(500);
        }
      }
    };
    const watch = async () => {
      while (!signal.aborted) {
        await budget.untilFree(1);
        await upstream.patient.links(["host"]);
        counts.checked++;
      }
    };
    const work = [...Array.from({ length: 20 }, call), watch()];
    await clock.advance(120_000);
    assert(counts.checked > 50 && counts.asked > 50 && counts.refused > 50, JSON.stringify(counts));
    done.abort();
    await clock.advance(10_000);
    await Promise.all(work);
  });

  it("sends a message once, and none while they are refused", async () => {
    const { budget, upstream } = open();
    const sent: string[] = [];
    let code: AppErrorCode | undefined = "network";
    const sender = upstream.messages({
      send(username) {
        sent.push(username);
        return code === undefined ? Promise.resolve() : Promise.reject(new AppError(code, `Send: ${code}`));
      },
    });
    await assertRejects(() => sender.send("a", "hello"));
    code = "captcha";
    for (let count = 0; count < 4; count++) await assertRejects(() => sender.send("b", "hello"));
    assertEquals([sent.length, budget.state().refusals], [5, 1]);
    code = undefined;
    await assertRejects(() => sender.send("c", "hello"));
    assertEquals([sent.length, upstream.state().breakers["message"]], [5, "open"]);
  });

  it("fails as the look-up does where that is no failure of TikTok's", async () => {
    const { lookup, upstream } = open();
    lookup.answers.set("host", () => Promise.reject(new TypeError("a fault of ours")));
    assertInstanceOf(await assertRejects(() => upstream.prompt.links(["host"])), TypeError);
  });
});
