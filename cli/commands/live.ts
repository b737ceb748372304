import { type Live, type LiveEvent, TikTok } from "@roomtone/sdk";
import { recordFrames } from "@roomtone/sdk/replay";
import { type FileHandle, open } from "node:fs/promises";
import { parseArgs } from "node:util";
import { eachName, teller } from "../batch.ts";
import { formatEvent } from "../format.ts";
import type { CliIo } from "../io.ts";
import { FROM, fromHelp, readNames } from "../names.ts";
import { openView } from "../open_view.ts";
import { clientOptions, UsageError } from "../options.ts";

/** Shown by `roomtone live --help`. */
export const usage = `roomtone live NAME... [--from FILE] [--json] [--type TYPE]... [--record FILE] [--plain]
  Prints the events of lives as they arrive, until they end.
${fromHelp(14)}
  --json        one JSON object a line; of several names each begins with "host"
  --type TYPE   only events of this type; may be repeated
  --record FILE also writes every frame to a new file, for roomtone replay; of one name
  --plain       lines alone; a terminal otherwise shows viewers, diamonds, lag and gaps above the events
  Ctrl-C ends it with exit code 130.

  Examples:
    roomtone live some.host
    roomtone live some.host --json --type gift --type chat
    roomtone live some.host other.host --plain`;

/** Prints the events of lives until they end or the signal aborts; 1 when one could not be entered. */
export async function run(args: string[], io: CliIo): Promise<number> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      ...FROM,
      json: { type: "boolean" },
      type: { type: "string", multiple: true },
      record: { type: "string" },
      plain: { type: "boolean" },
    },
  });
  const { json = false, type, record: path, plain = false } = values;
  const wanted = type && new Set(type);
  const names = await readNames(positionals, values.from, io, usage);
  const { usernames } = names;
  const several = usernames.length > 1;
  if (path !== undefined && several) throw new UsageError("--record goes with one name", usage);
  const tiktok = new TikTok(clientOptions(io));
  // Before the live starts: a file that cannot be made costs no request.
  const file = path === undefined ? undefined : await open(path, "wx");
  const view = json || plain ? undefined : openView(io, usernames, io.now());
  const shown = view === undefined ? io : { ...io, out: view.line, err: view.line };
  try {
    return await eachName(names, shown, teller(shown, json), async (name) => {
      const host = view?.hosts[usernames.indexOf(name)];
      const live = tiktok.live(name, { signal: io.signal });
      const recorded = file === undefined ? undefined : record(live, file);
      const line = (event: LiveEvent): string => {
        if (json) return JSON.stringify(several ? { host: name, ...event } : event);
        return several ? `@${name}  ${formatEvent(event)}` : formatEvent(event);
      };
      try {
        for await (const event of live) {
          host?.event(event);
          // The view itself shows the viewers.
          if (wanted?.has(event.type) ?? (view === undefined || event.type !== "viewers")) shown.out(line(event));
        }
        host?.status(() => "the live is over");
      } finally {
        await recorded;
      }
    }, usernames.length);
  } finally {
    view?.close();
  }
}

/** Writes the frames of a live to a file, to its end. A full disk ends the live. */
async function record(live: Live, file: FileHandle): Promise<void> {
  try {
    for await (const bytes of recordFrames(live)) await file.writeFile(bytes);
  } finally {
    live.close();
    await file.close();
  }
}
