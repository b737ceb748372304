/**
 * The file by which a recorder task shows that its event loop turns.
 * @module
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Clock } from "../../ports/clock.ts";
import type { Logger } from "../../ports/logger.ts";

/** Name of the file, in the task's data folder. */
export const ALIVE_FILE = "alive";
/** A task that has not written it for so long hangs, ms. */
export const ALIVE_MAX_MS = 60_000;

/** Writes the file now, and again four times as often as it must be, for as long as the process lives. */
export async function stayAlive(dataDir: string, clock: Clock, logger: Logger): Promise<never> {
  for (;;) {
    try {
      writeFileSync(join(dataDir, ALIVE_FILE), "");
    } catch (error) {
      // A full disk is for the recordings to deal with: they wait, and the task lives.
      logger.warn("alive_not_written", { error });
    }
    await clock.sleep(ALIVE_MAX_MS / 4);
  }
}
