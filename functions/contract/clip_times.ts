/** Times of a clip. */

/** Longest clip that the API makes, ms. */
export const MOST_CLIP_MS = 600_000;

/** Reads a place on the player's clock as people type it: `90`, `1:30`, `1:02:03.5`. @returns ms; `undefined` for what is no time */
export function readClipMs(text: string): number | undefined {
  const [whole, hours = 0, minutes = 0, seconds = 0] =
    /^(?:(?:(\d{1,3}):)?(\d{1,4}):)?(\d{1,6}(?:\.\d{1,3})?)$/.exec(text.trim()) ?? [];
  if (whole === undefined) return undefined;
  return Math.round(((Number(hours) * 60 + Number(minutes)) * 60 + Number(seconds)) * 1000);
}
