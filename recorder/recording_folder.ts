/**
 * The folder of one recording: adopts the segments that a writer has closed, keeps journal and playlist, and closes all
 * of it. Used while recording and by {@link repair}.
 *
 * Order of writes, so that a crash at any moment loses no closed segment and lists none twice. A file of ffmpeg's: the
 * finished file under its final name, the journal line, the playlist, and only then ffmpeg's own file goes. A file that
 * stays as it is: the journal line, then its final name, which {@link repair} gives it where a crash came in between.
 * @module
 */
import { createHash } from "node:crypto";
import { appendFile, mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import {
  dropDates,
  dropEditLists,
  type Mp4Track,
  readInit,
  readSegment,
  shiftSegment,
  type TrackSpan,
  wholeFragments,
} from "./fmp4.ts";
import { writeChat } from "./chat_file.ts";
import { EVENTS } from "./events.ts";
import { JOURNAL, type JournalLine, readJsonLines, type StartLine } from "./journal.ts";
import { applyLine, emptyState, manifestOf, type PartState, type RecordingState, stateOf } from "./manifest.ts";
import { playlistEntry, playlistText, targetDurationS } from "./playlist.ts";
import type { ClosedSegment, FinishedSegment, TrackTimes } from "./part_writer.ts";
import type {
  Manifest,
  ManifestPart,
  ManifestSegment,
  ManifestThumbnail,
  RecordedGap,
  RecordedProblem,
  RecordingEnd,
} from "./types.ts";

/** File name of the playlist. */
export const PLAYLIST = "index.m3u8";
/** File name of the manifest. */
export const MANIFEST = "manifest.json";
/** Folder in which ffmpeg works; it is gone when the recording is closed. */
export const WORK = "work";
/** File in {@link WORK} that a recorder at work touches each second. */
export const ALIVE = "alive";

const number = (value: number, digits: number): string => String(value).padStart(digits, "0");

/** Names of ffmpeg's own files of a part, within {@link WORK}. */
export function workNames(part: number): { playlist: string; init: string; segmentPattern: string; prefix: string } {
  const prefix = number(part, 4);
  return {
    playlist: `${prefix}.m3u8`,
    init: `${prefix}_init.mp4`,
    segmentPattern: `${prefix}_%06d.m4s`,
    prefix: `${prefix}_`,
  };
}

/** Writes a file so that it is there whole or not at all. */
export async function writeWhole(path: string, content: string | Uint8Array): Promise<void> {
  await writeFile(`${path}.tmp`, content);
  await rename(`${path}.tmp`, path);
}

/** Hash as manifest and journal carry it. */
export function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

interface OpenPart {
  /** By id; known once the init segment was read. */
  tracks: Map<number, Mp4Track>;
  /** Ticks to add, by track id. */
  shifts: Map<number, bigint>;
  /** Media time up to which segments are adopted, ms. */
  endMs: number;
}

/** See the module. Calls that write are queued: they happen one after the other, in the order of the calls. */
export class RecordingFolder {
  readonly path: string;
  readonly #state: RecordingState;
  readonly #open = new Map<number, OpenPart>();
  #queue: Promise<unknown> = Promise.resolve();
  #targetS: number;

  private constructor(path: string, state: RecordingState) {
    this.path = path;
    this.#state = state;
    this.#targetS = targetDurationS(state.segments, state.start.segmentMs);
  }

  /** Makes the folder of a new recording. */
  static async create(path: string, start: StartLine): Promise<RecordingFolder> {
    await mkdir(join(path, WORK), { recursive: true });
    await writeFile(join(path, JOURNAL), `${JSON.stringify(start)}\n`, { flag: "wx" });
    await writeFile(join(path, WORK, ALIVE), "");
    const folder = new RecordingFolder(path, emptyState(start));
    await folder.writePlaylist("EVENT");
    return folder;
  }

  /** Opens a folder that is there; `undefined` when it holds no journal. */
  static async open(path: string): Promise<RecordingFolder | undefined> {
    const state = stateOf(await readJsonLines(join(path, JOURNAL)));
    return state === undefined ? undefined : new RecordingFolder(path, state);
  }

  /** Not to be changed. */
  get state(): Readonly<RecordingState> {
    return this.#state;
  }

  /** Folder that ffmpeg works in. */
  get workPath(): string {
    return join(this.path, WORK);
  }

  /** Adds a part behind the last. */
  addPart(part: Omit<ManifestPart, "index" | "init"> & { at: number }): Promise<PartState> {
    return this.#inTurn(async () => {
      const index = (this.#state.parts.at(-1)?.index ?? -1) + 1;
      await this.#note({ type: "part", index, init: `init_${number(index, 4)}.mp4`, ...part });
      const added = this.#state.parts.at(-1);
      if (added === undefined) throw new Error("a part that was noted is not there");
      return added;
    });
  }

  /** Notes where a track of a part begins. */
  addTrack(part: number, track: "audio" | "video", startMs: number): Promise<void> {
    return this.#inTurn(() => this.#note({ type: "track", part, track, startMs }));
  }

  addGap(gap: RecordedGap): Promise<void> {
    return this.#inTurn(() => this.#note({ type: "gap", ...gap }));
  }

  addThumbnail(thumbnail: ManifestThumbnail): Promise<void> {
    return this.#inTurn(() => this.#note({ type: "thumbnail", ...thumbnail }));
  }

  addProblem(problem: RecordedProblem): Promise<void> {
    return this.#inTurn(() => this.#note({ type: "problem", ...problem }));
  }

  addEnd(end: Omit<Extract<JournalLine, { type: "end" }>, "type">): Promise<void> {
    return this.#inTurn(() => this.#note({ type: "end", ...end }));
  }

  /**
   * Takes over a segment that a writer has closed.
   * @param anchorMs wall time minus media time, ms
   * @returns `undefined` when the file is no whole segment; it then stays where it is
   */
  adopt(partIndex: number, closed: ClosedSegment, anchorMs: number): Promise<AdoptedSegment | undefined> {
    return this.#inTurn(() => this.#adopt(partIndex, closed, anchorMs));
  }

  /** Writes the playlist anew. */
  writePlaylist(type: "EVENT" | "VOD"): Promise<void> {
    this.#targetS = targetDurationS(this.#state.segments, this.#state.start.segmentMs);
    return writeWhole(join(this.path, PLAYLIST), playlistText(type, this.#state, this.#targetS));
  }

  /** Closes the recording: playlist, manifest, and no more work folder. */
  close(rest: {
    end: RecordingEnd;
    endedAt: number;
    recovered: boolean;
    eventsByType: Record<string, number>;
    mp4?: string;
  }): Promise<Manifest> {
    return this.#inTurn(async () => {
      await this.writePlaylist("VOD");
      if (this.#state.segments.length > 0) await writeChat(this.path, EVENTS, this.#state.segments);
      const manifest = manifestOf(this.#state, rest);
      await writeWhole(join(this.path, MANIFEST), `${JSON.stringify(manifest, null, 2)}\n`);
      await rm(this.workPath, { recursive: true, force: true });
      return manifest;
    });
  }

  /** Takes out a segment whose file is not what the journal says, and tells what is missing. */
  dropSegment({ index, startMs, startAt, durationMs }: ManifestSegment): Promise<void> {
    return this.#inTurn(async () => {
      await this.#note({ type: "dropped", index });
      const toMs = startAt + durationMs;
      const gap = { mediaMs: startMs, fromMs: startAt, toMs, missingMs: durationMs, reason: "damaged" } as const;
      await this.#note({ type: "gap", ...gap });
    });
  }

  /** Whether all parts can be played with the decoder set-up of the first. */
  async hasOneSetup(): Promise<boolean> {
    const used = this.#state.parts.filter(({ index }) => this.#state.segments.some(({ part }) => part === index));
    const setups = await Promise.all(used.map(async ({ init }) => sha256(await readFile(join(this.path, init)))));
    return new Set(setups).size <= 1;
  }

  /**
   * Gives a segment its name, where a crash came before that.
   * @returns whether its file was there, and what the journal says
   */
  recoverSegment(segment: ManifestSegment): Promise<boolean> {
    return this.#inTurn(async () => {
      const source = [...this.#state.sources].find(([, index]) => index === segment.index)?.[0];
      if (source === undefined) return false;
      const raw = join(this.workPath, source);
      const bytes = await readFile(raw).catch(() => undefined);
      if (bytes === undefined || sha256(bytes) !== segment.sha256) return false;
      await rename(raw, join(this.path, segment.uri));
      return true;
    });
  }

  /** Whether a writer's file is in the recording. */
  isAdopted(file: string): boolean {
    return this.#state.sources.has(file);
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#queue.then(work);
    this.#queue = done.catch(ignore);
    return done;
  }

  async #note(line: JournalLine): Promise<void> {
    await appendFile(join(this.path, JOURNAL), `${JSON.stringify(line)}\n`);
    applyLine(this.#state, line);
  }

  async #adopt(partIndex: number, closed: ClosedSegment, anchorMs: number): Promise<AdoptedSegment | undefined> {
    const part = this.#state.parts.find(({ index }) => index === partIndex);
    if (part === undefined) return undefined;
    const raw = join(this.workPath, closed.file);
    const read = closed.done === undefined ? await this.#read(part, raw) : undefined;
    const done = closed.done ?? read?.done;
    if (done === undefined) return undefined;
    const open = this.#open.get(partIndex) ?? await this.#openPart(part, new Map());
    if (open === undefined) return undefined;
    const before = this.#state.segments.at(-1);
    const index = (before?.index ?? -1) + 1;
    const endMs = Math.max(open.endMs + 1, done.endMs);
    const segment: ManifestSegment = {
      index,
      part: partIndex,
      uri: `segment_${number(index, 6)}.m4s`,
      startMs: open.endMs,
      startAt: Math.round(anchorMs + open.endMs),
      durationMs: endMs - open.endMs,
      bytes: done.bytes,
      sha256: done.sha256,
    };
    if (read !== undefined) await writeWhole(join(this.path, segment.uri), read.bytes);
    await this.#note({ type: "segment", source: closed.file, ...segment });
    if (read === undefined) await rename(raw, join(this.path, segment.uri));
    open.endMs = endMs;
    if (Math.round(segment.durationMs / 1000) > this.#targetS) await this.writePlaylist("EVENT");
    else await appendFile(join(this.path, PLAYLIST), playlistEntry(segment, part, before));
    if (read !== undefined) await rm(raw);
    return { segment, lastMs: done.lastMs };
  }

  /** Reads a segment that its writer left as it is, and puts it on the recording's clock. */
  async #read(part: PartState, raw: string): Promise<{ bytes: Uint8Array; done: FinishedSegment } | undefined> {
    const file = new Uint8Array(await readFile(raw));
    // ffmpeg tells what it has closed; of what is written in process a crash leaves whole fragments.
    const bytes = part.engine === "inprocess" ? file.subarray(0, wholeFragments(file)) : file;
    const spans = readSegment(bytes);
    if (spans === undefined) return undefined;
    const open = this.#open.get(part.index) ?? await this.#openPart(part, spans);
    if (open === undefined) return undefined;
    shiftSegment(bytes, open.shifts);
    const times = trackTimes(spans, open);
    const pictures = times.filter(({ kind }) => kind === "video");
    const endMs = Math.max(...(pictures.length > 0 ? pictures : times).map((time) => time.endMs));
    const lastMs = Object.fromEntries(times.map(({ kind, lastMs }) => [kind, lastMs]));
    return { bytes, done: { bytes: bytes.length, sha256: sha256(bytes), lastMs, endMs } };
  }

  async #openPart(part: PartState, spans: ReadonlyMap<number, TrackSpan>): Promise<OpenPart | undefined> {
    const init = new Uint8Array(await readFile(join(this.workPath, workNames(part.index).init)));
    const tracks = readInit(init);
    if (tracks === undefined) return undefined;
    dropEditLists(init);
    dropDates(init);
    await writeWhole(join(this.path, part.init), init);
    const known = this.#state.segments.filter((segment) => segment.part === part.index);
    const shifts = tracks.map(({ id, kind, timescale }): [number, bigint] => {
      const startMs = (kind === "other" ? undefined : part.tracks[kind]) ?? part.startMs;
      if (part.engine === "inprocess") return [id, 0n];
      // ffmpeg starts each track at 0; only where this is its first segment can that be checked.
      const base = known.length > 0 ? 0n : spans.get(id)?.start ?? 0n;
      return [id, BigInt(Math.round(startMs * timescale / 1000)) - base];
    });
    const last = known.at(-1);
    const open = {
      tracks: new Map(tracks.map((track) => [track.id, track])),
      shifts: new Map(shifts),
      endMs: last === undefined ? part.startMs : last.startMs + last.durationMs,
    };
    this.#open.set(part.index, open);
    return open;
  }
}

/** A segment that was taken over. */
export interface AdoptedSegment {
  segment: ManifestSegment;
  /** Media time of the last sample by track, ms. */
  lastMs: TrackTimes;
}

/** Media times of a segment's tracks, ms. */
function trackTimes(
  spans: ReadonlyMap<number, TrackSpan>,
  open: OpenPart,
): { kind: Mp4Track["kind"]; lastMs: number; endMs: number }[] {
  return [...open.tracks.values()].flatMap(({ id, kind, timescale }) => {
    const span = spans.get(id);
    if (span === undefined) return [];
    const toMs = (ticks: bigint) => Math.round(Number(ticks + (open.shifts.get(id) ?? 0n)) * 1000 / timescale);
    return [{ kind, lastMs: toMs(span.last), endMs: toMs(span.end) }];
  });
}

/** Names of the files in a folder; none when it is not there. */
export async function filesIn(path: string): Promise<string[]> {
  return (await readdir(path).catch(() => [])).sort();
}

/** The caller of the failed call is told; the next one in the queue goes on. */
function ignore(): void {
  return undefined;
}
