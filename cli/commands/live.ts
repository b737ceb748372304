import { type Live, type LiveEvent, TikTok } from "@roomtone/sdk";
import { recordFrames } from "@roomtone/sdk/replay";
import { type FileHandle, open } from "node:fs/promises";
import { parseArgs } from "node:util";
import { formatEvent } from "../format.ts";
import type { CliIo } from "../io.ts";
import { clientOptions, onlyName } from "../options.ts";
import { openView } from "../terminal_view.ts";

/** Shown by `roomtone live --help`. */
export const usage = `roomtone live NAME [--json] [--type TYPE]... [--record FILE] [--plain]
  Prints the events of a live as they arrive, until it ends.
  --json        one JSON object a line
  --type TYPE   only events of this type; may be repeated
  --record FILE also writes every frame to a new file, for roomtone replay
  --plain       lines alone; a terminal otherwise keeps viewers, diamonds, lag and gaps below them`;

/** Prints the events of a live until it ends or the signal aborts. */
export async function run(args: string[], io: CliIo): Promise<number> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      json: { type: "boolean" },
      type: { type: "string", multiple: true },
      record: { type: "string" },
      plain: { type: "boolean" },
    },
  });
  const wanted = values.type && new Set(values.type);
  const name = onlyName(positionals, usage);
  const tiktok = new TikTok(clientOptions(io));
  // Before the live starts: a file that cannot be made costs no request.
  const file = values.record === undefined ? undefined : await open(values.record, "wx");
  const live = tiktok.live(name, { signal: io.signal });
  const recorded = file === undefined ? undefined : record(live, file);
  const view = values.json || values.plain ? undefined : openView(io, name);
  const say = view === undefined ? io.out : view.line;
  const print = (event: LiveEvent): void => say(values.json ? JSON.stringify(event) : formatEvent(event));
  try {
    for await (const event of live) {
      view?.event(event);
      // The view itself shows the viewers.
      if (wanted?.has(event.type) ?? (view === undefined || event.type !== "viewers")) print(event);
    }
  } finally {
    view?.close();
    await recorded;
  }
  return 0;
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
