/**
 * A segment on its way to the disk, fragment by fragment, hashed as it goes.
 * @module
 */
import { createHash } from "node:crypto";
import { type FileHandle, open } from "node:fs/promises";

/** Most buffers that systems take in one call; POSIX promises 16, all that Bun, Deno and Node run on take 1,024. */
const MAX_BUFFERS = 1_000;

/** See the module. Calls may not overlap. */
export class SegmentFile {
  readonly #file: FileHandle;
  readonly #hash = createHash("sha256");
  #bytes = 0;
  #torn = false;

  private constructor(file: FileHandle) {
    this.#file = file;
  }

  /** Makes the file; one that is there from before is emptied. */
  static async create(path: string): Promise<SegmentFile> {
    return new SegmentFile(await open(path, "w"));
  }

  /** Size of the whole fragments. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Appends a fragment. What a failure left of it is cut off by {@link close}. */
  async append(fragment: readonly Uint8Array[]): Promise<void> {
    let at = this.#bytes;
    this.#torn = true;
    for (let first = 0; first < fragment.length; first += MAX_BUFFERS) {
      at = await this.#write(fragment.slice(first, first + MAX_BUFFERS), at);
    }
    for (const piece of fragment) this.#hash.update(piece);
    this.#bytes = at;
    this.#torn = false;
  }

  async #write(pieces: Uint8Array[], at: number): Promise<number> {
    let left = pieces;
    let written = 0;
    for (;;) {
      const { bytesWritten } = await this.#file.writev(left, at + written);
      written += bytesWritten;
      const missing = pieces.reduce((sum, { length }) => sum + length, 0) - written;
      if (missing === 0) return at + written;
      if (bytesWritten === 0) throw new Error(`the disk took ${written} bytes and no more`);
      left = behind(pieces, written);
    }
  }

  /** Closes the file, with the whole fragments in it. */
  async close(): Promise<{ bytes: number; sha256: string }> {
    try {
      if (this.#torn) await this.#file.truncate(this.#bytes);
    } finally {
      await this.#file.close();
    }
    return { bytes: this.#bytes, sha256: this.#hash.digest("hex") };
  }

  /** Leaves the file as it is. */
  async abandon(): Promise<void> {
    await this.#file.close();
  }
}

/** What of the pieces lies behind a place. */
function behind(pieces: readonly Uint8Array[], place: number): Uint8Array[] {
  let at = 0;
  return pieces.flatMap((piece) => {
    const from = Math.max(0, place - at);
    at += piece.length;
    return from < piece.length ? [piece.subarray(from)] : [];
  });
}
