import type { EventsReply, RecordingReply } from "@roomtone/functions/client";
import { parseArgs } from "node:util";
import { each, teller } from "../batch.ts";
import { formatBytes, formatCounts, formatDuration, formatMoment, formatStored, plain } from "../format.ts";
import type { CliIo } from "../io.ts";
import { onlyName, UsageError } from "../options.ts";
import { QUALITY_WORDS, readQuality } from "../quality.ts";
import { openSystem, type System } from "../system.ts";
import { printLog } from "./recording_log.ts";
import { clipTimes } from "./recordings_clip_times.ts";

/** Shown by `roomtone recordings --help`. */
export const usage =
  `roomtone recordings ls | show ID | events ID | log ID | export ID | clip ID | repair ID... | start NAME | stop ID... | rm ID... | keep ID... | unkeep ID... [--dir FOLDER] [--json]
  Lists, shows and changes recordings: those of the local system, whether it runs or not, or with --remote those of an API.
  ls             the newest first; of one host with --user NAME, in one state with --state wanted|recording|finished
  events ID      prints the events; only some with --type TYPE, which may be repeated; those behind a place with
                 --after PLACE; with --follow it goes on as they come, until the live is over
  log ID         what the system logged about it: parts, gaps, trouble with the store, uploads, its end
  export ID      the events as a file: --jsonl (default), --csv, or --vtt for the chat as subtitles of the video; to
                 standard output or, with -o FILE, into a file
  clip ID        a stretch of the video as one MP4, made by ffmpeg on this machine: --from 1:30 --to 2:15, times as the
                 player shows them; with --out FILE into that file. It begins at the keyframe at or before --from, or
                 with --exact, which takes longer, at that very time
  repair ID...   closes what a crash left open of recordings of the local system
  start NAME     records a host who is live now; a local system does it while it runs. --quality ${QUALITY_WORDS}:
                 in that one, else the best below, else the best there is; what is being recorded goes over to it
  stop ID...     ends recordings for good, while their lives go on
  rm ID...       deletes finished recordings: video, events and totals
  keep, unkeep   puts recordings out of the retention policy's reach, or within it again
  --dir FOLDER   the local system's data (default: roomtone-data)
  --json         one JSON object a line, as the API answers it

  Examples:
    roomtone recordings ls --user some.host --state finished
    roomtone recordings events 7300000000000000001 --follow --json
    roomtone recordings export 7300000000000000001 --vtt -o chat.vtt
    roomtone recordings clip 7300000000000000001 --from 1:30 --to 2:15 --out moment.mp4`;

const STATES = ["wanted", "recording", "finished"] as const;
/** How long one request waits for the next event, ms. */
const WAIT_MS = "20000";

interface Values {
  json?: boolean;
  user?: string;
  state?: string;
  type?: string[];
  after?: string;
  follow?: boolean;
  jsonl?: boolean;
  csv?: boolean;
  vtt?: boolean;
  output?: string;
  from?: string;
  to?: string;
  out?: string;
  exact?: boolean;
  dir?: string;
  quality?: string;
}

/** Lists, shows or changes recordings. */
export async function run(args: string[], io: CliIo): Promise<number> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      dir: { type: "string" },
      json: { type: "boolean" },
      user: { type: "string" },
      state: { type: "string" },
      type: { type: "string", multiple: true },
      after: { type: "string" },
      follow: { type: "boolean" },
      jsonl: { type: "boolean" },
      csv: { type: "boolean" },
      vtt: { type: "boolean" },
      output: { type: "string", short: "o" },
      from: { type: "string" },
      to: { type: "string" },
      out: { type: "string" },
      exact: { type: "boolean" },
      quality: { type: "string" },
    },
  });
  const [verb, ...given] = positionals;
  const work = workOf(verb, given, values, io);
  const system = openSystem(io, values.dir, usage);
  try {
    return await work(system) ?? 0;
  } finally {
    system.close();
  }
}

