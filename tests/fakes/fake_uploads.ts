import { createHash } from "node:crypto";
import { DamagedFileError } from "../../functions/contract/errors.ts";
import type { RecordingSpool, RecordingUploads, UploadedFile } from "../../functions/ports/recording_uploads.ts";

/** A disk in memory, with text for content. */
export class FakeSpool implements RecordingSpool {
  readonly #folders = new Map<string, Map<string, string>>();

  write(folder: string, name: string, content: string): void {
    const files = this.#folders.get(folder) ?? new Map<string, string>();
    this.#folders.set(folder, files.set(name, content));
  }
  read(folder: string, name: string): string | undefined {
    return this.#folders.get(folder)?.get(name);
  }
  folders(): Promise<string[]> {
    return Promise.resolve([...this.#folders.keys()].sort());
  }
  names(folder: string): Promise<string[]> {
    return Promise.resolve([...this.#folders.get(folder)?.keys() ?? []].sort());
  }
  find(folder: string, name: string) {
    const content = this.read(folder, name);
    if (content === undefined) return Promise.resolve(undefined);
    const bytes = new Blob([content]);
    const read = (start: number, length: number) => bytes.slice(start, start + length).stream();
    return Promise.resolve({ size: bytes.size, etag: '"1"', modifiedAt: 0, read });
  }
  remove(folder: string): Promise<void> {
    this.#folders.delete(folder);
    return Promise.resolve();
  }
}

/** A store in memory, of text. */
export class FakeUploads implements RecordingUploads {
  /** Content, by folder and name, in the order of the last change. */
  readonly files = new Map<string, string>();
  readonly hashes = new Map<string, string>();
  /** Files that came, in order. */
  readonly puts: string[] = [];
  /** Files that wait for {@link release}. */
  readonly held = new Set<string>();
  /** Refuses everything. */
  away = false;
  /** Most files that were on their way at once. */
  most = 0;
  #busy = 0;
  #release: () => void = () => {};
  #released = this.#gate();

  async put({ folder, name, size, read, sha256 }: UploadedFile, signal: AbortSignal): Promise<void> {
    const path = `${folder}/${name}`;
    this.most = Math.max(this.most, ++this.#busy);
    try {
      const content = await new Response(read(0, size)).text();
      if (content.length < size) throw new Error(`${path} became shorter`);
      if (this.held.has(path)) await this.#released;
      signal.throwIfAborted();
      if (this.away) throw new Error("the store is away");
      if (sha256 !== undefined && sha256 !== hashOf(content)) throw new DamagedFileError(`${path} is damaged`);
      this.files.delete(path);
      this.files.set(path, content);
      if (sha256 !== undefined) this.hashes.set(path, sha256);
      this.puts.push(path);
    } finally {
      this.#busy--;
    }
  }

  release(): void {
    this.held.clear();
    this.#release();
  }

  #gate(): Promise<void> {
    return new Promise((resolve) => this.#release = resolve);
  }
}

/** SHA-256 of a text, lower-case hex. */
export function hashOf(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
