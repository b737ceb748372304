import type { AlertStore } from "./alert_store.ts";
import type { EventStore } from "./event_store.ts";
import type { RecordingLogStore } from "./recording_log_store.ts";
import type { RecordingStore } from "./recording_store.ts";
import type { RetentionStore } from "./retention_store.ts";
import type { TotalsStore } from "./totals_store.ts";
import type { WatchStore } from "./watch_store.ts";

/** Everything that is stored, apart from files. */
export interface Store
  extends WatchStore, RecordingStore, RecordingLogStore, EventStore, TotalsStore, RetentionStore, AlertStore {}
