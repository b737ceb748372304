import { loadConfig, LocalConfig, startLocal } from "@roomtone/functions/local";
import { parseArgs } from "node:util";
import type { CliIo } from "../io.ts";

/** Shown by `roomtone serve --help`. */
export const usage = `roomtone serve [--host ADDRESS] [--port N] [--dir FOLDER] [--json]
  Runs the local system until Ctrl-C: watchlist poller, recorder, store and API on http://127.0.0.1:3000.
  --host ADDRESS   where the API listens (default: 127.0.0.1, open to this machine; elsewhere callers need an API key,
                   see roomtone key)
  --port N       port of the API (default: 3000)
  --dir FOLDER   database and recordings (default: roomtone-data)
  --json         tells the address as one JSON object
  Everything else is set by the environment, see functions/contract/config.ts.

  Examples:
    roomtone serve
    roomtone serve --port 8080 --dir lives`;

/** Runs the local system until the signal aborts. */
export async function run(args: string[], io: CliIo): Promise<number> {
  const { values } = parseArgs({
    args,
    options: { host: { type: "string" }, port: { type: "string" }, dir: { type: "string" }, json: { type: "boolean" } },
  });
  const system = await startLocal(
    loadConfig(LocalConfig, {
      ...io.env,
      ROOMTONE_HOST: values.host ?? io.env["ROOMTONE_HOST"],
      ROOMTONE_PORT: values.port ?? io.env["ROOMTONE_PORT"],
      ROOMTONE_DATA_DIR: values.dir ?? io.env["ROOMTONE_DATA_DIR"],
    }),
  );
  io.out(values.json ? JSON.stringify({ url: system.url }) : `the local system is at ${system.url}; Ctrl-C stops it`);
  if (!io.signal.aborted) await new Promise<void>((resolve) => io.signal.addEventListener("abort", () => resolve()));
  await system.stop();
  return 0;
}
