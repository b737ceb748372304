import { clockText, countText } from "../format.ts";
import type { Gifter } from "../model/event_log.ts";
import type { Mark } from "../model/marks.ts";
import type { Moment } from "../model/moments.ts";
import type { Timeline } from "../model/timeline.ts";

/** A place in the player, as a button that leads there. */
function Time({ mediaMs, onSeek }: { mediaMs: number; onSeek(mediaMs: number): void }) {
  return <button type="button" class="time" onClick={() => onSeek(mediaMs)}>{clockText(mediaMs)}</button>;
}

/** What is missing in video or events, and when the connection was a new one. */
export function Breaks(props: { marks: readonly Mark[]; timeline: Timeline; onSeek(mediaMs: number): void }) {
  const { marks, timeline, onSeek } = props;
  return (
    <section aria-labelledby="breaks-title">
      <h2 id="breaks-title">Gaps and reconnects</h2>
      {marks.length === 0 && <p class="quiet-text">None: video and events are whole.</p>}
      <ul class="plain">
        {marks.map(({ lane, kind, fromMs, text }) => (
          <li key={`${lane} ${kind} ${fromMs}`} class={kind}>
            <Time mediaMs={timeline.mediaOf(fromMs)} onSeek={onSeek} /> {text}
          </li>
        ))}
      </ul>
    </section>
  );
}

const KINDS: Record<Moment["kind"], string> = { peak: "chat", gift: "gift", battle: "battle" };

/** Chapters: moments worth a look. The one that is played is marked. */
export function Moments(props: {
  moments: readonly Moment[];
  /** Place of the one that was reached last; -1 before the first. */
  current: number;
  timeline: Timeline;
  onSeek(mediaMs: number): void;
}) {
  const { moments, current, timeline, onSeek } = props;
  return (
    <section aria-labelledby="moments-title">
      <h2 id="moments-title">Moments</h2>
      {moments.length === 0 && <p class="quiet-text">None yet.</p>}
      <ol class="plain">
        {moments.map(({ atMs, kind, text }, index) => (
          <li key={`${kind} ${atMs} ${text}`} aria-current={index === current ? "true" : undefined}>
            <Time mediaMs={timeline.mediaOf(atMs)} onSeek={onSeek} /> <span class={`badge ${kind}`}>{KINDS[kind]}</span>
            {" "}
            {text}
          </li>
        ))}
      </ol>
    </section>
  );
}

/** Who gave most. */
export function Gifters({ top }: { top: readonly Gifter[] }) {
  return (
    <section aria-labelledby="gifters-title">
      <h2 id="gifters-title">Top gifters</h2>
      {top.length === 0 && <p class="quiet-text">No gifts yet.</p>}
      <ol class="plain">
        {top.map(({ person, diamonds, gifts }) => (
          <li key={person.id}>
            <b>{person.nickname || person.username}</b> {countText(diamonds)} diamonds,{" "}
            {gifts === 1 ? "one gift" : `${countText(gifts)} gifts`}
          </li>
        ))}
      </ol>
    </section>
  );
}
