import { DamagedFileError } from "../contract/errors.ts";
import type { Clock } from "../ports/clock.ts";
import type { Logger } from "../ports/logger.ts";
import type { Recorder, RecorderResult } from "../ports/recorder.ts";
import type { Segment } from "../ports/recording_store.ts";
import type { RecordingSpool, RecordingUploads } from "../ports/recording_uploads.ts";
import { cutPlaylist, dropSegments, initsOf } from "./playlists.ts";
import { type ClosedRecording, damagedToGaps, readManifest } from "./recording_manifest.ts";
import { backOffMs, waited } from "./waiting.ts";

/** What a {@link RecordingUploader} works with. */
export interface UploaderDeps {
  /** Where recorders write. */
  spool: RecordingSpool;
  uploads: RecordingUploads;
  /** Closes a folder that its recorder left open. */
  repair: (folder: string, signal: AbortSignal) => Promise<void>;
  /** Lists the segments of a folder whose recorder may have died before it told of them. */
  restore: (folder: string, recording: ClosedRecording) => Promise<void>;
  clock: Clock;
  logger: Logger;
}

/** How a {@link RecordingUploader} works. */
export interface UploaderOptions {
  /** Files on their way at the same time. @default 4 */
  concurrency?: number;
  /** Least time between two playlists of a recording that goes on, ms. @default 12000 */
  playlistMs?: number;
}

/** First and longest time before a file is tried again, ms. */
const RETRY_MS = 1_000;
const LONGEST_RETRY_MS = 30_000;
const PLAYLIST = "index.m3u8";
const MANIFEST = "manifest.json";
/** These tell of the others, so they go last. */
const LAST = [PLAYLIST, MANIFEST];

/** What became of a file: damaged, it is not what was recorded, and stays on the disk. */
export type UploadEnd = "stored" | "damaged" | "given_up";

/** A folder on its way. */
interface FolderUpload {
  readonly folder: string;
  /** Hashes that recorders told, by name. */
  readonly hashes: Map<string, string>;
  /** Files that are stored. */
  readonly stored: Set<string>;
  /** Files that are not what was recorded. */
  readonly damaged: Set<string>;
  /** Segments that are on their way. */
  readonly pending: Set<Promise<UploadEnd>>;
  /** The playlist that is on its way. */
  following: Promise<void> | undefined;
  followedAt: number;
}

/**
 * Brings recordings from this machine's disk to where they are kept. The disk is the queue: a file stays on it until all
 * of its folder is stored, and is tried again for as long as the store is away.
 */
export class RecordingUploader {
  readonly #deps: UploaderDeps;
  readonly #playlistMs: number;
  readonly #folders = new Map<string, FolderUpload>();
  readonly #givenUp = new AbortController();
  readonly #waiting: (() => void)[] = [];
  #free: number;

  constructor(deps: UploaderDeps, { concurrency = 4, playlistMs = 12_000 }: UploaderOptions = {}) {
    this.#deps = deps;
    this.#free = concurrency;
    this.#playlistMs = playlistMs;
  }

