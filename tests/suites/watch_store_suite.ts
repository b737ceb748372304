/**
 * What every store must do with the watchlist.
 * @module
 */
import { assertEquals } from "@std/assert";
import { afterEach, beforeEach, describe, it } from "node:test";
import { ALL_SHARDS, NEW_SHARD, ON_AIR_SHARD, watchShard } from "../../functions/contract/keys.ts";
import type { Store } from "../../functions/ports/store.ts";
import { NEVER, type WatchCheck } from "../../functions/ports/watch_store.ts";
import { defined, LEASE_MS, namesOfShard, readPages, type StoreFixture, T0 } from "./store_fixture.ts";

/** Declares the tests of a store's watchlist. */
export function watchStoreSuite(name: string, makeStore: () => Promise<StoreFixture>): void {
  describe(`${name}: watch store`, () => {
    let fixture: StoreFixture;
    let store: Store;
    let other: Store;

    beforeEach(async () => {
      fixture = await makeStore();
      store = await fixture.open();
      other = await fixture.open();
    });
    afterEach(() => fixture.close());

    /** Claims what is due among the new names, and in the shard of a name. */
    const claimWatches = async (from: Store, username: string, now: number, limit = 10) => {
      const shards = [NEW_SHARD, watchShard(username)];
      return (await Promise.all(shards.map((shard) => from.claimDueWatches({ shard, now, leaseMs: LEASE_MS, limit }))))
        .flat();
    };

    const claimOnAir = (from: Store, now: number) =>
      from.claimDueWatches({ shard: ON_AIR_SHARD, now, leaseMs: LEASE_MS, limit: 10 });

    it("putWatch() adds a name once, due at once", async () => {
      const first = await store.putWatch("some.host", T0);
      assertEquals(first.created, true);
      assertEquals(defined(first.watch), {
        username: "some.host",
        addedAt: T0,
        priority: 0,
        paused: false,
        nextCheckAt: T0,
        claimToken: 0,
        state: "unknown",
        failures: 0,
      });
      const again = await other.putWatch("some.host", T0 + 5);
      assertEquals(again.created, false);
      assertEquals(again.watch, first.watch);
      assertEquals(await other.getWatch("some.host"), first.watch);
    });

    it("getWatch() and deleteWatch() tell when a name is not there", async () => {
      assertEquals(await store.getWatch("nobody"), undefined);
      assertEquals(await store.deleteWatch("nobody"), false);
      await store.putWatch("somebody", T0);
      assertEquals(await store.deleteWatch("somebody"), true);
      assertEquals(await store.getWatch("somebody"), undefined);
      assertEquals(await claimWatches(store, "somebody", T0), []);
    });

    it("countDueWatches() counts those of every shard that nobody holds", async () => {
      assertEquals(await store.countDueWatches(T0), 0);
      for (const name of ["a", "b", "c", "d"]) await store.putWatch(name, T0);
      await store.putWatch("later", T0 + 1);
      assertEquals([await other.countDueWatches(T0), await other.countDueWatches(T0 + 1)], [4, 5]);
      const [claimed] = await claimWatches(other, "a", T0, 1);
      assertEquals(await store.countDueWatches(T0), 3);
      const { username = "", claimToken = 0 } = claimed ?? {};
      const check = { nextCheckAt: T0, state: "live", failures: 0, roomId: "1" } as const;
      await other.completeCheck({ username, claimToken }, check);
      assertEquals(await store.countDueWatches(T0), 4);
    });

    it("listWatches() pages through all names in order", async () => {
      const names = ["e", "b", "a", "d", "c"];
      for (const each of names) await store.putWatch(each, T0);
      const pages = await readPages((page) => store.listWatches(page), 2);
      assertEquals(pages.map((page) => page.map((watch) => watch.username)), [["a", "b"], ["c", "d"], ["e"]]);
    });

    it("claimDueWatches() gives each due watch of the shard to one caller, until the lease ends", async () => {
      await store.putWatch("some.host", T0);
      const elsewhere = watchShard("some.host");
      assertEquals(await store.claimDueWatches({ shard: elsewhere, now: T0, leaseMs: LEASE_MS, limit: 10 }), []);
      assertEquals(await claimWatches(store, "some.host", T0 - 1), []);
      const claims = (await Promise.all([store, other].map((each) => claimWatches(each, "some.host", T0)))).flat();
      assertEquals(claims.map(({ nextCheckAt, claimToken }) => ({ nextCheckAt, claimToken })), [
        { nextCheckAt: T0 + LEASE_MS, claimToken: 1 },
      ]);
      assertEquals(await claimWatches(other, "some.host", T0 + LEASE_MS - 1), []);
      const [second] = await claimWatches(other, "some.host", T0 + LEASE_MS);
      assertEquals(second?.claimToken, 2);
    });

    it("claimDueWatches() takes the longest due first and no more than asked", async () => {
      const names = namesOfShard(3, 5);
      for (const [i, each] of names.entries()) await store.putWatch(each, T0 - i);
      for (const shard of [NEW_SHARD, 3]) {
        const claim = (limit: number) => store.claimDueWatches({ shard, now: T0, leaseMs: LEASE_MS, limit });
        const claimed = await claim(2);
        assertEquals(claimed.map((watch) => watch.username).sort(), names.slice(3).sort());
        const rest = await claim(10);
        assertEquals(rest.map((watch) => watch.username).sort(), names.slice(0, 3).sort());
        for (const { username, claimToken } of [...claimed, ...rest]) {
          const nextCheckAt = T0 - names.indexOf(username);
          await store.completeCheck({ username, claimToken }, { nextCheckAt, state: "offline", failures: 0 });
        }
      }
    });

    it("completeCheck() stores the result under the newest claim only", async () => {
      await store.putWatch("some.host", T0);
      await claimWatches(store, "some.host", T0);
      const later = T0 + LEASE_MS;
      await claimWatches(other, "some.host", later);
      const stale: WatchCheck = { nextCheckAt: later, state: "offline", checkedAt: later, failures: 0 };
      assertEquals(await store.completeCheck({ username: "some.host", claimToken: 1 }, stale), false);
      const check: WatchCheck = {
        nextCheckAt: later + 60_000,
        state: "live",
        checkedAt: later,
        lastLiveAt: later,
        roomId: "7300000000000000001",
        hours: { at: later, weights: { "0": 1.5, "167": 0.05 } },
        failures: 2,
        lastError: "captcha",
      };
      assertEquals(await other.completeCheck({ username: "some.host", claimToken: 2 }, check), true);
      assertEquals(defined(await store.getWatch("some.host")), {
        username: "some.host",
        addedAt: T0,
        priority: 0,
        paused: false,
        claimToken: 2,
        ...check,
      });
      assertEquals(await claimOnAir(store, later + 59_999), []);
      assertEquals((await claimOnAir(store, later + 60_000)).length, 1);
    });

    it("keeps hosts who are live in a shard of their own", async () => {
      await store.putWatch("some.host", T0);
      await claimWatches(store, "some.host", T0);
      const check: WatchCheck = { nextCheckAt: T0 + 5, state: "live", failures: 0 };
      await store.completeCheck({ username: "some.host", claimToken: 1 }, check);
      assertEquals(await other.nextCheckAt(ON_AIR_SHARD), T0 + 5);
      assertEquals(await claimWatches(store, "some.host", T0 + 5), []);
      assertEquals((await claimOnAir(store, T0 + 5)).length, 1);
      await store.completeCheck({ username: "some.host", claimToken: 2 }, { ...check, state: "offline" });
      assertEquals(await other.nextCheckAt(ON_AIR_SHARD), undefined);
      assertEquals((await claimWatches(store, "some.host", T0 + 5)).length, 1);
    });

    it("completeCheck() clears what the new check does not say", async () => {
      await store.putWatch("some.host", T0);
      await claimWatches(store, "some.host", T0);
      const name = { username: "some.host", claimToken: 1 };
      await store.completeCheck(name, { nextCheckAt: T0, state: "unknown", failures: 1, lastError: "blocked" });
      await store.completeCheck(name, { nextCheckAt: T0, state: "offline", failures: 0 });
      assertEquals((await store.getWatch("some.host"))?.lastError, undefined);
    });

    it("completeCheck() does not bring a deleted watch back", async () => {
      await store.putWatch("some.host", T0);
      await claimWatches(store, "some.host", T0);
      await other.deleteWatch("some.host");
      const check: WatchCheck = { nextCheckAt: T0, state: "offline", failures: 0 };
      assertEquals(await store.completeCheck({ username: "some.host", claimToken: 1 }, check), false);
      assertEquals(await store.getWatch("some.host"), undefined);
    });
    it("putWatch() takes a priority, and leaves all else of a watched name as it is", async () => {
      assertEquals((await store.putWatch("some.host", T0, { priority: 2 })).watch.priority, 2);
      await claimWatches(store, "some.host", T0);
      const again = await other.putWatch("some.host", T0 + 5, { priority: -1 });
      assertEquals([again.created, again.watch.priority], [false, -1]);
      assertEquals([again.watch.claimToken, again.watch.nextCheckAt], [1, T0 + LEASE_MS]);
      assertEquals((await store.putWatch("some.host", T0 + 6)).watch, again.watch);
      const check: WatchCheck = { nextCheckAt: T0 + 60_000, state: "offline", checkedAt: T0, failures: 0 };
      assertEquals(await store.completeCheck({ username: "some.host", claimToken: 1 }, check), true);
      assertEquals((await store.getWatch("some.host"))?.priority, -1);
    });

    it("a pause takes a name out of what is due, and its end makes it due at once", async () => {
      await store.putWatch("some.host", T0);
      await claimWatches(store, "some.host", T0);
      const hours = { at: T0, weights: { "7": 1 } };
      const known = { checkedAt: T0, lastLiveAt: T0, roomId: "1", hours, failures: 0 };
      await store.completeCheck({ username: "some.host", claimToken: 1 }, { ...known, nextCheckAt: T0, state: "live" });
      const paused = await store.putWatch("some.host", T0 + 1, { paused: true });
      const expected = { username: "some.host", addedAt: T0, priority: 0, ...known, state: "unknown", claimToken: 2 };
      assertEquals(defined(paused.watch), { ...expected, paused: true, nextCheckAt: NEVER });
      assertEquals((await other.putWatch("some.host", T0 + 2, { paused: true })).watch, paused.watch);
      assertEquals((await other.putWatch("some.host", T0 + 2)).watch, paused.watch);
      assertEquals((await other.putWatch("some.host", T0 + 2, { priority: 1 })).watch.paused, true);
      const late = T0 + 10 * LEASE_MS;
      const heads = await Promise.all(ALL_SHARDS.map((shard) => other.nextCheckAt(shard)));
      assertEquals([heads.filter((at) => at !== undefined), await other.countDueWatches(late)], [[], 0]);
      assertEquals([...await claimWatches(other, "some.host", late), ...await claimOnAir(other, late)], []);
      assertEquals((await other.listWatches({ limit: 5 })).items.map((watch) => watch.paused), [true]);

      const resumed = await other.putWatch("some.host", late, { paused: false, priority: 0 });
      assertEquals(defined(resumed.watch), { ...expected, paused: false, nextCheckAt: late });
      assertEquals((await store.putWatch("some.host", late + 5, { paused: false })).watch, resumed.watch);
      assertEquals(await store.nextCheckAt(NEW_SHARD), late);
      assertEquals((await claimWatches(store, "some.host", late)).map(({ claimToken }) => claimToken), [3]);
    });

    it("a check that was under way when its name was paused changes nothing", async () => {
      await store.putWatch("some.host", T0);
      await claimWatches(store, "some.host", T0);
      const { watch } = await other.putWatch("some.host", T0 + 1, { paused: true });
      const check: WatchCheck = { nextCheckAt: T0 + 60_000, state: "live", checkedAt: T0, roomId: "1", failures: 0 };
      assertEquals(await store.completeCheck({ username: "some.host", claimToken: 1 }, check), false);
      assertEquals(await store.getWatch("some.host"), watch);
      assertEquals(await claimOnAir(store, T0 + 60_000), []);
    });

    it("putWatch() puts a name that is paused from the start, and a quality, which stays", async () => {
      const { watch, created } = await store.putWatch("some.host", T0, { paused: true, quality: "hd" });
      assertEquals([created, watch.paused, watch.quality, watch.claimToken], [true, true, "hd", 0]);
      assertEquals([await other.countDueWatches(T0), await claimWatches(other, "some.host", T0)], [0, []]);
      assertEquals((await other.putWatch("some.host", T0 + 1, { paused: false })).watch.quality, "hd");
      await claimWatches(other, "some.host", T0 + 1);
      const check: WatchCheck = { nextCheckAt: T0 + 60_000, state: "offline", checkedAt: T0, failures: 0 };
      assertEquals(await store.completeCheck({ username: "some.host", claimToken: 1 }, check), true);
      assertEquals((await store.getWatch("some.host"))?.quality, "hd");
      assertEquals((await store.putWatch("some.host", T0 + 2, { quality: "ld" })).watch.quality, "ld");
    });

    it("nextCheckAt() tells the shard's earliest check or end of a lease", async () => {
      assertEquals(await store.nextCheckAt(NEW_SHARD), undefined);
      const [first = "", second = ""] = namesOfShard(3, 2);
      await store.putWatch(first, T0 + 5);
      await store.putWatch(second, T0 + 2);
      assertEquals(await other.nextCheckAt(NEW_SHARD), T0 + 2);
      await store.claimDueWatches({ shard: NEW_SHARD, now: T0 + 2, leaseMs: 1, limit: 1 });
      assertEquals(await other.nextCheckAt(NEW_SHARD), T0 + 3);
      await store.completeCheck({ username: second, claimToken: 1 }, {
        nextCheckAt: T0 + 9,
        state: "offline",
        failures: 0,
      });
      assertEquals([await other.nextCheckAt(NEW_SHARD), await other.nextCheckAt(3)], [T0 + 5, T0 + 9]);
      assertEquals(await other.nextCheckAt(4), undefined);
    });

    it("keeps names without a check in a shard of their own, whatever became of the first one", async () => {
      await store.putWatch("some.host", T0);
      const own = watchShard("some.host");
      const claimNew = () => store.claimDueWatches({ shard: NEW_SHARD, now: T0, leaseMs: LEASE_MS, limit: 10 });
      assertEquals([await other.nextCheckAt(NEW_SHARD), await other.nextCheckAt(own)], [T0, undefined]);
      assertEquals((await claimNew()).length, 1);
      const failed: WatchCheck = { nextCheckAt: T0, state: "unknown", failures: 1, lastError: "blocked" };
      await store.completeCheck({ username: "some.host", claimToken: 1 }, failed);
      assertEquals([await other.nextCheckAt(NEW_SHARD), await other.nextCheckAt(own)], [undefined, T0]);
      await store.putWatch("some.host", T0, { priority: 1 });
      assertEquals(await claimNew(), []);
    });

    it("a claim of a poller whose clock runs ahead takes the watch from one whose clock is behind, and only once", async () => {
      await store.putWatch("some.host", T0);
      const behind = T0 + 1_000;
      const ahead = behind + LEASE_MS;
      assertEquals((await claimWatches(store, "some.host", behind)).length, 1);
      const claims = await Promise.all([store, other].map((each) => claimWatches(each, "some.host", ahead)));
      assertEquals(claims.flat().map(({ claimToken }) => claimToken), [2]);
      const check: WatchCheck = { nextCheckAt: ahead, state: "offline", checkedAt: behind, failures: 0 };
      const kept = [1, 2].map((claimToken) => store.completeCheck({ username: "some.host", claimToken }, check));
      assertEquals(await Promise.all(kept), [false, true]);
    });
  });
}
