import { redactField } from "../../contract/redaction.ts";
import type { Clock } from "../../ports/clock.ts";
import type { LogFields, Logger } from "../../ports/logger.ts";

/**
 * A log for people: one line each, with time, level, name and fields.
 * @param write takes one line, without its end
 */
export function lineLogger(write: (line: string) => void, clock: Pick<Clock, "now">): Logger {
  const log = (level: string) => (event: string, fields: LogFields = {}) => {
    let line = `${new Date(clock.now()).toISOString()} ${level} ${event}`;
    for (const name of Object.keys(fields)) {
      const value = redactField(name, fields[name]);
      if (value !== undefined) line += ` ${name}=${text(value)}`;
    }
    write(line);
  };
  return { info: log("info"), warn: log("warn"), error: log("error") };
}

/** A number or a word as it is, all else as JSON: a line stays a line. */
function text(value: unknown): string {
  if (typeof value === "number") return String(value);
  return typeof value === "string" && /^[\w.:/@-]+$/.test(value) ? value : JSON.stringify(value);
}
