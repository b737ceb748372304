/**
 * The state of a recording as its journal tells it, and the manifest that comes out of it. Pure.
 * @module
 */
import type { JournalLine, StartLine } from "./journal.ts";
import type {
  Manifest,
  ManifestPart,
  ManifestSegment,
  ManifestThumbnail,
  RecordedGap,
  RecordedProblem,
  RecordingEnd,
  StreamCounts,
} from "./types.ts";

/** A part, and what is needed to adopt its segments. */
export interface PartState extends ManifestPart {
  /** Wall time of its first tag, ms. */
  at: number;
  /** Media time of the first tag by track, ms. */
  tracks: { audio?: number; video?: number };
}

/** A recording, line by line. */
export interface RecordingState {
  start: StartLine;
  parts: PartState[];
  segments: ManifestSegment[];
  /** Writers' own files that were taken over, and the index of the segment that each became. */
  sources: Map<string, number>;
  thumbnails: ManifestThumbnail[];
  gaps: RecordedGap[];
  problems: RecordedProblem[];
  end: { end: RecordingEnd; endedAt: number; stream?: StreamCounts } | undefined;
}

/** The state before the first line behind `start`. */
export function emptyState(start: StartLine): RecordingState {
  return { start, parts: [], segments: [], sources: new Map(), thumbnails: [], gaps: [], problems: [], end: undefined };
}

/** Takes a line in. */
export function applyLine(state: RecordingState, line: JournalLine): void {
  switch (line.type) {
    case "start":
      state.start = line;
      break;
    case "part": {
      const { type: _, ...part } = line;
      state.parts.push({ ...part, tracks: {} });
      break;
    }
    case "track": {
      const part = state.parts.find(({ index }) => index === line.part);
      if (part !== undefined) part.tracks[line.track] = line.startMs;
      break;
    }
    case "segment": {
      const { type: _, source, ...segment } = line;
      state.segments.push(segment);
      state.sources.set(source, segment.index);
      break;
    }
    case "dropped":
      state.segments = state.segments.filter(({ index }) => index !== line.index);
      break;
    case "thumbnail": {
      const { type: _, ...thumbnail } = line;
      state.thumbnails.push(thumbnail);
      break;
    }
    case "gap": {
      const { type: _, ...gap } = line;
      state.gaps.push(gap);
      break;
    }
    case "problem": {
      const { type: _, ...problem } = line;
      state.problems.push(problem);
      break;
    }
    case "end": {
      const { type: _, ...end } = line;
      state.end = end;
      break;
    }
  }
}

/** The state that a journal tells; `undefined` when it does not begin with `start`. */
export function stateOf(lines: readonly unknown[]): RecordingState | undefined {
  const [first, ...rest] = lines as readonly JournalLine[];
  if (first?.type !== "start" || first.version !== 1) return undefined;
  const state = emptyState(first);
  for (const line of rest) applyLine(state, line);
  return state;
}

/** The manifest of a recording that is closed. */
export function manifestOf(
  state: RecordingState,
  rest: { end: RecordingEnd; endedAt: number; recovered: boolean; eventsByType: Record<string, number>; mp4?: string },
): Manifest {
  const { start, parts, segments, thumbnails, gaps, problems } = state;
  const { end, endedAt, recovered, eventsByType, mp4 } = rest;
  const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0);
  return {
    version: 1,
    host: start.host,
    roomId: start.roomId,
    title: start.title,
    startedAt: start.startedAt,
    endedAt,
    end,
    recovered,
    parts: parts.filter(({ index }) => segments.some(({ part }) => part === index))
      .map(({ index, init, reason, startMs, codecs, engine }) => ({ index, init, reason, startMs, codecs, engine })),
    segments,
    thumbnails,
    gaps,
    problems,
    totals: {
      durationMs: sum(segments.map(({ durationMs }) => durationMs)),
      bytes: sum(segments.map(({ bytes }) => bytes)),
      segments: segments.length,
      missingMs: sum(gaps.map(({ missingMs }) => missingMs)),
      events: sum(Object.values(eventsByType)),
      eventsByType,
      ...state.end?.stream,
    },
    ...(mp4 === undefined ? {} : { mp4 }),
  };
}
