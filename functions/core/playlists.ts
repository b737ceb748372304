import type { Segment } from "../ports/recording_store.ts";

/** The playlist of one part of a recording. */
export interface PartPlaylist {
  /** Text of its `index.m3u8`. */
  text: string;
  /** Path, with a slash at its end, that its file names are relative to. */
  base: string;
}

/**
 * Joins the playlists of a recording's parts into one. Between two parts stands a discontinuity.
 * @param parts in playing order, at least one
 * @param finished whether nothing more will come: the playlist is then closed
 */
export function joinPlaylists(parts: readonly PartPlaylist[], finished: boolean): string {
  const target = Math.max(...parts.map(({ text }) => Number(/^#EXT-X-TARGETDURATION:(\d+)/m.exec(text)?.[1] ?? 1)));
  const version = Math.max(...parts.map(({ text }) => Number(/^#EXT-X-VERSION:(\d+)/m.exec(text)?.[1] ?? 7)));
  const lines = [
    "#EXTM3U",
    `#EXT-X-VERSION:${version}`,
    `#EXT-X-TARGETDURATION:${target}`,
    "#EXT-X-MEDIA-SEQUENCE:0",
    `#EXT-X-PLAYLIST-TYPE:${finished ? "VOD" : "EVENT"}`,
    "#EXT-X-INDEPENDENT-SEGMENTS",
  ];
  for (const [index, { text, base }] of parts.entries()) {
    if (index > 0) lines.push("#EXT-X-DISCONTINUITY");
    lines.push(...text.split(/\r?\n/).filter(belongsToSegments).map((line) => withBase(line, base)));
  }
  if (finished) lines.push("#EXT-X-ENDLIST");
  return `${lines.join("\n")}\n`;
}

/** Tags of a playlist's head and end are written once for all parts. */
function belongsToSegments(line: string): boolean {
  return line !== "" &&
    !/^#EXT(M3U|-X-(VERSION|TARGETDURATION|MEDIA-SEQUENCE|PLAYLIST-TYPE|INDEPENDENT-SEGMENTS|ENDLIST))/.test(line);
}

function withBase(line: string, base: string): string {
  if (!line.startsWith("#")) return `${base}${line}`;
  return line.startsWith("#EXT-X-MAP:") ? line.replace(/URI="([^"]*)"/, (_, uri) => `URI="${base}${uri}"`) : line;
}

/**
 * Puts other addresses in place of the file names of a playlist.
 * @param addressOf gives the address of a name as it stands in the playlist
 */
export async function withAddresses(text: string, addressOf: (uri: string) => Promise<string>): Promise<string> {
  const lines = text.split("\n").map(async (line) => {
    if (line !== "" && !line.startsWith("#")) return await addressOf(line);
    const [, uri] = /^#EXT-X-MAP:.*?URI="([^"]*)"/.exec(line) ?? [];
    return uri === undefined ? line : line.replace(`URI="${uri}"`, `URI="${await addressOf(uri)}"`);
  });
  return (await Promise.all(lines)).join("\n");
}

/** Names of the init segments of a playlist. */
export function initsOf(text: string): string[] {
  return [...text.matchAll(/^#EXT-X-MAP:.*?URI="([^"]*)"/gm)].map(([, uri = ""]) => uri);
}

/**
 * A playlist up to the first segment that is not there yet, or whose init segment is not. Later ones only add to it.
 * @returns `undefined` when there is no segment to play
 */
export function cutPlaylist(text: string, isThere: (name: string) => boolean): string | undefined {
  const lines = text.split(/\r?\n/);
  // What stands behind the last line break may be half a line.
  lines.pop();
  const away = lines.findIndex((line) => {
    const name = line.startsWith("#") ? initsOf(line)[0] : line;
    return name !== undefined && name !== "" && !isThere(name);
  });
  const until = away < 0 ? lines.length : away;
  const last = lines.slice(0, until).findLastIndex((line) => line !== "" && !line.startsWith("#"));
  return last < 0 ? undefined : `${lines.slice(0, last + 1).join("\n")}\n`;
}

/** Whether a playlist says that nothing more comes. */
export function isClosed(text: string): boolean {
  return /^#EXT-X-ENDLIST/m.test(text);
}

/**
 * A playlist whose recorder was killed, with the closed segments that it does not name yet: they were stored and listed
 * after it was written.
 * @param segments of its part, in playing order
 */
export function addSegments(
  text: string,
  segments: readonly Pick<Segment, "uri" | "startAt" | "durationMs">[],
): string {
  const named = new Set(text.split(/\r?\n/));
  const added = segments.filter(({ uri }) => !named.has(uri)).map(({ uri, startAt, durationMs }) =>
    [`${DATE}${new Date(startAt).toISOString()}`, `#EXTINF:${(durationMs / 1000).toFixed(3)},`, uri, ""].join("\n")
  );
  return (text.endsWith("\n") ? text : `${text}\n`) + added.join("");
}

/**
 * A playlist without segments that are damaged: players pass over them by a discontinuity, and the times of the others
 * stay as they are.
 */
export function dropSegments(text: string, isDamaged: (name: string) => boolean): string {
  const kept: string[] = [];
  /** What stands above the next segment. */
  let tags: string[] = [];
  let played = false;
  for (const line of text.split("\n")) {
    if (line === DISCONTINUITY) {
      if (played && !tags.includes(line)) tags.push(line);
    } else if (line === "" || line.startsWith("#")) {
      if (line.startsWith(MAP)) tags = tags.filter((tag) => !tag.startsWith(MAP));
      tags.push(line);
    } else if (isDamaged(line)) {
      tags = tags.filter((tag) => !OF_ONE_SEGMENT.test(tag));
      if (played && !tags.includes(DISCONTINUITY)) tags.push(DISCONTINUITY);
    } else {
      kept.push(...tags, line);
      tags = [];
      played = true;
    }
  }
  return [...kept, ...tags.filter((tag) => !HOLDS_ON.test(tag))].join("\n");
}

const DISCONTINUITY = "#EXT-X-DISCONTINUITY";
const MAP = "#EXT-X-MAP:";
const DATE = "#EXT-X-PROGRAM-DATE-TIME:";
const OF_ONE_SEGMENT = /^#(EXTINF|EXT-X-PROGRAM-DATE-TIME):/;
/** Tags that hold from the next segment on. */
const HOLDS_ON = /^#EXT-X-(DISCONTINUITY|MAP:)/;
