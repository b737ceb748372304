import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { describe, it } from "node:test";
import { CaptureLogger } from "../../tests/fakes/capture_logger.ts";
import { FakeRecorder, type FakeRun } from "../../tests/fakes/fake_recorder.ts";
import { ManualClock, until } from "../../tests/fakes/manual_clock.ts";
import { sqliteStore } from "../adapters/local/sqlite_store.ts";
import type { RecorderResult } from "../ports/recorder.ts";
import { runRecordings } from "./run_recordings.ts";

/** What happens to a fleet. */
type Step =
  | { do: "want"; rooms: number }
  | { do: "end"; run: number; result: RecorderResult }
  | { do: "wake"; pool: number }
  | { do: "wait"; ms: number };

const results: RecorderResult[] = [
  { kind: "ended" },
  { kind: "failed", code: "network", detail: "gone", retryable: true },
];
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ do: fc.constant("want" as const), rooms: fc.integer({ min: 1, max: 6 }) }),
  fc.record({ do: fc.constant("end" as const), run: fc.nat(50), result: fc.constantFrom(...results) }),
  fc.record({ do: fc.constant("wake" as const), pool: fc.nat(2) }),
  fc.record({ do: fc.constant("wait" as const), ms: fc.constantFrom(1, 500, 5_000, 70_000) }),
);

describe("runRecordings() in a fleet", () => {
  it("never records more than its slots, nor a room twice at a time, and everything in the end", async () => {
    const fleets = fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 3 });
    await fc.assert(
      fc.asyncProperty(fleets, fc.array(step, { maxLength: 25 }), async (slots, steps) => {
        const clock = new ManualClock();
        const store = sqliteStore(":memory:");
        const over = new Set<FakeRun>();
        const members = slots.map((count, index) => {
          const recorder = new FakeRecorder();
          const deps = { store, recorder, clock, logger: new CaptureLogger() };
          const pool = runRecordings(deps, {
            ...{ owner: `pool ${index}`, slots: count, leaseMs: 30_000, claimIntervalMs: 1_000 },
            ...{ flushMs: 2_000, flushEvents: 200 },
          });
          return { slots: count, recorder, pool };
        });
        const running = () => members.flatMap(({ recorder }) => recorder.runs).filter((run) => !over.has(run));
        const end = (run: FakeRun | undefined, result: RecorderResult) => {
          if (run === undefined) return;
          over.add(run);
          run.end(result);
        };
        const check = () => {
          for (const { slots, recorder, pool } of members) {
            assert(pool.active() <= slots && recorder.runs.filter((run) => !over.has(run)).length <= slots);
          }
          const rooms = running().map(({ job }) => job.roomId);
          assertEquals(rooms.length, new Set(rooms).size);
        };
        let wanted = 0;
        for (const each of steps) {
          if (each.do === "end") end(running()[each.run % Math.max(1, running().length)], each.result);
          else if (each.do === "wake") members[each.pool % members.length]?.pool.wake();
          else if (each.do === "wait") await clock.advance(each.ms);
          else {
            for (let i = 0; i < each.rooms; i++) {
              wanted++;
              await store.wantRecording({ roomId: String(wanted), username: `host${wanted}`, title: "" }, clock.now());
            }
          }
          await clock.advance(0);
          check();
        }
        const finished = async () => (await store.listRecordings({ limit: 500 }, { state: "finished" })).items.length;
        await until(async () => {
          for (const run of running()) end(run, { kind: "ended" });
          await clock.advance(1_000);
          check();
          return await finished() === wanted;
        });
        await Promise.all(members.map(({ pool }) => pool.stop()));
        store.close();
      }),
      { numRuns: 30 },
    );
  });
});
