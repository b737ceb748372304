import { record } from "@roomtone/recorder";
import { TikTok } from "@roomtone/sdk";
import { parseArgs } from "node:util";
import { formatBytes, formatCounts, formatDuration } from "../format.ts";
import type { CliIo } from "../io.ts";
import { clientOptions, onlyName, UsageError, wholeNumber } from "../options.ts";

/** Shown by `roomtone record --help`. */
export const usage = `roomtone record NAME [--dir FOLDER] [--engine ENGINE] [--mp4] [--json]
                     [--min-free-mb N] [--thumbnail-every-s N]
  Records a live, video and events, until it ends or Ctrl-C is pressed; either way the recording is whole.
  --dir FOLDER     where recordings go (default: recordings)
  --engine ENGINE  what writes the segments: inprocess (default), or ffmpeg
  --min-free-mb N  while the disk has less room than this, pictures and sound wait (default: 256; 0: never)
  --thumbnail-every-s N
                   seconds from one thumbnail to the next; ffmpeg makes them (default: 60; 0: none)
  --mp4            adds one recording.mp4 at the end
  --json           prints the manifest at the end`;

/** Records one live into a folder. */
export async function run(args: string[], io: CliIo): Promise<number> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      dir: { type: "string" },
      engine: { type: "string" },
      "min-free-mb": { type: "string" },
      "thumbnail-every-s": { type: "string" },
      mp4: { type: "boolean" },
      json: { type: "boolean" },
    },
  });
  const { engine } = values;
  if (engine !== undefined && engine !== "inprocess" && engine !== "ffmpeg") {
    throw new UsageError(`there is no engine ${engine}: it is inprocess or ffmpeg`, usage);
  }
  const minFreeMb = wholeNumber("--min-free-mb", values["min-free-mb"], 1_000_000_000, usage);
  const everyS = wholeNumber("--thumbnail-every-s", values["thumbnail-every-s"], 86_400, usage);
  const recording = record(onlyName(positionals, usage), {
    tiktok: new TikTok(clientOptions(io)),
    dir: values.dir ?? io.env["ROOMTONE_DIR"] ?? "recordings",
    ...(engine === undefined ? {} : { engine }),
    ...(minFreeMb === undefined ? {} : { minFreeBytes: minFreeMb * 1024 * 1024 }),
    ...(everyS === undefined ? {} : { thumbnailEveryMs: everyS * 1_000 }),
    mp4: values.mp4 ?? false,
    ffmpegPath: io.env["ROOMTONE_FFMPEG"],
    signal: io.signal,
  });
  recording.on("started", ({ folder }) => io.err(`recording into ${folder}`));
  recording.on("gap", (gap) => io.err(`gap: ${gap.reason}`));
  recording.on("progress", (progress) =>
    io.status(
      `${formatDuration(progress.durationMs)}  ${progress.segments} segments  ${formatBytes(progress.bytes)}  ` +
        `${progress.events} events`,
    ));
  const manifest = await recording.done;
  if (values.json) {
    io.out(JSON.stringify(manifest));
  } else {
    const { totals } = manifest;
    io.out(
      `${recording.folder}: ${formatDuration(totals.durationMs)}, ${totals.segments} segments, ` +
        `${formatBytes(totals.bytes)}, ${totals.events} events (${formatCounts(totals.eventsByType)})`,
    );
  }
  return 0;
}
