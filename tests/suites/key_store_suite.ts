/**
 * What every store of API keys must do, whichever engine is behind it.
 * @module
 */
import { assertEquals, assertRejects } from "@std/assert";
import { afterEach, beforeEach, describe, it } from "node:test";
import type { ApiKey, KeyStore } from "../../functions/ports/key_store.ts";

/** A fresh, empty store for one test. */
export interface KeyStoreFixture {
  /** Opens a handle on it; called again, one more handle on the same data, as another process would have. */
  open(): Promise<KeyStore>;
  /** Closes every handle and removes the data. */
  close(): Promise<void>;
}

const T0 = 1_760_000_000_000;
/** Three requests at once, and a new one every 20 s. */
const RULE = { capacity: 3, intervalMs: 20_000 };

const keyOf = (id: string): ApiKey => ({
  id,
  hash: id.repeat(4),
  name: `key ${id}`,
  scopes: ["lookup", "write"],
  requestsPerMinute: 3,
  createdAt: T0,
});

/**
 * Declares the tests of a store of API keys.
 * @param name of the adapter
 * @param makeStore makes a fresh store; called before each test
 */
export function keyStoreSuite(name: string, makeStore: () => Promise<KeyStoreFixture>): void {
  describe(`${name}: API keys`, () => {
    let fixture: KeyStoreFixture;
    let store: KeyStore;
    let other: KeyStore;

    beforeEach(async () => {
      fixture = await makeStore();
      store = await fixture.open();
      other = await fixture.open();
    });
    afterEach(() => fixture.close());

    it("addKey() stores a key for every process; an id is given once", async () => {
      assertEquals(await store.getKey("a1"), undefined);
      await store.addKey(keyOf("a1"));
      assertEquals(await other.getKey("a1"), keyOf("a1"));
      await assertRejects(() => other.addKey({ ...keyOf("a1"), name: "again" }));
      assertEquals((await store.getKey("a1"))?.name, "key a1");
    });

    it("listKeys() gives pages in order of id", async () => {
      for (const id of ["c3", "a1", "b2"]) await store.addKey(keyOf(id));
      const first = await store.listKeys({ limit: 2 });
      assertEquals(first.items, [keyOf("a1"), keyOf("b2")]);
      const second = await other.listKeys({ limit: 2, cursor: first.cursor });
      assertEquals(second, { items: [keyOf("c3")], cursor: undefined });
    });

    it("deleteKey() tells whether there was one", async () => {
      await store.addKey(keyOf("a1"));
      assertEquals([await other.deleteKey("a1"), await store.deleteKey("a1")], [true, false]);
      assertEquals(await store.getKey("a1"), undefined);
      assertEquals(await store.takeToken("a1", T0, RULE), undefined);
    });

    it("takeToken() lets a burst through, then one request each interval", async () => {
      await store.addKey(keyOf("a1"));
      const take = (from: KeyStore, now: number) => from.takeToken("a1", now, RULE);
      assertEquals(await take(store, T0), { taken: true, fullAt: T0 + 20_000 });
      assertEquals(await take(other, T0), { taken: true, fullAt: T0 + 40_000 });
      assertEquals(await take(store, T0), { taken: true, fullAt: T0 + 60_000 });
      assertEquals(await take(other, T0), { taken: false, fullAt: T0 + 60_000 });
      assertEquals(await take(store, T0 + 19_999), { taken: false, fullAt: T0 + 60_000 });
      assertEquals(await take(store, T0 + 20_000), { taken: true, fullAt: T0 + 80_000 });
      assertEquals(await take(store, T0 + 20_000), { taken: false, fullAt: T0 + 80_000 });
    });

    it("takeToken() saves nothing up beyond its capacity, and each key has its own bucket", async () => {
      for (const id of ["a1", "b2"]) await store.addKey(keyOf(id));
      await store.takeToken("a1", T0, RULE);
      const later = T0 + 3_600_000;
      const taken = [];
      for (let i = 0; i < 5; i++) taken.push((await store.takeToken("a1", later, RULE))?.taken);
      assertEquals(taken, [true, true, true, false, false]);
      assertEquals((await store.takeToken("b2", later, RULE))?.taken, true);
    });

    it("takeToken() counts requests that come together, in several processes, each once", async () => {
      await store.addKey(keyOf("a1"));
      const states = await Promise.all(
        Array.from({ length: 10 }, (_, i) => (i % 2 ? store : other).takeToken("a1", T0, RULE)),
      );
      assertEquals(states.filter((state) => state?.taken).length, 3);
    });
  });
}
