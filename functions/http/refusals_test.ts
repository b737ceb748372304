/** What callers get while TikTok refuses, through the cache and the breakers. */
import { assert, assertEquals } from "@std/assert";
import type { Hono } from "hono";
import { beforeEach, describe, it } from "node:test";
import { CaptureLogger } from "../../tests/fakes/capture_logger.ts";
import { FakeLookup } from "../../tests/fakes/fake_lookup.ts";
import { ManualClock } from "../../tests/fakes/manual_clock.ts";
import { memoryAnswers } from "../adapters/local/memory_answers.ts";
import { AnswerCache } from "../core/answer_cache.ts";
import { RequestBudget } from "../core/request_budget.ts";
import { Upstream } from "../core/upstream.ts";
import { createApp } from "./app.ts";
import { prometheusMetrics } from "../adapters/local/prometheus_metrics.ts";

describe("the API while TikTok refuses", () => {
  let clock: ManualClock;
  let lookup: FakeLookup;
  let app: Hono;

  beforeEach(() => {
    clock = new ManualClock();
    lookup = new FakeLookup();
    const random = () => 0.5;
    const logger = new CaptureLogger();
    const budget = new RequestBudget({ requestsPerMinute: 60, burst: 10, clock, random });
    const metrics = prometheusMetrics({ upstream: () => upstream.state() });
    const upstream = new Upstream({ lookup, budget, clock, random, metrics });
    app = createApp({
      links: { lookup: upstream.prompt, clock },
      cache: new AnswerCache({ store: memoryAnswers(clock), clock, logger }),
      metrics,
      ...{ logger, loopbackOnly: true },
    });
  });

  const ask = async (name: string) => {
    const response = await app.request(`/api/links?usernames[]=${name}`);
    const { code } = await response.json() as { code: unknown };
    return { status: response.status, code, headers: response.headers };
  };
  const metric = async (name: string) => {
    const text = await (await app.request("/metrics")).text();
    return text.split("\n").find((line) => line.startsWith(`roomtone_tiktok_${name} `))?.split(" ").at(-1);
  };

  it("gives older answers with a warning, and for others the refusal at once, until TikTok answers again", async () => {
    for (const name of ["known", "probe"]) lookup.offline(name);
    assertEquals((await ask("known")).code, "offline");
    await clock.advance(60_000);
    for (const name of ["known", "a", "b", "c", "d", "e"]) lookup.fails(name, "captcha");
    for (const name of ["a", "b", "c", "d", "e"]) assertEquals((await ask(name)).status, 503);
    assertEquals(await metric('breaker{call="links"}'), "2");
    assertEquals([await metric('refusals_total{code="captcha"}'), await metric("budget_per_minute")], ["5", "30"]);

    lookup.asked.length = 0;
    const known = await ask("known");
    assertEquals([known.status, known.code, known.headers.get("age")], [200, "offline", "60"]);
    assertEquals(known.headers.get("warning"), '111 - "Revalidation Failed: captcha"');
    const other = await ask("probe");
    assertEquals([other.status, other.code, other.headers.get("retry-after")], [503, "captcha", "30"]);
    assertEquals(lookup.asked, []);

    await clock.advance(30_000);
    const again = await ask("probe");
    assertEquals([again.status, again.code, lookup.asked], [200, "offline", [["probe"]]]);
    assertEquals(await metric('breaker{call="links"}'), "0");
    lookup.offline("known");
    assert(!(await ask("known")).headers.has("warning"));
  });

  it("tries again after short trouble of the network, within the caller's deadline", async () => {
    let tries = 0;
    lookup.fails("flaky", "network");
    const failing = lookup.answers.get("flaky");
    lookup.answers.set("flaky", () => {
      if (++tries === 3) lookup.offline("flaky");
      const answer = tries === 3 ? { username: "flaky", state: "offline" as const } : failing;
      assert(typeof answer === "object");
      return Promise.resolve(answer);
    });
    const asking = ask("flaky");
    await clock.advance(2_000);
    assertEquals([(await asking).code, tries], ["offline", 3]);
  });
});
