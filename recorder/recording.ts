/**
 * One recording: two independent halves, one folder, one end.
 * @module
 */
import { mkdir, rm, utimes } from "node:fs/promises";
import { join, resolve } from "node:path";
import { isLiveError, LiveError, type StreamLink, systemClock, TikTok } from "@roomtone/sdk";
import process from "node:process";
import { DiskGate, freeBytesOf } from "./disk_gate.ts";
import { EventLog, EVENTS, recordEvents } from "./events.ts";
import { mp4Arguments, runFfmpeg } from "./ffmpeg_hls.ts";
import { RecorderError } from "./errors.ts";
import { findFfmpeg } from "./find_ffmpeg.ts";
import { MediaWriter } from "./media_writer.ts";
import { ALIVE, PLAYLIST, RecordingFolder } from "./recording_folder.ts";
import { type FoundRoom, RoomWatch } from "./room.ts";
import { Thumbnails, thumbnailTurns } from "./thumbnails.ts";
import type {
  Manifest,
  ManifestThumbnail,
  RecordedProblem,
  Recording,
  RecordingEnd,
  RecordingEngine,
  RecordingEvents,
  RecordingProgress,
  RecordOptions,
  RecordTarget,
} from "./types.ts";
import { kindOf, VideoHalf } from "./video.ts";

const PROGRESS_MS = 1_000;
/** Once the live is over: time for the stream to end by itself, and for the last events, ms. */
const VIDEO_DRAIN_MS = 5_000;
const EVENTS_DRAIN_MS = 10_000;
const MP4 = "recording.mp4";
const SEGMENT_MAX_BYTES = 64 * 1024 * 1024;
const MIN_FREE_BYTES = 256 * 1024 * 1024;
const THUMBNAIL_EVERY_MS = 60_000;
const DEFAULT_ENGINE: RecordingEngine = "inprocess";
const ENGINES: ReadonlySet<RecordingEngine> = new Set(["ffmpeg", "inprocess"]);
/** A long outage tells the same few again and again. */
const MAX_PROBLEMS = 100;

/** See {@link record}. */
export class RecordingRun implements Recording {
  readonly done: Promise<Manifest>;
  readonly #options: RecordOptions & { clock: NonNullable<RecordOptions["clock"]> };
  readonly #handlers = new Map<string, Set<(event: never) => void>>();
  readonly #progress = new ProgressQueue();
  /** Somebody asked for the end, or it cannot go on. */
  readonly #stop = new AbortController();
  /** The live is over, by HTTP. */
  readonly #over = new AbortController();
  readonly #problems: RecordedProblem[] = [];
  #failure: RecordingEnd | undefined;
  #folder = "";
  /** Of the stream that was told of last. */
  #kind = "";
  #lastDataAt = 0;

