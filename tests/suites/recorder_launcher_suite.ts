/**
 * What every launcher of recorders must do, whichever engine is behind it.
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { afterEach, beforeEach, describe, it } from "node:test";
import type { RecorderLauncher } from "../../functions/ports/recorder_launcher.ts";
import type { Store } from "../../functions/ports/store.ts";
import type { ManualClock } from "../fakes/manual_clock.ts";
import { until } from "../fakes/manual_clock.ts";
import { want } from "./store_fixture.ts";

/** A launcher with no recorder at work. */
export interface RecorderLauncherFixture {
  store: Store;
  clock: ManualClock;
  /** Opens the launcher; called again, one more, as another process would have. */
  open(): RecorderLauncher;
  /** Lives that one recorder holds. */
  slots: number;
  /** Most recorders at the same time. */
  most: number;
  /** How many recorders there are, at work or on their way. */
  recorders(): Promise<number>;
  /** Ends everything and removes the data. */
  close(): Promise<void>;
}

/** Longer than any launcher needs to see what it started, ms. */
const SETTLED_MS = 30_000;

/**
 * Declares the tests of a launcher.
 * @param name of the adapter
 * @param make makes one
 */
export function recorderLauncherSuite(name: string, make: () => Promise<RecorderLauncherFixture>): void {
  describe(`${name}: capacity`, () => {
    let fixture: RecorderLauncherFixture;

    beforeEach(async () => {
      fixture = await make();
    });
    afterEach(() => fixture.close());

    const wantMany = async (from: number, count: number) => {
      for (let id = from; id < from + count; id++) await want(fixture.store, String(id), fixture.clock.now());
    };
    const ensure = async (launcher = fixture.open()) =>
      await launcher.ensureCapacity(await fixture.store.countDueRecordings(fixture.clock.now()));
    const has = async (recorders: number) => {
      await until(async () => await fixture.recorders() >= recorders, `${recorders} recorders`);
      assertEquals(await fixture.recorders(), recorders);
    };

    it("nothing waits: no recorder is started", async () => {
      await ensure();
      await has(0);
    });

    it("starts as many recorders as it takes for what waits, and no more when it is asked again", async () => {
      await wantMany(1, fixture.slots + 1);
      await ensure();
      await has(2);
      await fixture.clock.advance(SETTLED_MS);
      await ensure();
      await has(2);
    });

    it("starts no recorder twice when several ask at the same time", async () => {
      await wantMany(1, 1);
      await Promise.all(Array.from({ length: 5 }, () => ensure()));
      await has(1);
    });

    it("starts more when more waits", async () => {
      await wantMany(1, fixture.slots);
      await ensure();
      await has(1);
      await fixture.clock.advance(SETTLED_MS);
      await wantMany(1_000, fixture.slots);
      await ensure();
      await has(2);
    });

    it("starts no more than it may, and the rest waits", async () => {
      await wantMany(1, fixture.slots * fixture.most + 1);
      await ensure();
      await has(fixture.most);
      assert(await fixture.store.countDueRecordings(fixture.clock.now()) > 0);
    });
  });
}
