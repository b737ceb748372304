/**
 * Watches the free space of a disk: pictures wait while there is too little of it.
 * @module
 */
import { statfs } from "node:fs/promises";
import type { Clock } from "@roomtone/sdk";

/** How often the disk is asked, ms. */
const CHECK_MS = 1_000;

/** Tells the free space of the disk that holds a path, bytes. */
export type FreeBytes = (path: string) => Promise<number>;

/** What this process may still write, by the system. */
export async function freeBytesOf(path: string): Promise<number> {
  const { bavail, bsize } = await statfs(path);
  return bavail * bsize;
}

/** Options of {@link DiskGate}. */
export interface DiskGateOptions {
  path: string;
  /** Below this it closes; 0 leaves it open. */
  limitBytes: number;
  freeBytes: FreeBytes;
  clock: Clock;
  /** Told each time that it closes. */
  onLow: (freeBytes: number) => void;
}

/** See the module. */
export class DiskGate {
  readonly #options: DiskGateOptions;
  #low = new AbortController();
  #timer: unknown;
  #stopped = false;

  constructor(options: DiskGateOptions) {
    this.#options = options;
  }

  /** Looks for the first time, and from then on until it is stopped. */
  async start(): Promise<void> {
    const { limitBytes, clock } = this.#options;
    if (limitBytes === 0) return;
    await this.#check();
    if (this.#stopped) return;
    this.#timer = clock.setTimeout(() => void this.start(), CHECK_MS);
  }

  stop(): void {
    this.#stopped = true;
    this.#options.clock.clearTimeout(this.#timer);
  }

  get isLow(): boolean {
    return this.#low.signal.aborted;
  }

  /** Aborted when there is too little space; another one takes its place once there is enough. */
  get signal(): AbortSignal {
    return this.#low.signal;
  }

  async #check(): Promise<void> {
    const { path, limitBytes, freeBytes, onLow } = this.#options;
    // A disk that does not tell is written to until it fails.
    const free = await freeBytes(path).catch(() => Infinity);
    if (free >= limitBytes) {
      if (this.isLow) this.#low = new AbortController();
    } else if (!this.isLow) {
      this.#low.abort();
      onLow(free);
    }
  }
}
