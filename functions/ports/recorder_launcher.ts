/** Recorder capacity. */
export interface RecorderLauncher {
  /**
   * Makes sure that recorders are there, or on their way, for the recordings that wait. It starts none twice, however
   * many ask at the same time. What cannot be started now is logged, and missed again when this is asked again: it never
   * rejects, so that no look at the watchlist is lost to trouble with recorders.
   * @param waiting recordings without a recorder, 0 or more
   */
  ensureCapacity(waiting: number): Promise<void>;
}
