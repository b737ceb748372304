/**
 * What every store must do so that each alert is told once, and to the end.
 * @module
 */
import { assertEquals } from "@std/assert";
import { afterEach, beforeEach, describe, it } from "node:test";
import type { AlertState } from "../../functions/contract/alerts.ts";
import type { AlertFacts, AlertProgress } from "../../functions/ports/alert_store.ts";
import type { Store } from "../../functions/ports/store.ts";
import { defined, LEASE_MS, leaseNew, readPages, type StoreFixture, T0 } from "./store_fixture.ts";

const DAY = 86_400_000;

/** Declares the tests of a store's alerts. */
export function alertStoreSuite(name: string, makeStore: () => Promise<StoreFixture>): void {
  describe(`${name}: alert store`, () => {
    let fixture: StoreFixture;
    let store: Store;
    let other: Store;

    beforeEach(async () => {
      fixture = await makeStore();
      store = await fixture.open();
      other = await fixture.open();
    });
    afterEach(() => fixture.close());

    const facts = (recordingId: string, more: Partial<AlertFacts> = {}): AlertFacts => ({
      id: `live_started:${recordingId}`,
      kind: "live_started",
      recordingId,
      username: "some.host",
      at: T0 - 5,
      data: { title: "Tea", z: 1, a: [{ b: null }] },
      ...more,
    });
    const put = (to: Store, alert: AlertFacts, now = T0) => to.putAlert(alert, { now, expiresAt: now + DAY });
    const claim = (from: Store, now: number, limit = 10) => from.claimAlerts({ now, leaseMs: LEASE_MS, limit });
    const progress = (state: AlertState, dueAt?: number): AlertProgress => ({
      state,
      dueAt,
      deliveries: {
        ops: { state, tries: 1, triedAt: T0, problem: "status 500", ...dueAt === undefined ? {} : { dueAt } },
      },
      expiresAt: T0 + DAY,
    });

    it("putAlert() puts a key once, whoever else puts it at the same time", async () => {
      const puts = Array.from({ length: 6 }, (_, i) => put(i % 2 === 0 ? store : other, facts("1"), T0 + i));
      assertEquals((await Promise.all(puts)).filter(Boolean).length, 1);
      await put(other, facts("1", { username: "changed" }), T0 + 9);
      const stored = await other.getAlert("live_started:1");
      assertEquals([stored?.username, stored?.state, stored?.claimToken], ["some.host", "pending", 0]);
      assertEquals(await store.getAlert("live_started:2"), undefined);
    });

    it("keeps what an alert says, in the order in which it says it", async () => {
      await put(store, facts("1"));
      const alert = await other.getAlert("live_started:1");
      assertEquals(defined(alert), {
        ...facts("1"),
        raisedAt: T0,
        state: "pending",
        dueAt: T0,
        claimToken: 0,
        deliveries: {},
      });
      assertEquals(JSON.stringify(alert?.data), JSON.stringify(facts("1").data));
    });

    it("claimAlerts() gives each due alert to one caller, the longest due first, until the lease ends", async () => {
      for (const [i, id] of ["1", "2", "3"].entries()) await put(store, facts(id), T0 - i);
      assertEquals(await claim(store, T0 - 3), []);
      assertEquals((await claim(store, T0, 1)).map(({ id }) => id), ["live_started:3"]);
      const claims = (await Promise.all([store, other].map((each) => claim(each, T0)))).flat();
      assertEquals(claims.map(({ id, claimToken, dueAt }) => [id, claimToken, dueAt]).sort(), [
        ["live_started:1", 1, T0 + LEASE_MS],
        ["live_started:2", 1, T0 + LEASE_MS],
      ]);
      assertEquals(await claim(other, T0 + LEASE_MS - 1), []);
      assertEquals((await claim(other, T0 + LEASE_MS)).map(({ claimToken }) => claimToken), [2, 2, 2]);
    });

    it("settleAlert() notes the progress of the newest claim only, and once", async () => {
      await put(store, facts("1"));
      const [first] = await claim(store, T0);
      const [second] = await claim(other, T0 + LEASE_MS);
      if (first === undefined || second === undefined) throw new Error("nothing was claimed");
      assertEquals(await store.settleAlert(first, progress("delivered")), false);
      const next = progress("pending", T0 + 2 * LEASE_MS);
      assertEquals(await other.settleAlert(second, next), true);
      assertEquals(await other.settleAlert(second, progress("dead")), false);
      const stored = await store.getAlert("live_started:1");
      assertEquals([stored?.state, stored?.dueAt, stored?.deliveries], ["pending", next.dueAt, next.deliveries]);
      assertEquals(await claim(store, T0 + 2 * LEASE_MS - 1), []);
      assertEquals((await claim(store, T0 + 2 * LEASE_MS)).length, 1);
    });

    it("an alert that is over is never due, and known as long as it is kept", async () => {
      await put(store, facts("1"));
      for (const alert of await claim(store, T0)) await store.settleAlert(alert, progress("delivered"));
      assertEquals(await claim(store, T0 + DAY), []);
      assertEquals(await put(other, facts("1"), T0 + 5), false);
      assertEquals((await store.getAlert("live_started:1"))?.state, "delivered");
      assertEquals(await store.settleAlert({ id: "live_started:9", claimToken: 0 }, progress("dead")), false);
    });

    it("listAlerts() pages through those in one state, the newest first", async () => {
      for (const [i, id] of ["1", "2", "3", "4", "5"].entries()) await put(store, facts(id), T0 + i);
      const dead = ["live_started:2", "live_started:4", "live_started:5"];
      for (const alert of await claim(store, T0 + 9)) {
        if (dead.includes(alert.id)) await store.settleAlert(alert, progress("dead"));
      }
      const read = (state: AlertState) => readPages((page) => other.listAlerts(state, page), 2);
      assertEquals((await read("dead")).map((page) => page.map(({ id }) => id)), [
        ["live_started:5", "live_started:4"],
        ["live_started:2"],
      ]);
      assertEquals((await read("pending")).flat().map(({ id }) => id), ["live_started:3", "live_started:1"]);
      assertEquals(await read("delivered"), [[]]);
    });

    it("alerts go with their recording", async () => {
      const lease = await leaseNew(store, "7", T0);
      await put(store, facts("7"));
      await put(store, facts("8"));
      await store.finishRecording(lease, { endedAt: T0, outcome: { kind: "ended" } });
      await store.retireRecording("7");
      await other.deleteRecording("7");
      assertEquals(await store.getAlert("live_started:7"), undefined);
      assertEquals((await store.getAlert("live_started:8"))?.recordingId, "8");
    });
  });
}
