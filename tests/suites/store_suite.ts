/**
 * What every store must do, whichever engine is behind it. Each adapter's test calls {@link storeSuite}.
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { afterEach, beforeEach, describe, it } from "node:test";
import type { Recording } from "../../functions/ports/recording_store.ts";
import type { Store } from "../../functions/ports/store.ts";
import { alertStoreSuite } from "./alert_store_suite.ts";
import { eventSpoolSuite } from "./event_spool_suite.ts";
import { eventStoreSuite } from "./event_store_suite.ts";
import { importWatchesSuite } from "./import_watches_suite.ts";
import { pollerSuite } from "./poller_suite.ts";
import { recordingEndsSuite } from "./recording_ends_suite.ts";
import { recordingLogSuite } from "./recording_log_suite.ts";
import { retentionSuite } from "./retention_suite.ts";
import { totalsSuite } from "./totals_suite.ts";
import {
  assertLeaseLost,
  claim,
  defined,
  LEASE_MS,
  leaseNew,
  leaseOf,
  readPages,
  segment,
  type StoreFixture,
  T0,
  want,
} from "./store_fixture.ts";
import { watchStoreSuite } from "./watch_store_suite.ts";

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

    const lease = (roomId = "1", now = T0) => leaseNew(store, roomId, now);

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
          kept: false,
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

      it("listOpenRecordings() has those at work and those that wait, by when they may be claimed", async () => {
        for (const id of ["1", "2", "3", "4"]) await want(store, id, T0 + Number(id));
        const [done, held] = await claim(store, "a", T0 + 2);
        assert(done !== undefined && held !== undefined);
        await store.finishRecording(leaseOf(done), { endedAt: T0 + 9, outcome: { kind: "ended" } });
        const open = async (limit: number) =>
          (await store.listOpenRecordings(limit)).map(({ id, state, leaseOwner }) => [id, state, leaseOwner]);
        const all = [["3", "wanted", undefined], ["4", "wanted", undefined], [held.id, "recording", "a"]];
        assertEquals([await open(10), await open(1)], [all, all.slice(0, 1)]);
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

      it("undoClaim() makes due again what a claim got, and nothing that was renewed or is another's", async () => {
        for (const id of ["1", "2"]) await want(store, id);
        const [first] = await claim(store, "a", T0, 1);
        assert(first !== undefined);
        const [theirs] = await claim(other, "b", T0);
        await other.undoClaim({ owner: "a", now: T0, leaseMs: LEASE_MS, limit: 10 });
        const again = await claim(other, "c", T0 + 1);
        assertEquals(again.map(({ id, leaseToken }) => [id, leaseToken]), [[first.id, 2]]);
        const lease = { recordingId: first.id, token: 2 };
        await store.renewLease(lease, { now: T0 + 2, leaseMs: LEASE_MS });
        await other.undoClaim({ owner: "c", now: T0 + 1, leaseMs: LEASE_MS, limit: 10 });
        assertEquals([await claim(store, "a", T0 + 3), theirs?.leaseOwner], [[], "b"]);
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

      it("restoreSegment() lists what a dead recorder had, once, whoever has the recording", async () => {
        const dead = await lease();
        await store.addPart(dead, { folder: "f1", startedAt: T0 });
        await store.addSegment(dead, segment(1, 0));
        const [claimed] = await claim(other, "b", T0 + LEASE_MS);
        assert(claimed !== undefined);
        await other.addSegment(leaseOf(claimed), segment(2, 0));
        const restored = [];
        for (const index of [0, 1, 1]) restored.push(await store.restoreSegment("1", segment(1, index)));
        assertEquals(restored, [false, true, false]);
        const { items } = await other.listSegments("1", { limit: 10 });
        assertEquals(items.map(({ part, index }) => [part, index]), [[1, 0], [1, 1], [2, 0]]);
        const outcome = { kind: "ended" } as const;
        await other.finishRecording(leaseOf(claimed), { endedAt: T0 + LEASE_MS, outcome });
        assertEquals(await store.restoreSegment("1", segment(1, 2)), true);
        const { state, segments, bytes } = await store.getRecording("1") ?? {};
        assertEquals([state, segments, bytes], ["finished", 4, 4 * segment(1, 0).bytes]);
        assertEquals(await store.restoreSegment("1", segment(3, 0)), false);
        assertEquals(await store.restoreSegment("none", segment(1, 0)), false);
        await store.retireRecording("1");
        assertEquals(await store.restoreSegment("1", segment(1, 3)), false);
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

      it("keeps the quality that is asked for, and the one that is recorded, which only its recorder tells", async () => {
        const wanted = { roomId: "1", username: "some.host", title: "", quality: "hd" } as const;
        assertEquals((await store.wantRecording(wanted, T0)).recording.quality, "hd");
        assertEquals((await other.wantRecording({ ...wanted, quality: "ld" }, T0)).recording.quality, "hd");
        const [claimed] = await claim(other, "a", T0);
        assert(claimed !== undefined);
        assertEquals([claimed.quality, claimed.recordedQuality], ["hd", undefined]);
        await other.noteQuality(leaseOf(claimed), "sd");
        assertEquals((await store.askQuality("1", "uhd"))?.recordedQuality, "sd");
        assertEquals((await other.renewLease(leaseOf(claimed), { now: T0, leaseMs: LEASE_MS })).quality, "uhd");
        assertEquals((await store.listRecordings({ limit: 5 })).items.map(({ quality }) => quality), ["uhd"]);
        assertEquals(await store.askQuality("2", "uhd"), undefined);
        await claim(store, "b", T0 + LEASE_MS);
        await assertLeaseLost(other.noteQuality(leaseOf(claimed), "ld"));
        assertEquals((await store.getRecording("1"))?.recordedQuality, "sd");
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
  watchStoreSuite(name, makeStore);
  importWatchesSuite(name, makeStore);
  pollerSuite(name, makeStore);
  eventStoreSuite(name, makeStore);
  eventSpoolSuite(name, makeStore);
  totalsSuite(name, makeStore);
  recordingEndsSuite(name, makeStore);
  retentionSuite(name, makeStore);
  recordingLogSuite(name, makeStore);
  alertStoreSuite(name, makeStore);
}
