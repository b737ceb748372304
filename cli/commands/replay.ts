import { LiveError, systemClock } from "@roomtone/sdk";
import { replay } from "@roomtone/sdk/replay";
import { open } from "node:fs/promises";
import { parseArgs } from "node:util";
import { aboutFile } from "../failures.ts";
import { formatDuration, formatEvent } from "../format.ts";
import type { CliIo } from "../io.ts";
import { UsageError } from "../options.ts";

/** Shown by `roomtone replay --help`. */
export const usage = `roomtone replay FILE [--speed N] [--json] [--type TYPE]...
  Prints the events of a live again, from the file that live --record wrote.
  --speed N     1 as fast as the live was, 10 ten times as fast; without it as fast as can be read
  --json        one JSON object a line
  --type TYPE   only events of this type; may be repeated

  Examples:
    roomtone replay some.frames --speed 10
    roomtone replay some.frames --json --type gift`;

/** Prints the events of a recorded live. */
export async function run(args: string[], io: CliIo): Promise<number> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: { speed: { type: "string" }, json: { type: "boolean" }, type: { type: "string", multiple: true } },
  });
  const [path, ...more] = positionals;
  if (path === undefined || more.length > 0) throw new UsageError("one file was expected", usage);
  const speed = values.speed === undefined ? Infinity : Number(values.speed);
  if (!(speed > 0)) throw new UsageError(`--speed must be a number above 0, got ${values.speed}`, usage);
  const wanted = values.type && new Set(values.type);
  const file = await open(path).catch(aboutFile(path));
  const replayed = replay(file.createReadStream(), { speed, clock: systemClock, signal: io.signal });
  try {
    for await (const event of replayed) {
      if (wanted === undefined || wanted.has(event.type)) {
        io.out(values.json ? JSON.stringify(event) : formatEvent(event));
      }
    }
  } catch (error) {
    aboutFile(path)(error);
  }
  const { events, frames, from = 0, to = 0, end, error, cutBytes, lost } = replayed.report;
  if (frames === 0 && cutBytes > 0) {
    throw new LiveError("invalid_input", `Replay ${path}: it holds no frame of a live`, {
      evidence: { bodyBytes: cutBytes },
      remedy: "Name a file that roomtone live --record wrote",
    });
  }
  io.err(
    `${events} events of ${frames} frames over ${formatDuration(to - from)}; ` +
      (end === undefined ? "the recording stops before the live ended" : `the live ended: ${end}`) +
      (error === undefined ? "" : ` (${error.message})`),
  );
  if (lost > 0) io.err(`${lost} records are missing: the disk was too slow`);
  if (cutBytes > 0) io.err(`the file was cut: ${cutBytes} bytes of a last record were left out`);
  return 0;
}
