/** A file of a recording. */
export interface StoredFile {
  /** Bytes. */
  size: number;
  /** Changes with the content; with its quotes, as HTTP writes it. */
  etag: string;
  /** Time of the last change, ms. */
  modifiedAt: number;
  /**
   * Reads bytes of the file. Nothing is opened before the first one is asked for.
   * @param start of the first byte
   * @param length how many; `start + length` is at most {@link StoredFile.size}
   */
  read(start: number, length: number): ReadableStream<Uint8Array<ArrayBuffer>>;
}

/** Files of recordings. Folders are as in `RecordingPart`; a file name is one without a path. */
export interface RecordingFiles {
  /**
   * Finds a file.
   * @returns `undefined` when there is no such file
   * @throws AppError `invalid_input` for a name or folder that leads elsewhere
   */
  find(folder: string, name: string): Promise<StoredFile | undefined>;
  /**
   * The last, in the order of names, of a folder's files whose names start so.
   * @returns its name; `undefined` when there is none
   * @throws AppError `invalid_input` for a start or folder that leads elsewhere
   */
  lastName(folder: string, start: string): Promise<string | undefined>;
  /**
   * An address under which anybody may fetch the file for some hours, whether it is there or not. Stores that players
   * cannot reach have none: their files are served by the API itself.
   */
  link?(folder: string, name: string): Promise<string>;
  /**
   * Removes a folder and all that is in it, or one file of it. What is not there is no trouble.
   * @throws AppError `invalid_input` for a name or folder that leads elsewhere
   */
  remove(folder: string, name?: string): Promise<void>;
}
