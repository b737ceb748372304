/** The watchlist and the recordings that a command works on: those of a deployed API, or of a folder here. */
import { type ApiClient, apiClient } from "@roomtone/functions/client";
import { loadConfig, localApi, LocalConfig } from "@roomtone/functions/local";
import { TikTok } from "@roomtone/sdk";
import type { CliIo } from "./io.ts";
import { clientOptions, remoteApi, UsageError } from "./options.ts";

/** A system that a command works on. */
export interface System {
  api: ApiClient;
  /** Whether it is the folder of a system here, which may not be running. */
  local: boolean;
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
    return { api: remote, local: false, close() {} };
  }
  const config = loadConfig(LocalConfig, { ...io.env, ROOMTONE_DATA_DIR: dir ?? io.env["ROOMTONE_DATA_DIR"] });
  const { fetch, close } = localApi(config, new TikTok(clientOptions(io)), io.err, io.now);
  return { api: apiClient({ url: "http://127.0.0.1", fetch }), local: true, close };
}
