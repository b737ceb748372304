const BUCKET_MS = 10_000;

/** The least of a value over the last 10 to 20 seconds: how late media arrives when nothing holds it up. */
export class LagFloor {
  #bucket = 0;
  #current: number | undefined;
  #previous: number | undefined;

  /** @param atMs wall time, growing */
  add(atMs: number, lagMs: number): void {
    const bucket = Math.floor(atMs / BUCKET_MS);
    if (bucket !== this.#bucket) {
      this.#previous = this.#current;
      this.#current = undefined;
      this.#bucket = bucket;
    }
    this.#current = Math.min(this.#current ?? lagMs, lagMs);
  }

  /** The least value; `undefined` when none came since the last reset. */
  get floorMs(): number | undefined {
    if (this.#previous === undefined) return this.#current;
    return Math.min(this.#current ?? this.#previous, this.#previous);
  }

  /** Forgets all values: those before and after cannot be compared. */
  reset(): void {
    this.#current = undefined;
    this.#previous = undefined;
  }
}
