import type { Metrics, RequestMetric } from "../../functions/ports/metrics.ts";

/** Metrics that keep what they are told, by name and label. */
export class CaptureMetrics implements Metrics {
  readonly counts: Record<string, number> = {};
  readonly gauges: Record<string, number> = {};
  readonly values: Record<string, number[]> = {};

  count(name: string, value = 1, label?: string): void {
    const key = label === undefined ? name : `${name} ${label}`;
    this.counts[key] = (this.counts[key] ?? 0) + value;
  }
  set(name: string, value: number): void {
    this.gauges[name] = value;
  }
  observe(name: string, value: number, label?: string): void {
    (this.values[label === undefined ? name : `${name} ${label}`] ??= []).push(value);
  }
  request(_metric: RequestMetric): void {}
}
