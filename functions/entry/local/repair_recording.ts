import { type Manifest, repair } from "@roomtone/recorder";
import { join, resolve } from "node:path";
import { lockFolder } from "../../adapters/local/folder_lock.ts";
import type { LocalConfig } from "../../contract/config.ts";
import { AppError } from "../../contract/errors.ts";
import { noRecording } from "../../core/manage_recordings.ts";
import { readManifest } from "../../core/recording_manifest.ts";
import { restoreSegments } from "../../core/restore_segments.ts";
import type { Logger } from "../../ports/logger.ts";
import { openLocalStore } from "./local_system.ts";

/** A part of a recording that is closed. */
export interface RepairedPart {
  part: number;
  /** Absolute path. */
  folder: string;
  manifest: Manifest;
}

/**
 * Closes what a crash left open of a recording of a data folder, and lists the segments that it holds. A local system
 * does so by itself when it starts; while it runs, only what is finished can be repaired.
 * @throws AppError `not_found`; `conflict` while a local system has the recording
 * @throws RecorderError of a part that cannot be closed
 */
export async function repairRecording(
  { dataDir }: Pick<LocalConfig, "dataDir">,
  recordingId: string,
  { signal, logger }: { signal?: AbortSignal; logger: Logger },
): Promise<RepairedPart[]> {
  const store = openLocalStore({ dataDir });
  let unlock = () => {};
  try {
    const recording = await store.getRecording(recordingId);
    if (recording === undefined) throw noRecording(recordingId);
    if (recording.state !== "finished") unlock = takeFolder(resolve(dataDir), recordingId);
    const repaired: RepairedPart[] = [];
    for (const { part, folder: path } of recording.parts) {
      const folder = join(resolve(dataDir), "recordings", ...path.split("/"));
      const manifest = await repair(folder, { signal });
      repaired.push({ part, folder, manifest });
      const closed = readManifest(JSON.stringify(manifest));
      if (closed !== undefined) await restoreSegments({ store, logger }, path, closed);
    }
    return repaired;
  } finally {
    unlock();
    store.close();
  }
}

function takeFolder(dataDir: string, recordingId: string): () => void {
  try {
    return lockFolder(dataDir);
  } catch (cause) {
    throw new AppError("conflict", `Repair recording ${recordingId}: the local system has it`, {
      remedy: "Stop the recording, or the system: it repairs what is open when it starts",
      cause,
    });
  }
}
