/** Which names of the watchlist are shown, and in which order. */
import type { WatchReply } from "@roomtone/functions/client";

/** What a name on the list is up to, in one word. */
export type Standing = "live" | "offline" | "new" | "paused" | "refused";

export const STANDINGS: Readonly<Record<Standing, string>> = {
  live: "live",
  offline: "offline",
  new: "not looked at yet",
  refused: "no answer",
  paused: "paused",
};

/** By what names can be put in order. */
export type Order = "standing" | "name" | "next" | "live" | "priority";

export const ORDERS: Readonly<Record<Order, string>> = {
  standing: "live ones first",
  name: "name",
  next: "next check",
  live: "last live",
  priority: "priority",
};

/** Names of a page of the list. */
export const WATCHES_PER_PAGE = 50;

/** Which names are wanted, and in which order. */
export interface WatchView {
  /** Part of a name; an `@` before it is ignored. */
  search: string;
  standing: Standing | "";
  order: Order;
}

/** What a name is up to. Whom TikTok does not tell about has no answer, whatever was known before. */
export function standingOf({ paused, failures, state }: WatchReply): Standing {
  if (paused) return "paused";
  if (failures > 0) return "refused";
  return state === "unknown" ? "new" : state;
}

/** After all that will be. */
const NEVER = Number.MAX_SAFE_INTEGER;
const RANK: readonly Standing[] = ["live", "refused", "new", "offline", "paused"];

const COMPARE: Readonly<Record<Order, (a: WatchReply, b: WatchReply) => number>> = {
  standing: (a, b) => RANK.indexOf(standingOf(a)) - RANK.indexOf(standingOf(b)),
  name: () => 0,
  next: (a, b) => (a.next_check_at ?? NEVER) - (b.next_check_at ?? NEVER),
  live: (a, b) => (b.last_live_at ?? 0) - (a.last_live_at ?? 0),
  priority: (a, b) => b.priority - a.priority,
};

/** The names that are wanted, in order; those that are equal stand by name. */
export function viewOf(watches: readonly WatchReply[], { search, standing, order }: WatchView): WatchReply[] {
  const part = search.trim().replace(/^@/, "").toLowerCase();
  const compare = COMPARE[order];
  return watches
    .filter((watch) => watch.username.includes(part) && (standing === "" || standingOf(watch) === standing))
    .sort((a, b) => compare(a, b) || (a.username < b.username ? -1 : 1));
}

/** How many names stand where. */
export function countStandings(watches: readonly WatchReply[]): Record<Standing, number> {
  const counts: Record<Standing, number> = { live: 0, offline: 0, new: 0, paused: 0, refused: 0 };
  for (const watch of watches) counts[standingOf(watch)]++;
  return counts;
}

/** The page of a list nearest to the one that is wanted: lists grow shorter. @param page from 0 */
export function pageOf<T>(all: readonly T[], page: number, size: number): { page: number; items: readonly T[] } {
  const last = Math.max(0, Math.ceil(all.length / size) - 1);
  const near = Math.min(page, last);
  return { page: near, items: all.slice(near * size, (near + 1) * size) };
}
