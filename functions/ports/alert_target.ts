import type { AlertKind } from "../contract/alerts.ts";

/** An alert as it goes to targets. */
export interface AlertMessage {
  id: string;
  kind: AlertKind;
  recordingId: string;
  username: string;
  /** The JSON text: the same in every try. */
  body: string;
}

/** What became of one try. */
export type SendResult =
  | { delivered: true }
  | {
    delivered: false;
    /** What was seen, without any address or secret. */
    problem: string;
    /** When the receiver wants the next try, ms from now. */
    retryAfterMs?: number | undefined;
    /** Whether the try took all the time that there was: the next ones would, too. */
    late?: boolean;
  };

/** Somebody who is told about alerts. */
export interface AlertTarget {
  /** Unique. */
  readonly name: string;
  /** Tries once. Never rejects; how long it may take is up to the target. */
  send(message: AlertMessage): Promise<SendResult>;
}
