import { CaptureLogger } from "../../../tests/fakes/capture_logger.ts";
import { FakeRecorder } from "../../../tests/fakes/fake_recorder.ts";
import { ManualClock } from "../../../tests/fakes/manual_clock.ts";
import { recorderLauncherSuite } from "../../../tests/suites/recorder_launcher_suite.ts";
import { runRecordings } from "../../core/run_recordings.ts";
import { poolLauncher } from "./pool_launcher.ts";
import { sqliteStore } from "./sqlite_store.ts";

recorderLauncherSuite("poolLauncher()", () => {
  const store = sqliteStore(":memory:");
  const clock = new ManualClock();
  const recorder = new FakeRecorder();
  const most = 12;
  const pool = runRecordings({ store, recorder, clock, logger: new CaptureLogger() }, {
    ...{ owner: "a", slots: most, leaseMs: 3_600_000, flushMs: 2_000, flushEvents: 200 },
    // Nothing is found but by being woken.
    claimIntervalMs: 3_600_000,
  });
  return Promise.resolve({
    ...{ store, clock, slots: 1, most },
    open: () => poolLauncher(pool),
    recorders: () => Promise.resolve(recorder.runs.length),
    async close() {
      await pool.stop();
      store.close();
    },
  });
});
