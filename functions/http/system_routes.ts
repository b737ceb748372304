import * as routes from "../contract/routes.ts";
import { importWatches } from "../core/import_watches.ts";
import { alertHandlers } from "./alert_handlers.ts";
import type { AddRoute } from "./mount.ts";
import { readRecordingLog } from "./recording_log_handler.ts";
import { recordingHandlers, type RecordingsDeps } from "./recording_handlers.ts";
import { retentionHandlers } from "./retention_handlers.ts";
import { type StatusDeps, systemStatus } from "./system_status.ts";
import { totalsHandlers } from "./totals_handlers.ts";
import { watchHandlers } from "./watch_handlers.ts";

/** Watchlist and recordings: what their routes work with. */
export type SystemDeps = Omit<RecordingsDeps, "logger"> & Pick<StatusDeps, "status">;

/** Adds the routes of the watchlist and of recordings. */
export function addSystemRoutes(add: AddRoute, deps: RecordingsDeps & SystemDeps): void {
  const { store, clock, files, lookup } = deps;
  add(routes.systemRoute, async () => ({ body: await systemStatus(deps) }));
  const watches = watchHandlers(deps);
  add(routes.listWatchesRoute, ({ query }) => watches.list(query));
  if (lookup !== undefined) {
    add(routes.importWatchesRoute, async ({ body }) => ({ body: await importWatches({ store, clock, lookup }, body) }));
  }
  add(routes.getWatchRoute, ({ params }) => watches.get(params.username));
  add(routes.putWatchRoute, ({ params, query }) => watches.put(params.username, query));
  add(routes.deleteWatchRoute, ({ params }) => watches.remove(params.username));
  const alerts = alertHandlers(deps);
  add(routes.listAlertsRoute, ({ query }) => alerts.list(query));
  add(routes.resendAlertRoute, ({ params }) => alerts.resend(params.id));
  const recordings = recordingHandlers(deps);
  add(routes.listRecordingsRoute, ({ query }) => recordings.list(query));
  if (lookup !== undefined) {
    add(routes.startRecordingRoute, ({ body, request }) => recordings.start(lookup, body, request));
  }
  add(routes.getRecordingRoute, ({ params }) => recordings.get(params.id));
  add(routes.deleteRecordingRoute, ({ params }) => recordings.remove(params.id));
  add(routes.stopRecordingRoute, ({ params }) => recordings.stop(params.id));
  add(routes.keepRecordingRoute, ({ params }) => recordings.keep(params.id, true));
  add(routes.unkeepRecordingRoute, ({ params }) => recordings.keep(params.id, false));
  add(routes.recordingLogRoute, ({ params, query }) => readRecordingLog(store, params.id, query));
  const retention = retentionHandlers(deps);
  add(routes.applyRetentionRoute, ({ query, request }) => retention.apply(query.dryRun === "true", request));
  add(
    routes.removeHostRoute,
    ({ params, query, request }) => retention.removeHost(params.username, query.dryRun === "true", request),
  );
  add(routes.recordingTotalsRoute, ({ params }) => recordings.totals(params.id));
  add(routes.hostTotalsRoute, ({ params }) => totalsHandlers(store).host(params.username));
  add(routes.recordingEventsRoute, ({ params, query, request }) => recordings.events(params.id, query, request));
  add(
    routes.recordingEventsJsonlRoute,
    ({ params, query }) => recordings.exported(params.id, "jsonl", query.after),
  );
  add(routes.recordingEventsCsvRoute, ({ params, query }) => recordings.exported(params.id, "csv", query.after));
  add(routes.recordingChatVttRoute, ({ params, query }) => recordings.exported(params.id, "vtt", query.after));
  if (files !== undefined) {
    add(routes.recordingPlaylistRoute, ({ params }) => recordings.playlist(files, params.id));
    add(
      routes.recordingClipRoute,
      ({ params, query: { exact, ...range }, request }) =>
        recordings.clip(files, params.id, { ...range, exact: exact === "true" }, request),
    );
    add(routes.recordingThumbnailRoute, ({ params, request }) => recordings.thumbnail(files, params.id, request));
    add(routes.recordingFileRoute, ({ params, request }) => recordings.file(files, params, request));
  }
}
