/**
 * Which messages were seen already: a reconnect replays some.
 * @module
 */

/** Messages remembered. */
export const WINDOW = 2048;

const FIRST_CAPACITY = 64;
const NONE = 0xffff;

/**
 * The last {@link WINDOW} message ids, as 64-bit numbers in typed arrays: 24 KB when full, less for quiet rooms. A
 * ring gives up the oldest id; chains over the ring's slots find one.
 */
export class MessageIds {
  #capacity = 0;
  #size = 0;
  #next = 0;
  #high = new Uint32Array(0);
  #low = new Uint32Array(0);
  #heads = new Uint16Array(0);
  #links = new Uint16Array(0);

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
    if (this.#find(high, low)) return false;
    if (this.#size === this.#capacity && this.#capacity < WINDOW) this.#grow();
    this.#put(high, low);
    return true;
  }

  #bucket(high: number, low: number): number {
    // TikTok's ids have a time above and few different values in their low bits: the high bits of a product mix all.
    return Math.imul(Math.imul(high, 0x9e3779b1) ^ low, 0x85ebca6b) >>> 16 & (this.#capacity - 1);
  }

  #find(high: number, low: number): boolean {
    if (this.#capacity === 0) return false;
    for (let slot = this.#heads[this.#bucket(high, low)] ?? NONE; slot !== NONE; slot = this.#links[slot] ?? NONE) {
      if (this.#low[slot] === low && this.#high[slot] === high) return true;
    }
    return false;
  }

  #put(high: number, low: number): void {
    const slot = this.#next;
    if (this.#size === this.#capacity) this.#forget(slot);
    else this.#size++;
    this.#high[slot] = high;
    this.#low[slot] = low;
    const bucket = this.#bucket(high, low);
    this.#links[slot] = this.#heads[bucket] ?? NONE;
    this.#heads[bucket] = slot;
    this.#next = (slot + 1) % this.#capacity;
  }

  /** Takes a slot out of its chain. */
  #forget(slot: number): void {
    const bucket = this.#bucket(this.#high[slot] ?? 0, this.#low[slot] ?? 0);
    const after = this.#links[slot] ?? NONE;
    let current = this.#heads[bucket] ?? NONE;
    if (current === slot) {
      this.#heads[bucket] = after;
      return;
    }
    while (current !== NONE) {
      const next = this.#links[current] ?? NONE;
      if (next === slot) this.#links[current] = after;
      current = next === slot ? NONE : next;
    }
  }

  #grow(): void {
    const { length } = this.#high;
    const [high, low] = [this.#high, this.#low];
    this.#capacity = length === 0 ? FIRST_CAPACITY : length * 2;
    this.#high = new Uint32Array(this.#capacity);
    this.#low = new Uint32Array(this.#capacity);
    this.#heads = new Uint16Array(this.#capacity).fill(NONE);
    this.#links = new Uint16Array(this.#capacity).fill(NONE);
    this.#size = 0;
    this.#next = 0;
    // Growth happens before the ring first wraps, so slot order is age order.
    for (let slot = 0; slot < length; slot++) this.#put(high[slot] ?? 0, low[slot] ?? 0);
  }
}
