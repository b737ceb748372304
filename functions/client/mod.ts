/**
 * A typed client of a deployed API.
 * @module
 */
export { AppError, type AppErrorCode } from "../contract/errors.ts";
export type { EventsReply, LinkReply, RecordingReply, WatchReply } from "../contract/schemas.ts";
export { type ApiClient, apiClient, type ApiClientOptions, type CallOptions } from "./api_client.ts";
