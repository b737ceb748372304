import { redact } from "../../contract/redaction.ts";
import type { Clock } from "../../ports/clock.ts";
import type { LogFields, Logger } from "../../ports/logger.ts";

/**
 * A log for people: one line each, with time, level, name and fields.
 * @param write takes one line, without its end
 */
export function lineLogger(write: (line: string) => void, clock: Pick<Clock, "now">): Logger {
  const log = (level: string) => (event: string, fields: LogFields = {}) => {
    const values = Object.entries(redact(fields) as LogFields)
      .filter(([, value]) => value !== undefined)
      .map(([name, value]) => `${name}=${typeof value === "string" ? plain(value) : JSON.stringify(value)}`);
    write([new Date(clock.now()).toISOString(), level, event, ...values].join(" "));
  };
  return { info: log("info"), warn: log("warn"), error: log("error") };
}

/** A text as it is when it is one word, else in quotes: a line stays a line. */
function plain(text: string): string {
  return /^[\w.:/@-]+$/.test(text) ? text : JSON.stringify(text);
}
