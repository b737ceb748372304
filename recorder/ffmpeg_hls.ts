/**
 * One ffmpeg that cuts one part's FLV into fMP4 segments, without decoding it.
 * @module
 */
import { type ChildProcess, spawn } from "node:child_process";
import { readFile, stat } from "node:fs/promises";
import { constants, setPriority } from "node:os";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { encodeFlvHeader, encodeFlvTag, type FlvTag } from "@roomtone/sdk/media";
import { joined } from "./joined.ts";
import type { PartWriter, PartWriterOptions, WriterExit } from "./part_writer.ts";
import { listedSegments } from "./playlist.ts";

/** How often ffmpeg's playlist is looked at, ms. */
const POLL_MS = 300;
/** Time for ffmpeg to close its files after its input ended, ms. */
const GRACE_MS = 10_000;
/** Time for ffmpeg to take what it was given, ms. */
const WRITE_TIMEOUT_MS = 60_000;
const STDERR_LINES = 20;

/** Arguments for cutting the FLV of a pipe; made for ffmpeg 4.1 and later. */
export function hlsArguments(options: {
  segmentMs: number;
  init: string;
  segmentPattern: string;
  playlist: string;
}): string[] {
  const { segmentMs, init, segmentPattern, playlist } = options;
  return [
    ...["-hide_banner", "-nostdin", "-loglevel", "warning"],
    ...["-f", "flv", "-protocol_whitelist", "file,pipe", "-i", "pipe:0"],
    // A part may begin between two keyframes; those pictures are kept too.
    ...["-map", "0:v?", "-map", "0:a?", "-c", "copy", "-copyinkf"],
    // Ticks of FLV's milliseconds, never of a guessed frame rate: players that read the first init segment only go on.
    ...["-copytb", "1"],
    ...["-f", "hls", "-hls_segment_type", "fmp4", "-hls_playlist_type", "event", "-hls_list_size", "0"],
    ...["-hls_time", (segmentMs / 1000).toFixed(3), "-hls_fmp4_init_filename", init],
    ...["-hls_segment_filename", segmentPattern, playlist],
  ];
}

/** Arguments for one faststart file of a finished playlist. */
export function mp4Arguments(playlist: string, output: string): string[] {
  return [
    ...["-hide_banner", "-nostdin", "-loglevel", "warning", "-y"],
    ...["-protocol_whitelist", "file", "-allowed_extensions", "ALL", "-i", playlist],
    ...["-map", "0:v?", "-map", "0:a?", "-c", "copy", "-copyinkf", "-movflags", "+faststart", "-f", "mp4", output],
  ];
}

/** Starts an ffmpeg outside of this terminal's group: Ctrl-C is for the recorder, which then ends ffmpeg's input. */
function start(ffmpeg: string, args: string[], cwd: string): { child: ChildProcess; exit: Promise<WriterExit> } {
  const child = spawn(ffmpeg, args, { cwd, stdio: ["pipe", "ignore", "pipe"], detached: true, windowsHide: true });
  let tail = "";
  child.stderr?.setEncoding("utf8");
  child.stderr?.on("data", (text: string) => {
    tail = (tail + text).split("\n").slice(-STDERR_LINES).join("\n").slice(-4000);
  });
  const exit = new Promise<WriterExit>((resolve) => {
    child.on("error", (error) => resolve({ ok: false, detail: error.message }));
    child.on("close", (code, signal) => {
      resolve({ ok: code === 0, detail: `exit ${code ?? signal}${tail.trim() === "" ? "" : `: ${tail.trim()}`}` });
    });
  });
  return { child, exit };
}

/**
 * Runs an ffmpeg to its end.
 * @param options `lowPriority`: everything else goes first, where the system lets it be said. `signal`: ends it at once.
 *   `input`: what it reads from its standard input; it may end before that does. What reading it fails with is thrown
 */
