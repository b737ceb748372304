import type { WatchReply } from "@roomtone/functions/client";
import { assert, assertEquals } from "@std/assert";
import { describe, it } from "node:test";
import { countStandings, pageOf, standingOf, viewOf, type WatchView } from "./watches.ts";

const watch = (username: string, more: Partial<WatchReply> = {}): WatchReply => ({
  ...{ username, state: "offline", priority: 0, paused: false, added_at: 1, next_check_at: 5, failures: 0 },
  ...more,
});
const LIST = [
  watch("idle"),
  watch("asleep", { paused: true, next_check_at: undefined }),
  watch("on.air", { state: "live", last_live_at: 9, next_check_at: 3 }),
  watch("hidden", { failures: 2, last_error: "captcha", state: "live", priority: 2 }),
  watch("fresh", { state: "unknown", next_check_at: 1 }),
  watch("again", { last_live_at: 7, priority: -1 }),
];
const ALL: WatchView = { search: "", standing: "", order: "standing" };
const names = (view: Partial<WatchView>) => viewOf(LIST, { ...ALL, ...view }).map(({ username }) => username);

describe("the watchlist's view", () => {
  it("has a word for each name: a refusal hides what was known, a pause hides all", () => {
    assertEquals(LIST.map(standingOf), ["offline", "paused", "live", "refused", "new", "offline"]);
    assertEquals(countStandings(LIST), { live: 1, offline: 2, new: 1, paused: 1, refused: 1 });
  });

  it("finds names by a part, in any case, with or without @", () => {
    assertEquals(names({ search: " @AIR " }), ["on.air"]);
    assertEquals(names({ search: "nobody" }), []);
    assertEquals(names({ search: "i", standing: "offline" }), ["again", "idle"]);
  });

  it("puts names in order, equal ones by name", () => {
    assertEquals(names({}), ["on.air", "hidden", "fresh", "again", "idle", "asleep"]);
    assertEquals(names({ order: "name" }), ["again", "asleep", "fresh", "hidden", "idle", "on.air"]);
    assertEquals(names({ order: "next" }), ["fresh", "on.air", "again", "hidden", "idle", "asleep"]);
    assertEquals(names({ order: "live" }), ["on.air", "again", "asleep", "fresh", "hidden", "idle"]);
    assertEquals(names({ order: "priority" }), ["hidden", "asleep", "fresh", "idle", "on.air", "again"]);
  });

  it("gives the nearest page there is", () => {
    const all = Array.from({ length: 101 }, (_, i) => i);
    assertEquals(pageOf(all, 1, 50), { page: 1, items: all.slice(50, 100) });
    assertEquals(pageOf(all, 9, 50), { page: 2, items: [100] });
    assertEquals(pageOf([], 3, 50), { page: 0, items: [] });
    assert(pageOf(all.slice(0, 100), 2, 50).page === 1);
  });
});
