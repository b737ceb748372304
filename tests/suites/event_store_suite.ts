/**
 * What every store must do with events.
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { afterEach, beforeEach, describe, it } from "node:test";
import { LeaseLostError } from "../../functions/contract/errors.ts";
import type { Store } from "../../functions/ports/store.ts";
import { assertLeaseLost, batch, claim, LEASE_MS, leaseNew, leaseOf, type StoreFixture, T0 } from "./store_fixture.ts";

/** Declares the tests of a store's event log. */
export function eventStoreSuite(name: string, makeStore: () => Promise<StoreFixture>): void {
  describe(`${name}: event store`, () => {
    let fixture: StoreFixture;
    let store: Store;
    let other: Store;

    beforeEach(async () => {
      fixture = await makeStore();
      store = await fixture.open();
      other = await fixture.open();
    });
    afterEach(() => fixture.close());

    const lease = (roomId = "1", now = T0) => leaseNew(store, roomId, now);

    describe("events", () => {
      it("openEvents() takes places in turn and appendEvents() fills them", async () => {
        const mine = await lease();
        const seq = await store.openEvents(mine, T0);
        assertEquals(seq, 2);
        assertEquals(await store.openEvents(mine, T0), 2);
        await store.appendEvents(batch(seq, mine.token));
        await store.appendEvents(batch(seq + 1, mine.token));
        const stored = await other.listEvents("1", { after: 0, limit: 10 });
        assertEquals(stored.map(({ seq, token, count }) => [seq, token, count]), [[1, 1, 0], [2, 1, 3], [3, 1, 3]]);
        assertEquals(stored[1], batch(2, 1));
        assertEquals(stored[0]?.body, new Uint8Array());
      });

      it("listEvents() pages by place", async () => {
        const mine = await lease();
        const seq = await store.openEvents(mine, T0);
        for (let i = 0; i < 12; i++) await store.appendEvents(batch(seq + i, mine.token));
        const page = await store.listEvents("1", { after: 8, limit: 3 });
        assertEquals(page.map((each) => each.seq), [9, 10, 11]);
        assertEquals(await store.listEvents("1", { after: 13, limit: 3 }), []);
        assertEquals(await store.listEvents("2", { after: 0, limit: 3 }), []);
      });

      it("appendEvents() may be repeated after a lost answer", async () => {
        const mine = await lease();
        const seq = await store.openEvents(mine, T0);
        await store.appendEvents(batch(seq, mine.token));
        await store.appendEvents(batch(seq, mine.token));
        assertEquals((await store.listEvents("1", { after: 1, limit: 10 })).length, 1);
      });

      it("keeps how far a batch is, and takes one that may go", async () => {
        const mine = await lease();
        const seq = await store.openEvents(mine, T0);
        await store.appendEvents({ ...batch(seq, mine.token), upTo: "1-34", expiresAt: T0 + 86_400_000 });
        const [, stored] = await other.listEvents("1", { after: 0, limit: 10 });
        assertEquals([stored?.upTo, stored?.count], ["1-34", 3]);
      });

      it("openEvents() shuts an older recorder out", async () => {
        const stale = await lease();
        const seq = await store.openEvents(stale, T0);
        await store.appendEvents(batch(seq, stale.token));
        const [claimed] = await claim(other, "b", T0 + LEASE_MS);
        assert(claimed !== undefined);
        const next = await other.openEvents(leaseOf(claimed), T0 + LEASE_MS);
        assertEquals(next, seq + 2);
        await assertLeaseLost(store.appendEvents(batch(seq + 1, stale.token)));
        await assertLeaseLost(store.openEvents(stale, T0 + LEASE_MS));
        await other.appendEvents(batch(next, claimed.leaseToken));
        const stored = await store.listEvents("1", { after: 0, limit: 10 });
        assertEquals(stored.map((each) => each.token), [1, 1, 2, 2]);
      });

      it("keeps every event once when two recorders race for the log", async () => {
        const old = await lease();
        const seq = await store.openEvents(old, T0);
        const [claimed] = await claim(other, "b", T0 + LEASE_MS);
        assert(claimed !== undefined);
        const [, next] = await Promise.all([
          store.appendEvents(batch(seq, old.token)).catch((error: unknown) => assert(error instanceof LeaseLostError)),
          other.openEvents(leaseOf(claimed), T0 + LEASE_MS),
        ]);
        const stored = await store.listEvents("1", { after: 0, limit: 10 });
        assertEquals(stored.map((each) => each.seq), stored.map((_, i) => i + 1));
        assertEquals(next, stored.length + 1);
        await assertLeaseLost(store.appendEvents(batch(next - 1, old.token)));
      });
    });
  });
}
