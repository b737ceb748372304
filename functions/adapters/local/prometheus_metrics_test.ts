import { assert, assertEquals } from "@std/assert";
import { describe, it } from "node:test";
import { CaptureLogger } from "../../../tests/fakes/capture_logger.ts";
import { createApp } from "../../http/app.ts";
import { prometheusMetrics } from "./prometheus_metrics.ts";

describe("prometheusMetrics()", () => {
  it("counts requests in every bucket that holds them, by method, route and status", async () => {
    const metrics = prometheusMetrics();
    for (const durationMs of [4, 5, 60, 30_000]) {
      metrics.request({ method: "GET", route: "/a/{b}", status: 200, durationMs });
    }
    const text = await metrics.text();
    const labels = `method="GET",route="/a/{b}",status="200"`;
    const at = (bound: string) =>
      new RegExp(`_bucket\\{le="${bound}",${labels.replaceAll(/[{}]/g, "\\$&")}\\} (\\d+)`).exec(text)?.[1];
    assertEquals(["0\\.005", "0\\.05", "0\\.1", "20", "\\+Inf"].map(at), ["2", "2", "3", "3", "4"]);
    assert(text.includes(`_count{${labels}} 4\n`) && text.includes(`_sum{${labels}} 30.069\n`), text);
  });

  it("tells how things stand with TikTok", async () => {
    const text = await prometheusMetrics({
      upstream: () => ({
        budget: { available: 5, taken: 7, waiting: 2, requestsPerMinute: 37.5, pausedMs: 1_500, refusals: 3 },
        breakers: { links: "open", room: "half_open", feed: "closed" },
      }),
    }).text();
    const samples = text.split("\n").filter((line) => line.startsWith("roomtone_tiktok_"));
    assertEquals(samples, [
      "roomtone_tiktok_requests_total 7",
      "roomtone_tiktok_budget_available 5",
      "roomtone_tiktok_budget_waiting 2",
      "roomtone_tiktok_budget_per_minute 37.5",
      "roomtone_tiktok_pause_seconds 1.5",
      'roomtone_tiktok_breaker{call="links"} 2',
      'roomtone_tiktok_breaker{call="room"} 1',
      'roomtone_tiktok_breaker{call="feed"} 0',
    ]);
  });

  it("is served at /metrics, where unknown paths are one series", async () => {
    const app = createApp({
      logger: new CaptureLogger(),
      loopbackOnly: true,
      metrics: prometheusMetrics(),
      now: () => 0,
    });
    for (const path of ["/health", "/x", "/y"]) await app.request(path);
    await app.request("/z", { method: "BREW" });
    const response = await app.request("/metrics");
    const text = await response.text();
    assertEquals(response.headers.get("content-type"), "text/plain; version=0.0.4; charset=utf-8");
    assert(text.includes(`_count{method="GET",route="/health",status="200"} 1\n`), text);
    assert(text.includes(`_count{method="any",route="none",status="404"} 3\n`), text);
    const without = createApp({ logger: new CaptureLogger(), loopbackOnly: true });
    assertEquals((await without.request("/metrics")).status, 404);
  });
});
