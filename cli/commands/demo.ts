import {
  loadConfig,
  LocalConfig,
  type LogFields,
  type Logger,
  startLocal,
  type SystemEvent,
} from "@roomtone/functions/local";
import type { LiveEvent } from "@roomtone/sdk";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { type StandinProcess, startStandin } from "../demo/standin.ts";
import { checkEvents, checkMedia } from "../demo/verify.ts";
import { formatBytes, formatCounts, formatDuration, formatEvent, formatEventMasked } from "../format.ts";
import type { CliIo } from "../io.ts";
import { UsageError } from "../options.ts";

/** Shown by `roomtone demo --help`. */
export const usage = `roomtone demo [--stay] [--captures FILE] [--seconds N] [--json]
  Runs the whole system on this machine against a stand-in TikTok: one live, found, recorded, stored and checked.
  --stay            keeps everything running and prints the addresses
  --captures FILE   the room's messages come from a file (NDJSON of method and base64 payload); only type, count and id
                    are printed, and the recording is deleted at the end
  --seconds N       length of the live (default: 20)
  --json            one JSON object a line: what and text

  Examples:
    roomtone demo
    roomtone demo --stay --seconds 60`;

const HOST = "demo.host";
/** Who is live, and recorded, as long as the demo stays. */
const STAYING_HOST = "some.host";
const STAYING_MS = 24 * 3_600_000;
/** It takes 270 MB an hour. */
const STAYING_QUALITY = "sd";
/** How much longer than the live the whole demo may take. */
const GRACE_MS = 60_000;
/** Media time and the live's length may differ by this much: pictures already on their way when the live ended. */
const DURATION_TOLERANCE_MS = 2_000;
const PROGRESS_EVERY_MS = 5_000;
/** What an event of the live is told as. */
const EVENT = "event";

/** Runs the demo; 0 only if the live was found, recorded, stored and checked. */
export async function run(args: string[], io: CliIo): Promise<number> {
  const { values } = parseArgs({
    args,
    options: {
      stay: { type: "boolean" },
      captures: { type: "string" },
      seconds: { type: "string", default: "20" },
      json: { type: "boolean" },
    },
  });
  const seconds = Number(values.seconds);
  if (!(seconds >= 5 && seconds <= 3600)) throw new UsageError("--seconds wants a number from 5 to 3600", usage);
  const captures = values.captures === undefined ? undefined : resolve(values.captures);
  const begun = io.now();
  const dataDir = mkdtempSync(join(tmpdir(), "roomtone-demo-"));
  const say = (what: string, text: string): void => {
    if (values.json) io.out(JSON.stringify({ what: what.trim(), text }));
    else io.out(what === EVENT ? `  ${text}` : `${what.padEnd(14)} ${text}`);
  };

  const standin = await startStandin(HOST, io.env["ROOMTONE_FFMPEG"]);
  const observer = new DemoObserver(io, say, captures !== undefined);
  const system = await startLocal(
    loadConfig(LocalConfig, {
      ...io.env,
      ROOMTONE_PORT: values.stay ? io.env["ROOMTONE_PORT"] : "0",
      ROOMTONE_DATA_DIR: dataDir,
      ROOMTONE_POLL_INTERVAL_MS: "1000",
      ROOMTONE_POLL_TICK_MS: "200",
      ROOMTONE_SEGMENT_MS: "4000",
      ROOMTONE_TIKTOK_WEB_URL: standin.url,
      ROOMTONE_TIKTOK_WEBCAST_URL: standin.url,
      ROOMTONE_TIKTOK_SOCKET_URL: standin.wsUrl,
      // Nobody's own session or signer goes to the stand-in.
      ROOMTONE_TIKTOK_COOKIES: `sessionid=${standin.session}`,
      ROOMTONE_EULER_KEY: undefined,
      ROOMTONE_EULER_URL: undefined,
    }),
    { observe: observer.observe, logger: quietLogger(io) },
  );
  try {
    say("stand-in", standin.url);
    say("local system", system.url);
    await watch(system.url, HOST);
    say("watchlist", `+ @${HOST}, who goes live for ${formatDuration(seconds * 1000)}`);
    await standin.goLive(HOST, { durationMs: seconds * 1000, title: "Roomtone demo", captures });

    const deadline = AbortSignal.any([io.signal, AbortSignal.timeout(seconds * 1000 + GRACE_MS)]);
    const recordingId = await abortable(observer.finished, deadline);
    const problems = await report({ system, standin, recordingId, dataDir, seconds, captures, observer, io, say });
    for (const problem of problems) say("FAILED", problem);
    if (problems.length === 0) say("demo passed", `in ${formatDuration(io.now() - begun)}`);
    if (values.stay) {
      await standin.goLive(STAYING_HOST, { durationMs: STAYING_MS, title: "Tea" });
      await watch(system.url, STAYING_HOST, `?quality=${STAYING_QUALITY}`);
      await stay(system.url, standin.url, io, say);
    }
    return problems.length === 0 ? 0 : 1;
  } finally {
    await system.stop();
    standin.stop();
    // Captures name real people; their recording leaves with the demo, also when it fails.
    if (captures !== undefined) rmSync(dataDir, { recursive: true, force: true });
  }
}

