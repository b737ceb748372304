/** How the system at work is told in plain words. Pure. */
import type { ApiClient } from "@roomtone/functions/client";
import { bytesText, countText, fromNow, refusalText } from "../format.ts";

/** The system at work, as the API tells it. */
export type SystemState = Awaited<ReturnType<ApiClient["system"]>>["body"];
type TikTokState = NonNullable<SystemState["tiktok"]>;
/** How a route or a kind of look-up stands. */
export type Standing = Pick<TikTokState["calls"][number], "state" | "since" | "code" | "next_try_at" | "failures">;

const ROUTES: Readonly<Record<string, string>> = {
  direct: "Direct socket",
  signed: "Signed socket",
  polling: "Polling over HTTP",
};
const CALLS: Readonly<Record<string, string>> = {
  links: "Stream links",
  alive: "Rooms on air",
  userInfo: "Profiles",
  userList: "Followings and followers",
  room: "Rooms",
  gifts: "Gifts",
  prices: "Prices of coins",
  feed: "Recommended lives",
  message: "Messages into rooms",
};

/** Name of a way into rooms. */
export function routeName(route: string): string {
  return ROUTES[route] ?? route;
}

/** Name of a kind of look-up. */
export function callName(call: string): string {
  return CALLS[call] ?? call;
}

/** Whether it is open, refused or left alone. */
export function stateText({ state, next_try_at: next }: Standing, now: number): string {
  if (state === "unknown") return "nothing known yet";
  if (state === "works") return "open";
  if (state === "failing") return "fails, and is tried again";
  if (state === "probing") return "one try may show whether it works again";
  return next === undefined || next <= now ? "left alone for a while" : `left alone, next try ${fromNow(next, now)}`;
}

/** Since when, and why. */
export function reasonText({ state, since, code, failures }: Standing, now: number): string {
  if (since === undefined) return "";
  const when = fromNow(since, now);
  if (state === "works" || code === undefined) return `since ${when}`.replace("since now", "just now");
  return `${refusalText(code)}; ${
    failures === 1 ? "one failure" : `${countText(failures)} failures in a row`
  }, first ${when}`;
}

/** `3 of 8 slots are used, 5 are free` */
export function slotsText(used: number, slots: number | undefined): string {
  const have = `${countText(used)} ${used === 1 ? "recording" : "recordings"}`;
  if (slots === undefined) return have;
  return `${countText(used)} of ${countText(slots)} slots used, ${countText(Math.max(0, slots - used))} free`;
}

/** What the disk's room means for recordings. */
export function diskText({ free_bytes: free, least_free_bytes: least, low }: NonNullable<SystemState["disk"]>): string {
  if (least === 0) return "Recordings go on until it is full.";
  if (low) return `Too little: pictures and sound wait until ${bytesText(least)} are free. Events go on.`;
  return `Enough: pictures and sound wait only when less than ${bytesText(least)} is free, ${
    bytesText(free - least)
  } from now.`;
}

/** What went wrong in the last minutes, in one sentence. */
export function troubleText({ minutes }: NonNullable<SystemState["trouble"]>): string {
  const sum = (of: "warnings" | "errors") => minutes.reduce((total, minute) => total + minute[of], 0);
  const count = (amount: number, word: string) =>
    amount === 0 ? `no ${word}s` : amount === 1 ? `one ${word}` : `${countText(amount)} ${word}s`;
  const text = `In the last ${minutes.length} minutes: ${count(sum("errors"), "error")}, ${
    count(sum("warnings"), "warning")
  }`;
  return sum("errors") + sum("warnings") === 0 ? `${text}. All went well.` : `${text}.`;
}
