import type { RecordingLogReply } from "../contract/schemas.ts";
import { noRecording } from "../core/manage_recordings.ts";
import type { RecordingLogStore } from "../ports/recording_log_store.ts";
import type { RecordingStore } from "../ports/recording_store.ts";
import type { Answer } from "./mount.ts";

/** Answers with lines of a recording's log. */
export async function readRecordingLog(
  store: Pick<RecordingStore, "getRecording"> & RecordingLogStore,
  id: string,
  { after, limit }: { after: string; limit: number },
): Promise<Answer> {
  const recording = await store.getRecording(id);
  if (recording === undefined || recording.state === "deleting") throw noRecording(id);
  const { lines, after: next } = await store.readLog(id, after, limit);
  const body: RecordingLogReply = {
    lines: lines.map(({ at, level, event, fields }) => ({ at, level, event, fields: { ...fields } })),
    after: next,
  };
  return { body };
}
