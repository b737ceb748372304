/**
 * The chat of a recording as subtitles of its video (WebVTT).
 * @module
 */

/** Where on the video's own clock a moment is, ms. */
export type MediaClock = (wallMs: number) => number;

/** How long a line of chat is shown, ms. */
const SHOWN_MS = 5_000;

/** What a file of subtitles begins with. */
export const VTT_HEAD = "WEBVTT\n\n";

/**
 * The clock of a recording's playlist, whose segments follow each other without holes. What happened in a gap is where
 * the video goes on.
 * @param segments in playing order: `startAt` is the wall time of the first picture, ms
 * @returns media time from 0, ms, of a wall time, ms
 */
export function mediaClock(segments: readonly { startAt: number; durationMs: number }[]): MediaClock {
  const spans: { startAt: number; startMs: number; durationMs: number }[] = [];
  let endMs = 0;
  for (const { startAt, durationMs } of segments) {
    spans.push({ startAt, startMs: endMs, durationMs });
    endMs += durationMs;
  }
  return (wallMs) => {
    let low = 0;
    let high = spans.length;
    // The last segment that began by then.
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((spans[middle]?.startAt ?? 0) <= wallMs) low = middle + 1;
      else high = middle;
    }
    const span = spans[low - 1];
    return span === undefined ? 0 : span.startMs + Math.min(wallMs - span.startAt, span.durationMs);
  };
}

/**
 * Makes what writes the cues of chat events, whose times never run backwards. What was said before the recording began
 * (`history`) is left out.
 * @param clock see {@link mediaClock}
 * @returns a function that takes events in order, as stored, and gives the text of their cues; empty for other events
 */
export function chatCues(clock: MediaClock): (event: Readonly<Record<string, unknown>>) => string {
  let latest = 0;
  return ({ type, text, receivedAt, at, user, history }) => {
    const wallMs = typeof receivedAt === "number" ? receivedAt : at;
    if (type !== "chat" || typeof text !== "string" || typeof wallMs !== "number" || history === true) return "";
    latest = Math.max(latest, clock(wallMs));
    return `${vttTime(latest)} --> ${vttTime(latest + SHOWN_MS)}\n<v ${nameOf(user)}>${vttText(text)}\n\n`;
  };
}

function nameOf(user: unknown): string {
  if (typeof user !== "object" || user === null) return "?";
  const { nickname, username } = user as Record<string, unknown>;
  return vttText(String(nickname || username || "")) || "?";
}

/** Hours have at least two digits. */
function vttTime(ms: number): string {
  const whole = Math.round(ms);
  const two = (value: number) => String(Math.floor(value)).padStart(2, "0");
  const millis = String(whole % 1_000).padStart(3, "0");
  return `${two(whole / 3_600_000)}:${two(whole / 60_000 % 60)}:${two(whole / 1_000 % 60)}.${millis}`;
}

/** Text in a cue: one line, and nothing that a player would take for markup. */
function vttText(text: string): string {
  return text.replace(/\s+/g, " ").trim()
    .replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
