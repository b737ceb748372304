import { repair } from "@roomtone/recorder";
import { parseArgs } from "node:util";
import { each, teller } from "../batch.ts";
import { formatBytes, formatDuration } from "../format.ts";
import type { CliIo } from "../io.ts";
import { UsageError } from "../options.ts";

/** Shown by `roomtone repair --help`. */
export const usage = `roomtone repair FOLDER... [--json]
  Closes recordings that a crash left open: checks the segments, ends the playlist, writes the manifest.
  One folder that cannot be repaired does not keep the others from it.
  --json   one JSON object a folder: folder and manifest, or folder and error

  Examples:
    roomtone repair recordings/some.host/2026-11-21T10-31-02Z_7300000000000000001`;

/** Closes each folder's recording. */
export async function run(args: string[], io: CliIo): Promise<number> {
  const { values: { json = false }, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: { json: { type: "boolean" } },
  });
  if (positionals.length === 0) throw new UsageError("no folder was given", usage);
  return await each(positionals, positionals.length === 1, io, teller(io, json, "folder"), async (folder) => {
    const manifest = await repair(folder);
    const { durationMs, segments, bytes } = manifest.totals;
    const text = `${folder}: ${formatDuration(durationMs)}, ${segments} segments, ${formatBytes(bytes)}`;
    io.out(json ? JSON.stringify({ folder, manifest }) : text);
  });
}