  constructor(target: RecordTarget, options: RecordOptions) {
    this.#options = { ...options, clock: options.clock ?? systemClock };
    const { clock } = this.#options;
    if (typeof options.dir !== "string" || options.dir === "") {
      throw new TypeError("Cannot record: 'dir' must name a folder");
    }
    if (!ENGINES.has(options.engine ?? DEFAULT_ENGINE)) {
      throw new TypeError(`Cannot record: 'engine' must be "ffmpeg" or "inprocess", got ${String(options.engine)}`);
    }
    checkRange("segmentMs", options.segmentMs, 500, 60_000);
    checkRange("segmentMaxBytes", options.segmentMaxBytes, 1024 * 1024, 1024 * 1024 * 1024);
    checkRange("stallTimeoutMs", options.stallTimeoutMs, 500, 600_000);
    checkRange("minFreeBytes", options.minFreeBytes, 0, Number.MAX_SAFE_INTEGER);
    checkRange("thumbnailEveryMs", options.thumbnailEveryMs, 0, 86_400_000);
    checkRange("giveUpMs", options.giveUpMs, 1_000, 86_400_000);
    const tiktok = options.tiktok ?? new TikTok({ clock });
    const watch = new RoomWatch(tiktok, target, clock);
    const onAbort = () => this.#stop.abort(options.signal?.reason);
    options.signal?.addEventListener("abort", onAbort, { once: true });
    if (options.signal?.aborted) onAbort();
    this.done = Promise.resolve()
      .then(() => this.#run(tiktok, watch))
      .finally(() => options.signal?.removeEventListener("abort", onAbort));
    this.done.then(() => this.#progress.end(), (error: unknown) => this.#progress.fail(error));
  }

  get folder(): string {
    return this.#folder;
  }

  stop(): Promise<Manifest> {
    this.#stop.abort(new DOMException("the recording was stopped before it began", "AbortError"));
    return this.done;
  }

  on<K extends keyof RecordingEvents>(name: K, handler: (event: RecordingEvents[K]) => void): () => void {
    const handlers = this.#handlers.get(name) ?? new Set();
    this.#handlers.set(name, handlers);
    const wrapper = (event: RecordingEvents[K]) => handler(event);
    handlers.add(wrapper);
    return () => void handlers.delete(wrapper);
  }

  [Symbol.asyncIterator](): AsyncIterator<RecordingProgress, undefined> {
    return this.#progress.iterate();
  }

  #tell<K extends keyof RecordingEvents>(name: K, event: RecordingEvents[K]): void {
    for (const handler of [...this.#handlers.get(name) ?? []]) {
      try {
        handler(event as never);
      } catch (error) {
        queueMicrotask(() => {
          throw error;
        });
      }
    }
  }

  async #run(tiktok: TikTok, watch: RoomWatch): Promise<Manifest> {
    const { clock, dir, segmentMs = 6_000 } = this.#options;
    const stop = this.#stop.signal;
    stop.throwIfAborted();
    const ffmpeg = await this.#findFfmpeg();
    const room = await watch.find(stop);
    const startedAt = clock.now();
    const hostPath = resolve(dir, folderName(room.host.username));
    await mkdir(hostPath, { recursive: true });
    const path = await makeFolder(join(hostPath, `${stampOf(startedAt)}_${room.roomId}`));
    const { roomId, host, title } = room;
    const folder = await RecordingFolder.create(path, {
      type: "start",
      version: 1,
      host,
      roomId,
      title,
      startedAt,
      segmentMs,
    });
    this.#folder = path;
    this.#lastDataAt = startedAt;
    this.#tell("started", { folder: path, roomId, username: host.username, title, startedAt });
    const log = new EventLog(join(path, EVENTS), clock);
    const thumbnails = this.#thumbnails(folder, ffmpeg);
    try {
      const end = await this.#record({ tiktok, watch, ffmpeg, room, folder, log, thumbnails });
      await thumbnails?.finish();
      return await this.#close(folder, log, end, ffmpeg);
    } catch (error) {
      thumbnails?.stop();
      if (isLiveError(error) || error instanceof RecorderError) throw error;
      throw writerFailed(`Record into ${path}: ${error instanceof Error ? error.message : String(error)}`, error);
    }
  }

  /** Finds ffmpeg; `undefined` when there is none, and only a stream that cannot be written in process would need it. */
  async #findFfmpeg(): Promise<string | undefined> {
    const { engine = DEFAULT_ENGINE, mp4 = false, ffmpegPath, env = process.env } = this.#options;
    try {
      return await findFfmpeg(ffmpegPath, env);
    } catch (error) {
      if (engine === "ffmpeg" || mp4 || ffmpegPath || env["ROOMTONE_FFMPEG"]) throw error;
      return undefined;
    }
  }

