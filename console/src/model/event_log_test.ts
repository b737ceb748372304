import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { describe, it } from "node:test";
import { countUntil, EventLog, piecesOf, search } from "./event_log.ts";
import { momentsOf } from "./moments.ts";

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
      assertEquals(countUntil(log.lines, T + until), times.filter((ms) => ms <= until).length);
    }));
  });

  it("what a room tells of the time before is left out; breaks and viewers are kept", () => {
    const log = new EventLog();
    log.add([
      { type: "connected", receivedAt: T, route: "direct" },
      { ...chat(0, "old"), history: true },
      { type: "viewers", receivedAt: T + 1_000, count: 55 },
      { type: "state", receivedAt: T + 2_000, from: "connected", to: "waiting", reason: "the socket closed" },
      { type: "gap", receivedAt: T + 9_000, from: T + 2_000, to: T + 9_000, reason: "reconnect" },
      { type: "connected", receivedAt: T + 9_000, route: "direct" },
    ]);
    assertEquals([log.lines.length, log.viewers], [0, 55]);
    assertEquals(log.breaks.map(({ kind, fromMs, toMs = T }) => [kind, fromMs - T, toMs - T]), [
      ["lost", 2_000, 2_000],
      ["gap", 2_000, 9_000],
      ["reconnect", 1_000, 9_000],
    ]);
  });

  it("a pause of the host lasts until the host goes on", () => {
    const log = new EventLog();
    const control = (ms: number, action: string) => ({ type: "control", receivedAt: T + ms, action });
    log.add([control(1_000, "paused"), control(2_000, "paused"), control(5_000, "resumed"), control(9_000, "paused")]);
    assertEquals(log.breaks.map(({ fromMs, toMs }) => [fromMs - T, toMs === undefined ? toMs : toMs - T]), [
      [1_000, 5_000],
      [9_000, undefined],
    ]);
  });

  it("moments are rushes of chat, great gifts and battles", () => {
    const log = new EventLog();
    for (let second = 0; second < 300; second += 5) log.add([chat(second * 1000, "hm")]);
    for (let index = 0; index < 40; index++) log.add([chat(150_000 + index * 100, "WOW")]);
    log.add([gift(200_000, 1_000, true, 100), { type: "battle", receivedAt: T + 250_000, battleId: "7" }]);
    log.add([{ type: "battle", receivedAt: T + 260_000, battleId: "7", status: "finished" }]);
    assertEquals(momentsOf(log).map(({ kind, atMs }) => [kind, atMs - T]), [
      ["peak", 150_000],
      ["gift", 200_000],
      ["battle", 250_000],
    ]);
  });

  it("a battle tells who met whom, and how it ended", () => {
    const log = new EventLog();
    const hosts = [{ id: "1", username: "ann" }, { id: "2", username: "bob" }];
    const battle = { type: "battle", battleId: "7", hosts, teams: [] };
    const teams = (...points: number[]) => points.map((each, index) => ({ hostId: String(index + 1), points: each }));
    log.add([{ ...battle, receivedAt: T, status: "opened" }]);
    assertEquals(momentsOf(log).map(({ text }) => text), ["@ann against @bob"]);
    log.add([{ type: "battle_scores", receivedAt: T + 9_000, battleId: "7", teams: teams(1_200, 80) }]);
    log.add([{ ...battle, receivedAt: T + 60_000, status: "finished", teams: teams(1_500, 80) }]);
    assertEquals(momentsOf(log).map(({ atMs, text }) => [atMs - T, text]), [
      [0, "@ann against @bob, 1,500 : 80, ended"],
    ]);
  });

  it("marks the words of a search, and gives the text back whole", () => {
    assertEquals(piecesOf("Good Morning", ["morn", "mo"]).filter(({ hit }) => hit).map(({ text }) => text), ["Morn"]);
    const words = fc.array(fc.string({ minLength: 1, maxLength: 3 }).map((word) => word.toLowerCase()), {
      maxLength: 3,
    });
    fc.assert(fc.property(fc.string({ unit: fc.constantFrom("a", "B", "İ", "é", "𝒳", " ") }), words, (text, words) => {
      assertEquals(piecesOf(text, words).map((piece) => piece.text).join(""), text);
    }));
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
