/**
 * What every store must do so that recordings and events go by policy, whole or at the next run.
 * @module
 */
import { assertEquals, assertRejects } from "@std/assert";
import { afterEach, beforeEach, describe, it } from "node:test";
import type { RetentionPolicy } from "../../functions/contract/retention.ts";
import { applyRetention, removeHost, type RetentionOptions } from "../../functions/core/retention.ts";
import type { RecordingFiles } from "../../functions/ports/recording_files.ts";
import type { Store } from "../../functions/ports/store.ts";
import { CaptureLogger } from "../fakes/capture_logger.ts";
import { ManualClock } from "../fakes/manual_clock.ts";
import { addBatch, batch, claim, leaseNew, leaseOf, segment, type StoreFixture, T0, want } from "./store_fixture.ts";

const DAY = 86_400_000;
const POLICY: RetentionPolicy = {
  default: { recordingDays: 30, eventDays: 10 },
  hosts: { host2: { recordingDays: null }, host3: { recordingDays: 5 } },
};

/** Declares the tests of retention on a store. */
export function retentionSuite(name: string, makeStore: () => Promise<StoreFixture>): void {
  describe(`${name}: retention`, () => {
    let fixture: StoreFixture;
    let store: Store;
    let clock: ManualClock;
    let logger: CaptureLogger;
    let gone: string[];
    let broken: Set<string>;

    beforeEach(async () => {
      fixture = await makeStore();
      store = await fixture.open();
      clock = new ManualClock(T0);
      logger = new CaptureLogger();
      gone = [];
      broken = new Set();
    });
    afterEach(() => fixture.close());

    const files: RecordingFiles = {
      find: () => Promise.resolve(undefined),
      lastName: () => Promise.resolve(undefined),
      remove(folder, file) {
        if (broken.has(folder)) return Promise.reject(new Error("away"));
        gone.push(file === undefined ? folder : `${folder}/${file}`);
        return Promise.resolve();
      },
    };
    const apply = (options?: RetentionOptions) => applyRetention({ store, files, clock, logger }, POLICY, options);
    const forget = (host: string, options?: RetentionOptions) =>
      removeHost({ store, files, clock, logger }, host, options);
    const brief = (removals: { recordingId: string; what: string; why: string }[]) =>
      removals.map(({ recordingId, what, why }) => `${recordingId} ${what} ${why}`).sort();
    const listed = async () => (await store.listRecordings({ limit: 100 })).items.map(({ id }) => id).sort();

    /** Records room `id` of `host<id>`: a segment, two batches of events, totals. */
    const record = async (id: string) => {
      const lease = await leaseNew(store, id, clock.now());
      await store.addPart(lease, { folder: `f${id}`, startedAt: clock.now() });
      await store.addSegment(lease, segment(1, 0));
      const seq = await store.openEvents(lease, clock.now());
      for (const each of [batch(seq, 1, id), batch(seq + 1, 1, id)]) {
        await store.appendEvents(each);
        await addBatch(store, each);
      }
      await store.finishRecording(lease, { endedAt: clock.now(), outcome: { kind: "ended" } });
      return seq + 1;
    };

    it("tells in a dry run what would go and why, and changes nothing", async () => {
      for (const id of ["1", "2", "3", "4"]) await record(id);
      await store.keepRecording("4", true);
      clock = new ManualClock(T0 + 5 * DAY);
      assertEquals(brief((await apply({ dryRun: true })).removed), ["3 recording age"]);
      clock = new ManualClock(T0 + 10 * DAY);
      assertEquals(brief((await apply({ dryRun: true })).removed), ["1 events age", "2 events age", "3 recording age"]);
      clock = new ManualClock(T0 + 30 * DAY);
      const { dryRun, removed, failed } = await apply({ dryRun: true });
      assertEquals([dryRun, failed], [true, []]);
      assertEquals(brief(removed), ["1 recording age", "2 events age", "3 recording age"]);
      assertEquals(removed.map(({ bytes }) => bytes).sort(), [0, 1_500_000, 1_500_000]);
      assertEquals([await listed(), gone, (await store.listEvents("1", { after: 0, limit: 9 })).length], [
        ["1", "2", "3", "4"],
        [],
        3,
      ]);
    });

    it("deletes recordings that are too old, and nothing of younger, kept, waiting or running ones", async () => {
      for (const id of ["1", "5"]) await record(id);
      await store.keepRecording("5", true);
      await want(store, "6", T0);
      await claim(store, "a", T0);
      clock = new ManualClock(T0 + 30 * DAY - 1);
      await record("7");
      await clock.advance(1);
      assertEquals(brief((await apply()).removed), ["1 recording age"]);
      assertEquals([await listed(), gone], [["5", "6", "7"], ["f1"]]);
      assertEquals(await store.listEvents("1", { after: 0, limit: 9 }), []);
      assertEquals((await store.listSegments("1", { limit: 9 })).items, []);
      assertEquals(await store.getTotals("1"), undefined);
      await store.keepRecording("5", false);
      assertEquals(brief((await apply()).removed), ["5 recording age"]);
      assertEquals(await store.keepRecording("5", true), undefined);
      assertEquals((await apply()).removed, []);
    });

    it("deletes events alone, once, and leaves video, totals and the places that were taken", async () => {
      const last = await record("1");
      const totals = await store.getTotals("1");
      clock = new ManualClock(T0 + 10 * DAY);
      assertEquals(brief((await apply()).removed), ["1 events age"]);
      assertEquals(gone, ["f1/events.jsonl", "f1/chat.vtt"]);
      const left = await store.listEvents("1", { after: 0, limit: 9 });
      assertEquals(left.map(({ seq, count, types, body }) => [seq, count, types, body.length]), [[last, 0, {}, 0]]);
      assertEquals(await store.getTotals("1"), totals);
      assertEquals((await store.listSegments("1", { limit: 9 })).items.length, 1);
      assertEquals((await store.getRecording("1"))?.eventsDeletedAt, clock.now());
      assertEquals((await apply()).removed, []);
      await store.reopenRecording({ recordingId: "1", token: 1 }, clock.now());
      const [claimed] = await claim(store, "b", clock.now());
      assertEquals(claimed && await store.openEvents(leaseOf(claimed), clock.now()), last + 2);
      assertEquals(await store.deleteEvents("1", clock.now()), false);
      assertEquals(await store.deleteEvents("none", clock.now()), false);
    });

    it("ends at the next run what was cut short, and lets no trouble hold others up", async () => {
      for (const id of ["1", "2", "3"]) await record(id);
      clock = new ManualClock(T0 + 30 * DAY);
      broken = new Set(["f1", "f2"]);
      const first = await apply();
      assertEquals([brief(first.failed), brief(first.removed)], [["1 recording age", "2 events age"], [
        "3 recording age",
      ]]);
      assertEquals(logger.events().filter((event) => event === "retention_failed").length, 2);
      assertEquals([await listed(), (await store.listDeletions(9)).map(({ id }) => id)], [["2"], ["1"]]);
      assertEquals((await store.listEvents("1", { after: 0, limit: 9 })).length, 3);
      broken = new Set();
      assertEquals(brief((await apply({ dryRun: true })).removed), ["1 recording interrupted", "2 events age"]);
      assertEquals(brief((await apply()).removed), ["1 recording interrupted", "2 events age"]);
      assertEquals([await store.getRecording("1"), await store.listDeletions(9)], [undefined, []]);
      assertEquals((await apply()).removed, []);
    });

    it("ends between two recordings when it is told to", async () => {
      for (const id of ["1", "3"]) await record(id);
      clock = new ManualClock(T0 + 30 * DAY);
      assertEquals((await apply({ signal: AbortSignal.abort() })).removed, []);
      assertEquals(await listed(), ["1", "3"]);
    });

    it("ends when it has done the most that it may, and the next run goes on", async () => {
      for (const id of ["1", "3", "5"]) await record(id);
      clock = new ManualClock(T0 + 30 * DAY);
      const reports = [await apply({ most: 2 }), await apply({ most: 2 }), await apply({ most: 2 })];
      assertEquals(reports.map(({ removed, more }) => [removed.length, more]), [[2, true], [1, false], [0, false]]);
      assertEquals((await apply({ signal: AbortSignal.abort() })).more, false);
    });

    it("removes all data of one host when that is asked for, kept recordings too, and stops what runs", async () => {
      for (const id of ["1", "2"]) await record(id);
      await store.keepRecording("1", true);
      for (const name of ["host1", "host2"]) await store.putWatch(name, T0);
      await store.wantRecording({ roomId: "8", username: "host1", title: "" }, T0);
      const [running] = await claim(store, "a", T0);
      await store.wantRecording({ roomId: "9", username: "host1", title: "" }, T0);
      const plan = await forget("@Host1", { dryRun: true });
      assertEquals([brief(plan.removed), plan.unfinished.sort(), plan.watched], [
        ["1 recording asked"],
        ["8", "9"],
        true,
      ]);
      assertEquals((await store.getRecording("8"))?.stopAt, undefined);
      assertEquals((await store.getHostTotals("host1"))?.recordings, 1);
      const done = await forget("host1");
      // One that nobody records yet is over at once.
      assertEquals(brief(done.removed), ["1 recording asked", "9 recording asked"]);
      assertEquals([done.unfinished, done.watched], [["8"], true]);
      assertEquals([await listed(), gone], [["2", "8"], ["f1"]]);
      assertEquals((await store.getRecording("8"))?.stopAt, T0);
      assertEquals(
        await Promise.all(["host1", "host2"].map(async (name) => await store.getWatch(name) !== undefined)),
        [
          false,
          true,
        ],
      );
      if (running !== undefined) {
        await store.finishRecording(leaseOf(running), { endedAt: T0, outcome: { kind: "stopped" } });
      }
      const last = await forget("host1");
      assertEquals([brief(last.removed), last.unfinished, last.watched], [["8 recording asked"], [], false]);
      assertEquals(await listed(), ["2"]);
      assertEquals([await store.getHostTotals("host1"), (await store.getHostTotals("host2"))?.recordings], [
        undefined,
        1,
      ]);
      await assertRejects(() => forget("no host"));
    });
  });
}