  #thumbnails(folder: RecordingFolder, ffmpeg: string | undefined): Thumbnails | undefined {
    const { clock, thumbnailEveryMs: everyMs = THUMBNAIL_EVERY_MS, thumbnailTurns: turns = thumbnailTurns() } =
      this.#options;
    if (everyMs === 0) return undefined;
    const onProblem = (error: Error) => this.#noteProblem(folder, "thumbnails", error);
    if (ffmpeg === undefined) {
      onProblem(new Error("Make thumbnails: there is no ffmpeg"));
      return undefined;
    }
    const onThumbnail = (thumbnail: ManifestThumbnail) => this.#tell("thumbnail", thumbnail);
    return new Thumbnails({ folder, ffmpeg, everyMs, clock, turns, onThumbnail, onProblem });
  }

  /** Runs both halves to their end. */
  async #record(context: {
    tiktok: TikTok;
    watch: RoomWatch;
    ffmpeg: string | undefined;
    room: FoundRoom;
    folder: RecordingFolder;
    log: EventLog;
    thumbnails: Thumbnails | undefined;
  }): Promise<RecordingEnd> {
    const { tiktok, watch, ffmpeg, room, folder, log, thumbnails } = context;
    const { clock, preferences = {}, engine = DEFAULT_ENGINE, segmentMs = 6_000, stallTimeoutMs = 15_000 } =
      this.#options;
    const stop = this.#stop.signal;
    const alive = () => {
      this.#lastDataAt = clock.now();
    };
    const problem = (half: RecordedProblem["half"]) => (error: unknown) => this.#noteProblem(folder, half, error);
    const writer = new MediaWriter({
      folder,
      engine,
      ffmpeg,
      segmentMs,
      segmentMaxBytes: this.#options.segmentMaxBytes ?? SEGMENT_MAX_BYTES,
      clock,
      onPart: (part) => this.#tell("part", part),
      onSegment: (segment) => {
        const { index, uri, startAt, durationMs, bytes, sha256 } = segment;
        this.#tell("segment", { index, uri, startAt, durationMs, bytes, sha256 });
        thumbnails?.segment(segment);
      },
      onGap: (gap) => this.#tell("gap", gap),
      onTrouble: (detail) => this.#noteProblem(folder, "video", new Error(detail)),
    });
    const { minFreeBytes: limitBytes = MIN_FREE_BYTES, freeBytes = freeBytesOf } = this.#options;
    const disk = new DiskGate({
      path: folder.path,
      limitBytes,
      freeBytes,
      clock,
      onLow: (free) => problem("video")(new Error(`Write the video: only ${free} bytes are free, it waits for more`)),
    });
    const video = new VideoHalf({
      disk,
      tiktok,
      watch,
      writer,
      clock,
      preferences,
      stallTimeoutMs,
      first: room.look,
      onMedia: alive,
      onStream: (link) => this.#tellStream(link),
      onProblem: problem("video"),
    });
    const drained = { video: new AbortController(), events: new AbortController() };
    const timers: unknown[] = [];
    this.#over.signal.addEventListener("abort", () => {
      timers.push(clock.setTimeout(() => drained.video.abort(), Math.max(VIDEO_DRAIN_MS, video.drainMs)));
      timers.push(clock.setTimeout(() => drained.events.abort(), EVENTS_DRAIN_MS));
    }, { once: true });
    const ticking = this.#tick(folder, log, writer, video);
    await disk.start();

    const videoDone = video.run(AbortSignal.any([stop, drained.video.signal])).then((outcome) => {
      if (outcome.kind === "over") this.#over.abort();
      if (outcome.kind === "failed") problem("video")(outcome.error);
      return outcome;
    });
    const eventsDone = recordEvents(
      {
        open: () => tiktok.live({ roomId: room.roomId }),
        confirmOver: (signal) => watch.confirmOver(signal),
        log,
        clock,
        onEvent: (event) => {
          alive();
          this.#tell("event", event);
        },
        onProblem: problem("events"),
      },
      AbortSignal.any([stop, drained.events.signal]),
      this.#over.signal,
    ).catch((error: unknown) => ({ kind: "failed", error }) as const).then((outcome) => {
      if (outcome.kind === "over") this.#over.abort();
      if (outcome.kind === "failed") problem("events")(outcome.error);
      return outcome;
    });
    const outcomes = await Promise.all([videoDone, eventsDone]);
    ticking.stop();
    disk.stop();
    for (const timer of timers) clock.clearTimeout(timer);
    const end = this.#endOf(outcomes.every(({ kind }) => kind === "failed"));
    await folder.addEnd({ end, endedAt: clock.now(), stream: video.counts });
    this.#tell("ended", end);
    return end;
  }

  #tellStream(link: StreamLink): void {
    const kind = kindOf(link);
    if (kind === this.#kind) return;
    this.#kind = kind;
    const { url: _, level: __, expiresAt: ___, ...stream } = link;
    this.#tell("stream", stream);
  }

  #endOf(allFailed: boolean): RecordingEnd {
    if (this.#failure !== undefined) return this.#failure;
    const last = this.#lastOfHalves();
    if (allFailed && last !== undefined) {
      return { kind: "failed", code: last.code, detail: last.detail, retryable: true };
    }
    return { kind: this.#over.signal.aborted ? "ended" : "stopped", retryable: false };
  }

  /** The latest trouble that a recording can fail of. */
  #lastOfHalves(): RecordedProblem | undefined {
    return this.#problems.findLast(({ half }) => half !== "thumbnails");
  }

  /** Progress, the sign of life for {@link repair}, and the end of patience. */
  #tick(folder: RecordingFolder, log: EventLog, writer: MediaWriter, video: VideoHalf): { stop(): void } {
    const { clock, giveUpMs = 120_000 } = this.#options;
    let timer: unknown;
    const tick = () => {
      timer = clock.setTimeout(tick, PROGRESS_MS);
      this.#report(folder, log, writer);
      const now = clock.now() / 1000;
      // A disk that cannot even do this is told of by the halves.
      utimes(join(folder.workPath, ALIVE), now, now).catch(() => undefined);
      if (video.paused) this.#lastDataAt = clock.now();
      if (clock.now() - this.#lastDataAt < giveUpMs || this.#over.signal.aborted) return;
      const last = this.#lastOfHalves();
      this.#failure ??= {
        kind: "failed",
        code: last?.code ?? "network",
        detail: last?.detail ?? "neither picture nor events came any more",
        retryable: true,
      };
      this.#stop.abort();
    };
    timer = clock.setTimeout(tick, PROGRESS_MS);
    return {
      stop: () => {
        clock.clearTimeout(timer);
        this.#report(folder, log, writer);
      },
    };
  }

  #report(folder: RecordingFolder, log: EventLog, writer: MediaWriter): void {
    const { segments, gaps } = folder.state;
    const progress: RecordingProgress = {
      durationMs: writer.endMs,
      bytes: segments.reduce((sum, { bytes }) => sum + bytes, 0),
      segments: segments.length,
      gaps: gaps.length,
      events: log.count,
    };
    this.#progress.push(progress);
    this.#tell("progress", progress);
  }

  /** Notes trouble once: the same again, before anything else of that half, is no news. */
  #noteProblem(folder: RecordingFolder, half: RecordedProblem["half"], error: unknown): void {
    const code = isLiveError(error) ? error.code : "internal";
    const detail = error instanceof Error ? error.message : String(error);
    const before = this.#problems.findLast((problem) => problem.half === half);
    if ((before?.code === code && before.detail === detail) || this.#problems.length >= MAX_PROBLEMS) return;
    const problem: RecordedProblem = { half, at: this.#options.clock.now(), code, detail };
    this.#problems.push(problem);
    // A disk that takes no line is told by the halves themselves.
    folder.addProblem(problem).catch(() => undefined);
    this.#tell("problem", problem);
  }

  async #close(folder: RecordingFolder, log: EventLog, end: RecordingEnd, ffmpeg?: string): Promise<Manifest> {
    const { clock, mp4 = false } = this.#options;
    await log.close();
    const { segments } = folder.state;
    if (segments.length === 0 && end.kind === "failed" && !hasMessages(log)) {
      await rm(folder.path, { recursive: true, force: true });
      const { code = "internal", detail = "Record the live: nothing came", retryable } = end;
      if (code !== "internal") throw new LiveError(code, detail, { retryable });
      throw writerFailed(detail);
    }
    await folder.writePlaylist("VOD");
    const made = mp4 && ffmpeg !== undefined && segments.length > 0 ? await this.#makeMp4(folder, ffmpeg) : undefined;
    const manifest = await folder.close({
      end,
      endedAt: folder.state.end?.endedAt ?? clock.now(),
      recovered: false,
      eventsByType: log.countsByType,
      mp4: made,
    });
    this.#tell("finished", manifest);
    return manifest;
  }

  async #makeMp4(folder: RecordingFolder, ffmpeg: string): Promise<string | undefined> {
    if (!await folder.hasOneSetup()) {
      this.#noteProblem(folder, "video", new Error(`Make ${MP4}: the stream changed its parameters on the way`));
      return undefined;
    }
    const outcome = await runFfmpeg(ffmpeg, mp4Arguments(PLAYLIST, MP4), folder.path);
    if (outcome.ok) return MP4;
    await rm(join(folder.path, MP4), { force: true });
    this.#noteProblem(folder, "video", new Error(`Make ${MP4}: ffmpeg failed (${outcome.detail})`));
    return undefined;
  }
}

