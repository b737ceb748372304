/**
 * Which messages were seen already: a reconnect replays some.
 * @module
 */

/** Messages remembered. */
export const WINDOW = 2048;

const FIRST_CAPACITY = 64;

/**
 * The last {@link WINDOW} message ids, as 64-bit numbers in typed arrays: 16 KB when full, less for quiet rooms. They
 * are a ring that gives up the oldest id, and are searched from end to end: hosts do that in less than a microsecond,
 * and a table to find them by would take half as much memory again.
 */
export class MessageIds {
  #size = 0;
  #next = 0;
  #high = new Uint32Array(0);
  /** The low words, mixed with the high ones: TikTok's ids differ little below, and each hit costs a look above. */
  #mixed = new Uint32Array(0);

  /**
   * Remembers an id.
   * @param id decimal; anything that is no number of 1 to 20 digits is never a duplicate
   * @returns whether it is new
   */
  add(id: string): boolean {
    const { length } = id;
    if (length === 0 || length > 20) return true;
    let top = 0;
    let rest = 0;
    for (let index = 0; index < length; index++) {
      const digit = id.charCodeAt(index) - 48;
      if (!(digit >= 0 && digit <= 9)) return true;
      if (index < length - 9) top = top * 10 + digit;
      else rest = rest * 10 + digit;
    }
    // id = top * 10^9 + rest, brought into two words by steps that each stay exact below 2^53.
    const upper = Math.floor(top / 2 ** 20) * 1e9;
    const lower = (top % 2 ** 20) * 1e9 + rest + (upper % 2 ** 12) * 2 ** 20;
    const high = (Math.floor(upper / 2 ** 12) + Math.floor(lower / 2 ** 32)) >>> 0;
    const low = lower % 2 ** 32;
    const mixed = (low ^ Math.imul(high, 0x9e3779b1)) >>> 0;
    if (this.#has(high, mixed)) return false;
    if (this.#size === this.#high.length && this.#size < WINDOW) this.#grow();
    this.#high[this.#next] = high;
    this.#mixed[this.#next] = mixed;
    this.#next = (this.#next + 1) % this.#high.length;
    if (this.#size < this.#high.length) this.#size++;
    return true;
  }

  #has(high: number, mixed: number): boolean {
    for (let slot = this.#mixed.indexOf(mixed); slot !== -1; slot = this.#mixed.indexOf(mixed, slot + 1)) {
      // Slots beyond the size hold zeros, which are no id yet.
      if (slot < this.#size && this.#high[slot] === high) return true;
    }
    return false;
  }

  /** Happens before the ring first wraps, so slots stay in the order of age. */
  #grow(): void {
    const length = Math.max(FIRST_CAPACITY, this.#size * 2);
    this.#next = this.#size;
    this.#high = grown(this.#high, length);
    this.#mixed = grown(this.#mixed, length);
  }
}

function grown(words: Uint32Array<ArrayBuffer>, length: number): Uint32Array<ArrayBuffer> {
  const more = new Uint32Array(length);
  more.set(words);
  return more;
}
