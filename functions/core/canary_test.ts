import { assert, assertEquals, assertRejects } from "@std/assert";
import { describe, it } from "node:test";
import * as fc from "fast-check";
import { CaptureLogger } from "../../tests/fakes/capture_logger.ts";
import { CaptureMetrics } from "../../tests/fakes/capture_metrics.ts";
import { ManualClock } from "../../tests/fakes/manual_clock.ts";
import type { AnswerSight, CanaryHost, CanaryState, CanaryStore, Sighting } from "../ports/canary.ts";
import type { SystemEvent } from "../ports/observer.ts";
import type { Recording } from "../ports/recording_store.ts";
import { compareFacts, followCanary, runCanary } from "./canary.ts";
import { factsOf, type SeenFact } from "./canary_facts.ts";
import { wireFields } from "./canary_wire.ts";

const answer = (status: number): AnswerSight => ({
  ...{ route: "check_alive", status, redirect: "", mediaType: "application/json", bytes: 100, cookies: [] },
  ...{ body: { status_code: 0 }, reading: "json" },
});

function open() {
  const clock = new ManualClock();
  const logger = new CaptureLogger();
  const metrics = new CaptureMetrics();
  const events: SystemEvent[] = [];
  const asked: (readonly CanaryHost[])[] = [];
  let kept: { state: CanaryState; version: number } | undefined;
  const canary: CanaryStore = {
    readCanary: () => Promise.resolve(kept),
    writeCanary(state, version) {
      if (version !== (kept?.version ?? 0)) return Promise.resolve(false);
      kept = { state, version: version + 1 };
      return Promise.resolve(true);
    },
  };
  const recording = { id: "7300000000000000001", username: "recorded.host" } as Recording;
  const store = { ...canary, listRecordings: () => Promise.resolve({ items: [recording], cursor: undefined }) };
  const script: Partial<Sighting>[] = [];
  const probe = {
    look(hosts: readonly CanaryHost[]): Promise<Sighting> {
      asked.push(hosts);
      return Promise.resolve({ live: false, answers: [], refusals: [], ...script.shift() });
    },
  };
  const deps = { probe, store, clock, logger, metrics, observe: (event: SystemEvent) => void events.push(event) };
  const lines = () => logger.lines.splice(0).filter(({ event }) => event !== "canary_ran").map(({ event }) => event);
  return { clock, logger, metrics, events, asked, script, deps, lines, kept: () => kept };
}

describe("runCanary()", () => {
  it("tells a drift once: in the log, as an event and as a metric; and when it is over", async () => {
    const { script, deps, lines, events, metrics } = open();
    script.push(...[200, 404, 404, 410, 200].map((status) => ({ answers: [answer(status)] })));
    const told: unknown[] = [];
    for (let run = 0; run < 5; run++) {
      await runCanary(deps);
      told.push([lines(), events.splice(0).length, metrics.gauges["canary_drifts"]]);
    }
    assertEquals(told, [
      [[], 0, 0],
      [["canary_drifted"], 1, 1],
      [[], 0, 1],
      [["canary_drifted"], 1, 1],
      [["canary_recovered"], 1, 0],
    ]);
    assertEquals(metrics.counts, { "canary_changes_total room": 2 });
  });

  it("names the fact, what it was and what it is", async () => {
    const { script, deps, logger, events } = open();
    script.push({ answers: [answer(404)] });
    const { changes } = await runCanary(deps);
    const change = { fact: "check_alive.status", area: "room", lastGood: "200", current: "404" } as const;
    assertEquals(changes, [{ ...change, change: "drifted" }]);
    assertEquals(events, [{ kind: "canary_changed", ...change, change: "drifted" }]);
    assertEquals(logger.lines.find(({ event }) => event === "canary_drifted")?.fields, change);
  });

  it("leaves what was refused as it was, and tells of the refusal", async () => {
    const { script, deps, lines, kept, metrics } = open();
    script.push({ answers: [answer(200)] }, { refusals: [{ what: "check_alive", code: "captcha" }] });
    await runCanary(deps);
    const before = kept()?.state.facts;
    await runCanary(deps);
    assertEquals([kept()?.state.facts, lines()], [before, ["canary_refused"]]);
    assertEquals(kept()?.state.refusals, [{ what: "check_alive", code: "captcha" }]);
    assertEquals(metrics.counts, { canary_refused_total: 1 });
  });

  it("tries the hosts it is given, then those that are being recorded", async () => {
    const { deps, asked } = open();
    await runCanary(deps, ["known.host"]);
    const recorded = { username: "recorded.host", roomId: "7300000000000000001" };
    assertEquals(asked, [[{ username: "known.host" }, recorded]]);
  });

  it("compares again when another run was faster, and tells no change twice", async () => {
    const { script, deps, lines } = open();
    script.push({ answers: [answer(404)] }, { answers: [answer(404)] });
    await Promise.all([runCanary(deps), runCanary(deps)]);
    assertEquals(lines().filter((event) => event === "canary_drifted"), ["canary_drifted"]);
    const stuck = { ...deps, store: { ...deps.store, writeCanary: () => Promise.resolve(false) } };
    await assertRejects(() => runCanary(stuck));
  });
});