const CLIENT_EVENTS: ReadonlySet<string> = new Set(["connected", "state", "gap", "ended"]);

/** Whether anything of the room itself was heard. */
function hasMessages(log: EventLog): boolean {
  return Object.keys(log.countsByType).some((type) => !CLIENT_EVENTS.has(type));
}

function writerFailed(message: string, cause?: unknown): RecorderError {
  return new RecorderError("writer_failed", message, "Look at the disk's free space, and try ffmpeg by hand", {
    cause,
  });
}

/** Makes a folder that nobody else has: a recording that begins anew within the second gets one with a number. */
async function makeFolder(wanted: string): Promise<string> {
  for (let tries = 1;; tries++) {
    const path = tries === 1 ? wanted : `${wanted}_${tries}`;
    try {
      await mkdir(path);
      return path;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    }
  }
}

function checkRange(name: string, value: number | undefined, least: number, most: number): void {
  if (value === undefined || (value >= least && value <= most)) return;
  throw new RangeError(`Cannot record: '${name}' must be from ${least} to ${most}, got ${value}`);
}

/** Names come checked from the SDK or from TikTok; in a path nothing else is let through. */
function folderName(username: string): string {
  const name = username.replace(/[^A-Za-z0-9._-]/g, "_").replace(/^\.+/, "_");
  return name === "" ? "unknown" : name;
}

/** UTC, such as `2026-11-21T10-31-02Z`. */
function stampOf(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19).replaceAll(":", "-")}Z`;
}

/** Hands the newest progress to a loop; what a slow loop missed is old news. */
class ProgressQueue {
  #latest: RecordingProgress | undefined;
  #finished: { error?: unknown } | undefined;
  #wake: (() => void) | undefined;

  push(progress: RecordingProgress): void {
    this.#latest = progress;
    this.#wake?.();
  }

  end(): void {
    this.#finished ??= {};
    this.#wake?.();
  }

  fail(error: unknown): void {
    this.#finished ??= { error };
    this.#wake?.();
  }

  async *iterate(): AsyncGenerator<RecordingProgress, undefined> {
    for (;;) {
      const latest = this.#latest;
      this.#latest = undefined;
      if (latest !== undefined) yield latest;
      else if (this.#finished !== undefined) {
        if ("error" in this.#finished) throw this.#finished.error;
        return undefined;
      } else {
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
      }
    }
  }
}
