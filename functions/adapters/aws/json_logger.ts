import { redact } from "../../contract/redaction.ts";
import type { Clock } from "../../ports/clock.ts";
import type { LogFields, Logger } from "../../ports/logger.ts";

/**
 * A log for CloudWatch: one JSON object a line, with `time`, `level`, `event` and the fields.
 * @param write takes one line, without its end
 * @param about what every line says of the process and of the call that it serves; fields of the line win
 */
export function jsonLogger(
  write: (line: string) => void,
  clock: Pick<Clock, "now">,
  about: () => LogFields = () => ({}),
): Logger {
  const log = (level: string) => (event: string, fields: LogFields = {}) => {
    const own = { time: new Date(clock.now()).toISOString(), level, event };
    // First for the reader's eye, and again so that no field takes their place.
    write(JSON.stringify({ ...own, ...about(), ...redact(fields) as LogFields, ...own }));
  };
  return { info: log("info"), warn: log("warn"), error: log("error") };
}
