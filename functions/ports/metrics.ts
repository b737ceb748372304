import type { CounterName, DistributionName, GaugeName } from "../contract/metrics.ts";

/** A request that was answered. */
export interface RequestMetric {
  method: string;
  /** Path of the route with its parameters in braces; `none` when no route took the request. */
  route: string;
  status: number;
  durationMs: number;
}

/**
 * Numbers about the running process, for a monitoring system. To count something, take `metrics?: Metrics` among your
 * dependencies and call it where it happens; nothing here waits or throws. A new name goes into `contract/metrics.ts`
 * first, with its unit, its help, and every value that its label may have; hosts, rooms and ids are never labels.
 */
export interface Metrics {
  /** @param value how many, 0 and more. @default 1 @param label value of the metric's label, where it has one */
  count(name: CounterName, value?: number, label?: string): void;
  /** How much there is of something at this moment. */
  set(name: GaugeName, value: number): void;
  /** One value of many. */
  observe(name: DistributionName, value: number, label?: string): void;
  request(metric: RequestMetric): void;
}

/** Metrics that are fetched as a page. */
export interface MetricsPage extends Metrics {
  /** All numbers in the text format of Prometheus. */
  text(): Promise<string>;
  /** Media type of {@link text}. */
  readonly mediaType: string;
}

/** Metrics that are written out from time to time. */
export interface WrittenMetrics extends Metrics {
  /** Writes what has gathered since the last time: at the end of a call, and every minute in a process that stays. */
  flush(): void;
}
