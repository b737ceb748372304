import type { Recording } from "./recording_store.ts";

/** What it takes to delete recordings and events by policy. */
export interface RetentionStore {
  /**
   * Puts a recording out of retention's reach, or within it again. It can still be deleted by its id.
   * @returns the recording as stored, or `undefined` when there is none
   */
  keepRecording(recordingId: string, kept: boolean): Promise<Recording | undefined>;
  /** Recordings that are `deleting`: their removal was cut short, or is under way. */
  listDeletions(limit: number): Promise<Recording[]>;
  /**
   * Removes the event log of a finished recording and notes the time; totals and video stay. Its last place stays taken,
   * so that a recording which goes on later never takes a place twice.
   * @returns false, with nothing changed, when it is not finished
   */
  deleteEvents(recordingId: string, now: number): Promise<boolean>;
}
