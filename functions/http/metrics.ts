import type { UpstreamState } from "../core/upstream.ts";
import type { Metrics, RequestMetric } from "../ports/metrics.ts";
import { upstreamMetrics } from "./upstream_metrics.ts";

/** Upper bounds of the histogram's buckets, s. */
const BUCKETS_S = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20];
const NAME = "roomtone_http_request_duration_seconds";

interface Series {
  labels: string;
  /** Requests by the first bucket that holds them. */
  counts: number[];
  sumS: number;
  count: number;
}

/**
 * Numbers of the requests since the process began: a histogram of their time by method, route and status, in the text
 * format of Prometheus. Routes come from the contract and statuses from its table, so the series stay few.
 * @param upstream how things stand with TikTok, told along
 */
export function requestMetrics(upstream?: () => UpstreamState): Metrics {
  const series = new Map<string, Series>();
  return {
    mediaType: "text/plain; version=0.0.4; charset=utf-8",
    request({ method, route, status, durationMs }: RequestMetric) {
      // Any word may come as a method where no route took the request.
      const verb = route === "none" ? "any" : method;
      const labels = `method="${verb}",route="${route}",status="${status}"`;
      let found = series.get(labels);
      if (found === undefined) {
        series.set(
          labels,
          found = { labels, counts: BUCKETS_S.map(() => 0), sumS: 0, count: 0 },
        );
      }
      const seconds = durationMs / 1000;
      const bucket = BUCKETS_S.findIndex((bound) => seconds <= bound);
      if (bucket >= 0) found.counts[bucket] = (found.counts[bucket] ?? 0) + 1;
      found.sumS += seconds;
      found.count++;
    },
    text() {
      const lines = [`# HELP ${NAME} Time from a request to its answer.`, `# TYPE ${NAME} histogram`];
      for (const { labels, counts, sumS, count } of series.values()) {
        let below = 0;
        for (const [index, bound] of BUCKETS_S.entries()) {
          below += counts[index] ?? 0;
          lines.push(`${NAME}_bucket{${labels},le="${bound}"} ${below}`);
        }
        lines.push(`${NAME}_bucket{${labels},le="+Inf"} ${count}`);
        lines.push(`${NAME}_sum{${labels}} ${sumS}`, `${NAME}_count{${labels}} ${count}`);
      }
      if (upstream !== undefined) lines.push(...upstreamMetrics(upstream()));
      return Promise.resolve(`${lines.join("\n")}\n`);
    },
  };
}
