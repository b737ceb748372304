import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { describe, it } from "node:test";
import { EventLog } from "./event_log.ts";
import { Tally } from "./tally.ts";

const T = 1_700_000_000_000;
const like = (ms: number, count: number, total: number) => ({ type: "like", receivedAt: T + ms, count, total });

describe("sums over a recording's time", () => {
  it("tell what had been counted at a time", () => {
    const log = new EventLog();
    log.add([
      { type: "chat", receivedAt: T, text: "hi" },
      { type: "viewers", receivedAt: T + 5_000, count: 40 },
      like(6_000, 3, 1_003),
      { type: "gift", receivedAt: T + 7_000, value: 30, count: 3 },
      like(60_000, 2, 1_005),
    ]);
    const tally = new Tally(log);
    assertEquals(tally.at(T - 1), { viewers: undefined, likes: undefined, diamonds: 0, chats: 0 });
    assertEquals(tally.at(T + 8_000), { viewers: 40, likes: 1_003, diamonds: 30, chats: 1 });
    assertEquals(tally.at(undefined).likes, 1_005);
  });

  it("are those of all events up to then, in whatever order they came", () => {
    fc.assert(fc.property(fc.array(fc.nat(100)), fc.nat(100), (seconds, until) => {
      const log = new EventLog();
      log.add(seconds.map((second) => like(second * 1000, 2, 0)));
      const before = seconds.filter((second) => second <= until).length;
      assertEquals(new Tally(log).at(T + until * 1000).likes, before === 0 ? undefined : before * 2);
    }));
  });

  it("without events there is nothing", () => {
    assertEquals(new Tally(new EventLog()).at(undefined), {
      ...{ viewers: undefined, likes: undefined, diamonds: 0, chats: 0 },
    });
  });
});
