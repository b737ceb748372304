import { useRef, useState } from "preact/hooks";
import { clockText } from "../format.ts";
import type { Bar, Mark } from "../model/marks.ts";
import type { Timeline } from "../model/timeline.ts";

/** What the bar shows. */
export interface TimeBarProps {
  bar: Bar;
  timeline: Timeline;
  /** Time of what is played, ms. */
  wallMs: number | undefined;
  onSeek(mediaMs: number): void;
}

const LANES: readonly { lane: Mark["lane"]; text: string }[] = [
  { lane: "whole", text: "Recording" },
  { lane: "video", text: "Video" },
  { lane: "events", text: "Events" },
];
const KEYS: Partial<Record<string, number>> = { ArrowLeft: -1, ArrowRight: 1 };

/**
 * The recording's time from its beginning to its end, also where there is no video: what is missing, new connections,
 * parts. A click leads there; the marks are walked through with the arrow keys.
 */
export function TimeBar({ bar, timeline, wallMs, onSeek }: TimeBarProps) {
  const [told, setTold] = useState<Mark>();
  /** The mark that the tab key leads to. */
  const [current, setCurrent] = useState(0);
  const group = useRef<HTMLDivElement>(null);
  const lengthMs = bar.toMs - bar.fromMs;
  const place = (ms: number) => `${Math.min(100, Math.max(0, (ms - bar.fromMs) / lengthMs * 100))}%`;
  const width = (fromMs: number, toMs: number) => `${Math.max(0, (toMs - fromMs) / lengthMs * 100)}%`;
  const reached = Math.min(current, bar.marks.length - 1);

  const pick = (event: MouseEvent) => {
    const { left, width: wide } = (event.currentTarget as HTMLElement).getBoundingClientRect();
    onSeek(timeline.mediaOf(bar.fromMs + (event.clientX - left) / wide * lengthMs));
  };
  const walk = (event: KeyboardEvent) => {
    const step = KEYS[event.key];
    const buttons = group.current?.querySelectorAll("button") ?? [];
    const next = event.key === "Home" ? 0 : event.key === "End" ? buttons.length - 1 : reached + (step ?? 0);
    if (step === undefined && event.key !== "Home" && event.key !== "End") return;
    event.preventDefault();
    [...buttons].find(({ dataset }) => Number(dataset["mark"]) === next)?.focus();
  };
  return (
    <div class="time-bar">
      <div class="lane-names" aria-hidden="true">{LANES.map(({ lane, text }) => <span key={lane}>{text}</span>)}</div>
      <div
        ref={group}
        class="lanes"
        role="toolbar"
        aria-label="Time of the recording: what is missing, new connections, parts"
        onClick={pick}
        onKeyDown={walk}
        onMouseLeave={() => setTold(undefined)}
      >
        {LANES.map(({ lane }) => (
          <div key={lane} class={`lane ${lane}`}>
            {lane !== "whole" &&
              bar[lane].map(({ fromMs, toMs }) => (
                <span key={fromMs} class="there" style={{ left: place(fromMs), width: width(fromMs, toMs) }} />
              ))}
            {bar.marks.map((mark, index) =>
              mark.lane === lane && (
                <button
                  key={`${mark.fromMs} ${mark.kind}`}
                  type="button"
                  class={`mark ${mark.kind}`}
                  data-mark={index}
                  tabIndex={index === reached ? 0 : -1}
                  aria-label={`${mark.text}, at ${clockText(timeline.mediaOf(mark.fromMs))}`}
                  style={{ left: place(mark.fromMs), width: width(mark.fromMs, mark.toMs) }}
                  onClick={(event) => {
                    event.stopPropagation();
                    onSeek(timeline.mediaOf(mark.fromMs));
                  }}
                  onFocus={() => {
                    setCurrent(index);
                    setTold(mark);
                  }}
                  onBlur={() => setTold(undefined)}
                  onMouseEnter={() => setTold(mark)}
                />
              )
            )}
          </div>
        ))}
        {wallMs !== undefined && <div class="playhead" style={{ left: place(wallMs) }} />}
      </div>
      <p class="told" aria-hidden="true">
        {told === undefined
          ? <span class="quiet-text">{summary(bar)}</span>
          : `${clockText(timeline.mediaOf(told.fromMs))} · ${told.text}`}
      </p>
    </div>
  );
}

function summary({ marks, fromMs, toMs }: Bar): string {
  const missing = marks.filter(({ kind }) => kind === "missing").length;
  const gaps = missing === 0 ? "nothing is missing" : missing === 1 ? "one gap" : `${missing} gaps`;
  return `${clockText(toMs - fromMs)} in all, ${gaps}`;
}
