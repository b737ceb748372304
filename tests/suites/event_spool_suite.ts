/**
 * What becomes of events while a store is away, throttles, or its recorder dies: each is in the log once and in order.
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { afterEach, beforeEach, describe, it } from "node:test";
import { unpackEvents } from "../../functions/core/event_batches.ts";
import { type RecorderPool, runRecordings } from "../../functions/core/run_recordings.ts";
import type { EventSpool } from "../../functions/ports/event_spool.ts";
import type { EventLine } from "../../functions/ports/recorder.ts";
import type { Store } from "../../functions/ports/store.ts";
import { CaptureLogger } from "../fakes/capture_logger.ts";
import { FakeRecorder, type FakeRun } from "../fakes/fake_recorder.ts";
import { ManualClock, turn } from "../fakes/manual_clock.ts";
import { type StoreFixture, T0 } from "./store_fixture.ts";

const LEASE_MS = 30_000;
/** Events a second of a busy room. */
const RATE = 17;
/** Real time after which something that should happen is taken for failed, ms. */
const GIVE_UP_MS = 60_000;

/** A disk: what the recorders of a machine have written. */
class MemorySpool implements EventSpool {
  readonly files = new Map<string, EventLine[]>();

  async *read(folder: string, from: number): AsyncIterable<EventLine> {
    for (const line of this.files.get(folder)?.slice(from) ?? []) {
      await Promise.resolve();
      yield line;
    }
  }
}

