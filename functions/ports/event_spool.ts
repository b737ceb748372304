import type { EventLine } from "./recorder.ts";

/** Events that recorders keep on this machine's disk, beside the video: what the store has not taken yet is there. */
export interface EventSpool {
  /**
   * Events of a part in the order in which its recorder told them, as far as they are on the disk by now; none when its
   * folder is not on this machine.
   * @param folder as in `RecordingPart`
   * @param from how many to pass over
   */
  read(folder: string, from: number): AsyncIterable<EventLine>;
}
