import type { UpstreamState } from "../core/upstream.ts";

const BREAKER_VALUES = { closed: 0, half_open: 1, open: 2 } as const;

/** How things stand with TikTok, in the text format of Prometheus. */
export function upstreamMetrics({ budget, breakers, refusals }: UpstreamState): string[] {
  const labelled = (label: string, values: Record<string, number>) =>
    Object.entries(values).map(([value, number]) => `{${label}="${value}"} ${number}`);
  const metric = (name: string, type: "gauge" | "counter", help: string, samples: string[]) => [
    `# HELP roomtone_tiktok_${name} ${help}`,
    `# TYPE roomtone_tiktok_${name} ${type}`,
    ...samples.map((sample) => `roomtone_tiktok_${name}${sample}`),
  ];
  const states = Object.entries(breakers).map(([call, state]) => [call, BREAKER_VALUES[state]] as const);
  return [
    ...metric("requests_total", "counter", "Requests to TikTok that got their turn.", [` ${budget.taken}`]),
    ...metric("refusals_total", "counter", "Look-ups that TikTok refused.", labelled("code", refusals)),
    ...metric("budget_available", "gauge", "Requests that may go out at once.", [` ${budget.available}`]),
    ...metric("budget_waiting", "gauge", "Requests that wait for their turn.", [` ${budget.waiting}`]),
    ...metric("budget_per_minute", "gauge", "Requests that may go out in a minute, fewer after refusals.", [
      ` ${budget.requestsPerMinute}`,
    ]),
    ...metric("pause_seconds", "gauge", "Time until requests go out again after a refusal.", [
      ` ${budget.pausedMs / 1000}`,
    ]),
    ...metric("breaker", "gauge", "0 calls go out, 1 one call probes, 2 calls fail at once.", [
      ...labelled("call", Object.fromEntries(states)),
    ]),
  ];
}