/** The demo tells the good news itself; trouble is shown as the log has it. */
function quietLogger(io: CliIo): Logger {
  const show = (event: string, fields: LogFields = {}): void => io.err(`${event} ${JSON.stringify(fields)}`);
  return { info: () => {}, warn: show, error: show };
}

type Say = (what: string, text: string) => void;

/** Shows what the system does as it happens, and knows which recording is finished. */
class DemoObserver {
  /** Resolves with the id of the first recording that is finished. */
  readonly finished: Promise<string>;
  /** What did not go as it should. */
  readonly problems: string[] = [];
  /** What happened, in this order: the demo wants all of it. */
  readonly seen = new Set<SystemEvent["kind"]>();
  #finish: (recordingId: string) => void = () => {};
  #events = 0;
  #progressAt = 0;
  readonly #io: CliIo;
  readonly #say: Say;
  readonly #masked: boolean;

  constructor(io: CliIo, say: Say, masked: boolean) {
    this.#io = io;
    this.#say = say;
    this.#masked = masked;
    this.finished = new Promise((resolve) => {
      this.#finish = resolve;
    });
  }

  /** The hook for the local system. */
  readonly observe = (event: SystemEvent): void => {
    this.seen.add(event.kind);
    switch (event.kind) {
      case "live_found":
        this.#say("live found", `@${event.username}, room ${event.roomId}, "${event.title}"`);
        break;
      case "recording_started":
        this.#say("recording", event.folder);
        break;
      case "event": {
        if (event.username !== HOST) break;
        this.#events++;
        const told: LiveEvent = JSON.parse(event.event.json);
        this.#say(EVENT, this.#masked ? formatEventMasked(told) : formatEvent(told));
        break;
      }
      case "progress":
        if (event.username === HOST) this.#progress(event.data);
        break;
      case "gap":
        this.#say("gap", JSON.stringify(event.data));
        break;
      case "recording_stopped":
        this.#say("live ended", `@${event.username} (${event.reason})`);
        break;
      case "recording_finished":
        if (event.outcome.kind !== "ended") {
          this.problems.push(`the recording ended as ${event.outcome.kind}: ${event.outcome.detail ?? "no detail"}`);
        }
        this.#finish(event.recordingId);
        break;
    }
  };

  #progress(data: Record<string, unknown>): void {
    const number = (name: string): number => Number(data[name] ?? 0);
    const line = `${formatDuration(number("durationMs"))} of video, ${number("segments")} segments, ` +
      `${formatBytes(number("bytes"))}, ${this.#events} events`;
    this.#io.status(`progress       ${line}`);
    if (this.#io.now() - this.#progressAt < PROGRESS_EVERY_MS) return;
    this.#progressAt = this.#io.now();
    this.#say("progress", line);
  }
}

interface ReportContext {
  system: { url: string };
  standin: Pick<StandinProcess, "sent">;
  recordingId: string;
  dataDir: string;
  seconds: number;
  captures: string | undefined;
  observer: DemoObserver;
  io: CliIo;
  say: Say;
}