function workOf(
  verb: string | undefined,
  given: string[],
  values: Values,
  io: CliIo,
): (system: System) => Promise<number | void> {
  const { json = false, user, state: typed, type, after, follow } = values;
  if (verb !== "ls" && (user !== undefined || typed !== undefined)) {
    throw new UsageError("--user and --state go with ls", usage);
  }
  if (verb !== "events" && (type !== undefined || after !== undefined || follow)) {
    throw new UsageError("--type, --after and --follow go with events", usage);
  }
  const formats = (["jsonl", "csv", "vtt"] as const).filter((each) => values[each]);
  if (verb !== "export" && (formats.length > 0 || values.output !== undefined)) {
    throw new UsageError("--jsonl, --csv, --vtt and -o go with export", usage);
  }
  if (verb !== "start" && values.quality !== undefined) throw new UsageError("--quality goes with start", usage);
  const quality = readQuality(values.quality, usage);
  const { from, to, out, exact } = values;
  if (verb !== "clip" && (from !== undefined || to !== undefined || out !== undefined || exact)) {
    throw new UsageError("--from, --to, --out and --exact go with clip", usage);
  }
  const show = (recording: RecordingReply, print: (recording: RecordingReply) => string[]) => {
    for (const line of json ? [JSON.stringify(recording)] : print(recording).map(plain)) io.out(line);
  };
  const { signal } = io;
  switch (verb) {
    case "ls": {
      if (given.length > 0) throw new UsageError("no id was expected", usage);
      const state = STATES.find((each) => each === typed);
      if (state !== typed) throw new UsageError(`--state takes ${STATES.join(", ")}`, usage);
      return async ({ api }) => {
        for (let cursor: string | undefined, more = true; more; more = cursor !== undefined) {
          const query = { limit: "1000", cursor, username: user, state };
          const { body } = await api.listRecordings({ query }, { signal });
          for (const recording of body.recordings) show(recording, (each) => [lineOf(each)]);
          cursor = body.cursor;
        }
      };
    }
    case "show": {
      const id = onlyName(given, usage);
      return async ({ api }) => show((await api.getRecording({ params: { id } }, { signal })).body, linesOf);
    }
    case "events": {
      const id = onlyName(given, usage);
      return async ({ api }) => {
        const query = { after, types: type, waitMs: follow ? WAIT_MS : "0" };
        for await (const event of eventsOf(api, id, query, io)) {
          io.out(json ? JSON.stringify(event) : formatStored(event));
        }
      };
    }
    case "log": {
      const id = onlyName(given, usage);
      return (system) => printLog(system, id, json, io);
    }
    case "export": {
      const id = onlyName(given, usage);
      const [format = "jsonl", other] = formats;
      if (other !== undefined) throw new UsageError("one of --jsonl, --csv and --vtt was expected", usage);
      return async (system) => {
        const { exportTo } = await import("./recordings_files.ts");
        await exportTo(system, id, { format, path: values.output, quiet: json }, io);
      };
    }
    case "clip": {
      const id = onlyName(given, usage);
      const times = clipTimes(from, to, usage);
      return async (system) => {
        const { clipTo } = await import("./recordings_clip.ts");
        await clipTo(system, id, { ...times, out, exact: exact ?? false, json }, io);
      };
    }
    case "repair": {
      if (given.length === 0) throw new UsageError("no id was given", usage);
      return async (system) => {
        const { repairThem } = await import("./recordings_files.ts");
        return await repairThem(system, given, { dir: values.dir, json }, io);
      };
    }
    case "start": {
      const username = onlyName(given, usage);
      return async ({ api, local }) => {
        const { status, body } = await api.startRecording({ body: { username, quality } }, { signal });
        show(body, (each) => [lineOf(each)]);
        if (status === 200) {
          const over = quality !== undefined && quality !== body.recorded_quality;
          io.err(`it is being recorded already${over ? "; it goes over to that quality within half a minute" : ""}`);
        } else if (local) io.err("the local system records it as soon as it runs");
      };
    }
    case "stop":
    case "rm": {
      if (given.length === 0) throw new UsageError("no id was given", usage);
      return ({ api }) =>
        each(given, given.length === 1, io, teller(io, json, "id"), async (id) => {
          if (verb === "stop") {
            const { status, body } = await api.stopRecording({ params: { id } }, { signal });
            show(body, (recording) => [lineOf(recording)]);
            if (status === 202) io.err(`${id}: its recorder is asked to end it, which takes some seconds`);
          } else {
            await api.deleteRecording({ params: { id } }, { signal });
            io.out(json ? JSON.stringify({ id, deleted: true }) : `- ${plain(id)}`);
          }
        });
    }
    case "keep":
    case "unkeep": {
      if (given.length === 0) throw new UsageError("no id was given", usage);
      return ({ api }) =>
        each(given, given.length === 1, io, teller(io, json, "id"), async (id) => {
          const change = verb === "keep" ? api.keepRecording : api.unkeepRecording;
          show((await change({ params: { id } }, { signal })).body, (recording) => [lineOf(recording)]);
        });
    }
    default:
      throw new UsageError(
        "ls, show, events, log, export, clip, repair, start, stop, rm, keep or unkeep is missing",
        usage,
      );
  }
}

