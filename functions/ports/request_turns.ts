/** Says when a request may go to TikTok. */
export interface RequestTurns {
  /**
   * Waits for the turn of one request.
   * @throws AppError `rate_limited` when it would come too late
   * @throws the signal's reason
   */
  take(count: number, options: { signal?: AbortSignal | undefined }): Promise<void>;
  /**
   * TikTok refused a request.
   * @param retryAfterMs how long it asks to wait, ms
   */
  slowDown(retryAfterMs?: number): void;
}