/** Prints what the recording holds and returns what is wrong with it. */
async function report(context: ReportContext): Promise<string[]> {
  const { system, standin, recordingId, observer, io, say } = context;
  const problems = [...observer.problems];
  for (const kind of ["live_found", "recording_started", "event", "progress", "recording_stopped"] as const) {
    if (!observer.seen.has(kind)) problems.push(`${kind} did not happen`);
  }
  const answer = await fetch(`${system.url}/recordings/${recordingId}`);
  const recording: { segments: number; bytes: number; duration_ms: number; parts: { folder: string }[] } = await answer
    .json();
  const sent = await standin.sent(HOST);
  const events = await checkEvents(system.url, recordingId, sent.ids);
  const folder = join(context.dataDir, "recordings", recording.parts[0]?.folder ?? "");
  say("recording", folder);
  say("  duration", formatDuration(recording.duration_ms));
  say("  segments", `${recording.segments}, ${formatBytes(recording.bytes)}`);
  say("  events", `${events.stored} (${formatCounts(events.byType)})`);
  if (recording.segments === 0) problems.push("no segment was recorded");
  if (events.missing.length > 0) {
    problems.push(`${events.missing.length} of ${sent.ids.length} messages are not stored`);
  }
  if (events.doubled.length > 0) problems.push(`${events.doubled.length} messages are stored more than once`);
  if (events.stored !== sent.ids.length) {
    problems.push(`${events.stored} events are stored, ${sent.ids.length} messages were sent`);
  }
  if (context.captures !== undefined) {
    const lines = readFileSync(context.captures, "utf8").split("\n").filter((line) => line.trim() !== "").length;
    say("  captures", `${sent.captured.sent} of the file's ${lines} messages were sent`);
    if (lines !== sent.captured.sent) problems.push(`${sent.captured.sent} of the file's ${lines} messages were sent`);
  }
  const media = await checkMedia(io.env["ROOMTONE_FFPROBE"] ?? "ffprobe", join(folder, "index.m3u8"));
  const manifest: { gaps: { missingMs?: number }[] } = JSON.parse(readFileSync(join(folder, "manifest.json"), "utf8"));
  const gapsMs = manifest.gaps.reduce((sum, gap) => sum + (gap.missingMs ?? 0), 0);
  say("  ffprobe", `${media.streams.join(" + ")}, ${(media.durationMs / 1000).toFixed(1)} s`);
  if (media.streams.length < 2) problems.push("the recording lacks picture or sound");
  const offMs = media.durationMs + gapsMs - context.seconds * 1000;
  if (Math.abs(offMs) > DURATION_TOLERANCE_MS) {
    problems.push(`the video and its gaps differ from the live's length by ${(offMs / 1000).toFixed(1)} s`);
  }
  return problems;
}

async function watch(apiUrl: string, username: string, query = ""): Promise<void> {
  const answer = await fetch(`${apiUrl}/watchlist/${username}${query}`, { method: "PUT" });
  if (!answer.ok) throw new Error(`putting @${username} on the watchlist: ${answer.status} ${await answer.text()}`);
}

async function stay(apiUrl: string, standinUrl: string, io: CliIo, say: Say): Promise<void> {
  say("staying", "until Ctrl-C");
  say("  console", `${apiUrl}/`);
  say("  API", apiUrl);
  say("  links", `${apiUrl}/api/links?usernames[]=${STAYING_HOST}`);
  say("  user info", `${apiUrl}/tiktok/user-info?uniqueId=${STAYING_HOST}`);
  say("  followings", `${apiUrl}/tiktok/user-followings?uniqueId=${STAYING_HOST}&count=50`);
  say("  recordings", `${apiUrl}/recordings`);
  say("  go live", `curl -d '{"live":true,"durationMs":60000}' ${standinUrl}/_control/rooms/${HOST}`);
  if (!io.signal.aborted) await new Promise<void>((resolve) => io.signal.addEventListener("abort", () => resolve()));
}

/** The promise, or the signal's reason if that comes first. */
function abortable<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const fail = (): void => reject(signal.reason);
    if (signal.aborted) fail();
    signal.addEventListener("abort", fail, { once: true });
    promise.then(resolve, reject);
  });
}
