import type { RecordingFiles, StoredFile } from "./recording_files.ts";

/** A file on its way to where recordings are kept. */
export interface UploadedFile extends Pick<StoredFile, "size" | "read"> {
  /** Path of the recording's folder, as in `RecordingPart`. */
  folder: string;
  /** File name within the folder. */
  name: string;
  /** Hash that it must have, lower-case hex. @default the one that it has when it is read */
  sha256?: string | undefined;
}

/** Keeps the files of recordings for good. */
export interface RecordingUploads {
  /**
   * Stores a file, in place of one of that name. It is there whole or not at all, and the store has checked the hash of
   * what came when this resolves.
   * @throws DamagedFileError when the file does not have its hash: trying again leads nowhere
   * @throws AppError `invalid_input` for a name or folder that leads elsewhere
   */
  put(file: UploadedFile, signal: AbortSignal): Promise<void>;
}

/** Recordings on this machine's disk, which wait until they are stored for good. */
export interface RecordingSpool extends Pick<RecordingFiles, "find" | "remove"> {
  /** Folders of all recordings. */
  folders(): Promise<string[]>;
  /** Names of the files of a folder that are closed; none when it is not there. */
  names(folder: string): Promise<string[]>;
}
