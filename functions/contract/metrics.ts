/**
 * The numbers that the processes tell about themselves, in one place: both the page for Prometheus and CloudWatch's
 * records are made from this list, and alarms take their names from it.
 * @module
 */
import { APP_ERROR_CODES } from "./errors.ts";

/** Namespace of the metrics in CloudWatch; Prometheus has it in lower case before each name. */
export const METRICS_NAMESPACE = "Roomtone";

/** What a metric is. */
export interface MetricSpec {
  /**
   * `counter` adds up; `gauge` is as it was set last; `distribution` takes single values, of which monitoring makes means
   * and percentiles.
   */
  kind: "counter" | "gauge" | "distribution";
  unit: "count" | "bytes" | "seconds";
  help: string;
  /** What it is told apart by, and every value that may have: nothing that grows with hosts or rooms. */
  label?: { name: string; values: readonly string[] };
}

/** The two halves of a recording. */
const HALF = { name: "half", values: ["video", "events"] } as const;
/** The parts of TikTok's protocol that the canary looks at. */
export const CANARY_AREAS = [
  "room",
  "page",
  "lists",
  "cookie",
  "socket",
  "frames",
  "events",
  "media",
  "signer",
] as const;

/** Every metric by name, but the time of requests, which only the page for Prometheus has. */
export const METRICS = {
  recordings_active: { kind: "gauge", unit: "count", help: "Recordings that run in this process." },
  recordings_started_total: { kind: "counter", unit: "count", help: "Parts of recordings that began." },
  recordings_finished_total: {
    kind: "counter",
    unit: "count",
    help: "Recordings that came to their end, by how.",
    label: { name: "outcome", values: ["ended", "stopped", "failed"] },
  },
  recorded_bytes_total: { kind: "counter", unit: "bytes", help: "Size of the segments that were listed." },
  live_lag_seconds: {
    kind: "distribution",
    unit: "seconds",
    help: "Time from the end of what a segment or a batch of events holds to its being stored.",
    label: HALF,
  },
  recording_gaps_total: { kind: "counter", unit: "count", help: "Gaps in recordings.", label: HALF },
  reconnects_total: { kind: "counter", unit: "count", help: "Times that a recording was connected to its live anew." },
  tiktok_refusals_total: {
    kind: "counter",
    unit: "count",
    help: "Look-ups and connections that TikTok refused.",
    label: { name: "code", values: APP_ERROR_CODES },
  },
  due_recordings: { kind: "gauge", unit: "count", help: "Recordings that wait for a recorder." },
  due_watches: { kind: "gauge", unit: "count", help: "Names of the watchlist that wait for their check." },
  watch_lateness_seconds: {
    kind: "gauge",
    unit: "seconds",
    help: "How long the name that waited longest had been due.",
  },
  spool_events: { kind: "gauge", unit: "count", help: "Events that are recorded and not stored yet." },
  lease_losses_total: {
    kind: "counter",
    unit: "count",
    help: "Recordings that another process took over while this one held them.",
  },
  events_written_total: { kind: "counter", unit: "count", help: "Events that were stored." },
  change_records_failed_total: {
    kind: "counter",
    unit: "count",
    help: "Change records that could not be dealt with and come again.",
  },
  recorder_start_failures_total: { kind: "counter", unit: "count", help: "Times that recorders could not be started." },
  alert_deliveries_total: {
    kind: "counter",
    unit: "count",
    help: "Alerts by what became of them: delivered, to be tried again, or given up.",
    label: { name: "outcome", values: ["delivered", "retried", "dead"] },
  },
  disk_free_bytes: { kind: "gauge", unit: "bytes", help: "Room on the disk that recordings are written to." },
  canary_drifts: { kind: "gauge", unit: "count", help: "Facts of TikTok's protocol that are not as they were." },
  canary_changes_total: {
    kind: "counter",
    unit: "count",
    help: "Changes of facts of TikTok's protocol, by part of the protocol.",
    label: { name: "area", values: CANARY_AREAS },
  },
  canary_refused_total: { kind: "counter", unit: "count", help: "Parts of a canary's run that TikTok did not answer." },
} as const satisfies Record<string, MetricSpec>;

type NameOf<K extends MetricSpec["kind"]> = {
  [N in keyof typeof METRICS]: (typeof METRICS)[N]["kind"] extends K ? N : never;
}[keyof typeof METRICS];

/** Names by kind of metric. */
export type CounterName = NameOf<"counter">;
export type GaugeName = NameOf<"gauge">;
export type DistributionName = NameOf<"distribution">;
export type MetricName = keyof typeof METRICS;

/** The label of a metric with this value; a value that is none of the list is `other`, so that there are never more. */
export function labelOf(name: MetricName, value: string | undefined): Record<string, string> {
  const { label }: MetricSpec = METRICS[name];
  if (label === undefined) return {};
  return { [label.name]: value !== undefined && label.values.includes(value) ? value : "other" };
}