describe("followCanary()", () => {
  it("looks each interval, whatever went wrong the last time", async () => {
    const { clock, deps, asked, logger } = open();
    const ending = new AbortController();
    let broken = true;
    const look = deps.probe.look;
    deps.probe.look = (hosts) => {
      if (!broken) return look(hosts);
      broken = false;
      return Promise.reject(new Error("no way to the store"));
    };
    const following = followCanary(deps, { intervalMs: 1_000, hosts: [] }, ending.signal);
    await clock.advance(999);
    assertEquals(logger.events(), []);
    await clock.advance(1);
    assertEquals(logger.events(), ["canary_failed"]);
    await clock.advance(2_000);
    assertEquals(asked.length, 2);
    ending.abort();
    await following;
  });
});

describe("compareFacts()", () => {
  const seen = (value: string, more: Partial<SeenFact> = {}): SeenFact[] => [
    { name: "a.b", area: "room", value, ...more },
  ];
  const run = (...values: SeenFact[][]) => {
    let facts = compareFacts([], [], 0).facts;
    return values.map((each, at) => {
      const compared = compareFacts(facts, each, at + 1);
      facts = compared.facts;
      return compared.changes.map(({ change }) => change).join();
    });
  };

  it("takes what it sees first for good, unless something is expected", () => {
    assertEquals(run(seen("x"), seen("x"), seen("y")), ["", "", "drifted"]);
    assertEquals(run(seen("x", { expected: "y" }), seen("y", { expected: "y" })), ["drifted", "recovered"]);
  });

  it("takes sizes within four times of the last good one for the same", () => {
    const size = (value: string) => seen(value, { judge: "range" });
    assertEquals(run(size("100"), size("400"), size("1600"), size("100"), size("90")), ["", "", "", "drifted", ""]);
    assertEquals(run(size("100"), size("401"), size("500"), size("120")), ["", "drifted", "", "recovered"]);
  });

  it("takes a tenth of messages that are unknown for usual", () => {
    const share = (value: string) => seen(value, { judge: "share", expected: "0.00" });
    assertEquals(run(share("0.10"), share("0.11"), share("0.5"), share("0.00")), ["", "drifted", "", "recovered"]);
  });

  it("tells nothing about what it did not see, and keeps since when it is so", () => {
    const first = compareFacts([], seen("x"), 1).facts;
    const drifted = compareFacts(first, seen("y"), 2).facts;
    assertEquals(compareFacts(drifted, [], 3), { facts: drifted, changes: [] });
    const still = compareFacts(drifted, seen("y"), 4).facts;
    const fact = {
      name: "a.b",
      area: "room",
      lastGood: "x",
      lastGoodAt: 1,
      current: "y",
      since: 2,
      drifted: true,
    } as const;
    assertEquals(still, [fact]);
  });

  it("tells each drift once and each recovery once, whatever the history", () => {
    fc.assert(fc.property(fc.array(fc.constantFrom("good", "bad", "worse", "")), (history) => {
      let facts = compareFacts([], seen("good"), 0).facts;
      let shown = "good";
      for (const [at, value] of history.entries()) {
        const { facts: next, changes } = compareFacts(facts, value === "" ? [] : seen(value), at + 1);
        assertEquals(changes.length, value === "" || value === shown ? 0 : 1);
        if (value !== "") shown = value;
        assertEquals(next[0]?.drifted, shown !== "good");
        assertEquals(next[0]?.lastGood, "good");
        facts = next;
      }
    }));
  });
});

describe("wireFields()", () => {
  it("reads any bytes without a failure, and what it reads covers them all", () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
      const fields = wireFields(bytes);
      if (fields === undefined) return;
      const tags = fields.length;
      const rest = fields.reduce((sum, { raw }) => sum + raw.length, 0);
      assert(rest + tags <= bytes.length && rest + tags * 10 >= bytes.length);
    }));
  });

  it("reads numbers, texts and fixed ones", () => {
    const fields = wireFields(
      Uint8Array.of(0x08, 0x96, 0x01, 0x12, 1, 0x78, 0x1d, 1, 2, 3, 4, 0x21, 1, 2, 3, 4, 5, 6, 7, 8),
    );
    assertEquals(fields?.map(({ number, type, value }) => [number, type, value]), [
      ...[[1, "varint", 150], [2, "bytes", 0], [3, "fixed32", 0], [4, "fixed64", 0]],
    ]);
    assertEquals(wireFields(Uint8Array.of(0x0a, 5, 1)), undefined);
    assertEquals(wireFields(Uint8Array.of(0x0b)), undefined);
  });
});

describe("factsOf()", () => {
  it("keeps no name and no text of people", () => {
    const facts = factsOf({
      live: true,
      refusals: [],
      answers: [{
        ...answer(200),
        route: "api_live",
        body: { statusCode: 0, message: "", data: { user: { id: "7", uniqueId: "some.host", nickname: "Some Host" } } },
      }],
    });
    assert(facts.length > 10);
    assert(!/some.host/i.test(JSON.stringify(facts)));
  });
});
