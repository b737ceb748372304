/** Which bytes of a file. */
export type ByteRange =
  /** From `start` to `end`, both counted in; to the end of the file without `end`. */
  | { start: number; end?: number }
  /** The last bytes. */
  | { last: number };

/** A file, or a part of one. */
export interface FileRead {
  /** Size of the whole file. */
  size: number;
  /** First byte that `body` holds. */
  start: number;
  /** Number of bytes in `body`. */
  length: number;
  body: ReadableStream<Uint8Array<ArrayBuffer>>;
}

/** Files of recordings, for those who play them. */
export interface RecordingFiles {
  /**
   * Opens a file.
   * @param folder path of the part's folder, see `RecordingPart`
   * @param name file name within it, without a path
   * @returns `undefined` when there is no such file
   * @throws AppError `range_not_satisfiable` when the range holds no byte of the file; `invalid_input` for a name or
   *   folder that leads elsewhere
   */
  read(folder: string, name: string, range?: ByteRange): Promise<FileRead | undefined>;
}
