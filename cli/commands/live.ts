import { type LiveEvent, TikTok } from "@roomtone/sdk";
import { parseArgs } from "node:util";
import { formatEvent } from "../format.ts";
import type { CliIo } from "../io.ts";
import { clientOptions, onlyName } from "../options.ts";

/** Shown by `roomtone live --help`. */
export const usage = `roomtone live NAME [--json] [--type TYPE]...
  Prints the events of a live as they arrive, until it ends.
  --json        one JSON object a line
  --type TYPE   only events of this type; may be repeated`;

/** Prints the events of a live until it ends or the signal aborts. */
export async function run(args: string[], io: CliIo): Promise<number> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: { json: { type: "boolean" }, type: { type: "string", multiple: true } },
  });
  const wanted = values.type && new Set(values.type);
  const live = new TikTok(clientOptions(io)).live(onlyName(positionals, usage), { signal: io.signal });
  const print = (event: LiveEvent): void => io.out(values.json ? JSON.stringify(event) : formatEvent(event));
  for await (const event of live) {
    if (wanted === undefined || wanted.has(event.type)) print(event);
  }
  return 0;
}
