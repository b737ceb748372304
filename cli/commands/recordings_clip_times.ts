import { readClipMs } from "@roomtone/functions/client";
import { UsageError } from "../usage_error.ts";

/** Longest clip, ms. */
const MOST_MS = 6 * 3_600_000;

/**
 * Reads the times of a clip as people type them.
 * @throws UsageError for what is none
 */
export function clipTimes(from: string | undefined, to: string | undefined, usage: string) {
  const [fromMs, toMs] = [timeMs("--from", from, usage), timeMs("--to", to, usage)];
  if (toMs <= fromMs) throw new UsageError("--to must be behind --from", usage);
  if (toMs - fromMs > MOST_MS) throw new UsageError("a clip is at most six hours long", usage);
  return { fromMs, toMs };
}

function timeMs(option: string, text: string | undefined, usage: string): number {
  const ms = readClipMs(text ?? "");
  if (ms === undefined) throw new UsageError(`${option} takes a time such as 90, 1:30 or 1:02:03`, usage);
  return ms;
}
