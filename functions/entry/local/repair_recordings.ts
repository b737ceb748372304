import { readFile } from "node:fs/promises";
import { join, relative, sep } from "node:path";
import { mapBounded } from "../../core/bounded.ts";
import { readManifest } from "../../core/recording_manifest.ts";
import { type RestoreDeps, restoreSegments } from "../../core/restore_segments.ts";

/** What {@link repairRecordings} works with. */
export interface RepairDeps extends RestoreDeps {
  /** Closes a folder. */
  repair: (folder: string, signal: AbortSignal) => Promise<void>;
  /** Folder that holds the folders of all recordings. */
  recordingsDir: string;
}

/** Folders that are repaired at the same time. */
const REPAIRS = 2;

/**
 * Closes what a crash left open and lists the segments that it holds. Each folder by itself: one that cannot be closed
 * holds nothing up.
 */
export async function repairRecordings(
  deps: RepairDeps,
  folders: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  const { repair, recordingsDir, logger } = deps;
  await mapBounded(folders, REPAIRS, async (folder) => {
    if (signal.aborted) return;
    try {
      await repair(folder, signal);
      logger.warn("recording_repaired", { folder });
      const recording = readManifest(await readFile(join(folder, "manifest.json"), "utf8"));
      const path = relative(recordingsDir, folder).replaceAll(sep, "/");
      if (recording !== undefined) await restoreSegments(deps, path, recording);
    } catch (error) {
      if (!signal.aborted) logger.error("recording_repair_failed", { folder, error });
    }
  });
}
