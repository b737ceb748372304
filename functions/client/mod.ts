/**
 * A typed client of a deployed API.
 * @module
 */
export { MOST_CLIP_MS, readClipMs } from "../contract/clip_times.ts";
export { csvRow } from "../contract/csv.ts";
export { AppError, type AppErrorCode } from "../contract/errors.ts";
export { QUALITIES, type Quality } from "../contract/quality.ts";
export type {
  AlertReply,
  EventsReply,
  HostRemovalReply,
  LinkReply,
  RecordingLogReply,
  RecordingReply,
  RetentionReply,
  WatchReply,
} from "../contract/schemas.ts";
export {
  type ApiClient,
  apiClient,
  type ApiClientOptions,
  type CallOptions,
  failure as apiFailure,
  type TextReply,
} from "./api_client.ts";
