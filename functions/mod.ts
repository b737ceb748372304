/**
 * The functions as a library: the HTTP API, and the core that the processes run, over ports.
 * @module
 */
export { AppError, type AppErrorCode, LeaseLostError } from "./contract/errors.ts";
export { redact, redactText } from "./contract/redaction.ts";
export type {
  EventsReply,
  FollowingsReply,
  LinkReply,
  LinksReply,
  Problem,
  RecordingReply,
  UserInfoReply,
  WatchReply,
} from "./contract/schemas.ts";
export { type ConsumeDeps, consumeEvents } from "./core/consume_events.ts";
export { unpackEvents } from "./core/event_batches.ts";
export { type PollDeps, type PollOptions, type PollSummary, pollWatchlist } from "./core/poll_watchlist.ts";
export { type RecorderPool, type RecorderPoolOptions, runRecordings } from "./core/run_recordings.ts";
export { type AppOptions, createApp } from "./http/app.ts";
export type * from "./ports/alert_store.ts";
export type * from "./ports/change_feed.ts";
export type * from "./ports/clock.ts";
export type * from "./ports/event_store.ts";
export type * from "./ports/live_lookup.ts";
export type * from "./ports/logger.ts";
export type * from "./ports/observer.ts";
export type * from "./ports/page.ts";
export type * from "./ports/recorder.ts";
export type * from "./ports/recorder_launcher.ts";
export type * from "./ports/recording_files.ts";
export type * from "./ports/recording_store.ts";
export type * from "./ports/store.ts";
export type * from "./ports/totals_store.ts";
export type * from "./ports/watch_store.ts";
