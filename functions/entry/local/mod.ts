/**
 * The whole system on one machine: for the command line, the demo and own programs.
 * @module
 */
export { loadConfig, LocalConfig } from "../../contract/config.ts";
export { type RetentionPolicy } from "../../contract/retention.ts";
export { folderFiles } from "../../adapters/local/folder_files.ts";
export { newSecret as newWebhookSecret } from "../../adapters/webhook/signature.ts";
export { type SqliteStore, sqliteStore } from "../../adapters/local/sqlite_store.ts";
export { type Scope, SCOPES } from "../../contract/scopes.ts";
export { createKey, DEFAULT_REQUESTS_PER_MINUTE, type NewKey } from "../../core/api_keys.ts";
export type { ApiKey, KeyStore } from "../../ports/key_store.ts";
export type { LogFields, Logger } from "../../ports/logger.ts";
export type { Observer, SystemEvent } from "../../ports/observer.ts";
export type { EventLine } from "../../ports/recorder.ts";
export type { Recording, RecordingOutcome } from "../../ports/recording_store.ts";
export type { Watch } from "../../ports/watch_store.ts";
export { openKeys, type OpenKeyStore } from "./key_stores.ts";
export { type LocalApi, localApi } from "./local_api.ts";
export { type LocalDeps, type LocalSystem, openLocalStore, startLocal } from "./local_system.ts";
export { type RepairedPart, repairRecording } from "./repair_recording.ts";
export { acceptHere, lookOnce } from "./open_canary.ts";
export { canaryReply } from "../../http/canary_handler.ts";
