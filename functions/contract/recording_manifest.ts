/**
 * What the fleet asks of a recorder's `manifest.json`.
 * @module
 */
import * as v from "valibot";

const ManifestSegment = v.looseObject({
  index: v.number(),
  uri: v.string(),
  /** Media time of its first picture, ms. */
  startMs: v.number(),
  startAt: v.number(),
  durationMs: v.number(),
  bytes: v.number(),
  sha256: v.string(),
});

const RecordingManifest = v.looseObject({
  roomId: v.string(),
  segments: v.array(ManifestSegment),
  gaps: v.array(v.looseObject({ mediaMs: v.number() })),
  totals: v.looseObject({ durationMs: v.number(), bytes: v.number(), segments: v.number(), missingMs: v.number() }),
});

/** A manifest, with all that it holds. */
export type RecordingManifest = v.InferOutput<typeof RecordingManifest>;

/** Reads a manifest. @returns `undefined` for a text that is none */
export function parseManifest(text: string): RecordingManifest | undefined {
  const result = v.safeParse(v.pipe(v.string(), v.parseJson(), RecordingManifest), text);
  return result.success ? result.output : undefined;
}
