/**
 * What every store of recordings' logs must do.
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { afterEach, beforeEach, describe, it } from "node:test";
import type { LogLine } from "../../functions/ports/recording_log_store.ts";
import type { Store } from "../../functions/ports/store.ts";
import { leaseNew, type StoreFixture, T0, want } from "./store_fixture.ts";

/** Registers the suite for one adapter. */
export function recordingLogSuite(name: string, open: () => Promise<StoreFixture>): void {
  describe(`${name}: logs of recordings`, () => {
    let fixture: StoreFixture;
    let store: Store;
    beforeEach(async () => {
      fixture = await open();
      store = await fixture.open();
    });
    afterEach(() => fixture.close());

    const line = (event: string): LogLine => ({
      at: T0,
      level: "warn",
      event,
      fields: { failures: 2, error: { a: "é" } },
    });
    const batch = (at: number, id: string, ...events: string[]) => ({ at, id, lines: events.map(line) });

    it("appendLog() keeps lines in the order of writing; readLog() pages through them and comes back for more", async () => {
      await want(store, "1");
      await want(store, "2");
      assert(await store.appendLog("1", batch(T0, "a0", "first", "second")));
      assert(await store.appendLog("1", batch(T0 + 5, "a1", "third")));
      assert(await store.appendLog("2", batch(T0, "a0", "another's")));
      const page = await store.readLog("1", "", 1);
      assertEquals(page.lines, [line("first")]);
      const rest = await store.readLog("1", page.after, 10);
      assertEquals(rest.lines.map(({ event }) => event), ["second", "third"]);
      assertEquals(await store.readLog("1", rest.after, 10), { lines: [], after: rest.after });
      await store.appendLog("1", batch(T0 + 5, "a2", "fourth"));
      assertEquals((await store.readLog("1", rest.after, 10)).lines.map(({ event }) => event), ["fourth"]);
    });

    it("a batch that is put again is there once", async () => {
      await want(store, "1");
      for (let count = 0; count < 2; count++) await store.appendLog("1", batch(T0, "a0", "first", "second"));
      assertEquals((await store.readLog("1", "", 10)).lines.length, 2);
    });

    it("goes with its recording, and nothing comes after it", async () => {
      const lease = await leaseNew(store);
      await store.appendLog("1", batch(T0, "a0", "first"));
      await store.finishRecording(lease, { endedAt: T0, outcome: { kind: "ended" } });
      await store.retireRecording("1");
      assertEquals(await store.appendLog("1", batch(T0 + 1, "a1", "late")), false);
      await store.deleteRecording("1");
      assertEquals(await store.appendLog("1", batch(T0 + 2, "a2", "later")), false);
      assertEquals(await store.readLog("1", "", 10), { lines: [], after: "" });
    });
  });
}
