/** Recorder capacity. */
export interface RecorderLauncher {
  /**
   * Makes sure that recorders are there, or on their way, for the recordings that wait.
   * @param waiting recordings without a recorder, 0 or more
   */
  ensureCapacity(waiting: number): Promise<void>;
}
