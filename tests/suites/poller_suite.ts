/**
 * What pollers must do together, on any store.
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { afterEach, beforeEach, describe, it } from "node:test";
import { pollWatchlist } from "../../functions/core/poll_watchlist.ts";
import type { Clock } from "../../functions/ports/clock.ts";
import type { Store } from "../../functions/ports/store.ts";
import { CaptureLogger } from "../fakes/capture_logger.ts";
import { FakeLookup } from "../fakes/fake_lookup.ts";
import { wayTo } from "../fakes/fake_tiktok.ts";
import { ManualClock, until } from "../fakes/manual_clock.ts";
import { claim, leaseOf, type StoreFixture, T0 } from "./store_fixture.ts";

const OPTIONS = {
  ...{ intervalMs: 60_000, minIntervalMs: 5_000, maxIntervalMs: 1_800_000 },
  ...{ jitter: 0.2, leaseMs: 60_000, tickMs: 1_000 },
};
const HOSTS = 30;
/** How far the clocks of two machines may be apart, ms. */
const SKEW_MS = 30_000;

/** Declares the tests of pollers on a store. */
export function pollerSuite(name: string, makeStore: () => Promise<StoreFixture>): void {
  describe(`${name}: pollers`, () => {
    let fixture: StoreFixture;
    let stores: Store[];
    let clock: ManualClock;
    let lookup: FakeLookup;
    let logger: CaptureLogger;

    beforeEach(async () => {
      fixture = await makeStore();
      stores = [await fixture.open(), await fixture.open()];
      clock = new ManualClock(T0);
      lookup = new FakeLookup();
      logger = new CaptureLogger();
    });
    afterEach(() => fixture.close());

    const aheadBy = (ms: number): Clock => ({
      now: () => clock.now() + ms,
      sleep: (waitMs, signal) => clock.sleep(waitMs, signal),
    });
    /** A pass of a poller with a store handle and a clock of its own. */
    const poll = (which: 0 | 1, skewMs = 0, more: Partial<typeof OPTIONS> = {}) => {
      const own = aheadBy(skewMs);
      const store = stores[which];
      assert(store !== undefined);
      const launcher = { ensureCapacity: () => Promise.resolve() };
      const deps = { store, ...wayTo(lookup, { clock: own }), launcher, clock: own, random: Math.random, logger };
      return pollWatchlist(deps, { ...OPTIONS, ...more });
    };
    const first = (): Store => {
      const [store] = stores;
      assert(store !== undefined);
      return store;
    };
    const watchAll = async () => {
      for (let i = 0; i < HOSTS; i++) {
        await first().putWatch(`host${i}`, T0);
        if (i % 3 === 0) lookup.live(`host${i}`, `${7_300 + i}`);
        else lookup.offline(`host${i}`);
      }
    };

    it("check every due name once and make one recording for each room, side by side", async () => {
      await watchAll();
      const [a, b] = await Promise.all([poll(0), poll(1)]);
      assertEquals(a.checked + b.checked, HOSTS);
      assertEquals([a.wanted + b.wanted, a.live + b.live, a.lost + b.lost], [HOSTS / 3, HOSTS / 3, 0]);
      assertEquals(lookup.asked.flat().sort(), [...new Set(lookup.asked.flat())].sort());
      const { items } = await first().listRecordings({ limit: 100 });
      assertEquals(items.map(({ id }) => id).sort(), Array.from({ length: HOSTS / 3 }, (_, i) => `${7_300 + 3 * i}`));
    });

    it("make one recording for a room although their clocks are 30 s apart and a lease is shorter", async () => {
      await watchAll();
      const leaseMs = SKEW_MS / 2;
      for (let round = 0; round < 3; round++) {
        await Promise.all([poll(0, 0, { leaseMs }), poll(1, SKEW_MS, { leaseMs })]);
        await clock.advance(20_000);
      }
      const { items } = await first().listRecordings({ limit: 100 });
      assertEquals(items.length, HOSTS / 3);
      for (let i = 0; i < HOSTS; i++) {
        const watch = await first().getWatch(`host${i}`);
        assertEquals([watch?.state, watch?.failures], [i % 3 === 0 ? "live" : "offline", 0]);
      }
      assertEquals(logger.lines.filter(({ level }) => level === "error"), []);
    });

    it("overlap with a poller that hangs: another takes its names over, and its late answers change nothing", async () => {
      await first().putWatch("host", T0);
      const answer = Promise.withResolvers<void>();
      lookup.answers.set("host", async () => {
        await answer.promise;
        return { username: "host", state: "offline" };
      });
      const hanging = poll(0);
      await until(() => lookup.asked.length === 1);
      assertEquals((await poll(1)).checked, 0);
      await clock.advance(OPTIONS.leaseMs);
      lookup.live("host", "7300");
      assertEquals((await poll(1)).wanted, 1);
      answer.resolve();
      await hanging;
      assertEquals((await first().getWatch("host"))?.state, "live");
      assertEquals(logger.events().includes("check_lost"), true);
    });

    it("leave a paused name alone, whoever lives: no request, no recording, and its ways are known afterwards", async () => {
      await first().putWatch("host", T0);
      lookup.offline("host");
      await poll(0);
      await clock.advance(120_000);
      lookup.live("host", "7300");
      await poll(1);
      const hours = (await first().getWatch("host"))?.hours;
      assert(hours !== undefined);
      await first().putWatch("host", clock.now(), { paused: true });
      lookup.live("host", "7400");
      const asked = [lookup.asked.length, lookup.askedRooms.length];
      await clock.advance(1_800_000);
      const [a, b] = await Promise.all([poll(0), poll(1)]);
      assertEquals([a.checked + b.checked, lookup.asked.length, lookup.askedRooms.length], [0, ...asked]);
      assertEquals(await first().getRecording("7400"), undefined);

      await first().putWatch("host", clock.now(), { paused: false, quality: "sd" });
      assertEquals((await poll(1)).wanted, 1);
      assertEquals((await first().getRecording("7400"))?.quality, "sd");
      const watch = await first().getWatch("host");
      // When the live began that runs when a pause ends is not known.
      assertEquals([watch?.state, watch?.roomId, watch?.hours], ["live", "7400", hours]);
    });

    it("open a recording again once, when both see its host back", async () => {
      await first().putWatch("host", T0);
      lookup.live("host", "7300");
      await poll(0);
      const [claimed] = await claim(first(), "a", clock.now());
      assert(claimed !== undefined);
      await first().finishRecording(leaseOf(claimed), { endedAt: clock.now(), outcome: { kind: "ended" } });
      await clock.advance(90_000);
      await first().putWatch("host", T0);
      const [a, b] = await Promise.all([poll(0, 0, { leaseMs: 1 }), poll(1, SKEW_MS, { leaseMs: 1 })]);
      assertEquals(a.wanted + b.wanted, 1);
      assertEquals((await claim(first(), "b", clock.now() + SKEW_MS)).length, 1);
    });
  });
}
