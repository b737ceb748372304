/**
 * What every store must do when recordings are looked for, stopped and deleted.
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { afterEach, beforeEach, describe, it } from "node:test";
import type { RecordingFilter } from "../../functions/ports/recording_store.ts";
import type { Store } from "../../functions/ports/store.ts";
import {
  addBatch,
  batch,
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

const ENDED = { kind: "ended" } as const;

/** Declares the tests of a store's lists of recordings, and of their ends. */
export function recordingEndsSuite(name: string, makeStore: () => Promise<StoreFixture>): void {
  describe(`${name}: ends of recordings`, () => {
    let fixture: StoreFixture;
    let store: Store;
    let other: Store;

    beforeEach(async () => {
      fixture = await makeStore();
      store = await fixture.open();
      other = await fixture.open();
    });
    afterEach(() => fixture.close());

    const lease = (roomId = "1") => leaseNew(store, roomId);

    it("listRecordings() filters by host and state, page by page", async () => {
      for (let id = 1; id <= 9; id++) {
        const username = id % 3 === 0 ? "one" : "two";
        await store.wantRecording({ roomId: String(id), username, title: "" }, T0 + id);
      }
      const claimed = await claim(store, "a", T0 + 4);
      for (const each of claimed) await store.finishRecording(leaseOf(each), { endedAt: T0 + 5, outcome: ENDED });
      const ids = async (filter: RecordingFilter, limit = 100) =>
        (await readPages((page) => store.listRecordings(page, filter), limit)).map((page) => page.map(({ id }) => id));
      assertEquals(await ids({ username: "one" }), [["9", "6", "3"]]);
      assertEquals(await ids({ state: "finished" }, 3), [["4", "3", "2"], ["1"]]);
      assertEquals(await ids({ username: "two", state: "wanted" }, 2), [["8", "7"], ["5"]]);
      assertEquals(await ids({ username: "nobody" }), [[]]);
      assertEquals((await ids({})).flat().length, 9);
    });

    it("stopRecording() finishes one that waits, so that nobody claims it", async () => {
      await want(store, "1");
      const stopped = await other.stopRecording("1", T0 + 5);
      assertEquals(
        [stopped?.state, stopped?.endedAt, stopped?.outcome, stopped?.dueAt],
        ["finished", T0 + 5, { kind: "stopped" }, undefined],
      );
      assertEquals(await claim(store, "a", T0 + 99), []);
      assertEquals(await store.countDueRecordings(T0 + 99), 0);
      assertEquals(await store.stopRecording("1", T0 + 50), await store.getRecording("1"));
      assertEquals((await store.getRecording("1"))?.endedAt, T0 + 5);
      assertEquals(await store.stopRecording("2", T0), undefined);
    });

    it("stopRecording() tells who holds the lease, at the next renewal, and who claims it after", async () => {
      const mine = await lease();
      const asked = await other.stopRecording("1", T0 + 5);
      assertEquals([asked?.state, asked?.stopAt], ["recording", T0 + 5]);
      assertEquals((await other.stopRecording("1", T0 + 9))?.stopAt, T0 + 5);
      const renewed = await store.renewLease(mine, { now: T0 + 10, leaseMs: LEASE_MS });
      assertEquals(renewed.stopAt, T0 + 5);
      await store.addSegment(mine, segment(1, 0));
      const [next] = await claim(other, "b", T0 + 10 + LEASE_MS);
      assert(next !== undefined);
      assertEquals(next.stopAt, T0 + 5);
      await other.finishRecording(leaseOf(next), { endedAt: T0 + 20, outcome: { kind: "stopped" } });
      assertEquals((await store.stopRecording("1", T0 + 30))?.endedAt, T0 + 20);
    });

    it("reopenRecording() takes the wish to stop back", async () => {
      await want(store, "1");
      await store.stopRecording("1", T0);
      assertEquals(await store.reopenRecording({ recordingId: "1", token: 0 }, T0 + 5), true);
      const [claimed] = await claim(store, "a", T0 + 5);
      assertEquals([claimed?.state, claimed?.stopAt, claimed?.outcome], ["recording", undefined, undefined]);
    });

    it("retireRecording() takes a finished recording out of use, and no other", async () => {
      const mine = await lease();
      await want(store, "2");
      assertEquals((await store.retireRecording("1"))?.state, "recording");
      assertEquals((await store.retireRecording("2"))?.state, "wanted");
      assertEquals(await store.retireRecording("3"), undefined);
      await store.finishRecording(mine, { endedAt: T0, outcome: ENDED });
      assertEquals((await store.retireRecording("1"))?.state, "deleting");
      assertEquals((await other.retireRecording("1"))?.state, "deleting");
      assertEquals((await store.listRecordings({ limit: 10 })).items.map(({ id }) => id), ["2"]);
      assertEquals(await store.reopenRecording(mine, T0), false);
      assertEquals((await store.stopRecording("1", T0))?.state, "deleting");
      assertEquals(await claim(store, "a", T0 + 999_999, 1).then((all) => all.map(({ id }) => id)), ["2"]);
      const { created } = await want(other, "1");
      assertEquals(created, false);
    });

    it("deleteRecording() removes all that is stored of it, and nothing else", async () => {
      const leases = [await lease("1"), await lease("2")];
      for (const each of leases) {
        const { recordingId, token } = each;
        for (let index = 0; index < 40; index++) await store.addSegment(each, segment(token, index));
        const seq = await store.openEvents(each, T0);
        await store.appendEvents(batch(seq, token, recordingId));
        await addBatch(store, batch(seq, token, recordingId));
        await store.finishRecording(each, { endedAt: T0, outcome: ENDED });
      }
      await store.deleteRecording("1");
      assertEquals((await store.getRecording("1"))?.state, "finished");
      await store.retireRecording("1");
      await Promise.all([store, other].map((each) => each.deleteRecording("1")));
      const counts = async (id: string) => [
        (await store.listSegments(id, { limit: 99 })).items.length,
        (await store.listEvents(id, { after: 0, limit: 99 })).length,
        (await store.getTotals(id))?.count,
        (await store.getRecording(id))?.state,
      ];
      assertEquals(await counts("1"), [0, 0, undefined, undefined]);
      assertEquals(await counts("2"), [40, 2, 3, "finished"]);
      assertEquals(await addBatch(store, batch(3, 1)), undefined);
      assertEquals(await store.getTotals("1"), undefined);
      const again = await want(store, "1");
      assertEquals(again.created, true);
      assertEquals(defined(again.recording), defined(await other.getRecording("1")));
      assertEquals((await lease("1")).token, 1);
    });
  });
}
