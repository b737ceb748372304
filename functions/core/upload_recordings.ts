import { DamagedFileError } from "../contract/errors.ts";
import type { Clock } from "../ports/clock.ts";
import type { Logger } from "../ports/logger.ts";
import type { Recorder, RecorderResult } from "../ports/recorder.ts";
import type { RecordingSpool, RecordingUploads } from "../ports/recording_uploads.ts";
import { cutPlaylist, initsOf } from "./playlists.ts";
import { backOffMs, waited } from "./waiting.ts";

/** What a {@link RecordingUploader} works with. */
export interface UploaderDeps {
  /** Where recorders write. */
  spool: RecordingSpool;
  uploads: RecordingUploads;
  /** Closes a folder that its recorder left open. */
  repair: (folder: string, signal: AbortSignal) => Promise<void>;
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

/** A folder on its way. */
interface FolderUpload {
  readonly folder: string;
  /** Hashes that recorders told, by name. */
  readonly hashes: Map<string, string>;
  /** Files that are stored. */
  readonly stored: Set<string>;
  /** Segments that are on their way. */
  readonly pending: Set<Promise<boolean>>;
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
   * Stores a segment that was closed, and now and then the playlist, as far as what it names is stored.
   * @returns whether it is stored; false when it is damaged or time was up
   */
  segment(folder: string, { uri, sha256 }: { uri: string; sha256: string }): Promise<boolean> {
    const upload = this.#open(folder);
    upload.hashes.set(uri, sha256);
    const stored = this.#store(upload, uri).then((done) => {
      if (done) this.#follow(upload);
      upload.pending.delete(stored);
      return done;
    });
    upload.pending.add(stored);
    return stored;
  }

  /** Stores what is left of a folder in which nobody writes any more, then removes it. Never rejects. */
  async finish(folder: string): Promise<void> {
    const { spool, logger } = this.#deps;
    const upload = this.#open(folder);
    await Promise.all(upload.pending);
    await upload.following;
    try {
      const closed = await this.#close(folder);
      for (const { uri, sha256 } of await this.#segmentsOf(folder)) upload.hashes.set(uri, sha256);
      const left = (await spool.names(folder)).filter((name) => !upload.stored.has(name));
      await Promise.all(left.filter((name) => !LAST.includes(name)).map((name) => this.#store(upload, name)));
      for (const name of LAST.filter((name) => left.includes(name))) await this.#store(upload, name);
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

  /** Stores what an earlier process left on the disk, folder by folder. @param folders in which nobody writes */
  async resume(folders: readonly string[]): Promise<void> {
    for (const folder of folders) {
      if (this.#givenUp.signal.aborted) return;
      await this.finish(folder);
    }
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

  /** Closes what its recorder left open, so that all that it holds is uploaded. @returns whether the folder is closed */
  async #close(folder: string): Promise<boolean> {
    const { spool, repair, logger } = this.#deps;
    const names = await spool.names(folder);
    if (names.length === 0 || names.includes(MANIFEST)) return true;
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

  #open(folder: string): FolderUpload {
    const upload = this.#folders.get(folder) ?? {
      ...{ folder, hashes: new Map(), stored: new Set(), pending: new Set() },
      ...{ following: undefined, followedAt: -Infinity },
    };
    this.#folders.set(folder, upload);
    return upload;
  }

  /** @returns whether the file is stored */
  async #store(upload: FolderUpload, name: string): Promise<boolean> {
    const { clock, logger } = this.#deps;
    const { folder } = upload;
    const { signal } = this.#givenUp;
    await this.#enter();
    try {
      for (let failures = 1; !signal.aborted; failures++) {
        try {
          await this.#put(upload, name);
          upload.stored.add(name);
          return true;
        } catch (error) {
          if (error instanceof DamagedFileError) {
            logger.error("file_damaged", { folder, name, error });
            return false;
          }
          if (signal.aborted) return false;
          logger.warn("upload_failed", { folder, name, failures, error });
          await waited(clock, backOffMs(RETRY_MS, failures, LONGEST_RETRY_MS), signal);
        }
      }
      return false;
    } finally {
      this.#leave();
    }
  }

  async #put({ folder, hashes }: FolderUpload, name: string): Promise<void> {
    const { spool, uploads } = this.#deps;
    const file = await spool.find(folder, name);
    if (file === undefined) throw new DamagedFileError(`Upload ${folder}/${name}: it is not on the disk any more`);
    const { size } = file;
    const read = (start: number, length: number) => file.read(start, length);
    await uploads.put({ folder, name, size, read, sha256: hashes.get(name) }, this.#givenUp.signal);
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
    const { folder, stored } = upload;
    const text = await this.#textOf(folder, PLAYLIST);
    for (const name of initsOf(text)) if (!stored.has(name)) await this.#store(upload, name);
    const cut = cutPlaylist(text, (name) => stored.has(name));
    if (cut === undefined) return;
    const bytes = new Blob([cut]);
    const read = (start: number, length: number) => bytes.slice(start, start + length).stream();
    const file = { folder, name: PLAYLIST, size: bytes.size, read };
    await this.#deps.uploads.put(file, this.#givenUp.signal);
  }

  async #storePictures(upload: FolderUpload): Promise<void> {
    const pictures = (await this.#deps.spool.names(upload.folder)).filter((name) => name.endsWith(".jpg"));
    for (const name of pictures) if (!upload.stored.has(name)) await this.#store(upload, name);
  }

  async #textOf(folder: string, name: string): Promise<string> {
    const file = await this.#deps.spool.find(folder, name);
    return file === undefined ? "" : await new Response(file.read(0, file.size)).text();
  }

  /** Segments of a recording that was closed. */
  async #segmentsOf(folder: string): Promise<{ uri: string; sha256: string }[]> {
    const text = await this.#textOf(folder, MANIFEST);
    const { segments }: { segments?: unknown } = text === "" ? {} : JSON.parse(text);
    return Array.isArray(segments) ? segments.filter(isSegment) : [];
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
          if (await stored) tell(event);
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

function isSegment(value: unknown): value is { uri: string; sha256: string } {
  if (typeof value !== "object" || value === null) return false;
  return "uri" in value && typeof value.uri === "string" && "sha256" in value && typeof value.sha256 === "string";
}
