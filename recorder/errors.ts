/**
 * What the recorder itself cannot do. `not_a_recording`: a folder without a journal; `in_use`: a recorder is at work there;
 * `writer_failed`: ffmpeg or the disk does not work, and the recording could not be closed;
 * {@link repair} may close it once the disk works. Of clips: `no_video`: nothing to play was recorded; `out_of_range`: the
 * recording ends before; `clip_failed`: ffmpeg could not make it, or what it is made of is not there.
 */
export type RecorderErrorCode =
  | "ffmpeg_missing"
  | "not_a_recording"
  | "in_use"
  | "writer_failed"
  | "no_video"
  | "out_of_range"
  | "clip_failed";

/** A failure of the recorder's own; TikTok's are LiveErrors. */
export class RecorderError extends Error {
  override readonly name = "RecorderError" as const;
  readonly code: RecorderErrorCode;
  /** What to do about it. */
  readonly remedy: string;

  /** @param message what was done, then what was seen; no full stop */
  constructor(code: RecorderErrorCode, message: string, remedy: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
    this.remedy = remedy;
  }
}
