/** Times of a clip, as people type and read them. */
import { MOST_CLIP_MS, readClipMs } from "@roomtone/functions/client";
import { clockText } from "../format.ts";

/** `1:30.5` */
export function placeText(ms: number): string {
  const tenths = Math.floor(Math.max(0, ms) / 100) % 10;
  return tenths === 0 ? clockText(ms) : `${clockText(ms)}.${tenths}`;
}

/** What is wrong with the times of a clip, or the times. */
export function readClip(from: string, to: string): { fromMs: number; toMs: number } | { wrong: string } {
  const [fromMs, toMs] = [readClipMs(from), readClipMs(to)];
  if (fromMs === undefined) return { wrong: "“From” takes a time such as 1:30" };
  if (toMs === undefined) return { wrong: "“To” takes a time such as 2:15" };
  if (toMs <= fromMs) return { wrong: "The end must be behind the start" };
  if (toMs - fromMs > MOST_CLIP_MS) {
    return { wrong: "Up to ten minutes are made here; the command line makes longer clips: roomtone recordings clip" };
  }
  return { fromMs, toMs };
}
