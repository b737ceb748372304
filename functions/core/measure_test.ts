import { assertEquals, assertRejects } from "@std/assert";
import { describe, it } from "node:test";
import { CaptureLogger } from "../../tests/fakes/capture_logger.ts";
import { CaptureMetrics } from "../../tests/fakes/capture_metrics.ts";
import type { SystemEvent } from "../ports/observer.ts";
import { measuredLogger, measuredObserver, measuredStore, measureQueues } from "./measure.ts";

const of = { recordingId: "7300000000000000001", username: "some.host" };
const line = (type: string) =>
  ({ kind: "event", ...of, event: { type, id: "", at: 1, diamonds: 0, json: "{}" } }) as const;

describe("measuredObserver()", () => {
  it("counts what recordings tell, and tells it on", () => {
    const metrics = new CaptureMetrics();
    const told: SystemEvent[] = [];
    const observe = measuredObserver(metrics, (event) => told.push(event));
    const started = { kind: "recording_started", ...of, part: 1, folder: "" } as const;
    const events: SystemEvent[] = [
      started,
      { ...started, recordingId: "7300000000000000002" },
      line("connected"),
      line("chat"),
      line("gap"),
      line("connected"),
      { kind: "gap", ...of, data: {} },
    ];
    for (const event of events) observe(event);
    assertEquals(metrics.gauges, { recordings_active: 2 });
    const more: SystemEvent[] = [
      { kind: "recording_stopped", ...of, reason: "lease_lost" },
      { kind: "recording_finished", ...of, outcome: { kind: "failed", code: "captcha" } },
      // A new part connects for the first time.
      started,
      line("connected"),
    ];
    for (const event of more) observe(event);
    assertEquals(told, [...events, ...more]);
    assertEquals(metrics.counts, {
      recordings_started_total: 3,
      "recording_gaps_total events": 1,
      "recording_gaps_total video": 1,
      reconnects_total: 1,
      lease_losses_total: 1,
      "recordings_finished_total failed": 1,
      "tiktok_refusals_total captcha": 1,
    });
    assertEquals(metrics.gauges, { recordings_active: 2 });
  });
});

describe("measuredStore()", () => {
  const batch = {
    ...{ recordingId: "1", seq: 1, token: 1, count: 3, types: {}, diamonds: 0, firstAt: 5_000, lastAt: 9_000 },
    body: new Uint8Array(0),
  };
  const segment = { part: 1, index: 0, uri: "", startAt: 1_000, durationMs: 6_000, bytes: 700, sha256: "" };
  const lease = { recordingId: "1", token: 1 };

  it("counts what was stored, and how far behind the live", async () => {
    const metrics = new CaptureMetrics();
    const done = (..._of: unknown[]) => Promise.resolve();
    const inner = { addSegment: done, appendEvents: done, close: () => "closed" };
    const store = measuredStore(inner, metrics, { now: () => 10_000 });
    await store.addSegment(lease, segment);
    await store.appendEvents(batch);
    await store.appendEvents({ ...batch, count: 0 });
    assertEquals(metrics.counts, { recorded_bytes_total: 700, events_written_total: 3 });
    assertEquals(metrics.values, { "live_lag_seconds video": [3], "live_lag_seconds events": [1] });
    assertEquals(store.close(), "closed");
  });

  it("counts nothing that failed", async () => {
    const metrics = new CaptureMetrics();
    const fail = (..._of: unknown[]) => Promise.reject(new Error("away"));
    const store = measuredStore({ addSegment: fail, appendEvents: fail }, metrics, { now: () => 10_000 });
    await assertRejects(() => store.addSegment(lease, segment));
    await assertRejects(() => store.appendEvents(batch));
    assertEquals([metrics.counts, metrics.values], [{}, {}]);
  });
});

describe("measuredLogger()", () => {
  it("counts lines of trouble, and writes them", () => {
    const metrics = new CaptureMetrics();
    const lines = new CaptureLogger();
    const logger = measuredLogger(lines, metrics);
    logger.error("recorder_tasks_refused", { reasons: ["RESOURCE:CPU"] });
    logger.error("change_record_failed");
    logger.warn("claim_failed");
    logger.warn("alert_not_delivered");
    logger.info("alert_delivered");
    logger.error("alert_dead");
    logger.info("request");
    assertEquals(metrics.counts, {
      recorder_start_failures_total: 1,
      change_records_failed_total: 1,
      "alert_deliveries_total retried": 1,
      "alert_deliveries_total delivered": 1,
      "alert_deliveries_total dead": 1,
    });
    const alerts = ["alert_not_delivered", "alert_delivered", "alert_dead"];
    const events = ["recorder_tasks_refused", "change_record_failed", "claim_failed", ...alerts, "request"];
    assertEquals(lines.events(), events);
    assertEquals(lines.lines[0]?.fields, { reasons: ["RESOURCE:CPU"] });
  });
});

describe("measureQueues()", () => {
  it("tells what waits", async () => {
    const metrics = new CaptureMetrics();
    const store = {
      countDueRecordings: (now: number) => Promise.resolve(now),
      countDueWatches: (now: number) => Promise.resolve(now + 1),
    };
    await measureQueues({ store, metrics, clock: { now: () => 7 } });
    assertEquals(metrics.gauges, { due_recordings: 7, due_watches: 8 });
  });
});
