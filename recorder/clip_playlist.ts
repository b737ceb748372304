/**
 * What a clip asks of a playlist. Pure.
 * @module
 */

/** A segment of a playlist. */
export interface ClipEntry {
  uri: string;
  /** Address of its init segment. */
  init: string;
  /** Place on the player's clock, ms. */
  startMs: number;
  endMs: number;
  /** Wall time of its first picture, ms; absent where the playlist names none. */
  wallMs: number | undefined;
  /** Whether it does not go on where the one before it ended. */
  isNew: boolean;
}

/** Differences of clocks that are no gap, ms. */
const SAME_MS = 1_000;

/** Segments of a playlist, in order; those without an init segment cannot be played and are left out. */
export function clipEntries(playlist: string): ClipEntry[] {
  const entries: ClipEntry[] = [];
  let init: string | undefined;
  let durationMs = 0;
  let wallMs: number | undefined;
  let isNew = true;
  let atMs = 0;
  for (const line of playlist.split(/\r?\n/)) {
    if (line === "#EXT-X-DISCONTINUITY") isNew = true;
    else if (line.startsWith("#EXT-X-MAP:")) {
      init = /URI="([^"]*)"/.exec(line)?.[1];
      isNew = true;
    } else if (line.startsWith("#EXT-X-PROGRAM-DATE-TIME:")) {
      const at = Date.parse(line.slice(line.indexOf(":") + 1));
      wallMs = Number.isNaN(at) ? undefined : at;
    } else if (line.startsWith("#EXTINF:")) durationMs = Number.parseFloat(line.slice("#EXTINF:".length)) * 1000 || 0;
    else if (line !== "" && !line.startsWith("#")) {
      const startMs = atMs;
      atMs += durationMs;
      if (init !== undefined) entries.push({ uri: line, init, startMs, endMs: atMs, wallMs, isNew });
      durationMs = 0;
      wallMs = undefined;
      isNew = false;
    }
  }
  return entries;
}

/** Segments that go on without a break, together. */
export function clipRuns(entries: readonly ClipEntry[]): [ClipEntry, ...ClipEntry[]][] {
  const runs: [ClipEntry, ...ClipEntry[]][] = [];
  for (const entry of entries) {
    const last = runs.at(-1);
    if (last === undefined || entry.isNew) runs.push([entry]);
    else last.push(entry);
  }
  return runs;
}

/** Where the time of day jumps between two segments. */
export function clipGaps(entries: readonly ClipEntry[]): { atMs: number; missingMs: number }[] {
  return entries.flatMap(({ startMs, wallMs }, index) => {
    const before = entries[index - 1];
    if (before?.wallMs === undefined || wallMs === undefined) return [];
    const missingMs = Math.round(wallMs - before.wallMs - (before.endMs - before.startMs));
    return missingMs > SAME_MS ? [{ atMs: Math.round(startMs), missingMs }] : [];
  });
}
