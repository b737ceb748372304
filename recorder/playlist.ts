/**
 * HLS playlists (RFC 8216): ours as text, and what ffmpeg says in its own.
 * @module
 */
import type { ManifestPart, ManifestSegment } from "./types.ts";

/** Longest segment of a playlist as players are told it, seconds. */
export function targetDurationS(segments: readonly { durationMs: number }[], segmentMs: number): number {
  return segments.reduce(
    (most, { durationMs }) => Math.max(most, Math.round(durationMs / 1000)),
    Math.ceil(segmentMs / 1000),
  );
}

/** Lines above the first segment. */
function playlistHead(type: "EVENT" | "VOD", targetS: number): string {
  return [
    "#EXTM3U",
    "#EXT-X-VERSION:7",
    `#EXT-X-TARGETDURATION:${targetS}`,
    "#EXT-X-MEDIA-SEQUENCE:0",
    `#EXT-X-PLAYLIST-TYPE:${type}`,
    "",
  ].join("\n");
}

/**
 * Lines of one segment.
 * @param before the segment before it; a new part begins with its own init file
 */
export function playlistEntry(
  segment: ManifestSegment,
  part: ManifestPart,
  before: ManifestSegment | undefined,
): string {
  const opens = before?.part !== segment.part;
  return [
    ...(opens && before !== undefined ? ["#EXT-X-DISCONTINUITY"] : []),
    ...(opens ? [`#EXT-X-MAP:URI="${part.init}"`] : []),
    `#EXT-X-PROGRAM-DATE-TIME:${new Date(segment.startAt).toISOString()}`,
    `#EXTINF:${(segment.durationMs / 1000).toFixed(3)},`,
    segment.uri,
    "",
  ].join("\n");
}

/** A whole playlist. */
export function playlistText(
  type: "EVENT" | "VOD",
  content: { parts: readonly ManifestPart[]; segments: readonly ManifestSegment[] },
  targetS: number,
): string {
  const entries = content.segments.map((segment, index) => {
    const part = content.parts.find((one) => one.index === segment.part);
    return part === undefined ? "" : playlistEntry(segment, part, content.segments[index - 1]);
  });
  return playlistHead(type, targetS) + entries.join("") + (type === "VOD" ? "#EXT-X-ENDLIST\n" : "");
}

/** Closed segments of an ffmpeg playlist that may be half written. */
export function listedSegments(text: string): string[] {
  const lines = text.split("\n").slice(0, -1).map((line) => line.trim());
  return lines.filter((line, index) =>
    line !== "" && !line.startsWith("#") && (lines[index - 1] ?? "").startsWith("#EXTINF:")
  );
}
