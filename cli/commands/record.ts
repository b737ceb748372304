import { record, type RecordOptions, thumbnailTurns } from "@roomtone/recorder";
import { type LiveEventType, systemClock, TikTok } from "@roomtone/sdk";
import { mkdir } from "node:fs/promises";
import { parseArgs } from "node:util";
import { teller, tellWrong } from "../batch.ts";
import { formatBytes, formatDuration, formatEvent } from "../format.ts";
import type { CliIo } from "../io.ts";
import { FROM, fromHelp, readNames } from "../names.ts";
import { openView } from "../open_view.ts";
import { clientOptions, UsageError, wholeNumber } from "../options.ts";
import { followHost, type HostOutcome, pause } from "../record/follow.ts";
import { stateJson, statesForPeople } from "../record/show.ts";

/** Shown by `roomtone record --help`. */
export const usage =
  `roomtone record NAME... [--from FILE] [--until-end] [--follow-next-live] [--dir FOLDER] [--mp4] [--json]
  Records lives, video and events, each into a folder of its own, until they end or Ctrl-C is pressed.
  A live has ended when TikTok says so twice, 1.5 s apart; two minutes without any data are a failure. Then this host is
  done, unless one of the two says otherwise. Ctrl-C closes all files, so that what was recorded is whole; a second one
  ends at once, and roomtone repair closes the rest.
  --until-end      to the real end: a host who is back, or a recording that failed, within the quiet time behind an end
                   is recorded on, into a folder of its own; asked every 15 s
  --quiet-s N      that quiet time, seconds (default: 120)
  --follow-next-live
                   waits for the host's next live and records it, until Ctrl-C; for the first one, too, when the host is
                   not live yet. Refusals are waited out, longer each time
  --poll-interval-s N
                   seconds from one question whether a host is live to the next, 10 to 86400 (default: 60); up to a tenth
                   more at random, and more when there are more than four names a second
${fromHelp(17)}
  --dir FOLDER     where recordings go (default: recordings)
  --engine ENGINE  what writes the segments: inprocess (default), or ffmpeg
  --min-free-mb N  while the disk has less room than this, pictures and sound wait (default: 256; 0: never)
  --thumbnail-every-s N
                   seconds from one thumbnail to the next; ffmpeg makes them (default: 60; 0: none)
  --mp4            adds one recording.mp4 at the end
  --plain          lines alone; a terminal otherwise shows viewers, diamonds, bitrate, lag, segments and gaps above the
                   chat, and while it waits the time of the next check
  --json           one JSON object for each state of a host: waiting (with nextCheckAt), recording, closing, finished
                   (with the manifest), failed, done (with outcome)
  Exit codes: 0 what was recorded is whole, also after Ctrl-C; 1 a name failed; 130 Ctrl-C before anything was recorded.

  Examples:
    roomtone record some.host --mp4
    roomtone record some.host other.host --until-end --dir lives
    roomtone record --from names.txt --until-end --follow-next-live --json`;

/** What a view shows while it records; the rest is in the recording. */
const SHOWN: ReadonlySet<LiveEventType> = new Set(
  ["chat", "gift", "follow", "subscribe", "question", "envelope", "battle", "gap", "control", "ended"],
);
const QUIET_S = 120;
const POLL_INTERVAL_S = 60;
const LEAST_POLL_INTERVAL_S = 10;
/** Time from one host's beginning to the next one's, and the least share of an interval that each host has; ms. */
const BETWEEN_HOSTS_MS = 250;

