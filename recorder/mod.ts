/**
 * Records a TikTok LIVE into a folder: HLS with fMP4 segments, the events beside them, and a manifest.
 *
 * @example
 * ```ts
 * import { record } from "@roomtone/recorder";
 * const recording = record("some.host", { dir: "recordings" });
 * recording.on("started", ({ folder }) => console.log(folder));
 * const { totals, end } = await recording.done;
 * console.log(end.kind, totals.durationMs, totals.events);
 * ```
 * @module
 */
import { RecordingRun } from "./recording.ts";
import type { Recording, RecordOptions, RecordTarget } from "./types.ts";

export { type Clip, clip, type ClipOptions, type ClipSource } from "./clip.ts";
export { RecorderError, type RecorderErrorCode } from "./errors.ts";
export { findFfmpeg } from "./find_ffmpeg.ts";
export { repair, type RepairOptions } from "./repair.ts";
export { thumbnailTurns } from "./thumbnails.ts";
export type * from "./types.ts";

/**
 * Records a live, video and events, until it is over, {@link Recording.stop} is called, or the signal is aborted. It
 * starts at once. Trouble of one half never stops the other; how it ended stands in `manifest.end`.
 * @param target a name in any form that the SDK takes, or a room id
 * @throws {LiveError} `invalid_input` at once for a name that is none
 * @throws {RangeError} for a number out of range
 */
export function record(target: RecordTarget, options: RecordOptions): Recording {
  return new RecordingRun(target, options);
}
