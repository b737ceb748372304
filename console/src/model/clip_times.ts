/** Times of a clip, as people type and read them. */
import { clockText } from "../format.ts";

/** Longest clip that the API makes, ms. */
export const MOST_CLIP_MS = 600_000;

/** `1:30.5` */
export function placeText(ms: number): string {
  const tenths = Math.floor(Math.max(0, ms) / 100) % 10;
  return tenths === 0 ? clockText(ms) : `${clockText(ms)}.${tenths}`;
}

/** Reads `90`, `1:30`, `1:02:03.5`. @returns ms; `undefined` for what is no time */
export function readPlace(text: string): number | undefined {
  const [whole, hours = 0, minutes = 0, seconds = 0] =
    /^(?:(?:(\d{1,3}):)?(\d{1,4}):)?(\d{1,6}(?:\.\d{1,3})?)$/.exec(text.trim()) ?? [];
  if (whole === undefined) return undefined;
  return Math.round(((Number(hours) * 60 + Number(minutes)) * 60 + Number(seconds)) * 1000);
}

/** What is wrong with the times of a clip, or the times. */
export function readClip(from: string, to: string): { fromMs: number; toMs: number } | { wrong: string } {
  const [fromMs, toMs] = [readPlace(from), readPlace(to)];
  if (fromMs === undefined) return { wrong: "“From” takes a time such as 1:30" };
  if (toMs === undefined) return { wrong: "“To” takes a time such as 2:15" };
  if (toMs <= fromMs) return { wrong: "The end must be behind the start" };
  if (toMs - fromMs > MOST_CLIP_MS) {
    return { wrong: "Up to ten minutes are made here; the command line makes longer clips: roomtone recordings clip" };
  }
  return { fromMs, toMs };
}
