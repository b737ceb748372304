import { clockText, countText } from "../format.ts";
import type { Break } from "./event_log.ts";
import type { Timeline } from "./timeline.ts";

/** A mark on the bar of a recording's time. */
export interface Mark {
  /** What is missing or happened: of the video, of the events, or of the recording as a whole. */
  lane: "video" | "events" | "whole";
  kind: "missing" | "sign";
  fromMs: number;
  toMs: number;
  text: string;
}

/** The bar of a recording's time. */
export interface Bar {
  fromMs: number;
  toMs: number;
  /** Stretches of which there is video. */
  video: { fromMs: number; toMs: number }[];
  /** From the first event to the last. */
  events: { fromMs: number; toMs: number }[];
  marks: Mark[];
}

/** What a bar is made of. */
export interface BarOptions {
  timeline: Timeline;
  breaks: readonly Break[];
  /** Beginnings of the recording's parts, ms. */
  parts: readonly { part: number; startedAtMs: number }[];
  /** When the recording began, as far as it is known, ms. */
  startedAtMs: number | undefined;
  /** Times of the first and the last event, ms; 0 for none. */
  firstEventMs: number;
  lastEventMs: number;
  /** The time, for a recording that runs, ms. */
  nowMs: number | undefined;
}

/** Quiet before a new connection that is no loss by itself, ms. */
const QUIET_MS = 3_000;
/** Marks of a lane that are closer than this part of the bar are one. */
const CLOSE = 1 / 150;

const GAPS: Partial<Record<string, string>> = {
  reconnect: "the connection broke",
  stale: "the connection went quiet",
  queue_overflow: "they came faster than they could be read",
};
const ENDS: Partial<Record<string, string>> = {
  suspended: "TikTok ended the live",
  offline: "The host was found offline",
};

/** Lays a recording out on a bar, with what is missing or worth knowing. */
export function barOf(options: BarOptions): Bar {
  const { timeline, parts, startedAtMs, firstEventMs, lastEventMs, nowMs } = options;
  const { spans } = timeline;
  const begins = [startedAtMs, spans[0]?.wallMs, parts[0]?.startedAtMs, firstEventMs]
    .filter((ms) => ms !== undefined && ms > 0 && Number.isFinite(ms)) as number[];
  const fromMs = begins.length === 0 ? 0 : Math.min(...begins);
  const toMs = Math.max(fromMs + 1, timeline.endMs ?? 0, lastEventMs, nowMs ?? 0);
  const bar = { fromMs, toMs };
  const marks = [...videoMarks(options, bar), ...eventMarks(options, bar), ...wholeMarks(options)]
    .map((mark) => ({ ...mark, fromMs: Math.max(fromMs, mark.fromMs), toMs: Math.min(toMs, mark.toMs) }))
    .sort((a, b) => a.fromMs - b.fromMs);
  return {
    ...bar,
    video: spans.map(({ wallMs, durationMs }) => ({ fromMs: wallMs, toMs: wallMs + durationMs })),
    events: firstEventMs < lastEventMs ? [{ fromMs: firstEventMs, toMs: lastEventMs }] : [],
    marks: joined(marks, (toMs - fromMs) * CLOSE),
  };
}

function videoMarks({ timeline, nowMs, lastEventMs }: BarOptions, bar: { fromMs: number; toMs: number }): Mark[] {
  const missing = (fromMs: number, toMs: number, text: string): Mark => ({
    ...{ lane: "video", kind: "missing", fromMs, toMs, text },
  });
  const marks = timeline.holes.map(({ fromMs, toMs }) =>
    missing(fromMs, toMs, `No video for ${clockText(toMs - fromMs)}`)
  );
  const first = timeline.spans[0]?.wallMs;
  if (first !== undefined && timeline.isLate(first - bar.fromMs)) {
    marks.push(missing(bar.fromMs, first, `No video for the first ${clockText(first - bar.fromMs)}`));
  }
  const late = timeline.lateSince(nowMs ?? lastEventMs);
  if (late !== undefined) {
    const since = clockText(timeline.durationMs);
    const text = nowMs === undefined
      ? `No video from ${since} to the end, ${clockText(bar.toMs - late)}`
      : `No video since ${since}; it is waited for`;
    marks.push(missing(late, bar.toMs, text));
  }
  return marks;
}

function eventMarks({ breaks }: BarOptions, { toMs }: { toMs: number }): Mark[] {
  const gaps = breaks.filter(({ kind }) => kind === "gap");
  return breaks.flatMap((each): Mark[] => {
    const { kind, fromMs, reason, dropped } = each;
    const until = each.toMs ?? toMs;
    if (kind === "gap") {
      const lost = dropped === undefined ? "" : ` (${countText(dropped)} events)`;
      const why = GAPS[reason] ?? reason.replaceAll("_", " ");
      const text = `Events may be missing for ${clockText(until - fromMs)}${lost}: ${why}`;
      return [{ lane: "events", kind: "missing", fromMs, toMs: until, text }];
    }
    if (kind === "lost") {
      const text = `The connection for events was lost${reason === "" ? "" : `: ${reason}`}`;
      return [{ lane: "events", kind: "sign", fromMs, toMs: fromMs, text }];
    }
    if (kind !== "reconnect") return [];
    const told = gaps.some((gap) => gap.fromMs <= until && (gap.toMs ?? toMs) >= fromMs);
    const sign: Mark = {
      ...{ lane: "events", kind: "sign", fromMs: until, toMs: until },
      text: `Connected again${reason === "" ? "" : `, ${reason} route`}`,
    };
    if (told || until - fromMs <= QUIET_MS) return [sign];
    const text = `No events for ${clockText(until - fromMs)}: there was no connection`;
    return [{ lane: "events", kind: "missing", fromMs, toMs: until, text }, sign];
  });
}

function wholeMarks({ breaks, parts, nowMs, lastEventMs }: BarOptions): Mark[] {
  const begun = parts.slice(1).map(({ part, startedAtMs }): Mark => ({
    ...{ lane: "whole", kind: "sign", fromMs: startedAtMs, toMs: startedAtMs },
    text: `Part ${part} begins: a recorder took over`,
  }));
  const told = breaks.flatMap(({ kind, fromMs, toMs, reason }): Mark[] => {
    if (kind === "ended") {
      return [{ lane: "whole", kind: "sign", fromMs, toMs: fromMs, text: ENDS[reason] ?? "The live ended" }];
    }
    if (kind !== "paused") return [];
    const until = toMs ?? nowMs ?? lastEventMs;
    const text = toMs === undefined ? "The host paused" : `The host paused for ${clockText(until - fromMs)}`;
    return [{ lane: "whole", kind: "missing", fromMs, toMs: until, text }];
  });
  return [...begun, ...told];
}

/** Puts marks of a lane together that would lie upon each other. @param marks in the order of their times */
function joined(marks: readonly Mark[], closeMs: number): Mark[] {
  const last: Partial<Record<string, { mark: Mark; count: number; first: string }>> = {};
  const kept: Mark[] = [];
  for (const mark of marks) {
    const key = `${mark.lane} ${mark.kind}`;
    const before = last[key];
    if (before === undefined || mark.fromMs - before.mark.toMs > closeMs) {
      const own = { ...mark };
      kept.push(own);
      last[key] = { mark: own, count: 1, first: mark.text };
      continue;
    }
    before.count++;
    before.mark.toMs = Math.max(before.mark.toMs, mark.toMs);
    before.mark.text = `${before.first}, and ${before.count - 1} more up to ${
      clockText(before.mark.toMs - before.mark.fromMs)
    } later`;
  }
  return kept;
}
