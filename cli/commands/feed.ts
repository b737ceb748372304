import { parseArgs } from "node:util";
import { plain } from "../format.ts";
import type { CliIo } from "../io.ts";
import { openLookups } from "../lookups.ts";
import { UsageError } from "../options.ts";

/** Shown by `roomtone feed --help`. */
export const usage = `roomtone feed [--pages N] [--json]
  Prints the lives that TikTok recommends: viewers, host, title.
  --pages N   pages to read, 1 to 100 (default: 1)
  --json      one JSON object a live

  Examples:
    roomtone feed
    roomtone feed --pages 5 --json`;

/** Prints the lives of the feed, page by page. */
export async function run(args: string[], io: CliIo): Promise<number> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: { json: { type: "boolean" }, pages: { type: "string" } },
  });
  if (positionals.length > 0) throw new UsageError("no name was expected", usage);
  const pages = Number(values.pages ?? "1");
  if (!Number.isInteger(pages) || pages < 1 || pages > 100) {
    throw new UsageError("--pages takes a number from 1 to 100", usage);
  }
  for await (const live of openLookups(io, usage).feed(pages)) {
    const viewers = String(live.viewers ?? "?").padStart(7);
    io.out(values.json ? JSON.stringify(live) : plain(`${viewers}  @${live.host.username}  ${live.title}`));
  }
  return 0;
}