/** Records lives into folders. */
export async function run(args: string[], io: CliIo): Promise<number> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      ...FROM,
      dir: { type: "string" },
      engine: { type: "string" },
      "min-free-mb": { type: "string" },
      "thumbnail-every-s": { type: "string" },
      "until-end": { type: "boolean" },
      "quiet-s": { type: "string" },
      "follow-next-live": { type: "boolean" },
      "poll-interval-s": { type: "string" },
      mp4: { type: "boolean" },
      json: { type: "boolean" },
      plain: { type: "boolean" },
    },
  });
  const { engine, json = false, mp4 = false, "until-end": untilEnd, "follow-next-live": follows } = values;
  if (engine !== undefined && engine !== "inprocess" && engine !== "ffmpeg") {
    throw new UsageError(`there is no engine ${engine}: it is inprocess or ffmpeg`, usage);
  }
  const minFreeMb = wholeNumber("--min-free-mb", values["min-free-mb"], 1_000_000_000, usage);
  const everyS = wholeNumber("--thumbnail-every-s", values["thumbnail-every-s"], 86_400, usage);
  const quietS = wholeNumber("--quiet-s", values["quiet-s"], 86_400, usage);
  if (quietS !== undefined && !untilEnd) throw new UsageError("--quiet-s goes with --until-end", usage);
  const pollS = wholeNumber("--poll-interval-s", values["poll-interval-s"], 86_400, usage);
  if (pollS !== undefined && !follows) throw new UsageError("--poll-interval-s goes with --follow-next-live", usage);
  if (pollS !== undefined && pollS < LEAST_POLL_INTERVAL_S) {
    throw new UsageError(`--poll-interval-s takes ${LEAST_POLL_INTERVAL_S} at least`, usage);
  }
  const names = await readNames(positionals, values.from, io, usage);
  const { usernames } = names;
  const several = usernames.length > 1;
  const dir = values.dir ?? io.env["ROOMTONE_DIR"] ?? "recordings";
  // Before anything is asked for: where nothing can be written, nothing can be recorded.
  await mkdir(dir, { recursive: true });
  const tiktok = new TikTok(clientOptions(io));
  const { signal } = io;
  const options: RecordOptions = {
    tiktok,
    dir,
    ...(engine === undefined ? {} : { engine }),
    ...(minFreeMb === undefined ? {} : { minFreeBytes: minFreeMb * 1024 * 1024 }),
    ...(everyS === undefined ? {} : { thumbnailEveryMs: everyS * 1_000 }),
    mp4,
    ffmpegPath: io.env["ROOMTONE_FFMPEG"],
    thumbnailTurns: thumbnailTurns(),
    signal,
  };
  const view = json || values.plain ? undefined : openView(io, usernames, undefined);
  /** Lines of results; a view gives the terminal back first. */
  const results: string[] = [];
  const out = view === undefined ? io.out : (line: string) => void results.push(line);
  /** The failure of the only name is that of the command. */
  let only: { error: unknown } | undefined;
  const recordOne = async (name: string, i: number): Promise<HostOutcome> => {
    const host = view?.hosts[i];
    const people = statesForPeople(name, io, { several, mp4, out, ...(view && host ? { view, host } : {}) });
    const goesOn = Boolean(untilEnd || follows);
    const begun = await pause(systemClock, i * BETWEEN_HOSTS_MS, signal).then(() => true, () => false);
    if (!begun) return "interrupted";
    return await followHost({
      record: () => {
        const recording = record(name, options);
        recording.on("gap", (gap) => (view?.line ?? io.err)(`${several ? `@${name}: ` : ""}gap: ${gap.reason}`));
        recording.on("progress", (progress) => {
          host?.progress(progress);
          const { durationMs, segments, bytes, events } = progress;
          const far = `${formatDuration(durationMs)}  ${segments} segments  ${formatBytes(bytes)}  ${events} events`;
          if (view === undefined) io.status(several ? `@${name}  ${far}` : far);
        });
        if (view !== undefined && host !== undefined) {
          recording.on("segment", host.segment);
          recording.on("event", (event) => {
            host.event(event);
            if (SHOWN.has(event.type)) view.line(`${several ? `@${name}  ` : ""}${formatEvent(event)}`);
          });
        }
        return recording;
      },
      waitUntilLive: (wait) => tiktok.waitUntilLive(name, wait),
      clock: systemClock,
      signal,
      quietMs: untilEnd ? (quietS ?? QUIET_S) * 1_000 : 0,
      pollIntervalMs: follows ? Math.max((pollS ?? POLL_INTERVAL_S) * 1_000, usernames.length * BETWEEN_HOSTS_MS) : 0,
      tell(state) {
        if (json) io.out(stateJson(name, io.now(), state));
        if (state.state === "failed" && names.only && !goesOn) only = { error: state.error };
        else if (!json) people(state);
      },
    });
  };
  try {
    const shown = view === undefined ? io : { ...io, err: view.line };
    tellWrong(names.wrong, teller(shown, json));
    const outcomes = await Promise.all(usernames.map(recordOne));
    if (only !== undefined) throw only.error;
    if (names.wrong.length > 0 || outcomes.includes("failed")) return 1;
    return outcomes.includes("interrupted") ? 130 : 0;
  } finally {
    view?.close();
    for (const line of results) io.out(line);
  }
}
