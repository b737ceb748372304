import process from "node:process";
import { emfMetrics } from "../../adapters/aws/emf_metrics.ts";
import type { WrittenMetrics } from "../../ports/metrics.ts";

/**
 * The metrics of the process: records in its standard output, from which CloudWatch makes metrics.
 * @param service the process, such as `poller`
 */
export function processMetrics(service: string): WrittenMetrics {
  return emfMetrics(service, (line) => process.stdout.write(`${line}\n`));
}

/** A function whose metrics are written at the end of each call, however it ends. */
export function metered<A extends unknown[], R>(
  metrics: WrittenMetrics,
  handler: (...args: A) => Promise<R>,
): (...args: A) => Promise<R> {
  return async (...args) => {
    try {
      return await handler(...args);
    } finally {
      metrics.flush();
    }
  };
}
