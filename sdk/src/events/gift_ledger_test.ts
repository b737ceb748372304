import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { describe, it } from "node:test";
import { encodeMessage } from "../testing/encode.ts";
import { decodeMessage } from "./decode.ts";
import { GiftLedger } from "./gift_ledger.ts";
import type { GiftEvent } from "./types.ts";

interface Message {
  user?: string;
  group?: string;
  total?: number;
  end?: boolean;
  /** Price of one; without it the message leaves the gift out. */
  diamonds?: number;
  type?: number;
  at?: number;
}

/** A gift event as the wire gives it. */
function gift({ user = "1", group = "9", total = 1, end = false, diamonds, type = 1, at = 0 }: Message): GiftEvent {
  const facts = diamonds === undefined ? {} : { gift: { name: "Rose", type, diamondCount: diamonds } };
  const bytes = encodeMessage("WebcastGiftMessage", {
    common: { msgId: "5" },
    giftId: "5655",
    user: { id: user, displayId: `user${user}` },
    groupId: group,
    repeatCount: total,
    repeatEnd: end ? 1 : 0,
    ...facts,
  });
  const event = decodeMessage("WebcastGiftMessage", bytes, { receivedAt: at });
  assert(event.type === "gift");
  return event;
}

const books = ({ count, total, value, streak }: GiftEvent) => [count, total, value, streak.closedBy];

describe("GiftLedger.apply()", () => {
  it("turns running totals into what each message adds", () => {
    const ledger = new GiftLedger();
    const given = [1, 2, 5, 5].map((total, index) => ledger.apply(gift({ total, end: index === 3, diamonds: 10 })));
    assertEquals(given.map(books), [
      [1, 1, 10, undefined],
      [1, 2, 10, undefined],
      [3, 5, 30, undefined],
      [0, 5, 0, "repeat_end"],
    ]);
    assertEquals(given.at(-1)?.streak, { id: "9", ended: true, closedBy: "repeat_end" });
  });

  it("counts a streak joined in its middle from its start", () => {
    assertEquals(books(new GiftLedger().apply(gift({ total: 7, diamonds: 1 }))), [7, 7, 7, undefined]);
  });

  it("keeps several streaks apart, of one user and of several", () => {
    const ledger = new GiftLedger();
    const add = (user: string, group: string, total: number) =>
      ledger.apply(gift({ user, group, total, diamonds: 1 })).count;
    assertEquals([add("1", "8", 2), add("1", "9", 1), add("2", "9", 4), add("1", "8", 3), add("1", "9", 4)], [
      2,
      1,
      4,
      1,
      3,
    ]);
  });

  it("adds nothing for messages that come twice, late, or after the end", () => {
    const ledger = new GiftLedger();
    const totals: [number, boolean][] = [[4, false], [2, false], [4, false], [6, true], [6, true], [5, false]];
    const given = totals.map(([total, end]) => ledger.apply(gift({ total, end, diamonds: 1 })));
    assertEquals(given.map(({ count }) => count), [4, 0, 0, 2, 0, 0]);
    assertEquals(given.map(({ total }) => total), [4, 4, 4, 6, 6, 6]);
    assertEquals(given.at(-1)?.streak.closedBy, "repeat_end");
  });

  it("counts gifts that cannot be repeated one by one", () => {
    const ledger = new GiftLedger();
    const lion = { group: "0", diamonds: 29999, type: 2 };
    assertEquals(books(ledger.apply(gift(lion))), [1, 1, 29999, "single"]);
    assertEquals(books(ledger.apply(gift(lion))), [1, 1, 29999, "single"]);
  });

  it("tells streaks without a group id apart by their totals", () => {
    const ledger = new GiftLedger();
    const add = (total: number, end = false) => ledger.apply(gift({ group: "0", total, end, diamonds: 1 })).count;
    assertEquals([add(1), add(3), add(3, true), add(1), add(2), add(1)], [1, 2, 0, 1, 1, 1]);
  });

  it("fills in what a later message leaves out of the gift", () => {
    const ledger = new GiftLedger();
    ledger.apply(gift({ total: 1, diamonds: 5 }));
    const event = ledger.apply(gift({ total: 3 }));
    assertEquals([event.name, event.diamonds, event.giftType, event.value], ["Rose", 5, 1, 10]);
  });

  it("leaves the event that came in as it was, and keeps bytes and message", () => {
    const ledger = new GiftLedger();
    ledger.apply(gift({ total: 1, diamonds: 5 }));
    const event = gift({ total: 3, diamonds: 5 });
    const exact = ledger.apply(event);
    assertEquals([event.count, exact.count], [3, 2]);
    assertEquals(exact.bytes, event.bytes);
    assertEquals(exact.message?.repeatCount, 3);
    assertEquals(exact.user.username, "user1");
    assertEquals(exact.toJSON()["count"], 2);
  });

  it("adds up to the highest total of every streak, in any order and with any repeats", () => {
    const message = fc.record({
      user: fc.constantFrom("1", "2"),
      group: fc.constantFrom("8", "9"),
      total: fc.integer({ min: 1, max: 12 }),
      end: fc.boolean(),
      wait: fc.integer({ min: 0, max: 40_000 }),
    });
    fc.assert(fc.property(fc.array(message, { maxLength: 60 }), (messages) => {
      const ledger = new GiftLedger();
      const sums = new Map<string, number>();
      const highest = new Map<string, number>();
      let now = 0;
      for (const { user, group, total, end, wait } of messages) {
        now += wait;
        // Within the time that closed streaks are remembered.
        if (now < 600_000) ledger.expire(now);
        const { count, total: sofar } = ledger.apply(gift({ user, group, total, end, diamonds: 1, at: now }));
        const key = `${user} ${group}`;
        sums.set(key, (sums.get(key) ?? 0) + count);
        highest.set(key, Math.max(highest.get(key) ?? 0, total));
        assertEquals(sofar, highest.get(key));
        assert(count >= 0);
      }
      assertEquals(sums, highest);
    }));
  });
});

