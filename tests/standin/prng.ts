/**
 * Seeded random numbers: the same seed gives the same rooms, people and messages on every runtime.
 * @module
 */

/** A stream of seeded random values. */
export interface Random {
  /** A number in [0, 1). */
  next(): number;
  /** An integer in [min, max], both included. */
  int(min: number, max: number): number;
  /** True with the given probability. */
  chance(probability: number): boolean;
  /** One element of a list that is not empty. */
  pick<T>(list: readonly T[]): T;
  /** A waiting time of a Poisson process with the given mean. */
  exponential(mean: number): number;
  /** Decimal digits, the first one not 0. */
  digits(length: number): string;
  /** Characters of URL-safe base64. */
  token(length: number): string;
}

const TOKEN_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/** FNV-1a over the seed's text, so that neighbouring seeds start far apart. */
function hashSeed(seed: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < seed.length; index++) {
    hash = Math.imul(hash ^ seed.charCodeAt(index), 0x01000193);
  }
  return hash >>> 0;
}

/**
 * Starts a stream of random values (mulberry32).
 * @param seed any text; equal seeds give equal streams
 */
export function createRandom(seed: string): Random {
  let state = hashSeed(seed);
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
  const int = (min: number, max: number): number => min + Math.floor(next() * (max - min + 1));
  return {
    next,
    int,
    chance: (probability) => next() < probability,
    pick<T>(list: readonly T[]): T {
      if (list.length === 0) throw new RangeError("Cannot pick from an empty list");
      return list[int(0, list.length - 1)] as T;
    },
    exponential: (mean) => -Math.log(1 - next()) * mean,
    digits(length) {
      let text = String(int(1, 9));
      while (text.length < length) text += String(int(0, 9));
      return text;
    },
    token(length) {
      let text = "";
      while (text.length < length) text += TOKEN_ALPHABET[int(0, TOKEN_ALPHABET.length - 1)];
      return text;
    },
  };
}
