import type { AppErrorCode } from "../contract/errors.ts";
import type { Page, PageRequest } from "./page.ts";

/** What TikTok last answered about a watched name; `unknown` before its first answer. Refusals change nothing here. */
export type WatchState = "unknown" | "live" | "offline";

/** A name on the watchlist. */
export interface Watch {
  /** Normalised name, the key. */
  username: string;
  addedAt: number;
  /** When it is to be checked next, ms. While a poller holds it, this is the end of the poller's lease. */
  nextCheckAt: number;
  /** Grows with each claim; {@link WatchStore.completeCheck} needs the newest. */
  claimToken: number;
  state: WatchState;
  /** When TikTok last answered about it, ms. */
  checkedAt?: number;
  /** When it was last seen live, ms. */
  lastLiveAt?: number;
  /** Room of the last live seen. */
  roomId?: string;
  /** Checks in a row without an answer. */
  failures: number;
  /** Why the last check gave no answer. */
  lastError?: AppErrorCode;
}

/** What a check found out: it replaces these fields of the watch. */
export type WatchCheck = Omit<Watch, "username" | "addedAt" | "claimToken">;

/** The watchlist. */
export interface WatchStore {
  /**
   * Puts a name on the list, due at once. A name that is there already stays as it is.
   * @returns the watch as stored, and whether it is new
   */
  putWatch(username: string, now: number): Promise<{ watch: Watch; created: boolean }>;
  getWatch(username: string): Promise<Watch | undefined>;
  /** @returns false when it was not on the list */
  deleteWatch(username: string): Promise<boolean>;
  /** All watches by name. */
  listWatches(page: PageRequest): Promise<Page<Watch>>;
  /**
   * Claims watches with `nextCheckAt <= now`, the longest due first. A claim sets `nextCheckAt` to `now + leaseMs` and
   * adds one to `claimToken`, on condition that nobody did so in between: each watch goes to one caller, and comes
   * back when that caller dies.
   */
  claimDueWatches(request: { shard: number; now: number; leaseMs: number; limit: number }): Promise<Watch[]>;
  /**
   * Stores what a check found.
   * @param claimed name and token of the claim
   * @returns false, with nothing stored, when another poller has claimed the watch since, or it was deleted
   */
  completeCheck(claimed: { username: string; claimToken: number }, check: WatchCheck): Promise<boolean>;
}
