/** The watchlist and the recordings that a command works on: those of a deployed API, or of a folder here. */
import { type ApiClient, apiClient } from "@roomtone/functions/client";
import { loadConfig, localApi, LocalConfig } from "@roomtone/functions/local";
import { TikTok } from "@roomtone/sdk";
import type { CliIo } from "./io.ts";
import { fileReader } from "./file_reader.ts";
import { clientOptions, remoteApi, remoteOf, UsageError } from "./options.ts";

/** A system that a command works on. */
export interface System {
  api: ApiClient;
  /** Whether it is the folder of a system here, which may not be running. */
  local: boolean;
  /**
   * Reads a file of the API, such as a playlist and what it names. The key goes to the API alone, and not along with a
   * redirect or to another place that a playlist names.
   * @param target path of the API, or an address as it stands in the file at `base`
   * @throws AppError as the API tells it; `network`, `protocol`
   */
  open(target: string, signal: AbortSignal, base?: string): Promise<Response>;
  close(): void;
}

/**
 * Opens the system: both kinds through the same routes.
 * @param dir folder of the local system; not for a remote one
 */
export function openSystem(io: CliIo, dir: string | undefined, usage: string): System {
  const remote = remoteApi(io, usage);
  if (remote !== undefined) {
    if (dir !== undefined) {
      throw new UsageError("--dir is a folder of this machine: it does not go with --remote", usage);
    }
    const { url, key } = remoteOf(io);
    return { api: remote, local: false, open: fileReader(url, key, globalThis.fetch), close() {} };
  }
  const config = loadConfig(LocalConfig, { ...io.env, ROOMTONE_DATA_DIR: dir ?? io.env["ROOMTONE_DATA_DIR"] });
  const { fetch, close } = localApi(config, new TikTok(clientOptions(io)), io.err, io.now);
  const url = "http://127.0.0.1";
  return { api: apiClient({ url, fetch }), local: true, open: fileReader(url, undefined, fetch), close };
}
