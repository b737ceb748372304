import type { Logger } from "../ports/logger.ts";
import type { RecordingStore } from "../ports/recording_store.ts";
import type { ClosedRecording } from "./recording_manifest.ts";

/** What {@link restoreSegments} works with. */
export interface RestoreDeps {
  store: Pick<RecordingStore, "getRecording" | "restoreSegment">;
  logger: Logger;
}

/**
 * Lists the segments of a folder whose recorder died before it told of all of them. What is listed already stays as it is.
 * @param folder of the part, as in `RecordingPart`
 */
export async function restoreSegments(
  { store, logger }: RestoreDeps,
  folder: string,
  { roomId, segments }: ClosedRecording,
): Promise<void> {
  const recording = await store.getRecording(roomId);
  const part = recording?.parts.find((each) => each.folder === folder)?.part;
  if (part === undefined) {
    // Deleted meanwhile, or the recorder died before it told of the folder.
    logger.warn("segments_of_no_part", { recordingId: roomId, folder, segments: segments.length });
    return;
  }
  let restored = 0;
  for (const segment of segments) {
    if (await store.restoreSegment(roomId, { ...segment, part })) restored++;
  }
  if (restored > 0) logger.info("segments_restored", { recordingId: roomId, folder, segments: restored });
}
