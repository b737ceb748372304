import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { describe, it } from "node:test";
import { LiveError } from "../errors.ts";
import type { RouteName } from "../events/types.ts";
import { failureOf } from "./route_failures.ts";
import { COOL_DOWN_MS, FAILURES_TO_OPEN, RouteHealth } from "./route_health.ts";

const none: ReadonlySet<RouteName> = new Set();
const network = new LiveError("network", "Open: broke");

/** Fails a route as often as opens its breaker. */
function failOften(health: RouteHealth, route: RouteName, nowMs: number) {
  for (let count = 0; count < FAILURES_TO_OPEN; count++) health.failed(route, network, nowMs);
}

describe("RouteHealth", () => {
  it("offers the routes in the user's order, each once in a round", () => {
    const health = new RouteHealth(["polling", "direct"]);
    assertEquals([health.next(none, 0), health.next(new Set(["polling"]), 0)], ["polling", "direct"]);
    assertEquals(health.next(new Set<RouteName>(["polling", "direct"]), 0), undefined);
  });

  it("passes over a route that failed again and again, then lets one try through at a time", () => {
    const health = new RouteHealth(["direct", "signed"]);
    health.failed("direct", network, 0);
    health.failed("direct", network, 0);
    assertEquals(health.next(none, 0), "direct");
    health.failed("direct", network, 1000);
    assertEquals([health.next(none, 1000), health.lastFailure("direct")], ["signed", network]);
    assertEquals(health.next(none, 1000 + COOL_DOWN_MS - 1), "signed");
    assertEquals([health.next(none, 1000 + COOL_DOWN_MS), health.next(none, 1000 + COOL_DOWN_MS)], [
      "direct",
      "signed",
    ]);
    health.worked("direct", 1000 + COOL_DOWN_MS);
    assertEquals([health.next(none, 1000 + COOL_DOWN_MS), health.waitMs(0)], ["direct", 0]);
  });

  it("a failed try after the cool-down begins the next one", () => {
    const health = new RouteHealth(["direct", "signed"]);
    failOften(health, "direct", 0);
    assertEquals(health.next(none, COOL_DOWN_MS), "direct");
    health.failed("direct", network, COOL_DOWN_MS + 500);
    assertEquals(health.next(none, 2 * COOL_DOWN_MS), "signed");
    assertEquals(health.next(none, 2 * COOL_DOWN_MS + 500), "direct");
  });

  it("what no second try can mend opens at once; what is about the room says nothing of the route", () => {
    const health = new RouteHealth(["direct", "signed"]);
    health.failed("direct", new LiveError("age_restricted", "Enter: adults only"), 0);
    assertEquals(health.next(none, 0), "direct");
    health.failed("direct", new LiveError("signer_failed", "Sign: wrong key", { retryable: false }), 0);
    assertEquals(health.next(none, 0), "signed");
  });

  it("waits as long as a route asks, also when it is the only one", () => {
    const health = new RouteHealth(["signed"]);
    health.failed("signed", new LiveError("rate_limited", "Sign: 429", { retryAfterMs: 70_000 }), 1000);
    assertEquals([health.next(none, 70_999), health.waitMs(41_000), health.next(none, 71_000)], [
      undefined,
      30_000,
      "signed",
    ]);
  });

  it("never passes over the only route for its failures", () => {
    const health = new RouteHealth(["direct"]);
    failOften(health, "direct", 0);
    assertEquals([health.next(none, 0), health.waitMs(0)], ["direct", 0]);
  });

  it("reports how each route stands, since when, and why", () => {
    const health = new RouteHealth(["direct", "signed"]);
    const direct = () => health.report(2000)[0];
    assertEquals(health.report(0).map(({ route, state }) => `${route} ${state}`), ["direct unknown", "signed unknown"]);
    health.worked("direct", 500);
    health.worked("direct", 900);
    assertEquals(direct(), { route: "direct", state: "works", since: 500, failures: 0 });
    health.failed("direct", network, 1000);
    health.failed("direct", network, 1500);
    assertEquals(direct(), { route: "direct", state: "failing", since: 1000, failures: 2, error: network });
    health.failed("direct", network, 1600);
    const nextTryAt = 1600 + COOL_DOWN_MS;
    assertEquals(direct(), { route: "direct", state: "resting", since: 1000, failures: 3, error: network, nextTryAt });
    assertEquals(health.report(nextTryAt)[0]?.state, "failing");
    health.worked("direct", nextTryAt);
    assertEquals(direct(), { route: "direct", state: "works", since: nextTryAt, failures: 0 });
  });

  it("after any history each route comes back by the time that waitMs() and the longest wait say", () => {
    const routes: RouteName[] = ["direct", "signed", "polling"];
    const step = fc.record({
      route: fc.constantFrom(...routes),
      pauseMs: fc.nat(50_000),
      what: fc.constantFrom("failed", "limited", "final", "worked", "next"),
    });
    fc.assert(fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const health = new RouteHealth(routes);
      let now = 0;
      for (const { route, pauseMs, what } of steps) {
        now += pauseMs;
        if (what === "failed") health.failed(route, network, now);
        if (what === "limited") {
          health.failed(route, new LiveError("rate_limited", "a: b", { retryAfterMs: 9000 }), now);
        }
        if (what === "final") health.failed(route, new LiveError("protocol", "a: b"), now);
        if (what === "worked") health.worked(route, now);
        if (what === "next") health.next(none, now);
      }
      const waitMs = health.waitMs(now);
      assert(waitMs >= 0 && waitMs <= COOL_DOWN_MS);
      assertEquals(health.next(none, now) === undefined, waitMs > 0);
      const tried = new Set<RouteName>();
      for (const _ of routes) tried.add(health.next(tried, now + 2 * COOL_DOWN_MS) ?? "direct");
      assertEquals(tried.size, routes.length);
    }));
  });
});

describe("failureOf()", () => {
  const direct = new LiveError("network", "Open the socket: broke", { evidence: { url: "wss://a/b" } });
  const signed = new LiveError("rate_limited", "Sign: limit", { retryAfterMs: 5000, evidence: { status: 429 } });

  it("leaves the error of the only route as it is", () => {
    assertEquals(failureOf([{ route: "direct", error: direct }]), direct);
  });

  it("takes the most telling error and keeps evidence of each", () => {
    const error = failureOf([{ route: "direct", error: direct }, { route: "signed", error: signed }]);
    assertEquals([error.code, error.retryable, error.retryAfterMs, error.remedy, error.cause], [
      "rate_limited",
      true,
      undefined,
      signed.remedy,
      signed,
    ]);
    assertEquals([error.evidence.status, error.evidence.routes?.map(({ route, code }) => `${route} ${code}`)], [
      429,
      ["direct network", "signed rate_limited"],
    ]);
  });

  it("can be mended when one route can be", () => {
    const final = new LiveError("signer_failed", "Sign: wrong key", { retryable: false });
    const both = [{ route: "signed", error: final }, { route: "direct", error: direct }] as const;
    assertEquals([failureOf([...both]).code, failureOf([...both]).retryable], ["signer_failed", true]);
    assertEquals(failureOf([both[0], { route: "polling", error: final }]).retryable, false);
  });
});