  /**
   * Stores a segment that was closed, and now and then the playlist, as far as what it names is stored. One that is
   * damaged is left out of it.
   */
  segment(folder: string, { uri, sha256 }: { uri: string; sha256: string }): Promise<UploadEnd> {
    const upload = this.#open(folder);
    upload.hashes.set(uri, sha256);
    const stored = this.#store(upload, uri).then((end) => {
      if (end === "stored") this.#follow(upload);
      upload.pending.delete(stored);
      return end;
    });
    upload.pending.add(stored);
    return stored;
  }

  /**
   * Stores what is left of a folder in which nobody writes any more, then removes it. Segments that are damaged become
   * gaps in what is stored; the folder then stays. Never rejects.
   */
  async finish(folder: string): Promise<void> {
    await this.#finish(folder, false);
  }

  /**
   * Stores what an earlier process left on the disk, folder by folder, and has its segments listed.
   * @param folders in which nobody writes
   */
  async resume(folders: readonly string[]): Promise<void> {
    for (const folder of folders) {
      if (this.#givenUp.signal.aborted) return;
      await this.#finish(folder, true);
    }
  }

  async #finish(folder: string, isResumed: boolean): Promise<void> {
    const { spool, logger } = this.#deps;
    const upload = this.#open(folder);
    await Promise.all(upload.pending);
    await upload.following;
    try {
      const wasOpen = await this.#isOpen(folder);
      const closed = !wasOpen || await this.#close(folder);
      const recording = readManifest(await this.#textOf(folder, MANIFEST));
      for (const { uri, sha256 } of recording?.segments ?? []) upload.hashes.set(uri, sha256);
      const left = (await spool.names(folder)).filter((name) => !upload.stored.has(name));
      const others = left.filter((name) => !LAST.includes(name) && !upload.damaged.has(name));
      await Promise.all(others.map((name) => this.#store(upload, name)));
      for (const name of LAST.filter((name) => left.includes(name))) await this.#store(upload, name);
      if (recording !== undefined && (isResumed || wasOpen)) await this.#restore(upload, recording);
      const files = left.filter((name) => !upload.stored.has(name));
      if (files.length > 0 || !closed) logger.error("recording_not_uploaded", { folder, files });
      else {
        await spool.remove(folder);
        logger.info("recording_uploaded", { folder, files: upload.stored.size });
      }
    } catch (error) {
      logger.error("recording_not_uploaded", { folder, error });
    }
    this.#folders.delete(folder);
  }

  /** Stops trying. What is not stored by then stays on the disk, and is told by name. */
  giveUp(): void {
    this.#givenUp.abort();
  }

  /** Resolves when {@link giveUp} is called. */
  async givenUp(): Promise<void> {
    const { signal } = this.#givenUp;
    if (!signal.aborted) await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
  }

  /** Whether its recorder did not close it. */
  async #isOpen(folder: string): Promise<boolean> {
    const names = await this.#deps.spool.names(folder);
    return names.length > 0 && !names.includes(MANIFEST);
  }

  /** Closes what its recorder left open, so that all that it holds is uploaded. @returns whether the folder is closed */
  async #close(folder: string): Promise<boolean> {
    const { repair, logger } = this.#deps;
    // Its recorder may be at it still.
    if (this.#givenUp.signal.aborted) return false;
    try {
      await repair(folder, this.#givenUp.signal);
      return true;
    } catch (error) {
      logger.error("recording_repair_failed", { folder, error });
      return false;
    }
  }

  /** Lists what is stored of the recording, for as long as the table is away. */
  async #restore({ folder, stored }: FolderUpload, { roomId, segments }: ClosedRecording): Promise<void> {
    const { restore } = this.#deps;
    const there = segments.filter(({ uri }) => stored.has(uri));
    await this.#retry("segments_not_listed", { folder }, () => restore(folder, { roomId, segments: there }));
  }

  #open(folder: string): FolderUpload {
    const upload = this.#folders.get(folder) ?? {
      ...{ folder, hashes: new Map(), stored: new Set(), damaged: new Set(), pending: new Set() },
      ...{ following: undefined, followedAt: -Infinity },
    };
    this.#folders.set(folder, upload);
    return upload;
  }

  async #store(upload: FolderUpload, name: string): Promise<UploadEnd> {
    const { folder } = upload;
    await this.#enter();
    try {
      const done = await this.#retry("upload_failed", { folder, name }, () => this.#put(upload, name));
      if (!done) return "given_up";
      upload.stored.add(name);
      return "stored";
    } catch (error) {
      upload.damaged.add(name);
      this.#deps.logger.error("file_damaged", { folder, name, error });
      return "damaged";
    } finally {
      this.#leave();
    }
  }

  /**
   * Does something until it works.
   * @returns false when time was up
   * @throws DamagedFileError
   */
  async #retry(event: string, about: { folder: string; name?: string }, work: () => Promise<void>): Promise<boolean> {
    const { clock, logger } = this.#deps;
    const { signal } = this.#givenUp;
    for (let failures = 1; !signal.aborted; failures++) {
      try {
        await work();
        return true;
      } catch (error) {
        if (error instanceof DamagedFileError) throw error;
        if (signal.aborted) return false;
        logger.warn(event, { ...about, failures, error });
        await waited(clock, backOffMs(RETRY_MS, failures, LONGEST_RETRY_MS), signal);
      }
    }
    return false;
  }

  async #put(upload: FolderUpload, name: string): Promise<void> {
    const { spool, uploads } = this.#deps;
    const { folder, hashes, damaged } = upload;
    if (damaged.size > 0 && LAST.includes(name)) {
      const without = name === PLAYLIST ? dropSegments : damagedToGaps;
      return await this.#putText(folder, name, without(await this.#textOf(folder, name), (uri) => damaged.has(uri)));
    }
    const file = await spool.find(folder, name);
    if (file === undefined) throw new DamagedFileError(`Upload ${folder}/${name}: it is not on the disk any more`);
    const { size } = file;
    const read = (start: number, length: number) => file.read(start, length);
    await uploads.put({ folder, name, size, read, sha256: hashes.get(name) }, this.#givenUp.signal);
  }

  async #putText(folder: string, name: string, text: string): Promise<void> {
    const bytes = new Blob([text]);
    const read = (start: number, length: number) => bytes.slice(start, start + length).stream();
    await this.#deps.uploads.put({ folder, name, size: bytes.size, read }, this.#givenUp.signal);
  }

  /** Stores playlist and pictures of a recording that goes on. A playlist that fails is let go: a newer one follows. */
  #follow(upload: FolderUpload): void {
    const { clock, logger } = this.#deps;
    if (upload.following !== undefined || clock.now() - upload.followedAt < this.#playlistMs) return;
    upload.followedAt = clock.now();
    upload.following = this.#putPlaylist(upload)
      .then(() => this.#storePictures(upload))
      .catch((error) => logger.warn("live_playlist_not_uploaded", { folder: upload.folder, error }))
      .then(() => {
        upload.following = undefined;
      });
  }

  async #putPlaylist(upload: FolderUpload): Promise<void> {
    const { folder, stored, damaged } = upload;
    const text = dropSegments(await this.#textOf(folder, PLAYLIST), (name) => damaged.has(name));
    for (const name of initsOf(text)) if (!stored.has(name)) await this.#store(upload, name);
    const cut = cutPlaylist(text, (name) => stored.has(name));
    if (cut !== undefined) await this.#putText(folder, PLAYLIST, cut);
  }

  async #storePictures(upload: FolderUpload): Promise<void> {
    const pictures = (await this.#deps.spool.names(upload.folder)).filter((name) => name.endsWith(".jpg"));
    for (const name of pictures) if (!upload.stored.has(name)) await this.#store(upload, name);
  }

  async #textOf(folder: string, name: string): Promise<string> {
    const file = await this.#deps.spool.find(folder, name);
    return file === undefined ? "" : await new Response(file.read(0, file.size)).text();
  }

  async #enter(): Promise<void> {
    if (this.#free > 0 || this.#givenUp.signal.aborted) this.#free--;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  #leave(): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#free++;
    else next();
  }
}

