import { record } from "@roomtone/recorder";
import { TikTok } from "@roomtone/sdk";
import { parseArgs } from "node:util";
import type { LiveEventType } from "@roomtone/sdk";
import { formatBytes, formatCounts, formatDuration, formatEvent } from "../format.ts";
import type { CliIo } from "../io.ts";
import { clientOptions, onlyName, UsageError, wholeNumber } from "../options.ts";
import { openView } from "../terminal_view.ts";

/** Shown by `roomtone record --help`. */
export const usage = `roomtone record NAME [--dir FOLDER] [--engine ENGINE] [--mp4] [--json]
                     [--min-free-mb N] [--thumbnail-every-s N] [--plain]
  Records a live, video and events, until it ends or Ctrl-C is pressed; either way the recording is whole.
  --dir FOLDER     where recordings go (default: recordings)
  --engine ENGINE  what writes the segments: inprocess (default), or ffmpeg
  --min-free-mb N  while the disk has less room than this, pictures and sound wait (default: 256; 0: never)
  --thumbnail-every-s N
                   seconds from one thumbnail to the next; ffmpeg makes them (default: 60; 0: none)
  --mp4            adds one recording.mp4 at the end
  --plain          lines alone; a terminal otherwise shows the chat, and below it viewers, diamonds, bitrate, lag,
                   segments and gaps
  --json           prints the manifest at the end`;

/** What a view shows while it records; the rest is in the recording. */
const SHOWN: ReadonlySet<LiveEventType> = new Set(
  ["chat", "gift", "follow", "subscribe", "question", "envelope", "battle", "gap", "control", "ended"],
);

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
      plain: { type: "boolean" },
    },
  });
  const { engine } = values;
  if (engine !== undefined && engine !== "inprocess" && engine !== "ffmpeg") {
    throw new UsageError(`there is no engine ${engine}: it is inprocess or ffmpeg`, usage);
  }
  const minFreeMb = wholeNumber("--min-free-mb", values["min-free-mb"], 1_000_000_000, usage);
  const everyS = wholeNumber("--thumbnail-every-s", values["thumbnail-every-s"], 86_400, usage);
  const name = onlyName(positionals, usage);
  const recording = record(name, {
    tiktok: new TikTok(clientOptions(io)),
    dir: values.dir ?? io.env["ROOMTONE_DIR"] ?? "recordings",
    ...(engine === undefined ? {} : { engine }),
    ...(minFreeMb === undefined ? {} : { minFreeBytes: minFreeMb * 1024 * 1024 }),
    ...(everyS === undefined ? {} : { thumbnailEveryMs: everyS * 1_000 }),
    mp4: values.mp4 ?? false,
    ffmpegPath: io.env["ROOMTONE_FFMPEG"],
    signal: io.signal,
  });
  const view = values.json || values.plain ? undefined : openView(io, name);
  const say = view === undefined ? io.err : view.line;
  recording.on("started", ({ folder }) => say(`recording into ${folder}`));
  recording.on("gap", (gap) => say(`gap: ${gap.reason}`));
  if (view === undefined) {
    recording.on("progress", (progress) =>
      io.status(
        `${formatDuration(progress.durationMs)}  ${progress.segments} segments  ${formatBytes(progress.bytes)}  ` +
          `${progress.events} events`,
      ));
  } else {
    recording.on("progress", view.progress);
    recording.on("segment", view.segment);
    recording.on("event", (event) => {
      view.event(event);
      if (SHOWN.has(event.type)) view.line(formatEvent(event));
    });
    recording.on("ended", () => view.line(values.mp4 ? "closing the files and making the MP4" : "closing the files"));
  }
  const manifest = await recording.done.finally(() => view?.close());
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