/** Declares the tests. */
export function eventSpoolSuite(name: string, makeStore: () => Promise<StoreFixture>): void {
  describe(`${name}: events while the store does not take them`, () => {
    let fixture: StoreFixture;
    let store: Store;
    let clock: ManualClock;
    let logger: CaptureLogger;
    let pools: RecorderPool[];
    let spool: MemorySpool;
    /** What happens to a call before it reaches the store. */
    let fault: (method: string) => void;
    let said: string[];

    beforeEach(async () => {
      fixture = await makeStore();
      store = await fixture.open();
      clock = new ManualClock(T0);
      logger = new CaptureLogger();
      pools = [];
      spool = new MemorySpool();
      fault = () => {};
      said = [];
      await store.wantRecording({ roomId: "1", username: "host", title: "" }, T0);
    });
    afterEach(async () => {
      fault = () => {};
      await passes(() => Promise.all(pools.map((pool) => pool.stop())).then(() => true));
      await fixture.close();
    });

    /** A process with a recorder. */
    const boot = (owner: string, options: { spoolEvents?: number; disk?: EventSpool } = {}) => {
      const recorder = new FakeRecorder();
      let dead = false;
      const calls = new Proxy(store, {
        get(target, method) {
          const found: unknown = Reflect.get(target, method);
          if (typeof found !== "function") return found;
          return async (...args: unknown[]) => {
            if (dead) return await new Promise(() => {});
            fault(String(method));
            return await found.apply(target, args);
          };
        },
      });
      const settings = { owner, slots: 1, leaseMs: LEASE_MS, claimIntervalMs: 1_000, flushMs: 2_000, flushEvents: 200 };
      const deps = { store: calls, recorder, clock, logger, spool: options.disk ?? spool };
      const pool = runRecordings(deps, { ...settings, spoolEvents: options.spoolEvents });
      if (options.disk === undefined) pools.push(pool);
      const kill = () => {
        dead = true;
        pools = pools.filter((each) => each !== pool);
      };
      return { recorder, pool, kill };
    };
    /** Lets time go on until something has come true. */
    const passes = async (condition: () => boolean | Promise<boolean>) => {
      const giveUpAt = performance.now() + GIVE_UP_MS;
      let met = false;
      const asked = async () => {
        while (!met && performance.now() < giveUpAt) {
          met = await condition();
          await turn();
        }
      };
      const asking = asked();
      while (!met && performance.now() < giveUpAt) {
        await clock.advance(500);
        await turn();
      }
      await asking;
      assert(met, condition.toString());
    };
    const recording = async (recorder: FakeRecorder): Promise<FakeRun> => {
      await passes(() => recorder.runs.length > 0);
      const run = recorder.last();
      run.started(clock.now());
      // What is on the disk is found by the part's row.
      await passes(async () => (await store.getRecording("1"))?.parts.at(-1)?.part === run.job.part);
      return run;
    };
    /** The recorder writes events to its disk and tells them. */
    const say = (run: FakeRun, count: number) => {
      const folder = `${run.job.username}_${run.job.part}`;
      const file = spool.files.get(folder) ?? [];
      spool.files.set(folder, file);
      for (let i = 0; i < count; i++) {
        const id = `${run.job.part}/${file.length}`;
        const json = JSON.stringify({ type: "chat", id, text: `words of ${id}` });
        const event = { type: "chat", id, at: clock.now(), diamonds: 0, json };
        file.push(event);
        said.push(id);
        run.tell({ type: "event", event });
      }
    };
    const busy = async (run: FakeRun, seconds: number) => {
      for (let i = 0; i < seconds; i++) {
        say(run, RATE);
        await clock.advance(1_000);
      }
    };
    const stored = async () => {
      const batches = await store.listEvents("1", { after: 0, limit: 10_000 });
      const lines = (await Promise.all(batches.map(unpackEvents))).flat();
      return lines.map((line) => JSON.parse(line) as Record<string, unknown>);
    };
    const ids = async () => (await stored()).map(({ id }) => id);
    /** The log has one gap, which stands for the events that are missing. @returns how many it tells of */
    const gapInPlace = async () => {
      const lines = await stored();
      const at = lines.findIndex(({ type }) => type === "gap");
      const dropped = Number(lines[at]?.["dropped"]);
      assertEquals(lines[at]?.["reason"], "store_away");
      assertEquals(lines.map(({ id }) => id), [...said.slice(0, at), "", ...said.slice(at + dropped)]);
      return dropped;
    };
    const isStored = async () => (await stored()).length >= said.length;
    const away = () => {
      throw new Error("the store is away");
    };

    it("go in once and in order when it was away for five minutes", async () => {
      const run = await recording(boot("a").recorder);
      await busy(run, 10);
      await passes(isStored);
      fault = away;
      await busy(run, 300);
      assertEquals((await stored()).length, 10 * RATE);
      fault = () => {};
      await busy(run, 5);
      await passes(isStored);
      assertEquals(await ids(), said);
      run.end({ kind: "ended" });
      await passes(async () => (await store.getRecording("1"))?.state === "finished");
      assertEquals(await ids(), said);
    });

    it("go in once and in order when every other write is throttled", async () => {
      let calls = 0;
      fault = (method) => {
        if (method === "appendEvents" && calls++ % 2 === 0) throw new Error("the store throttles");
      };
      const run = await recording(boot("a").recorder);
      await busy(run, 60);
      await passes(isStored);
      assertEquals(await ids(), said);
      assert(calls >= 4);
    });

    it("go in first when a recorder was killed while the store was away", async () => {
      const first = boot("a");
      const before = await recording(first.recorder);
      await busy(before, 10);
      await passes(isStored);
      fault = away;
      await busy(before, 150);
      first.kill();
      fault = () => {};
      const after = await recording(boot("b").recorder);
      say(after, 5);
      await passes(isStored);
      assertEquals(await ids(), said);
      assertEquals(logger.events().includes("events_taken_up_again"), true);
      // Nobody takes up again what is stored.
      after.end({ kind: "failed", code: "network", detail: "x", retryable: true });
      await passes(async () => (await store.getRecording("1"))?.leaseToken === 3);
      await clock.advance(10_000);
      assertEquals(await ids(), said);
    });

    it("go in once when a recorder is killed again while it brings them in", async () => {
      const first = boot("a");
      const before = await recording(first.recorder);
      fault = (method) => {
        if (method === "appendEvents") away();
      };
      await busy(before, 180);
      first.kill();
      let appended = 0;
      fault = (method) => {
        if (method === "appendEvents" && ++appended > 2) away();
      };
      const second = boot("b");
      say(await recording(second.recorder), 5);
      await passes(() => appended > 4);
      assertEquals((await stored()).length, 2_000);
      second.kill();
      fault = () => {};
      say(await recording(boot("c").recorder), 5);
      await passes(isStored);
      assertEquals(await ids(), said);
    });

    it("that are more than may wait are given up, and a gap in their place tells how many", async () => {
      const run = await recording(boot("a", { spoolEvents: 2_000 }).recorder);
      say(run, 1);
      await passes(isStored);
      fault = away;
      await busy(run, 300);
      fault = () => {};
      await passes(async () => (await stored()).length >= 2_001);
      const dropped = await gapInPlace();
      assert(dropped > 300 * RATE - 2_500 && dropped <= 300 * RATE - 2_000);
      assertEquals(
        logger.lines.filter(({ event }) => event === "events_lost").map(({ fields }) => fields["events"]),
        [dropped],
      );
    });

    it("that are neither in memory nor on the disk are told of as a gap", async () => {
      const nowhere: EventSpool = { async *read() {} };
      const { recorder, pool } = boot("a", { disk: nowhere });
      const run = await recording(recorder);
      // The log is open, and nothing is on its way.
      say(run, 1);
      await passes(isStored);
      fault = away;
      await busy(run, 300);
      fault = () => {};
      await passes(async () => (await stored()).length > 1_000);
      run.end({ kind: "ended" });
      await passes(async () => (await store.getRecording("1"))?.state === "finished");
      assert(await gapInPlace() > 3_000);
      await passes(() => pool.stop().then(() => true));
    });
  });
}
