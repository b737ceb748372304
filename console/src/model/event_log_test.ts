import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { describe, it } from "node:test";
import { EventLog, linesUntil, momentsOf, search } from "./event_log.ts";

const T = 1_700_000_000_000;
const user = (name: string) => ({ id: name, username: name, nickname: name.toUpperCase() });
const chat = (ms: number, text: string, name = "ann") => ({ type: "chat", receivedAt: T + ms, text, user: user(name) });
const gift = (ms: number, value: number, ended: boolean, total: number, name = "bob") => ({
  ...{ type: "gift", receivedAt: T + ms, name: "Rose", diamonds: 10, count: value / 10, total, value },
  streak: { id: "1", ended, closedBy: ended ? "repeatEnd" : undefined },
  user: user(name),
});

describe("the events of a recording", () => {
  it("a streak is one line, and each of its gifts counts once", () => {
    const log = new EventLog();
    log.add([
      gift(0, 10, false, 1),
      gift(900, 20, false, 3),
      gift(2_000, 0, true, 3),
      gift(5_000, 500, true, 50, "eve"),
    ]);
    assertEquals(log.lines.map(({ text, diamonds }) => [text, diamonds]), [["Rose × 3", 30], ["Rose × 50", 500]]);
    assertEquals([log.diamonds, log.topGifters(1).map(({ person }) => person.username)], [530, ["eve"]]);
  });

  it("lines stand in the order of their times, however the pages came", () => {
    fc.assert(fc.property(fc.array(fc.nat(100_000)), (times) => {
      const log = new EventLog();
      for (const ms of times) log.add([chat(ms, "x")]);
      assertEquals(log.lines.map(({ atMs }) => atMs - T), times.toSorted((a, b) => a - b));
      const until = 50_000;
      assertEquals(linesUntil(log.lines, T + until), times.filter((ms) => ms <= until).length);
    }));
  });

  it("what a room tells of the time before is left out; breaks and viewers are kept", () => {
    const log = new EventLog();
    log.add([
      { type: "connected", receivedAt: T, route: "direct" },
      { ...chat(0, "old"), history: true },
      { type: "viewers", receivedAt: T + 1_000, count: 55 },
      { type: "gap", receivedAt: T + 9_000, from: T + 2_000, to: T + 9_000, reason: "reconnect" },
      { type: "connected", receivedAt: T + 9_000, route: "direct" },
    ]);
    assertEquals([log.lines.length, log.viewers], [0, 55]);
    assertEquals(log.breaks.map(({ kind, fromMs, toMs }) => [kind, fromMs - T, toMs - T]), [
      ["gap", 2_000, 9_000],
      ["reconnect", 9_000, 9_000],
    ]);
  });

  it("moments are rushes of chat, great gifts and battles", () => {
    const log = new EventLog();
    for (let second = 0; second < 300; second += 5) log.add([chat(second * 1000, "hm")]);
    for (let index = 0; index < 40; index++) log.add([chat(150_000 + index * 100, "WOW")]);
    log.add([gift(200_000, 1_000, true, 100), { type: "battle", receivedAt: T + 250_000, battleId: "7" }]);
    log.add([{ type: "battle", receivedAt: T + 260_000, battleId: "7" }]);
    assertEquals(momentsOf(log).map(({ kind, atMs }) => [kind, atMs - T]), [
      ["peak", 150_000],
      ["gift", 200_000],
      ["battle", 250_000],
    ]);
  });

  it("is searched by words in any order, in names too", () => {
    const log = new EventLog();
    log.add([chat(0, "good morning"), chat(1, "morning", "zoe"), chat(2, "night")]);
    assertEquals(search(log.lines, "MORNING zoe").map(({ atMs }) => atMs - T), [1]);
    assertEquals([search(log.lines, " ").length, search(log.lines, "morning").length], [0, 2]);
  });

  it("takes anything for an event", () => {
    fc.assert(
      fc.property(
        fc.array(fc.dictionary(fc.constantFrom("type", "receivedAt", "user", "text", "streak"), fc.anything())),
        (events) => {
          const log = new EventLog();
          log.add(events);
          momentsOf(log);
          search(log.lines, "a");
        },
      ),
    );
  });
});
