import { useEffect, useRef } from "preact/hooks";
import { clockText } from "../format.ts";
import type { EventLog } from "../model/event_log.ts";
import type { Timeline } from "../model/timeline.ts";

/** Height of the strip, px. */
const HEIGHT_PX = 56;
/** Places moved by a key, ms. */
const STEP_MS = 5_000;
const LEAP_MS = 60_000;
/** Steps in which the place is told to screen readers while it moves by itself, ms: each is read out. */
const TOLD_MS = 5_000;

/** What the strip shows. */
export interface HeatStripProps {
  log: EventLog;
  /** Grows with the log: the strip is then drawn anew. */
  version: number;
  timeline: Timeline;
  mediaMs: number;
  /** @param plays false where the place is only to be shown */
  onSeek(mediaMs: number, plays?: boolean): void;
}

/** Chat and diamonds over the time of the recording, with what is missing; a click or the arrow keys lead there. */
export function HeatStrip({ log, version, timeline, mediaMs, onSeek }: HeatStripProps) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const { durationMs } = timeline;
  const toldMs = Math.min(durationMs, Math.floor(mediaMs / TOLD_MS) * TOLD_MS);
  useEffect(() => {
    const element = canvas.current;
    if (element === null) return;
    const draw = () => drawHeat(element, log, timeline);
    draw();
    const resized = new ResizeObserver(draw);
    resized.observe(element);
    return () => resized.disconnect();
  }, [log, version, timeline]);

  const pick = (event: MouseEvent) => {
    const { left, width } = (event.currentTarget as HTMLElement).getBoundingClientRect();
    onSeek((event.clientX - left) / width * durationMs);
  };
  const move = (event: KeyboardEvent) => {
    const steps: Record<string, number> = {
      ArrowLeft: mediaMs - STEP_MS,
      ArrowRight: mediaMs + STEP_MS,
      PageDown: mediaMs - LEAP_MS,
      PageUp: mediaMs + LEAP_MS,
      Home: 0,
      End: durationMs,
    };
    const target = steps[event.key];
    if (target === undefined) return;
    event.preventDefault();
    onSeek(Math.min(durationMs, Math.max(0, target)), false);
  };
  return (
    <div
      class="heat"
      role="slider"
      tabIndex={0}
      aria-label="Place in the recording"
      aria-valuemin={0}
      aria-valuemax={Math.round(durationMs / 1000)}
      aria-valuenow={Math.round(toldMs / 1000)}
      aria-valuetext={`${clockText(toldMs)} of ${clockText(durationMs)}`}
      onClick={pick}
      onKeyDown={move}
    >
      <canvas ref={canvas} height={HEIGHT_PX} />
      <div class="playhead" style={{ left: `${durationMs > 0 ? Math.min(100, mediaMs / durationMs * 100) : 0}%` }} />
    </div>
  );
}

function drawHeat(canvas: HTMLCanvasElement, log: EventLog, timeline: Timeline): void {
  const width = Math.max(1, Math.round(canvas.clientWidth * devicePixelRatio));
  const height = Math.round(HEIGHT_PX * devicePixelRatio);
  Object.assign(canvas, { width, height });
  const context = canvas.getContext("2d");
  const { durationMs } = timeline;
  if (context === null || durationMs === 0) return;
  const columns = Math.min(width, 400);
  const chats = new Float64Array(columns);
  const diamonds = new Float64Array(columns);
  for (const [second, counted] of log.seconds) {
    const place = timeline.mediaOf(second * 1000 + 500) / durationMs;
    const column = Math.min(columns - 1, Math.floor(place * columns));
    chats[column] = (chats[column] ?? 0) + counted.chats;
    diamonds[column] = (diamonds[column] ?? 0) + counted.diamonds;
  }
  const colours = getComputedStyle(canvas);
  bars(context, chats, { width, from: height, to: height * 0.35 }, colours.getPropertyValue("--accent"));
  bars(context, diamonds, { width, from: 0, to: height * 0.35 }, colours.getPropertyValue("--gift"));
  context.fillStyle = colours.getPropertyValue("--bad");
  for (const { mediaMs } of timeline.holes) context.fillRect(mediaMs / durationMs * width - 1, 0, 3, height);
}

function bars(
  context: CanvasRenderingContext2D,
  values: Float64Array,
  { width, from, to }: { width: number; from: number; to: number },
  colour: string,
): void {
  const most = values.reduce((max, value) => Math.max(max, value), 0);
  if (most === 0) return;
  context.fillStyle = colour;
  const step = width / values.length;
  values.forEach((value, index) => {
    const tall = (to - from) * Math.sqrt(value / most);
    context.fillRect(index * step, from, Math.max(1, step - 1), tall);
  });
}