export async function runFfmpeg(
  ffmpeg: string,
  args: string[],
  cwd: string,
  { lowPriority = false, signal, input }: {
    lowPriority?: boolean;
    signal?: AbortSignal;
    input?: AsyncIterable<Uint8Array> | undefined;
  } = {},
): Promise<WriterExit> {
  if (signal?.aborted) return { ok: false, detail: "stopped" };
  const { child, exit } = start(ffmpeg, args, cwd);
  if (lowPriority && child.pid !== undefined) yieldToOthers(child.pid);
  const kill = () => void child.kill("SIGKILL");
  signal?.addEventListener("abort", kill, { once: true });
  child.stdin?.on("error", ignore);
  let failure: { error: unknown } | undefined;
  if (input === undefined || child.stdin === null) child.stdin?.end();
  else {
    const watched = async function* () {
      try {
        yield* input;
      } catch (error) {
        failure = { error };
        kill();
      }
    };
    // That ffmpeg wants no more shows in how it ends.
    pipeline(watched(), child.stdin).catch(ignore);
  }
  const outcome = await exit;
  signal?.removeEventListener("abort", kill);
  if (failure !== undefined) throw failure.error;
  return outcome;
}

function yieldToOthers(pid: number): void {
  try {
    setPriority(pid, constants.priority.PRIORITY_LOW);
  } catch {
    // It is over already, or the system does not let us: it then runs as it is.
  }
}

/** Options of {@link FfmpegHls}. */
export interface FfmpegHlsOptions extends PartWriterOptions {
  ffmpeg: string;
}

/** See the module. */
export class FfmpegHls implements PartWriter {
  readonly #options: FfmpegHlsOptions;
  readonly #child: ChildProcess;
  readonly exit: Promise<WriterExit>;
  #timer: unknown;
  #told = 0;
  /** Size and time of the playlist when it was last read: with hours of segments it is not read for nothing. */
  #seen = "";
  #exited = false;
  #polling: Promise<void> = Promise.resolve();

  constructor(options: FfmpegHlsOptions) {
    this.#options = options;
    const { child, exit } = start(
      options.ffmpeg,
      hlsArguments({ segmentMs: options.segmentMs, ...options.names }),
      options.cwd,
    );
    this.#child = child;
    // A broken pipe shows in `exit` too, with the reason.
    child.stdin?.on("error", ignore);
    this.exit = exit.then(async (outcome) => {
      this.#exited = true;
      options.clock.clearTimeout(this.#timer);
      await this.#polling;
      await this.#poll();
      return outcome;
    });
    this.#schedule();
    const { audio, video } = options.codecs;
    child.stdin?.write(encodeFlvHeader({ audio: audio !== undefined, video: video !== undefined }));
  }

  async write(tags: readonly FlvTag[]): Promise<boolean> {
    return await this.#write(joined(tags.map(encodeFlvTag)));
  }

  async #write(bytes: Uint8Array): Promise<boolean> {
    const { stdin } = this.#child;
    if (this.#exited || stdin === null || stdin.destroyed) return false;
    if (stdin.write(bytes)) return true;
    const { clock } = this.#options;
    const drained = Promise.withResolvers<boolean>();
    const onDrain = () => drained.resolve(true);
    const timer = clock.setTimeout(() => this.kill(), WRITE_TIMEOUT_MS);
    stdin.once("drain", onDrain);
    const alive = await Promise.race([drained.promise, this.exit.then(() => false)]);
    stdin.off("drain", onDrain);
    clock.clearTimeout(timer);
    return alive;
  }

  async end(): Promise<WriterExit> {
    const { clock } = this.#options;
    const timer = clock.setTimeout(() => this.kill(), GRACE_MS);
    this.#child.stdin?.end();
    const outcome = await this.exit;
    clock.clearTimeout(timer);
    return outcome;
  }

  kill(): void {
    this.#child.kill("SIGKILL");
  }

  #schedule(): void {
    this.#timer = this.#options.clock.setTimeout(() => {
      this.#polling = this.#poll().then(() => {
        if (!this.#exited) this.#schedule();
      });
    }, POLL_MS);
  }

  async #poll(): Promise<void> {
    const { cwd, names, onSegment } = this.#options;
    const path = join(cwd, names.playlist);
    // Before the first segment there is no playlist.
    const seen = await stat(path).then(({ size, mtimeMs }) => `${size} ${mtimeMs}`, () => "");
    if (seen === this.#seen && !this.#exited) return;
    const text = seen === "" ? "" : await readFile(path, "utf8");
    this.#seen = seen;
    const listed = listedSegments(text);
    for (const file of listed.slice(this.#told)) void onSegment({ file });
    this.#told = Math.max(this.#told, listed.length);
  }
}

function ignore(): void {
  return undefined;
}
