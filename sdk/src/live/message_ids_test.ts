import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { describe, it } from "node:test";
import { MessageIds, WINDOW } from "./message_ids.ts";

/** The same window, in the plainest way. */
class Reference {
  #ids: string[];
  constructor(ids: string[] = []) {
    this.#ids = ids;
  }
  add(id: string): boolean {
    if (this.#ids.includes(id)) return false;
    this.#ids = [...this.#ids, id].slice(-WINDOW);
    return true;
  }
}

describe("MessageIds", () => {
  it("agrees with a plain list of the last 2,048 ids", () => {
    const id = fc.oneof(
      fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
      fc.bigInt({ min: 7_300_000_000_000_000_000n, max: 7_300_000_000_000_000_500n }),
      fc.bigInt({ min: 0n, max: 300n }),
    ).map(String);
    fc.assert(
      fc.property(fc.array(id, { maxLength: 400 }), (ids) => {
        const [ours, reference] = [new MessageIds(), new Reference()];
        for (const one of ids) assertEquals(ours.add(one), reference.add(one), one);
      }),
      { numRuns: 200 },
    );
  });

  it("forgets the oldest once 2,048 are there, and not before", () => {
    const ids = new MessageIds();
    const id = (index: number) => String(7_300_000_000_000_000_000n + BigInt(index));
    for (let index = 0; index < WINDOW; index++) assertEquals(ids.add(id(index)), true);
    for (let index = 0; index < WINDOW; index++) assertEquals(ids.add(id(index)), false);
    assertEquals(ids.add(id(WINDOW)), true);
    assertEquals(ids.add(id(1)), false);
    assertEquals(ids.add(id(0)), true);
    assertEquals(ids.add(id(1)), true);
    for (let index = WINDOW + 1; index < 3 * WINDOW; index++) assertEquals(ids.add(id(index)), true);
    assertEquals([ids.add(id(3 * WINDOW - 1)), ids.add(id(2 * WINDOW))], [false, false]);
  });

  it("agrees with a plain list while a full window goes round", () => {
    const first = Array.from({ length: WINDOW - 20 }, (_, index) => String(7_300_000_000_000_000_000n + BigInt(index)));
    // Around both ends of the window, so that repeats and ids given up come about.
    const id = fc.oneof(fc.integer({ min: 0, max: 60 }), fc.integer({ min: WINDOW - 60, max: WINDOW + 60 }))
      .map((index) => String(7_300_000_000_000_000_000n + BigInt(index)));
    fc.assert(
      fc.property(fc.array(id, { minLength: 100, maxLength: 300 }), (ids) => {
        const [ours, reference] = [new MessageIds(), new Reference(first)];
        for (const one of first) ours.add(one);
        for (const one of ids) assertEquals(ours.add(one), reference.add(one), one);
      }),
      { numRuns: 50 },
    );
  });

  it("keeps ids apart whose mixed words are the same", () => {
    const ids = new MessageIds();
    const alike = Array.from({ length: 100 }, (_, high) => {
      const low = Math.imul(high, 0x9e3779b1) >>> 0;
      return String((BigInt(high) << 32n) + BigInt(low));
    });
    for (const id of alike) assertEquals(ids.add(id), true, id);
    for (const id of alike) assertEquals(ids.add(id), false, id);
  });

  it("keeps neighbours apart that fall together as doubles", () => {
    const ids = new MessageIds();
    assertEquals([ids.add("7300000000000000001"), ids.add("7300000000000000002")], [true, true]);
    assertEquals([ids.add("18446744073709551615"), ids.add("18446744073709551614")], [true, true]);
    assertEquals([ids.add("4294967297"), ids.add("1")], [true, true]);
  });

  it("never calls a message without a numeric id a duplicate", () => {
    const ids = new MessageIds();
    for (const none of ["", "", "x", "x", "1".repeat(21), "1".repeat(21)]) assertEquals(ids.add(none), true);
  });
});
