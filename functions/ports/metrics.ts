/** A request that was answered. */
export interface RequestMetric {
  method: string;
  /** Path of the route with its parameters in braces; `none` when no route took the request. */
  route: string;
  status: number;
  durationMs: number;
}

/** Numbers about the running process, for a monitoring system to fetch. */
export interface Metrics {
  request(metric: RequestMetric): void;
  /** All numbers in the text format of Prometheus. */
  text(): Promise<string>;
  /** Media type of {@link text}. */
  readonly mediaType: string;
}
