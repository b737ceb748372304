/**
 * Closes recordings that a crash left open.
 * @module
 */
import { readFile, rm, stat } from "node:fs/promises";
import { join, resolve } from "node:path";
import { type Clock, systemClock } from "@roomtone/sdk";
import { RecorderError } from "./errors.ts";
import { EVENTS } from "./events.ts";
import { readJsonLines } from "./journal.ts";
import { filesIn, MANIFEST, RecordingFolder, sha256, workNames } from "./recording_folder.ts";
import { sleep } from "./sleep.ts";
import type { Manifest, RecordingEnd } from "./types.ts";

/** A work folder in which nothing changes for this long is nobody's, ms. */
const QUIET_MS = 3_000;
/** How long that is waited for, ms. */
const PATIENCE_MS = 20_000;

/** Options of {@link repair}. */
export interface RepairOptions {
  /** @default the host's clock */
  clock?: Clock;
  signal?: AbortSignal;
}

const CRASHED: RecordingEnd = {
  kind: "failed",
  code: "internal",
  detail: "the recorder ended without closing the recording",
  retryable: true,
};

/**
 * Closes a recording that a crash left open, from its journal and its files: checks the hash of every segment, takes
 * over segments that were stored and not listed yet, cuts off half-written lines, ends the playlist and writes the
 * manifest. Needs no ffmpeg. A recording that is closed already stays as it is.
 * @param folder of the recording
 * @returns the manifest, with `recovered` true when it was written now
 * @throws {RecorderError} `not_a_recording`, or `in_use` while a recorder is at work in the folder
 *
 * @example
 * ```ts
 * import { repair } from "@roomtone/recorder";
 * const manifest = await repair("recordings/some.host/2026-11-21T10-31-02Z_7300000000000000001");
 * console.log(manifest.totals.durationMs);
 * ```
 */
export async function repair(folder: string, options: RepairOptions = {}): Promise<Manifest> {
  const { clock = systemClock, signal = new AbortController().signal } = options;
  const path = resolve(folder);
  const finished = await readManifest(path);
  if (finished !== undefined) return finished;
  const recording = await RecordingFolder.open(path);
  if (recording === undefined) {
    throw new RecorderError(
      "not_a_recording",
      `Repair ${path}: it holds no recording`,
      "Pass the folder of one recording",
    );
  }
  await waitForQuiet(recording.workPath, clock, signal);
  await dropDamaged(recording);
  await adoptClosed(recording);
  for (const file of await filesIn(path)) if (file.endsWith(".tmp")) await rm(join(path, file));
  const events = await readJsonLines(join(path, EVENTS));
  const eventsByType: Record<string, number> = {};
  let lastAt = recording.state.start.startedAt;
  for (const event of events) {
    const { type, receivedAt } = event as { type?: unknown; receivedAt?: unknown };
    eventsByType[String(type)] = (eventsByType[String(type)] ?? 0) + 1;
    if (typeof receivedAt === "number") lastAt = Math.max(lastAt, receivedAt);
  }
  for (const { startAt, durationMs } of recording.state.segments) lastAt = Math.max(lastAt, startAt + durationMs);
  return await recording.close({
    end: recording.state.end?.end ?? CRASHED,
    endedAt: recording.state.end?.endedAt ?? lastAt,
    recovered: true,
    eventsByType,
  });
}

async function readManifest(path: string): Promise<Manifest | undefined> {
  const text = await readFile(join(path, MANIFEST), "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT" || error.code === "ENOTDIR") return undefined;
    throw error;
  });
  return text === undefined ? undefined : JSON.parse(text);
}

/** The ffmpeg of a recorder that died closes its files by itself, which takes a moment. */
async function waitForQuiet(workPath: string, clock: Clock, signal: AbortSignal): Promise<void> {
  const until = clock.now() + PATIENCE_MS;
  for (;;) {
    signal.throwIfAborted();
    const times = await Promise.all(
      (await filesIn(workPath)).map(async (file) => (await stat(join(workPath, file))).mtimeMs),
    );
    const quietMs = clock.now() - Math.max(0, ...times);
    if (quietMs >= QUIET_MS) return;
    if (clock.now() > until) {
      throw new RecorderError("in_use", `Repair ${workPath}: a recorder is at work`, "Stop the recording first");
    }
    await sleep(clock, Math.min(QUIET_MS, Math.max(100, QUIET_MS - quietMs)), signal);
  }
}

/** Takes out segments whose files are not what the journal says, and tells what is missing. */
async function dropDamaged(recording: RecordingFolder): Promise<void> {
  for (const segment of [...recording.state.segments]) {
    const bytes = await readFile(join(recording.path, segment.uri)).catch(() => undefined);
    if (bytes !== undefined && sha256(bytes) === segment.sha256) continue;
    if (await recording.recoverSegment(segment)) continue;
    await recording.dropSegment(segment);
  }
}

/** Takes over what writers stored and nobody listed. */
async function adoptClosed(recording: RecordingFolder): Promise<void> {
  const files = await filesIn(recording.workPath);
  for (const part of recording.state.parts) {
    const { prefix } = workNames(part.index);
    const last = recording.state.segments.findLast((segment) => segment.part === part.index);
    const anchorMs = last === undefined ? part.at - part.startMs : last.startAt - last.startMs;
    for (const file of files.filter((name) => name.startsWith(prefix) && name.endsWith(".m4s"))) {
      if (recording.isAdopted(file)) continue;
      // The first that holds nothing whole is the one that the writer was at.
      if (await recording.adopt(part.index, { file }, anchorMs) === undefined) break;
    }
  }
}
