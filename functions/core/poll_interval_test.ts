import { assert, assertEquals } from "@std/assert";
import * as fc from "fast-check";
import { describe, it } from "node:test";
import type { HostHours } from "../ports/watch_store.ts";
import { addStart, type PollFacts, pollIntervalMs } from "./poll_interval.ts";

const T0 = 1_760_000_000_000;
const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const BOUNDS = { intervalMs: 60_000, minIntervalMs: 5_000, maxIntervalMs: 1_800_000 };
const NEW: PollFacts = { addedAt: T0, priority: 0, state: "unknown", failures: 0 };

/** Starts at the same hour of so many weeks, the last one a week before `T0`. */
const weekly = (weeks: number): HostHours | undefined => {
  let hours: HostHours | undefined;
  for (let week = weeks; week > 0; week--) hours = addStart(hours, T0 - week * 7 * DAY);
  return hours;
};
const at = (facts: Partial<PollFacts>, now = T0, bounds = BOUNDS) => pollIntervalMs(bounds, { ...NEW, ...facts }, now);

const anyHours = fc.option(
  fc.array(fc.integer({ min: T0 - 400 * DAY, max: T0 }), { minLength: 1, maxLength: 60 })
    .map((starts) => starts.reduce<HostHours | undefined>(addStart, undefined)),
  { nil: undefined },
);
const anyFacts = fc.record<PollFacts>({
  addedAt: fc.integer({ min: T0 - 400 * DAY, max: T0 + 30_000 }),
  priority: fc.integer({ min: -5, max: 5 }),
  state: fc.constantFrom("unknown", "live", "offline"),
  lastLiveAt: fc.option(fc.integer({ min: T0 - 400 * DAY, max: T0 + 30_000 }), { nil: undefined }),
  hours: anyHours,
  failures: fc.integer({ min: 0, max: 200 }),
});
const anyBounds = fc.record({
  intervalMs: fc.integer({ min: 50, max: 86_400_000 }),
  minIntervalMs: fc.integer({ min: 50, max: 86_400_000 }),
  maxIntervalMs: fc.integer({ min: 50, max: 86_400_000 }),
});

describe("pollIntervalMs()", () => {
  it("is the usual interval for a name that nothing is known about", () => {
    assertEquals(at({}), 60_000);
  });

  it("halves with each step of priority", () => {
    assertEquals([-3, -1, 0, 1, 3, 9].map((priority) => at({ priority })), [
      480_000,
      120_000,
      60_000,
      30_000,
      7_500,
      7_500,
    ]);
  });

  it("doubles with each failure in a row, up to its greatest", () => {
    assertEquals([1, 2, 4, 5, 6, 99].map((failures) => at({ failures })), [
      120_000,
      240_000,
      960_000,
      1_800_000,
      1_800_000,
      1_800_000,
    ]);
  });

  it("is shorter in the hours in which the host goes live, and around them", () => {
    const facts = { hours: weekly(8), lastLiveAt: T0 - 7 * DAY, state: "offline" } as const;
    assertEquals(at(facts), 15_000);
    const [before, after, sameHourElsewhere] = [-HOUR, HOUR, 2 * DAY].map((shift) => at(facts, T0 + shift));
    for (const each of [before, after, sameHourElsewhere]) assert(each !== undefined && each > 15_000 && each < 60_000);
    assertEquals(at(facts, T0 + 6 * HOUR), 120_000);
    assertEquals(at({ ...facts, hours: weekly(1) }, T0 + 6 * HOUR), 60_000);
  });

  it("forgets hours in which the host does not go live any more", () => {
    const facts = { hours: weekly(8), state: "offline" } as const;
    const after = [0, 10, 30, 60].map((weeks) => at({ ...facts, addedAt: T0 + weeks * 7 * DAY }, T0 + weeks * 7 * DAY));
    assertEquals(after.toSorted((a, b) => a - b), after);
    assertEquals([after[0], after.at(-1)], [15_000, 60_000]);
  });

  it("is half for half an hour after a live, and longer after weeks without one", () => {
    const facts = { state: "offline", addedAt: T0 - 100 * DAY } as const;
    assertEquals(at({ ...facts, lastLiveAt: T0 - HOUR / 2 + 1 }), 30_000);
    assertEquals(at({ ...facts, lastLiveAt: T0 - HOUR / 2 }), 60_000);
    assertEquals([14, 28, 56, 99].map((days) => at({ ...facts, lastLiveAt: T0 - days * DAY })), [
      60_000,
      120_000,
      240_000,
      240_000,
    ]);
    assertEquals(at(facts), 240_000);
  });

  it("property: stays within its bounds, and never grows with the priority or shrinks with failures", () => {
    fc.assert(fc.property(anyBounds, anyFacts, fc.integer({ min: 0, max: 30 * DAY }), (bounds, facts, later) => {
      const now = T0 + later;
      const interval = pollIntervalMs(bounds, facts, now);
      const { intervalMs, minIntervalMs, maxIntervalMs } = bounds;
      assert(Number.isInteger(interval));
      assert(interval >= Math.min(minIntervalMs, intervalMs), `${interval}`);
      assert(interval <= Math.max(maxIntervalMs, intervalMs), `${interval}`);
      assert(pollIntervalMs(bounds, { ...facts, priority: facts.priority + 1 }, now) <= interval);
      assert(pollIntervalMs(bounds, { ...facts, failures: facts.failures + 1 }, now) >= interval);
    }));
  });
});

describe("addStart()", () => {
  it("adds one to the hour, and lets all others fade by half in four weeks", () => {
    const first = addStart(undefined, T0);
    const second = addStart(first, T0 + 28 * DAY);
    const third = addStart(second, T0 + 28 * DAY + 5 * HOUR);
    assertEquals(Object.values(first.weights), [1]);
    assertEquals(Object.values(second.weights), [1.5]);
    assertEquals(Object.values(third.weights).toSorted((a, b) => a - b), [1, 1.492]);
    assertEquals(third.at, T0 + 28 * DAY + 5 * HOUR);
  });

  it("forgets what has faded, and lets nothing grow under a clock that is behind", () => {
    const old = addStart(undefined, T0);
    assertEquals(Object.values(addStart(old, T0 + 200 * DAY).weights), [1]);
    const behind = addStart(old, T0 - 30_000);
    assertEquals(behind.at, T0);
    assert(Object.values(behind.weights).every((weight) => weight <= 2));
  });

  it("property: keeps an entry for an hour at most, and no more than has been added", () => {
    fc.assert(fc.property(fc.array(fc.integer({ min: T0, max: T0 + 900 * DAY }), { maxLength: 400 }), (starts) => {
      const hours = starts.toSorted((a, b) => a - b).reduce<HostHours | undefined>(addStart, undefined);
      const weights = Object.entries(hours?.weights ?? {});
      assert(weights.length <= 168);
      assert(weights.every(([hour, weight]) => Number(hour) < 168 && weight > 0));
      assert(weights.reduce((sum, [, weight]) => sum + weight, 0) <= starts.length + 0.001 * starts.length);
    }));
  });
});
