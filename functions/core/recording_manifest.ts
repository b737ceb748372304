/**
 * What is read of a recorder's `manifest.json`, and changed in it, on the way to where recordings are kept.
 * @module
 */
import { parseManifest, type RecordingManifest } from "../contract/recording_manifest.ts";
import type { Segment } from "../ports/recording_store.ts";

/** A closed recording, as far as the fleet asks. */
export interface ClosedRecording {
  roomId: string;
  segments: Omit<Segment, "part">[];
}

/**
 * Reads a manifest.
 * @returns `undefined` for one in another shape: its files are kept all the same
 */
export function readManifest(text: string): ClosedRecording | undefined {
  const manifest = parseManifest(text);
  if (manifest === undefined) return undefined;
  const { roomId, segments } = manifest;
  return { roomId, segments: segments.map(toSegment) };
}

/** A manifest in which damaged segments are gaps. One in another shape stays as it is. */
export function damagedToGaps(text: string, isDamaged: (uri: string) => boolean): string {
  const manifest = parseManifest(text);
  if (manifest === undefined) return text;
  const damaged = manifest.segments.filter(({ uri }) => isDamaged(uri));
  if (damaged.length === 0) return text;
  const missing = damaged.map(({ startMs, startAt, durationMs }) => ({
    ...{ mediaMs: startMs, fromMs: startAt, toMs: startAt + durationMs, missingMs: durationMs, reason: "damaged" },
  }));
  const sum = (key: "durationMs" | "bytes") => damaged.reduce((total, segment) => total + segment[key], 0);
  const { totals } = manifest;
  const changed = {
    ...manifest,
    segments: manifest.segments.filter(({ uri }) => !isDamaged(uri)),
    gaps: [...manifest.gaps, ...missing].sort((a, b) => a.mediaMs - b.mediaMs),
    totals: {
      ...totals,
      durationMs: totals.durationMs - sum("durationMs"),
      bytes: totals.bytes - sum("bytes"),
      segments: totals.segments - damaged.length,
      missingMs: totals.missingMs + sum("durationMs"),
    },
  };
  return `${JSON.stringify(changed, null, 2)}\n`;
}

/** Times of segments are kept in whole milliseconds. */
function toSegment({ index, uri, startAt, durationMs, bytes, sha256 }: RecordingManifest["segments"][number]) {
  return { index, uri, startAt: Math.round(startAt), durationMs: Math.round(durationMs), bytes, sha256 };
}
