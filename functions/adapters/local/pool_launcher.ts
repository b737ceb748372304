import type { RecorderLauncher } from "../../ports/recorder_launcher.ts";

/** Recorder capacity of this process: its free slots look for recordings at once. More slots than it has there are not. */
export function poolLauncher(pool: { wake(): void }): RecorderLauncher {
  return {
    ensureCapacity(waiting) {
      if (waiting > 0) pool.wake();
      return Promise.resolve();
    },
  };
}
