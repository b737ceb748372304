/**
 * What every store of the canary's state must do, whichever engine is behind it.
 * @module
 */
import { assertEquals } from "@std/assert";
import { afterEach, beforeEach, describe, it } from "node:test";
import type { CanaryState, CanaryStore } from "../../functions/ports/canary.ts";

/** A fresh, empty store for one test. */
export interface CanaryStoreFixture {
  /** Opens a handle on it; called again, one more handle on the same data, as another process would have. */
  open(): Promise<CanaryStore>;
  /** Closes every handle and removes the data. */
  close(): Promise<void>;
}

const T0 = 1_760_000_000_000;
const stateAt = (ranAt: number): CanaryState => ({
  ranAt,
  facts: [{
    ...{ name: "api_live.status", area: "room", current: "404", since: T0, drifted: true },
    ...{ lastGood: "200", lastGoodAt: T0 - 1 },
  }],
  refusals: [{ what: "socket", code: "device_blocked" }],
});

/** Declares the tests of a store. */
export function canaryStoreSuite(name: string, makeStore: () => Promise<CanaryStoreFixture>): void {
  describe(`${name}: canary store`, () => {
    let fixture: CanaryStoreFixture;
    let store: CanaryStore;
    let other: CanaryStore;

    beforeEach(async () => {
      fixture = await makeStore();
      store = await fixture.open();
      other = await fixture.open();
    });
    afterEach(() => fixture.close());

    it("has nothing before the first run, and then what was stored last", async () => {
      assertEquals(await store.readCanary(), undefined);
      assertEquals(await store.writeCanary(stateAt(T0), 0), true);
      assertEquals(await other.readCanary(), { state: stateAt(T0), version: 1 });
      assertEquals(await other.writeCanary(stateAt(T0 + 1), 1), true);
      assertEquals(await store.readCanary(), { state: stateAt(T0 + 1), version: 2 });
    });

    it("stores nothing that was made from an older state", async () => {
      const [first, second] = await Promise.all([
        store.writeCanary(stateAt(T0), 0),
        other.writeCanary(stateAt(T0 + 1), 0),
      ]);
      assertEquals([first, second].filter((done) => done).length, 1);
      const known = await store.readCanary();
      assertEquals(known?.version, 1);
      assertEquals(await store.writeCanary(stateAt(T0 + 2), 1), true);
      assertEquals(await other.writeCanary(stateAt(T0 + 3), 1), false);
      assertEquals(await other.writeCanary(stateAt(T0 + 3), 7), false);
      assertEquals((await other.readCanary())?.state.ranAt, T0 + 2);
    });

    it("holds as many facts as there may ever be", async () => {
      const facts = Array.from({ length: 1_000 }, (_, index) => ({
        ...{ name: `room_info.data.some.long.path.to.a.key.${index}`, area: "room" as const, current: "string" },
        ...{ since: T0, drifted: false, lastGood: "string", lastGoodAt: T0 },
      }));
      assertEquals(await store.writeCanary({ ranAt: T0, facts, refusals: [] }, 0), true);
      assertEquals((await other.readCanary())?.state.facts, facts);
    });
  });
}
