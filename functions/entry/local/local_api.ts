import type { TikTok } from "@roomtone/sdk";
import { join, resolve } from "node:path";
import { tiktokLookup } from "../../adapters/live/tiktok_lookup.ts";
import { folderFiles } from "../../adapters/local/folder_files.ts";
import { lineLogger } from "../../adapters/local/line_logger.ts";
import { systemClock } from "../../adapters/local/system_clock.ts";
import type { LocalConfig } from "../../contract/config.ts";
import { createApp } from "../../http/app.ts";
import { openLocalStore } from "./local_system.ts";

/** The API of a data folder, as a function. */
export interface LocalApi {
  /** Answers a request as a server would; the address is `http://127.0.0.1`. */
  fetch(request: Request): Promise<Response>;
  close(): void;
}

/**
 * The watchlist and the recordings of a data folder, through the API's own routes but without a server: for programs on
 * this machine. It works whether the local system runs or not; a running one sees the changes within seconds.
 * @param config whose `dataDir` is made when it is not there
 * @param log takes lines about unexpected failures
 * @param now ms since 1970
 */
export function localApi(
  { dataDir, retention }: Pick<LocalConfig, "dataDir" | "retention">,
  tiktok: TikTok,
  log: (line: string) => void,
  now: () => number = systemClock.now,
): LocalApi {
  const store = openLocalStore({ dataDir });
  const clock = { ...systemClock, now };
  const { error } = lineLogger(log, clock);
  const app = createApp({
    system: {
      store,
      clock,
      lookup: tiktokLookup(tiktok),
      files: folderFiles(join(resolve(dataDir), "recordings")),
      retention,
    },
    logger: { info() {}, warn() {}, error },
    loopbackOnly: true,
  });
  return { fetch: async (request) => await app.fetch(request), close: () => store.close() };
}
