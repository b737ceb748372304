/**
 * What every store of answers must do, whichever engine is behind it.
 * @module
 */
import { assertEquals } from "@std/assert";
import { afterEach, beforeEach, describe, it } from "node:test";
import type { AnswerStore, KeptAnswer } from "../../functions/ports/answer_store.ts";
import { ManualClock } from "../fakes/manual_clock.ts";

/** A fresh, empty store for one test. */
export interface AnswerStoreFixture {
  store: AnswerStore;
  /** Removes the data. */
  close(): Promise<void>;
}

const T0 = 1_760_000_000_000;

const answer = (body: string, keepMs: number): KeptAnswer => (
  { body, storedAt: T0, freshUntil: T0 + 10, keepUntil: T0 + keepMs }
);

/**
 * Declares the tests of a store of answers.
 * @param name of the adapter
 * @param makeStore makes a fresh store with this clock; called before each test
 */
export function answerStoreSuite(name: string, makeStore: (clock: ManualClock) => Promise<AnswerStoreFixture>): void {
  describe(`${name}: answers`, () => {
    let clock: ManualClock;
    let fixture: AnswerStoreFixture;
    let store: AnswerStore;

    beforeEach(async () => {
      clock = new ManualClock(T0);
      fixture = await makeStore(clock);
      ({ store } = fixture);
    });
    afterEach(() => fixture.close());

    it("gives back what was put under a key, the newest of it", async () => {
      assertEquals(await store.getAnswer("links some.host"), undefined);
      await store.putAnswer("links some.host", answer('{"value":"first"}', 60_000));
      await store.putAnswer("links other.host", answer('{"value":"other"}', 60_000));
      await store.putAnswer("links some.host", answer('{"value":"second, ünï¢ode 🎁"}', 30_000));
      assertEquals(await store.getAnswer("links some.host"), answer('{"value":"second, ünï¢ode 🎁"}', 30_000));
      assertEquals(await store.getAnswer("links other.host"), answer('{"value":"other"}', 60_000));
    });

    it("never gives an answer whose time is over", async () => {
      await store.putAnswer("a", answer("1", 5_000));
      await clock.advance(4_999);
      assertEquals((await store.getAnswer("a"))?.body, "1");
      await clock.advance(1);
      assertEquals(await store.getAnswer("a"), undefined);
      await store.putAnswer("a", answer("2", 9_000));
      assertEquals((await store.getAnswer("a"))?.body, "2");
    });

    it("takes keys and bodies of every kind, or forgets them", async () => {
      for (const key of ["", 'list followings [["secUid","MS4wLjAB/+="]]', "k".repeat(5_000)]) {
        await store.putAnswer(key, answer("x", 9_000));
        assertEquals([undefined, "x"].includes((await store.getAnswer(key))?.body), true, key.slice(0, 20));
      }
      const large = JSON.stringify(Array.from({ length: 20_000 }, (_, id) => ({ id, name: `gift ${id}` })));
      await store.putAnswer("gifts", answer(large, 9_000));
      assertEquals((await store.getAnswer("gifts"))?.body, large);
    });
  });
}
