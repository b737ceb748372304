/** An answer that is kept for a while. */
export interface KeptAnswer {
  /** JSON text. */
  body: string;
  /** When it was obtained. */
  storedAt: number;
  /** Until when it answers without a new look. */
  freshUntil: number;
  /** Until when it may answer when a new look fails. */
  keepUntil: number;
}

/** Keeps answers. It may forget any of them at any time. */
export interface AnswerStore {
  /** @returns the newest answer under a key whose `keepUntil` is not over; `undefined` when there is none */
  getAnswer(key: string): Promise<KeptAnswer | undefined>;
  putAnswer(key: string, answer: KeptAnswer): Promise<void>;
}
