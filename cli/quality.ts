import { QUALITIES, type Quality } from "@roomtone/functions/client";
import { UsageError } from "./usage_error.ts";

/** What `--quality` takes, for a usage text. */
export const QUALITY_WORDS = QUALITIES.join(", ");

/** The quality that `--quality` names. @throws UsageError for another word */
export function readQuality(given: string | undefined, usage: string): Quality | undefined {
  const quality = QUALITIES.find((each) => each === given);
  if (quality !== given) throw new UsageError(`--quality takes ${QUALITY_WORDS}`, usage);
  return quality;
}
