/**
 * Records a live frame by frame, and replays it: the same events again, without a network. No file is touched here;
 * bytes go out and come in.
 * @module
 */
export { FrameRecording, recordFrames, type RecordFramesOptions } from "./src/replay/record_frames.ts";
export { Replay, replay, type ReplayOptions, type ReplayReport, type ReplaySource } from "./src/replay/replay.ts";
export {
  encodeFileHead,
  encodeRecord,
  type FileRecord,
  FrameFileReader,
  type LostRecords,
  MAX_RECORD_BYTES,
} from "./src/replay/frame_file.ts";
