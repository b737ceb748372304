/** What a clip is made of. */
export interface ClipWish {
  /** The recording's playlist. */
  playlist: string;
  /**
   * Opens a file by its address in the playlist.
   * @throws AppError `not_found`
   */
  open(uri: string): Promise<ReadableStream<Uint8Array>>;
  /** On the player's clock: the playing time of the segments before it, ms. */
  fromMs: number;
  toMs: number;
  /** Whether it begins at the very time, which takes long, and not at the keyframe before. */
  exact: boolean;
}

/** A clip, ready to be sent. */
export interface MadeClip {
  /** Bytes. */
  size: number;
  /** Where it really begins, ms. */
  startMs: number;
  /** How many stretches are missing in it. */
  gaps: number;
  /** The MP4 file. What it needs on this machine is given back at its end, or when it is cancelled. */
  body: ReadableStream<Uint8Array<ArrayBuffer>>;
}

/** Makes MP4 files of stretches of recordings. */
export interface ClipMaker {
  /**
   * @throws AppError `not_configured` without ffmpeg; `not_found` where nothing was recorded; `invalid_input` for a time
   *   behind the end; `too_many_requests` while it makes as many as it may; `conflict` for a stretch that makes no one
   *   file; and the signal's reason
   */
  make(wish: ClipWish, signal: AbortSignal): Promise<MadeClip>;
}
