/**
 * What every store must do, whichever engine is behind it. Each adapter's test calls {@link storeSuite}.
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { afterEach, beforeEach, describe, it } from "node:test";
import { WATCH_SHARDS, watchShard } from "../../functions/contract/keys.ts";
import type { Recording } from "../../functions/ports/recording_store.ts";
import type { Store } from "../../functions/ports/store.ts";
import type { WatchCheck } from "../../functions/ports/watch_store.ts";
import { eventStoreSuite } from "./event_store_suite.ts";
import { recordingEndsSuite } from "./recording_ends_suite.ts";
import {
  assertLeaseLost,
  claim,
  defined,
  LEASE_MS,
  leaseNew,
  leaseOf,
  namesOfShard,
  readPages,
  segment,
  type StoreFixture,
  T0,
  want,
} from "./store_fixture.ts";

export type { StoreFixture } from "./store_fixture.ts";

/**
 * Declares the tests of a store.
 * @param name of the adapter
 * @param makeStore makes a fresh store; called before each test
 */
export function storeSuite(name: string, makeStore: () => Promise<StoreFixture>): void {
  describe(`${name}: store`, () => {
    let fixture: StoreFixture;
    let store: Store;
    let other: Store;

    beforeEach(async () => {
      fixture = await makeStore();
      store = await fixture.open();
      other = await fixture.open();
    });
    afterEach(() => fixture.close());

    const claimWatches = (from: Store, username: string, now: number, limit = 10) =>
      from.claimDueWatches({ shard: watchShard(username), now, leaseMs: LEASE_MS, limit });

    const lease = (roomId = "1", now = T0) => leaseNew(store, roomId, now);

    describe("watches", () => {
      it("putWatch() adds a name once, due at once", async () => {
        const first = await store.putWatch("some.host", T0);
        assertEquals(first.created, true);
        assertEquals(defined(first.watch), {
          username: "some.host",
          addedAt: T0,
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

      it("listWatches() pages through all names in order", async () => {
        const names = ["e", "b", "a", "d", "c"];
        for (const each of names) await store.putWatch(each, T0);
        const pages = await readPages((page) => store.listWatches(page), 2);
        assertEquals(pages.map((page) => page.map((watch) => watch.username)), [["a", "b"], ["c", "d"], ["e"]]);
      });

      it("claimDueWatches() gives each due watch of the shard to one caller, until the lease ends", async () => {
        await store.putWatch("some.host", T0);
        const shard = watchShard("some.host");
        const elsewhere = (shard + 1) % WATCH_SHARDS;
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
        const claimed = await store.claimDueWatches({ shard: 3, now: T0, leaseMs: LEASE_MS, limit: 2 });
        assertEquals(claimed.map((watch) => watch.username).sort(), names.slice(3).sort());
        const rest = await store.claimDueWatches({ shard: 3, now: T0, leaseMs: LEASE_MS, limit: 10 });
        assertEquals(rest.map((watch) => watch.username).sort(), names.slice(0, 3).sort());
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
          failures: 2,
          lastError: "captcha",
        };
        assertEquals(await other.completeCheck({ username: "some.host", claimToken: 2 }, check), true);
        assertEquals(defined(await store.getWatch("some.host")), {
          username: "some.host",
          addedAt: T0,
          claimToken: 2,
          ...check,
        });
        assertEquals(await claimWatches(store, "some.host", later + 59_999), []);
        assertEquals((await claimWatches(store, "some.host", later + 60_000)).length, 1);
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
    });

    describe("recordings", () => {
      it("wantRecording() makes one recording for a room, however many ask", async () => {
        const wanted = { roomId: "7300000000000000001", username: "some.host", title: "hello" };
        const results = await Promise.all([store, other, store].map((each) => each.wantRecording(wanted, T0)));
        assertEquals(results.filter((each) => each.created).length, 1);
        const expected: Recording = {
          id: wanted.roomId,
          username: "some.host",
          title: "hello",
          state: "wanted",
          createdAt: T0,
          dueAt: T0,
          leaseToken: 0,
          failures: 0,
          parts: [],
          segments: 0,
          bytes: 0,
          durationMs: 0,
        };
        for (const { recording } of results) assertEquals(defined(recording), expected);
        assertEquals(defined(await store.getRecording(wanted.roomId)), expected);
        assertEquals(await store.getRecording("1"), undefined);
      });

      it("listRecordings() pages from the newest to the oldest", async () => {
        for (const id of ["1", "2", "3", "4", "5"]) await want(store, id, T0 + Number(id));
        const pages = await readPages((page) => store.listRecordings(page), 2);
        assertEquals(pages.map((page) => page.map((recording) => recording.id)), [["5", "4"], ["3", "2"], ["1"]]);
      });

      it("claimRecordings() gives each recording to one recorder", async () => {
        for (const id of ["1", "2", "3"]) await want(store, id);
        const [mine, theirs] = await Promise.all([claim(store, "a", T0), claim(other, "b", T0)]);
        assertEquals([...mine, ...theirs].map((recording) => recording.id).sort(), ["1", "2", "3"]);
        for (const [owner, claims] of [["a", mine], ["b", theirs]] as const) {
          for (const recording of claims) {
            assertEquals(recording.state, "recording");
            assertEquals(recording.leaseToken, 1);
            assertEquals(recording.leaseOwner, owner);
            assertEquals(recording.dueAt, T0 + LEASE_MS);
          }
        }
      });

      it("claimRecordings() takes no more than asked", async () => {
        for (const id of ["1", "2", "3"]) await want(store, id, T0 - Number(id));
        assertEquals((await claim(store, "a", T0, 1)).map((recording) => recording.id), ["3"]);
        assertEquals(await store.countDueRecordings(T0), 2);
      });

      it("claimRecordings() passes a recording on when its lease ran out", async () => {
        const first = await lease();
        assertEquals(await claim(other, "b", T0 + LEASE_MS - 1), []);
        assertEquals(await other.countDueRecordings(T0 + LEASE_MS - 1), 0);
        assertEquals(await other.countDueRecordings(T0 + LEASE_MS), 1);
        const [second] = await claim(other, "b", T0 + LEASE_MS);
        assertEquals(second?.leaseToken, first.token + 1);
        assertEquals(second?.leaseOwner, "b");
      });

      it("renewLease() keeps others away, and works late when nobody came", async () => {
        const mine = await lease();
        const renewed = await store.renewLease(mine, { now: T0 + 20_000, leaseMs: LEASE_MS });
        assertEquals(renewed.dueAt, T0 + 20_000 + LEASE_MS);
        assertEquals(renewed.leaseToken, mine.token);
        assertEquals(await claim(other, "b", T0 + LEASE_MS), []);
        await store.renewLease(mine, { now: T0 + 500_000, leaseMs: LEASE_MS });
        assertEquals(await claim(other, "b", T0 + 500_000), []);
      });

      it("refuses every write of a recorder that lost its lease", async () => {
        const stale = await lease();
        const [claimed] = await claim(other, "b", T0 + LEASE_MS);
        assert(claimed !== undefined);
        const now = T0 + LEASE_MS;
        const outcome = { kind: "ended" } as const;
        const before = await store.getRecording("1");
        await assertLeaseLost(store.renewLease(stale, { now, leaseMs: LEASE_MS }));
        await assertLeaseLost(store.addPart(stale, { folder: "f", startedAt: now }));
        await assertLeaseLost(store.addSegment(stale, segment(stale.token, 0)));
        await assertLeaseLost(store.releaseRecording(stale, { dueAt: now, failures: 0 }));
        await assertLeaseLost(store.finishRecording(stale, { endedAt: now, outcome }));
        assertEquals(await store.getRecording("1"), before);
        assertEquals((await store.listSegments("1", { limit: 10 })).items, []);
        await other.finishRecording(leaseOf(claimed), { endedAt: now, outcome });
        await assertLeaseLost(other.renewLease(leaseOf(claimed), { now, leaseMs: LEASE_MS }));
        await assertLeaseLost(store.renewLease({ recordingId: "none", token: 1 }, { now, leaseMs: LEASE_MS }));
      });

      it("addPart() notes one folder for each claim", async () => {
        const first = await lease();
        await store.addPart(first, { folder: "f1", startedAt: T0 + 1 });
        await store.addPart(first, { folder: "f1", startedAt: T0 + 1 });
        const [claimed] = await claim(other, "b", T0 + LEASE_MS);
        assert(claimed !== undefined);
        assertEquals(claimed.parts, [{ part: 1, folder: "f1", startedAt: T0 + 1 }]);
        await other.addPart(leaseOf(claimed), { folder: "f2", startedAt: T0 + LEASE_MS + 1 });
        const recording = await store.getRecording("1");
        assertEquals(recording?.startedAt, T0 + 1);
        assertEquals(recording?.parts, [
          { part: 1, folder: "f1", startedAt: T0 + 1 },
          { part: 2, folder: "f2", startedAt: T0 + LEASE_MS + 1 },
        ]);
      });

      it("addSegment() lists a segment once and adds it up once", async () => {
        const mine = await lease();
        const segments = [segment(1, 0), segment(1, 1), segment(1, 2)];
        for (const each of segments) await store.addSegment(mine, each);
        await store.addSegment(mine, segment(1, 1));
        const recording = await store.getRecording("1");
        assertEquals(
          [recording?.segments, recording?.bytes, recording?.durationMs],
          [3, 3 * segment(1, 0).bytes, 3 * segment(1, 0).durationMs],
        );
        const pages = await readPages((page) => store.listSegments("1", page), 2);
        assertEquals(pages.flat(), segments);
        assertEquals(pages.length, 2);
      });

      it("listSegments() plays part after part, by number", async () => {
        const first = await lease();
        for (const index of [9, 10, 2]) await store.addSegment(first, segment(1, index));
        const [claimed] = await claim(other, "b", T0 + LEASE_MS);
        assert(claimed !== undefined);
        await other.addSegment(leaseOf(claimed), segment(2, 0));
        const { items } = await store.listSegments("1", { limit: 100 });
        assertEquals(items.map(({ part, index }) => [part, index]), [[1, 2], [1, 9], [1, 10], [2, 0]]);
      });

      it("releaseRecording() makes it wanted again from a time on", async () => {
        const mine = await lease();
        await store.releaseRecording(mine, { dueAt: T0 + 5_000, failures: 3 });
        const recording = await other.getRecording("1");
        assertEquals([recording?.state, recording?.failures, recording?.leaseOwner], ["wanted", 3, undefined]);
        await assertLeaseLost(store.renewLease(mine, { now: T0, leaseMs: LEASE_MS }));
        assertEquals(await claim(other, "b", T0 + 4_999), []);
        assertEquals((await claim(other, "b", T0 + 5_000)).map((each) => each.leaseToken), [2]);
      });

      it("finishRecording() ends it for good; reopenRecording() brings it back once", async () => {
        const mine = await lease();
        assertEquals(await store.reopenRecording(mine, T0), false);
        const outcome = { kind: "failed", code: "network", detail: "gone" } as const;
        await store.finishRecording(mine, { endedAt: T0 + 10, outcome });
        const finished = await other.getRecording("1");
        assertEquals([finished?.state, finished?.endedAt, finished?.dueAt], ["finished", T0 + 10, undefined]);
        assertEquals(finished?.outcome, outcome);
        assertEquals(await claim(other, "b", T0 + 1_000_000), []);
        const tries = await Promise.all([store, other].map((each) => each.reopenRecording(mine, T0 + 20)));
        assertEquals(tries.filter(Boolean).length, 1);
        const reopened = await store.getRecording("1");
        assertEquals([reopened?.state, reopened?.endedAt, reopened?.outcome], ["wanted", undefined, undefined]);
        assertEquals((await claim(other, "b", T0 + 20)).map((each) => each.leaseToken), [2]);
      });
    });
  });
  eventStoreSuite(name, makeStore);
  recordingEndsSuite(name, makeStore);
}
