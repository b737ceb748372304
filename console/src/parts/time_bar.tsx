import { clockText, countText } from "../format.ts";
import type { EventLog, Moment } from "../model/event_log.ts";
import type { Timeline } from "../model/timeline.ts";

/** What is missing in video or events, and when the connection was a new one. */
export function Breaks(props: { log: EventLog; timeline: Timeline; onSeek(mediaMs: number): void }) {
  const { log, timeline } = props;
  const breaks = [
    ...timeline.holes.map(({ fromMs, toMs }) => ({ fromMs, toMs, text: "no video" })),
    ...log.breaks.map(({ kind, fromMs, toMs, reason }) => ({
      fromMs,
      toMs,
      text: kind === "gap" ? `events may be missing (${reason.replaceAll("_", " ")})` : `connected again (${reason})`,
    })),
  ].sort((a, b) => a.fromMs - b.fromMs);
  return (
    <section aria-labelledby="breaks-title">
      <h2 id="breaks-title">Gaps and reconnects</h2>
      {breaks.length === 0 && <p class="quiet-text">None: video and events are whole.</p>}
      <ul class="plain">
        {breaks.map(({ fromMs, toMs, text }) => (
          <li key={`${fromMs} ${text}`}>
            <button type="button" class="time" onClick={() => props.onSeek(timeline.mediaOf(fromMs))}>
              {clockText(timeline.mediaOf(fromMs))}
            </button>{" "}
            {text}
            {toMs > fromMs && `, ${clockText(toMs - fromMs)} long`}
          </li>
        ))}
      </ul>
    </section>
  );
}

const KINDS: Record<Moment["kind"], string> = { peak: "chat", gift: "gift", battle: "battle" };

/** Chapters: moments worth a look. */
export function Moments(props: { moments: readonly Moment[]; timeline: Timeline; onSeek(mediaMs: number): void }) {
  return (
    <section aria-labelledby="moments-title">
      <h2 id="moments-title">Moments</h2>
      {props.moments.length === 0 && <p class="quiet-text">None yet.</p>}
      <ol class="plain">
        {props.moments.map(({ atMs, kind, text }) => (
          <li key={`${kind} ${atMs} ${text}`}>
            <button type="button" class="time" onClick={() => props.onSeek(props.timeline.mediaOf(atMs))}>
              {clockText(props.timeline.mediaOf(atMs))}
            </button>{" "}
            <span class={`badge ${kind}`}>{KINDS[kind]}</span> {text}
          </li>
        ))}
      </ol>
    </section>
  );
}

/** Who gave most. */
export function Gifters({ log }: { log: EventLog }) {
  const top = log.topGifters(10);
  return (
    <section aria-labelledby="gifters-title">
      <h2 id="gifters-title">Top gifters</h2>
      {top.length === 0 && <p class="quiet-text">No gifts yet.</p>}
      <ol class="plain">
        {top.map(({ person, diamonds, gifts }) => (
          <li key={person.id}>
            <b>{person.nickname || person.username}</b> {countText(diamonds)} diamonds, {countText(gifts)} gifts
          </li>
        ))}
      </ol>
    </section>
  );
}
