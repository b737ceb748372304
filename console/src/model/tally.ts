import type { EventLog } from "./event_log.ts";

/** What had been counted up to a time. */
export interface Counted {
  /** Newest number of viewers; `undefined` before one was told. */
  viewers: number | undefined;
  /** Likes of the room where it tells them, else those that were recorded; `undefined` before the first. */
  likes: number | undefined;
  diamonds: number;
  chats: number;
}

const NOTHING: Counted = { viewers: undefined, likes: undefined, diamonds: 0, chats: 0 };

/** Sums over the time of a recording, second by second, as far as its events are known. */
export class Tally {
  /** Seconds since 1970 in which something was counted, in order. */
  readonly seconds: readonly number[];
  /** What had been counted when each was over. */
  readonly sums: readonly Counted[];

  constructor(log: Pick<EventLog, "seconds">) {
    // Nearly always they are in order already.
    const seconds = [...log.seconds.keys()];
    if (seconds.some((second, index) => second < (seconds[index - 1] ?? 0))) seconds.sort((a, b) => a - b);
    let sum = NOTHING;
    this.seconds = seconds;
    this.sums = seconds.map((second) => {
      const counted = log.seconds.get(second);
      sum = {
        viewers: counted?.viewers ?? sum.viewers,
        likes: counted?.likesSoFar ?? (counted?.likes ? (sum.likes ?? 0) + counted.likes : sum.likes),
        diamonds: sum.diamonds + (counted?.diamonds ?? 0),
        chats: sum.chats + (counted?.chats ?? 0),
      };
      return sum;
    });
  }

  /** What had been counted at a time, ms; at the newest one when none is given. */
  at(wallMs: number | undefined): Counted {
    if (wallMs === undefined) return this.sums.at(-1) ?? NOTHING;
    let low = 0;
    let high = this.seconds.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.seconds[middle] ?? 0) * 1000 <= wallMs) low = middle + 1;
      else high = middle;
    }
    return this.sums[low - 1] ?? NOTHING;
  }
}
