/** Values beside a log line. An adapter redacts them with the one list in `contract/redaction.ts`. */
export type LogFields = Readonly<Record<string, unknown>>;

/** Structured log: a name in snake_case that is stable enough to search for, and fields. */
export interface Logger {
  /** Something that an operator may want to follow. */
  info(event: string, fields?: LogFields): void;
  /** Trouble that the system handled or will try again. */
  warn(event: string, fields?: LogFields): void;
  /** Trouble that needs somebody. */
  error(event: string, fields?: LogFields): void;
}