async function* eventsOf(
  api: System["api"],
  id: string,
  { after = "0", types, waitMs }: { after?: string; types?: string[]; waitMs: string },
  io: CliIo,
): AsyncGenerator<EventsReply["events"][number]> {
  let place = after;
  let count = 0;
  try {
    for (let over = false; !over;) {
      const query = { after: place, types, limit: "1000", waitMs };
      const { body } = await api.recordingEvents({ params: { id }, query }, { signal: io.signal });
      if (body === undefined) return;
      yield* body.events;
      count += body.events.length;
      over = body.finished || (waitMs === "0" && body.after === place);
      place = body.after;
    }
  } finally {
    io.err(`${count} events; --after ${plain(place)} goes on from here`);
  }
}

/** Kept short: one line. */
function lineOf(recording: RecordingReply): string {
  const { id, username, state, outcome, segments, bytes, title } = recording;
  const size = segments === 0 ? "no video yet" : `${formatBytes(bytes)} in ${segments} segments`;
  const how = outcome === undefined ? state : [outcome.kind, outcome.code].filter(Boolean).join(" ");
  const at = formatMoment(recording.started_at ?? recording.created_at);
  const kept = recording.kept ? "  kept" : "";
  return `${id}  ${at}  @${username}  ${how}  ${formatDuration(recording.duration_ms)}  ${size}${kept}  ${title}`
    .trimEnd();
}

function qualityLines({ quality, recorded_quality: recorded }: RecordingReply): string[] {
  const words = [quality && `asked for in ${quality}`, recorded && `recorded in ${recorded}`].filter(Boolean);
  return words.length === 0 ? [] : [`  ${words.join(", ")}`];
}

function linesOf(recording: RecordingReply): string[] {
  const { totals, outcome, parts, playlist } = recording;
  const when = [
    ["created", recording.created_at],
    ["started", recording.started_at],
    ["stop asked", recording.stop_requested_at],
    ["ended", recording.ended_at],
  ] as const;
  return [
    lineOf(recording),
    `  ${when.flatMap(([name, at]) => at === undefined ? [] : [`${name} ${formatMoment(at)}`]).join(", ")}`,
    ...qualityLines(recording),
    ...outcome?.detail === undefined ? [] : [`  ${outcome.detail}`],
    ...parts.map(({ part, folder }) => `  part ${part}: ${folder}`),
    ...playlist === undefined ? [] : [`  playlist ${playlist}`],
    ...totals === undefined ? [] : [
      `  ${totals.events} events, ${totals.diamonds} diamonds: ${formatCounts(totals.types)}`,
      `  ${totals.gifts} gifts of ${totals.gifters} people, ${totals.likes} likes, ` +
      `at most ${totals.peak_viewers} viewers${totals.complete ? "" : "; some events are missing in these sums"}`,
      ...totals.top_gifters.slice(0, 3).map(({ username, diamonds, gifts }) =>
        `  @${username} gave ${gifts} gifts, ${diamonds} diamonds`
      ),
    ],
  ];
}
