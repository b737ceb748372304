import process from "node:process";
import { jsonLogger } from "../../adapters/aws/json_logger.ts";
import { systemClock } from "../../adapters/local/system_clock.ts";
import type { Logger } from "../../ports/logger.ts";

/**
 * The log of the process: its standard output, which AWS collects. Lines of a Lambda function have its name, and the id of
 * the trace that X-Ray has of the call.
 */
export function processLogger(): Logger {
  return jsonLogger((line) => process.stdout.write(`${line}\n`), systemClock, () => {
    const { AWS_LAMBDA_FUNCTION_NAME: functionName, _X_AMZN_TRACE_ID: traceId } = process.env;
    return { functionName, traceId };
  });
}
