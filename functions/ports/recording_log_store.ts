/** A line that the system logged about a recording. */
export interface LogLine {
  /** When it was logged, ms. */
  at: number;
  level: "info" | "warn" | "error";
  /** Name in snake_case. */
  event: string;
  /** Plain JSON without secrets. */
  fields: Readonly<Record<string, unknown>>;
}

/** Lines that are stored together. */
export interface LogBatch {
  /** When it is written, ms: its place among the others. */
  at: number;
  /** Tells it from others of that time, so that it is stored once however often it is put: letters and digits. */
  id: string;
  lines: readonly LogLine[];
}

/** The logs of recordings: what operators read, bounded by who writes it. */
export interface RecordingLogStore {
  /**
   * Adds lines to the log of a recording.
   * @returns false, with nothing stored, when there is no such recording, or it is being deleted
   */
  appendLog(recordingId: string, batch: LogBatch): Promise<boolean>;
  /**
   * Lines in the order in which they were stored; those of a recording that is not there are none.
   * @param after `after` of an earlier call; empty for the first lines
   * @returns `after` also when there are no more: lines that are stored later are behind it
   */
  readLog(recordingId: string, after: string, limit: number): Promise<{ lines: LogLine[]; after: string }>;
}