describe("GiftLedger.expire()", () => {
  it("closes a silent streak once, and says so", () => {
    const ledger = new GiftLedger({ timeoutMs: 60_000 });
    ledger.apply(gift({ total: 3, diamonds: 2, at: 1000 }));
    assertEquals(ledger.expire(60_999), []);
    const [closing, ...more] = ledger.expire(61_000);
    assert(closing !== undefined && more.length === 0);
    assertEquals(books(closing), [0, 3, 0, "timeout"]);
    assertEquals([closing.id, closing.at, closing.receivedAt, closing.streak.ended], ["", 61_000, 61_000, true]);
    assertEquals([closing.user.username, closing.name], ["user1", "Rose"]);
    assertEquals(ledger.expire(200_000), []);
  });

  it("leaves alone what still runs, and what has ended", () => {
    const ledger = new GiftLedger();
    ledger.apply(gift({ group: "7", total: 1, end: true, at: 0 }));
    ledger.apply(gift({ group: "8", total: 1, at: 0 }));
    ledger.apply(gift({ group: "9", total: 1, at: 0 }));
    ledger.apply(gift({ group: "8", total: 2, at: 50_000 }));
    assertEquals(ledger.expire(60_000).map(({ streak }) => streak.id), ["9"]);
    assertEquals(ledger.expire(110_000).map(({ streak }) => streak.id), ["8"]);
  });

  it("opens a streak again that goes on after its time-out, and adds only what is new", () => {
    const ledger = new GiftLedger();
    ledger.apply(gift({ total: 3, at: 0 }));
    ledger.expire(60_000);
    const late = ledger.apply(gift({ total: 5, at: 61_000 }));
    assertEquals([late.count, late.streak.closedBy], [2, undefined]);
    assertEquals(ledger.expire(121_000).map(({ total }) => total), [5]);
  });

  it("keeps a streak closed that only repeats itself after its time-out", () => {
    const ledger = new GiftLedger();
    ledger.apply(gift({ total: 3, diamonds: 2, at: 0 }));
    ledger.expire(60_000);
    assertEquals(books(ledger.apply(gift({ total: 2, diamonds: 2, at: 61_000 }))), [0, 3, 0, "timeout"]);
    assertEquals(ledger.expire(200_000), []);
    assertEquals(books(ledger.apply(gift({ total: 4, end: true, diamonds: 2, at: 201_000 }))), [1, 4, 2, "repeat_end"]);
    assertEquals(ledger.expire(300_000), []);
  });

  it("forgets streaks that were closed long ago", () => {
    const ledger = new GiftLedger();
    ledger.apply(gift({ total: 3, end: true, at: 0 }));
    ledger.expire(599_999);
    assertEquals(ledger.apply(gift({ total: 3, end: true, at: 599_999 })).count, 0);
    ledger.expire(2_000_000);
    assertEquals(ledger.apply(gift({ total: 3, end: true, at: 2_000_000 })).count, 3);
  });
});

describe("new GiftLedger()", () => {
  it("refuses a time-out that is not above 0", () => {
    for (const timeoutMs of [0, -1, Number.NaN]) {
      assert(assertThrows(() => new GiftLedger({ timeoutMs })) instanceof RangeError);
    }
  });
});
