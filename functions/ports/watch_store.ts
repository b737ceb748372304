import type { AppErrorCode } from "../contract/errors.ts";
import type { Quality } from "../contract/quality.ts";
import type { Page, PageRequest } from "./page.ts";

/**
 * What TikTok last answered about a watched name; `unknown` before its first answer, and from a pause to the first answer
 * after it. Refusals change nothing here.
 */
export type WatchState = "unknown" | "live" | "offline";

/**
 * In which hours of the week a host goes live: each start adds one to its hour (UTC), and what has gathered fades by half
 * in four weeks. `core/poll_interval.ts` reads and writes it.
 */
export interface HostHours {
  /** When it was last brought up to date, ms. */
  at: number;
  /** By hour of the week, from 0, as it was at that time; hours without a start are absent. */
  weights: Readonly<Record<string, number>>;
}

/** Least and greatest priority of a watch. */
export const PRIORITIES = { least: -3, usual: 0, greatest: 3 } as const;

/** A name on the watchlist. */
export interface Watch {
  /** Normalised name, the key. */
  username: string;
  addedAt: number;
  /** How much it matters, a whole number within {@link PRIORITIES}: each step up halves the time between checks. */
  priority: number;
  /** Its lives are recorded in this quality, or the next best. @default the best picture */
  quality?: Quality;
  /** It stays on the list, and nobody looks at it. */
  paused: boolean;
  /**
   * When it is to be checked next, ms. While a poller holds it, this is the end of the poller's lease; while it is paused,
   * {@link NEVER}.
   */
  nextCheckAt: number;
  /** Grows with each claim and each pause; {@link WatchStore.completeCheck} needs the newest. */
  claimToken: number;
  state: WatchState;
  /** When TikTok last answered about it, ms. */
  checkedAt?: number;
  /** When it was last seen live, ms. */
  lastLiveAt?: number;
  /** Room of the last live seen. */
  roomId?: string;
  /** When it usually goes live; absent before the first live. */
  hours?: HostHours;
  /** Checks in a row without an answer. */
  failures: number;
  /** Why the last check gave no answer. */
  lastError?: AppErrorCode;
}

/** What a check found out: it replaces these fields of the watch. */
export type WatchCheck = Omit<Watch, "username" | "addedAt" | "priority" | "quality" | "paused" | "claimToken">;

/** What an operator wishes of a watch. What is left out stays as it is. */
export interface WatchWishes {
  /** @default 0 for a new name */
  priority?: number | undefined;
  quality?: Quality | undefined;
  /** @default false for a new name */
  paused?: boolean | undefined;
}

/** Time of a check that does not come, ms. */
export const NEVER = Number.MAX_SAFE_INTEGER;

/** The watchlist. */
export interface WatchStore {
  /**
   * Puts a name on the list, due at once. A name that is there already stays as it is, but for what is wished.
   *
   * A pause takes it out of what is due, and a check that is under way is lost: nobody knows any more what the host does.
   * What is known of its habits stays. The end of a pause makes it due at once, among the new names.
   * @returns the watch as stored, and whether it is new
   */
  putWatch(username: string, now: number, wishes?: WatchWishes): Promise<{ watch: Watch; created: boolean }>;
  getWatch(username: string): Promise<Watch | undefined>;
  /** @returns false when it was not on the list */
  deleteWatch(username: string): Promise<boolean>;
  /** All watches by name. */
  listWatches(page: PageRequest): Promise<Page<Watch>>;
  /**
   * Claims watches with `nextCheckAt <= now`, the longest due first. Those whose state is `live` are in the shard
   * `ON_AIR_SHARD`, those without a check since they were added or their pause ended in `NEW_SHARD`, all others in the one
   * of their name; those that are paused are in none. A claim sets `nextCheckAt` to `now + leaseMs` and adds one to
   * `claimToken`, on condition that nobody did so in between: each watch goes to one caller, and comes back when that
   * caller dies.
   */
  claimDueWatches(request: { shard: number; now: number; leaseMs: number; limit: number }): Promise<Watch[]>;
  /**
   * When the next watch of a shard is due, ms: the end of the lease for one that a poller holds. `undefined` for a shard
   * without watches. The answer may lag behind claims by some milliseconds.
   */
  nextCheckAt(shard: number): Promise<number | undefined>;
  /** How many watches wait for a poller: `nextCheckAt <= now`, and not paused. */
  countDueWatches(now: number): Promise<number>;
  /**
   * Stores what a check found.
   * @param claimed name and token of the claim
   * @returns false, with nothing stored, when another poller has claimed the watch since, or it was paused or deleted
   */
  completeCheck(claimed: { username: string; claimToken: number }, check: WatchCheck): Promise<boolean>;
}
