/** Time, as an argument. */
export interface Clock {
  /** Milliseconds since 1970 (UTC). */
  now(): number;
  /**
   * Waits.
   * @param ms how long, 0 or more
   * @param signal ends the wait early: the promise then rejects with `signal.reason`
   */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}
