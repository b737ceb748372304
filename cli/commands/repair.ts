import { repair } from "@roomtone/recorder";
import { parseArgs } from "node:util";
import { formatBytes, formatDuration } from "../format.ts";
import type { CliIo } from "../io.ts";
import { UsageError } from "../options.ts";

/** Shown by `roomtone repair --help`. */
export const usage = `roomtone repair FOLDER...
  Closes recordings that a crash left open: checks the segments, ends the playlist, writes the manifest.`;

/** Closes each folder's recording. */
export async function run(args: string[], io: CliIo): Promise<number> {
  const { positionals } = parseArgs({ args, allowPositionals: true });
  if (positionals.length === 0) throw new UsageError("no folder was given", usage);
  for (const folder of positionals) {
    const { totals } = await repair(folder);
    io.out(
      `${folder}: ${formatDuration(totals.durationMs)}, ${totals.segments} segments, ${formatBytes(totals.bytes)}`,
    );
  }
  return 0;
}
