import { Counter, Gauge, Histogram, Registry } from "prom-client";
import { type GaugeName, labelOf, type MetricName, METRICS, METRICS_NAMESPACE } from "../../contract/metrics.ts";
import type { MetricsPage } from "../../ports/metrics.ts";

/** Upper bounds of the histograms' buckets, s. */
const REQUEST_BUCKETS_S = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20];
const LAG_BUCKETS_S = [0.5, 1, 2, 3, 5, 7.5, 10, 15, 30, 60, 300];
const PREFIX = `${METRICS_NAMESPACE.toLowerCase()}_`;

/** Numbers that are looked up whenever somebody fetches the page; those that are left out keep their last value. */
export type GaugeReader = () => Promise<Partial<Record<GaugeName, number>>>;

/** How things stand with TikTok, as `core/upstream.ts` tells it. */
export interface UpstreamNumbers {
  budget: {
    available: number;
    taken: number;
    waiting: number;
    requestsPerMinute: number;
    pausedMs: number;
  };
  breakers: Record<string, "closed" | "half_open" | "open">;
}

const BREAKER_VALUES = { closed: 0, half_open: 1, open: 2 } as const;

/** Options of {@link prometheusMetrics}. */
export interface PrometheusOptions {
  /** How things stand with TikTok, told along. */
  upstream?: () => UpstreamNumbers;
  read?: GaugeReader;
}

/**
 * Numbers of the process since it began, as Prometheus fetches them. Routes come from the contract, statuses from its
 * table and labels from `contract/metrics.ts`, so the series stay few.
 */
export function prometheusMetrics({ upstream, read }: PrometheusOptions = {}): MetricsPage {
  const registry = new Registry();
  const registers = [registry];
  const requests = new Histogram({
    name: `${PREFIX}http_request_duration_seconds`,
    help: "Time from a request to its answer.",
    labelNames: ["method", "route", "status"],
    ...{ buckets: REQUEST_BUCKETS_S, registers },
  });
  const counters = new Map<MetricName, Counter>();
  const gauges = new Map<MetricName, Gauge>();
  const histograms = new Map<MetricName, Histogram>();
  for (const name of Object.keys(METRICS) as MetricName[]) {
    const { kind, help } = METRICS[name];
    const options = { name: PREFIX + name, help, labelNames: Object.keys(labelOf(name, undefined)), registers };
    if (kind === "counter") counters.set(name, new Counter(options));
    else if (kind === "gauge") gauges.set(name, new Gauge(options));
    else histograms.set(name, new Histogram({ ...options, buckets: LAG_BUCKETS_S }));
  }
  const tellUpstream = upstream === undefined ? undefined : upstreamGauges(upstream, registry);
  return {
    mediaType: registry.contentType,
    count: (name, value = 1, label) => counters.get(name)?.inc(labelOf(name, label), value),
    set: (name, value) => gauges.get(name)?.set(value),
    observe: (name, value, label) => histograms.get(name)?.observe(labelOf(name, label), value),
    request({ method, route, status, durationMs }) {
      // Any word may come as a method where no route took the request.
      const verb = route === "none" ? "any" : method;
      requests.observe({ method: verb, route, status: String(status) }, durationMs / 1000);
    },
    async text() {
      tellUpstream?.();
      for (const [name, value] of Object.entries(await read?.() ?? {})) gauges.get(name as GaugeName)?.set(value);
      return await registry.metrics();
    },
  };
}

/** @returns brings the numbers up to date */
function upstreamGauges(upstream: () => UpstreamNumbers, registry: Registry): () => void {
  const gauge = (name: string, help: string, labelNames: string[] = []) =>
    new Gauge({ name: `${PREFIX}tiktok_${name}`, help, labelNames, registers: [registry] });
  const taken = new Counter({
    name: `${PREFIX}tiktok_requests_total`,
    help: "Requests to TikTok that got their turn.",
    registers: [registry],
  });
  const available = gauge("budget_available", "Requests that may go out at once.");
  const waiting = gauge("budget_waiting", "Requests that wait for their turn.");
  const rate = gauge("budget_per_minute", "Requests that may go out in a minute, fewer after refusals.");
  const pause = gauge("pause_seconds", "Time until requests go out again after a refusal.");
  const breaker = gauge("breaker", "0 calls go out, 1 one call probes, 2 calls fail at once.", ["call"]);
  let counted = 0;
  return () => {
    const { budget, breakers } = upstream();
    taken.inc(budget.taken - counted);
    counted = budget.taken;
    available.set(budget.available);
    waiting.set(budget.waiting);
    rate.set(budget.requestsPerMinute);
    pause.set(budget.pausedMs / 1000);
    for (const [call, state] of Object.entries(breakers)) breaker.set({ call }, BREAKER_VALUES[state]);
  };
}
