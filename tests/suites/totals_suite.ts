/**
 * What every store must do with totals.
 * @module
 */
import { assertEquals } from "@std/assert";
import { afterEach, beforeEach, describe, it } from "node:test";
import { addToTotals, unpackBatch } from "../../functions/core/add_totals.ts";
import type { EventBatch } from "../../functions/ports/event_store.ts";
import type { EventLine } from "../../functions/ports/recorder.ts";
import type { Store } from "../../functions/ports/store.ts";
import type { TotalsOwner } from "../../functions/ports/totals_store.ts";
import { batchOf, counted, gift, like, line, recount, viewers } from "../fakes/made_events.ts";
import { addBatch, batch, leaseNew, type StoreFixture, T0, want } from "./store_fixture.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

/** Declares the tests of a store's totals. */
export function totalsSuite(name: string, makeStore: () => Promise<StoreFixture>): void {
  describe(`${name}: totals`, () => {
    let fixture: StoreFixture;
    let store: Store;
    let other: Store;

    beforeEach(async () => {
      fixture = await makeStore();
      store = await fixture.open();
      other = await fixture.open();
    });
    afterEach(() => fixture.close());

    const add = async (batches: EventBatch[], to = store) =>
      await addToTotals(to, batches[0]?.recordingId ?? "", await Promise.all(batches.map(unpackBatch)));
    /** A recording of one host. */
    const wantOf = (roomId: string, username = "some.host") => store.wantRecording({ roomId, username, title: "" }, T0);
    const assertCounted = async (owner: TotalsOwner, lines: EventLine[]) => {
      const expected = recount(lines.map(({ json }) => json));
      const totals = "username" in owner
        ? await other.getHostTotals(owner.username)
        : await other.getTotals(owner.recordingId);
      assertEquals(counted(totals, await other.listViewers(owner, 999), expected), expected);
    };
    const evening: EventLine[][] = [
      [line("chat", T0), gift(T0 + 1, 1, 5, 10), like(T0 + 2, 15), viewers(T0 + 3, 100)],
      [
        line("follow", T0 + MINUTE),
        viewers(T0 + MINUTE, 90),
        viewers(T0 + MINUTE + 1, 120),
        gift(T0 + MINUTE, 2, 1, 60),
      ],
      [line("join", T0 + HOUR), line("share", T0 + HOUR), viewers(T0 + HOUR, 40), gift(T0 + HOUR, 1, 1, 1)],
    ];

    it("add up diamonds, gifts, likes, events of each type, who gave and how many watched", async () => {
      await wantOf("1");
      await add(await Promise.all(evening.map((lines, index) => batchOf("1", index + 1, lines))));
      await assertCounted({ recordingId: "1" }, evening.flat());
      await assertCounted({ username: "some.host" }, evening.flat());
      const totals = await store.getTotals("1");
      assertEquals([totals?.diamonds, totals?.gifts, totals?.likes, totals?.peakViewers], [111, 7, 15, 120]);
      assertEquals(totals?.topGifters.map(({ username, diamonds, gifts }) => [username, diamonds, gifts]), [
        ["user2", 60, 1],
        ["user1", 51, 6],
      ]);
    });

    it("hold each batch once, whatever comes again, late, or twice at the same time", async () => {
      await wantOf("1");
      assertEquals(await store.getTotals("1"), undefined);
      const batches = await Promise.all(evening.map((lines, index) => batchOf("1", index + 1, lines)));
      const [first, second, third] = batches as [EventBatch, EventBatch, EventBatch];
      await add([first]);
      await add([third, first]);
      assertEquals((await store.getTotals("1"))?.missing, [[2, 2]]);
      await add([third], other);
      await Promise.all([store, other, store, other].map((each) => add([second], each)));
      const { seq, missing } = await store.getTotals("1") ?? {};
      assertEquals([seq, missing], [3, []]);
      await assertCounted({ recordingId: "1" }, evening.flat());
      await assertCounted({ username: "some.host" }, evening.flat());
    });

    it("of a host are the sum of the recordings', those deleted since included, until the host's own are", async () => {
      for (const id of ["1", "2"]) await wantOf(id);
      await wantOf("3", "other.host");
      for (const id of ["1", "2", "3"]) {
        for (const [index, lines] of evening.entries()) await add([await batchOf(id, index + 1, lines)]);
      }
      await assertCounted({ username: "some.host" }, [...evening.flat(), ...evening.flat()]);
      assertEquals((await store.getHostTotals("some.host"))?.recordings, 2);
      await store.stopRecording("1", T0);
      await store.retireRecording("1");
      assertEquals(await addBatch(store, batch(9, 1)), undefined);
      await store.deleteRecording("1");
      assertEquals(await addBatch(store, batch(9, 1)), undefined);
      assertEquals([await store.getTotals("1"), await store.listViewers({ recordingId: "1" }, 9)], [undefined, []]);
      await assertCounted({ username: "some.host" }, [...evening.flat(), ...evening.flat()]);
      await store.deleteHostTotals("some.host");
      await assertCounted({ username: "some.host" }, []);
      assertEquals(await store.getHostTotals("some.host"), undefined);
      await assertCounted({ recordingId: "2" }, evening.flat());
      await assertCounted({ username: "other.host" }, evening.flat());
    });

    it("name those who gave most exactly, among more than a write takes", async () => {
      await wantOf("1");
      const storm = Array.from({ length: 130 }, (_, giver) => gift(T0 + giver, giver, 1, 1 + giver * 7 % 50));
      const later = Array.from({ length: 130 }, (_, giver) => gift(T0 + 500 + giver, giver, 2, 1 + giver * 11 % 60));
      const [first, second] = [await batchOf("1", 1, storm), await batchOf("1", 2, later)];
      // The write that ends the first batch never comes to its end, and the second batch goes ahead.
      let writes = 0;
      const failing: Pick<Store, "readLedgers" | "writeLedgers"> = {
        readLedgers: (id, rows) => store.readLedgers(id, rows),
        writeLedgers(before, after) {
          return ++writes < 3 ? store.writeLedgers(before, after) : Promise.reject(new Error("store away"));
        },
      };
      const error = await addToTotals(failing, "1", [await unpackBatch(first)]).catch((error: unknown) => error);
      assertEquals([String(error), writes], ["Error: store away", 3]);
      await add([second]);
      await add([first, second]);
      const totals = await store.getTotals("1");
      assertEquals([totals?.seq, totals?.missing, totals?.partial], [2, [], {}]);
      await assertCounted({ recordingId: "1" }, [...storm, ...later]);
      await assertCounted({ username: "some.host" }, [...storm, ...later]);
    });

    it("list the newest hours of viewers, the oldest of them first", async () => {
      await wantOf("1");
      const hours = [0, 1, 2].map((hour) => viewers(T0 + hour * HOUR, 10 + hour));
      await add([await batchOf("1", 1, hours)]);
      const listed = await store.listViewers({ recordingId: "1" }, 2);
      assertEquals(listed.map(({ peaks }) => Object.values(peaks)), [[11], [12]]);
      assertEquals(listed.map(({ hour }) => hour), [1, 2].map((hour) => Math.floor((T0 + hour * HOUR) / HOUR)));
    });

    it("are of a mark alone without a time", async () => {
      const lease = await leaseNew(store, "1");
      await want(store, "1");
      await add([await batchOf(lease.recordingId, 1, [])]);
      const { count, seq, firstAt, lastAt } = await store.getTotals("1") ?? {};
      assertEquals([count, seq, firstAt, lastAt], [0, 1, undefined, undefined]);
    });
  });
}
