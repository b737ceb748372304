import process from "node:process";
import { jsonLogger } from "../../adapters/aws/json_logger.ts";
import { systemClock } from "../../adapters/local/system_clock.ts";
import type { Logger } from "../../ports/logger.ts";

/** The log of the process: its standard output, which AWS collects. */
export function processLogger(): Logger {
  return jsonLogger((line) => process.stdout.write(`${line}\n`), systemClock);
}
