import { REFUSAL_CODES } from "../contract/errors.ts";
import type { CounterName } from "../contract/metrics.ts";
import type { Clock } from "../ports/clock.ts";
import type { Logger } from "../ports/logger.ts";
import type { Metrics } from "../ports/metrics.ts";
import type { Observer } from "../ports/observer.ts";
import type { EventStore } from "../ports/event_store.ts";
import type { RecordingStore } from "../ports/recording_store.ts";
import type { WatchStore } from "../ports/watch_store.ts";

/** Counts what recordings tell as it happens, and tells it on. */
export function measuredObserver(metrics: Metrics, observe?: Observer): Observer {
  const running = new Set<string>();
  /** Recordings that were connected to their live, in the part that runs. */
  const connected = new Set<string>();
  return (event) => {
    switch (event.kind) {
      case "recording_started":
        metrics.count("recordings_started_total");
        metrics.set("recordings_active", running.add(event.recordingId).size);
        break;
      case "recording_stopped":
        running.delete(event.recordingId);
        connected.delete(event.recordingId);
        metrics.set("recordings_active", running.size);
        if (event.reason === "lease_lost") metrics.count("lease_losses_total");
        break;
      case "recording_finished": {
        const { kind, code } = event.outcome;
        metrics.count("recordings_finished_total", 1, kind);
        if (code !== undefined && REFUSAL_CODES.has(code)) metrics.count("tiktok_refusals_total", 1, code);
        break;
      }
      case "gap":
        metrics.count("recording_gaps_total", 1, "video");
        break;
      case "event":
        if (event.event.type === "gap") metrics.count("recording_gaps_total", 1, "events");
        if (event.event.type !== "connected") break;
        if (connected.has(event.recordingId)) metrics.count("reconnects_total");
        connected.add(event.recordingId);
    }
    observe?.(event);
  };
}

type Measured = Pick<RecordingStore, "addSegment"> & Pick<EventStore, "appendEvents">;

/** A store that counts what recordings write to it, and how far behind their lives that is. */
export function measuredStore<S extends Measured>(store: S, metrics: Metrics, clock: Pick<Clock, "now">): S {
  const behind = (at: number, half: "video" | "events") =>
    metrics.observe("live_lag_seconds", Math.max(0, clock.now() - at) / 1000, half);
  return {
    ...store,
    async addSegment(lease, segment) {
      await store.addSegment(lease, segment);
      metrics.count("recorded_bytes_total", segment.bytes);
      behind(segment.startAt + segment.durationMs, "video");
    },
    async appendEvents(batch) {
      await store.appendEvents(batch);
      metrics.count("events_written_total", batch.count);
      if (batch.count > 0) behind(batch.lastAt, "events");
    },
  } satisfies Measured;
}

/** Log lines that count, by name: trouble of parts that tell nobody else. */
const COUNTED_LINES: Readonly<Record<string, readonly [name: CounterName, label?: string]>> = {
  recorder_tasks_refused: ["recorder_start_failures_total"],
  recorder_tasks_not_started: ["recorder_start_failures_total"],
  change_record_failed: ["change_records_failed_total"],
  alert_delivered: ["alert_deliveries_total", "delivered"],
  alert_not_delivered: ["alert_deliveries_total", "retried"],
  alert_dead: ["alert_deliveries_total", "dead"],
};

/** A log that counts some of its lines. */
export function measuredLogger(logger: Logger, metrics: Metrics): Logger {
  const count = (event: string) => {
    const counted = COUNTED_LINES[event];
    if (counted !== undefined) metrics.count(counted[0], 1, counted[1]);
  };
  return {
    info(event, fields) {
      count(event);
      logger.info(event, fields);
    },
    warn(event, fields) {
      count(event);
      logger.warn(event, fields);
    },
    error(event, fields) {
      count(event);
      logger.error(event, fields);
    },
  };
}

/** Tells how long the queues are, for a poller that is about to end. */
export async function measureQueues(
  { store, metrics, clock }: {
    store: Pick<RecordingStore, "countDueRecordings"> & Pick<WatchStore, "countDueWatches">;
    metrics: Metrics;
    clock: Pick<Clock, "now">;
  },
): Promise<void> {
  const now = clock.now();
  const [recordings, watches] = await Promise.all([store.countDueRecordings(now), store.countDueWatches(now)]);
  metrics.set("due_recordings", recordings);
  metrics.set("due_watches", watches);
}