/**
 * A recorder whose segments are told when they are stored, and which is done when all of its folder is, or when the
 * uploader gives up: what the recorder still closes then, such as an MP4 of hours, is not waited for.
 * @param recorder writes into the uploader's spool
 */
export function uploadingRecorder(recorder: Recorder, uploader: RecordingUploader, clock: Clock): Recorder {
  return {
    start(job, tell) {
      let folder: string | undefined;
      let told: Promise<void> = Promise.resolve();
      let over = false;
      const run = recorder.start(job, (event) => {
        if (over) return;
        if (event.type === "started") folder = event.folder;
        if (event.type !== "segment" || folder === undefined) return tell(event);
        const stored = uploader.segment(folder, event.segment);
        told = told.then(async () => {
          const end = await stored;
          if (end === "stored") tell(event);
          if (end === "damaged") tell({ type: "gap", data: gapOf(event.segment) });
        });
      });
      const timeUp = uploader.givenUp().then((): RecorderResult => ({ kind: "stopped" }));
      const done = Promise.race([run.done, timeUp]).then(async (result) => {
        over = true;
        const endedAt = clock.now();
        await told;
        if (folder !== undefined) await uploader.finish(folder);
        return { ...result, endedAt };
      });
      return { done, stop: () => run.stop() };
    },
  };
}

/** What is missing of a recording without this segment, as recorders tell of gaps. */
function gapOf({ uri, startAt, durationMs }: Omit<Segment, "part">): Record<string, unknown> {
  return { uri, fromMs: startAt, toMs: startAt + durationMs, missingMs: durationMs, reason: "damaged" };
}
