import { loadConfig, LocalConfig, openLocalStore } from "@roomtone/functions/local";
import { normaliseUsername } from "@roomtone/sdk";
import { parseArgs } from "node:util";
import { formatTime } from "../format.ts";
import type { CliIo } from "../io.ts";
import { UsageError } from "../options.ts";

/** Shown by `roomtone watch --help`. */
export const usage = `roomtone watch add|rm NAME... | ls [--json] [--dir FOLDER]
  Changes or lists the watchlist of the local system, whether it runs or not.
  --dir FOLDER   the system's data (default: roomtone-data)`;

/** Adds, removes or lists watched names. */
export async function run(args: string[], io: CliIo): Promise<number> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: { dir: { type: "string" }, json: { type: "boolean" } },
  });
  const [verb, ...given] = positionals;
  const names = given.map(normaliseUsername);
  if (verb !== "add" && verb !== "rm" && verb !== "ls") throw new UsageError("add, rm or ls is missing", usage);
  if (verb !== "ls" && names.length === 0) throw new UsageError("no name was given", usage);
  const config = loadConfig(LocalConfig, {
    ...io.env,
    ROOMTONE_DATA_DIR: values.dir ?? io.env["ROOMTONE_DATA_DIR"],
  });
  const store = openLocalStore(config);
  try {
    for (const name of names) {
      if (verb === "add") {
        const { created } = await store.putWatch(name, io.now());
        io.out(created ? `+ @${name}` : `@${name} is on the watchlist already`);
      } else if (verb === "rm") {
        io.out(await store.deleteWatch(name) ? `- @${name}` : `@${name} was not on the watchlist`);
      }
    }
    if (verb !== "ls") return 0;
    let cursor: string | undefined;
    do {
      const page = await store.listWatches({ limit: 1000, cursor });
      for (const watch of page.items) {
        const checked = watch.checkedAt === undefined ? "not checked yet" : `checked ${formatTime(watch.checkedAt)}`;
        io.out(values.json ? JSON.stringify(watch) : `@${watch.username}  ${watch.state}  ${checked}`);
      }
      cursor = page.cursor;
    } while (cursor !== undefined);
    return 0;
  } finally {
    store.close();
  }
}
