import { redact } from "../../contract/redaction.ts";
import type { Clock } from "../../ports/clock.ts";
import type { LogFields, Logger } from "../../ports/logger.ts";

/**
 * A log for CloudWatch: one JSON object a line, with `time`, `level`, `event` and the fields.
 * @param write takes one line, without its end
 */
export function jsonLogger(write: (line: string) => void, clock: Pick<Clock, "now">): Logger {
  const log = (level: string) => (event: string, fields: LogFields = {}) => {
    const line = { ...redact(fields) as LogFields, time: new Date(clock.now()).toISOString(), level, event };
    write(JSON.stringify(line));
  };
  return { info: log("info"), warn: log("warn"), error: log("error") };
}
