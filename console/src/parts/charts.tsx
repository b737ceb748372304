import { useEffect, useRef } from "preact/hooks";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { clockText, countText } from "../format.ts";
import type { EventLog } from "../model/event_log.ts";
import type { Tally } from "../model/tally.ts";
import type { Timeline } from "../model/timeline.ts";

/** Height of the chart, px. */
const HEIGHT_PX = 170;
/** Points over the whole time, at most. */
const POINTS = 600;
/** Distances of the times on its axis, s. */
const STEPS_S = [1, 2, 5, 10, 30, 60, 120, 300, 600, 1_800, 3_600, 7_200, 14_400];

/** What the chart shows. */
export interface ChartsProps {
  log: EventLog;
  tally: Tally;
  timeline: Timeline;
  mediaMs: number;
  onSeek(mediaMs: number): void;
}

/** Viewers, and diamonds and likes so far, over the recording's time; a click leads there. */
export function Charts({ log, tally, timeline, mediaMs, onSeek }: ChartsProps) {
  const box = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | undefined>(undefined);
  const latest = useRef({ tally, timeline, onSeek });
  latest.current = { tally, timeline, onSeek };
  const head = useRef<HTMLElement | undefined>(undefined);

  useEffect(() => {
    const element = box.current;
    if (element === null) return;
    const draw = () => {
      plot.current?.destroy();
      const made = new uPlot(options(element), pointsOf(latest.current.tally, latest.current.timeline), element);
      made.over.addEventListener("click", () => {
        const { left } = made.cursor;
        if (left !== undefined && left >= 0) latest.current.onSeek(made.posToVal(left, "x") * 1000);
      });
      head.current = document.createElement("div");
      head.current.className = "playhead";
      made.over.append(head.current);
      plot.current = made;
    };
    draw();
    const resized = new ResizeObserver(() => plot.current?.setSize({ width: element.clientWidth, height: HEIGHT_PX }));
    resized.observe(element);
    // Its colours are read once, when it is made.
    const dark = matchMedia("(prefers-color-scheme: dark)");
    dark.addEventListener("change", draw);
    return () => {
      dark.removeEventListener("change", draw);
      resized.disconnect();
      plot.current?.destroy();
    };
  }, []);
  useEffect(() => plot.current?.setData(pointsOf(tally, timeline)), [tally, timeline]);
  useEffect(() => {
    const left = plot.current?.valToPos(mediaMs / 1000, "x") ?? NaN;
    if (head.current === undefined) return;
    head.current.hidden = !Number.isFinite(left);
    if (Number.isFinite(left)) head.current.style.left = `${left}px`;
  }, [mediaMs, tally, timeline]);

  return (
    <figure class="charts">
      <figcaption>
        Viewers, diamonds and likes: {log.viewers === undefined ? "no" : countText(log.viewers)} viewers now,{" "}
        {countText(log.diamonds)} diamonds so far
      </figcaption>
      <div ref={box} />
    </figure>
  );
}

function options(element: HTMLElement): uPlot.Options {
  const colour = (name: string) => getComputedStyle(element).getPropertyValue(name);
  const axis = { stroke: colour("--quiet"), grid: { stroke: colour("--line"), width: 1 } };
  const count = (_: uPlot, value: number | null) => value === null ? "–" : countText(value);
  return {
    width: element.clientWidth,
    height: HEIGHT_PX,
    scales: { x: { time: false } },
    axes: [
      { ...axis, incrs: STEPS_S, values: (_, seconds) => seconds.map((each) => clockText(each * 1000)) },
      { ...axis, scale: "viewers", size: 60 },
      { ...axis, scale: "diamonds", side: 1, size: 60, grid: { show: false } },
    ],
    series: [
      { label: "time", value: (_, seconds) => seconds === null ? "–" : clockText(seconds * 1000) },
      { label: "viewers", scale: "viewers", stroke: colour("--accent"), width: 2, spanGaps: true, value: count },
      { label: "diamonds", scale: "diamonds", stroke: colour("--gift"), width: 2, value: count },
      { label: "likes", scale: "likes", stroke: colour("--likes"), width: 1, dash: [4, 3], value: count },
    ],
  };
}

/** Columns of the chart: seconds on the player's clock, viewers, diamonds and likes so far. */
function pointsOf({ seconds, sums }: Tally, timeline: Timeline): uPlot.AlignedData {
  const step = Math.max(1, Math.ceil(seconds.length / POINTS));
  const times: number[] = [];
  const viewers: (number | null)[] = [];
  const diamonds: number[] = [];
  const likes: (number | null)[] = [];
  for (const [index, second] of seconds.entries()) {
    const sum = sums[index];
    if (sum === undefined || index % step !== 0 && index !== seconds.length - 1) continue;
    const place = timeline.mediaOf(second * 1000) / 1000;
    // Several times lead to the same place where video is missing: the last one counts.
    const at = place <= (times.at(-1) ?? -1) ? times.length - 1 : times.length;
    times[at] = at === times.length ? place : times[at] ?? place;
    viewers[at] = sum.viewers ?? null;
    diamonds[at] = sum.diamonds;
    likes[at] = sum.likes ?? null;
  }
  return [times, viewers, diamonds, likes];
}
