import { assertEquals, assertInstanceOf, assertRejects, assertStrictEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { describe, it } from "node:test";
import { settle } from "../testing/fakes.ts";
import { EventQueue } from "./event_queue.ts";

interface Item {
  receivedAt: number;
  dropped?: number | undefined;
  span?: [number, number];
}

const queue = (capacity: number) =>
  new EventQueue<Item>(capacity, ({ from, to, dropped }) => ({ receivedAt: to, dropped, span: [from, to] }));
const event = (receivedAt: number): Item => ({ receivedAt });
const nothing = () => undefined;

describe("EventQueue", () => {
  it("gives events in order, those from before the loop included", async () => {
    const events = queue(10);
    events.push(event(1));
    const reader = events.iterate(nothing);
    events.push(event(2));
    assertEquals(await reader.next(), { done: false, value: event(1) });
    assertEquals(await reader.next(), { done: false, value: event(2) });
    const waiting = reader.next();
    events.push(event(3));
    assertEquals(await waiting, { done: false, value: event(3) });
    assertEquals([events.size, events.dropped], [0, 0]);
  });

  it("drops the oldest for a slow reader and says so in their place", async () => {
    const events = queue(3);
    const reader = events.iterate(nothing);
    for (let index = 1; index <= 5; index++) events.push(event(index));
    assertEquals((await reader.next()).value, { receivedAt: 2, dropped: 2, span: [1, 2] });
    assertEquals((await reader.next()).value, event(3));
    for (let index = 6; index <= 7; index++) events.push(event(index));
    assertEquals((await reader.next()).value, { receivedAt: 4, dropped: 1, span: [4, 4] });
    assertEquals((await reader.next()).value, event(5));
    assertEquals(events.dropped, 3);
  });

  it("frees itself when nobody reads, and counts", async () => {
    const events = queue(3);
    for (let index = 1; index <= 10; index++) events.push(event(index));
    assertEquals([events.size, events.dropped], [0, 10]);
    const reader = events.iterate(nothing);
    events.push(event(11));
    assertEquals((await reader.next()).value, { receivedAt: 10, dropped: 10, span: [1, 10] });
    assertEquals((await reader.next()).value, event(11));
  });

  it("ends after what waits, once with the error", async () => {
    const events = queue(3);
    events.push(event(1));
    const reader = events.iterate(nothing);
    const error = new Error("over");
    events.end({ error });
    events.push(event(2));
    assertEquals((await reader.next()).value, event(1));
    assertStrictEquals(await assertRejects(() => reader.next()), error);
    assertEquals(await reader.next(), { done: true, value: undefined });
  });

  it("ends a waiting reader, with and without an error", async () => {
    const plain = queue(3);
    const first = plain.iterate(nothing).next();
    plain.end();
    assertEquals(await first, { done: true, value: undefined });
    const failing = queue(3);
    const second = assertRejects(() => failing.iterate(nothing).next());
    await settle();
    failing.end({ error: "reason" });
    assertEquals(await second, "reason");
  });

  it("calls back when the loop is left, and keeps nothing then", async () => {
    const events = queue(3);
    let left = 0;
    events.push(event(1));
    events.push(event(2));
    for await (const _ of { [Symbol.asyncIterator]: () => events.iterate(() => left++) }) break;
    assertEquals([left, events.size], [1, 0]);
  });

  it("takes one reader, and one question at a time", async () => {
    const events = queue(3);
    const reader = events.iterate(nothing);
    assertInstanceOf(assertThrows(() => events.iterate(nothing)), TypeError);
    const first = reader.next();
    assertInstanceOf(await assertRejects(() => reader.next()), TypeError);
    events.push(event(1));
    assertEquals((await first).value, event(1));
  });

  it("loses nothing but what it reports, whatever the order of pushes and reads", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 40 }),
        fc.array(fc.boolean(), { maxLength: 200 }),
        async (capacity, steps) => {
          const events = queue(capacity);
          const reader = events.iterate(nothing);
          let pushed = 0;
          let next = 1;
          const take = async () => {
            const { value } = await reader.next();
            if (value?.dropped !== undefined) {
              assertEquals(value.span, [next, next + value.dropped - 1]);
              next += value.dropped;
            } else if (value !== undefined) {
              assertEquals(value, event(next));
              next++;
            }
            return value;
          };
          for (const isPush of steps) {
            if (isPush) events.push(event(++pushed));
            else if (events.size > 0) await take();
          }
          events.end();
          while (await take() !== undefined);
          assertEquals(next, pushed + 1);
        },
      ),
    );
  });
});
