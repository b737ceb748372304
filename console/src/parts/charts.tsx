import { useEffect, useRef } from "preact/hooks";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { clockText } from "../format.ts";
import type { EventLog } from "../model/event_log.ts";
import type { Timeline } from "../model/timeline.ts";

/** Height of the chart, px. */
const HEIGHT_PX = 170;
/** Points over the whole time, at most. */
const POINTS = 600;

/** Viewers, and diamonds given so far, over the recording's time; a click leads there. */
export function Charts(props: { log: EventLog; version: number; timeline: Timeline; onSeek(mediaMs: number): void }) {
  const { log, version, timeline } = props;
  const box = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | undefined>(undefined);
  const seek = useRef(props.onSeek);
  seek.current = props.onSeek;

  useEffect(() => {
    const element = box.current;
    if (element === null) return;
    const made = new uPlot(options(element), pointsOf(log, timeline), element);
    made.over.addEventListener("click", () => {
      const { left } = made.cursor;
      if (left !== undefined && left >= 0) seek.current(made.posToVal(left, "x") * 1000);
    });
    plot.current = made;
    const resized = new ResizeObserver(() => made.setSize({ width: element.clientWidth, height: HEIGHT_PX }));
    resized.observe(element);
    return () => {
      resized.disconnect();
      made.destroy();
    };
  }, []);
  useEffect(() => plot.current?.setData(pointsOf(log, timeline)), [log, version, timeline]);

  return (
    <figure class="charts">
      <figcaption>
        Viewers and diamonds: {log.viewers ?? "no"} viewers now, {log.diamonds} diamonds so far
      </figcaption>
      <div ref={box} />
    </figure>
  );
}

function options(element: HTMLElement): uPlot.Options {
  const colour = (name: string) => getComputedStyle(element).getPropertyValue(name);
  const axis = { stroke: colour("--quiet"), grid: { stroke: colour("--line"), width: 1 } };
  return {
    width: element.clientWidth,
    height: HEIGHT_PX,
    scales: { x: { time: false } },
    axes: [
      { ...axis, values: (_, seconds) => seconds.map((each) => clockText(each * 1000)) },
      { ...axis, scale: "viewers", size: 60 },
      { ...axis, scale: "diamonds", side: 1, size: 60, grid: { show: false } },
    ],
    series: [
      { label: "time", value: (_, seconds) => seconds === null ? "–" : clockText(seconds * 1000) },
      { label: "viewers", scale: "viewers", stroke: colour("--accent"), width: 2, spanGaps: true },
      { label: "diamonds", scale: "diamonds", stroke: colour("--gift"), width: 2 },
    ],
  };
}

/** Columns of the chart: seconds on the player's clock, viewers, diamonds so far. */
function pointsOf(log: EventLog, timeline: Timeline): uPlot.AlignedData {
  const seconds = [...log.seconds].sort(([a], [b]) => a - b);
  const step = Math.max(1, Math.ceil(seconds.length / POINTS));
  const times: number[] = [];
  const viewers: (number | null)[] = [];
  const diamonds: number[] = [];
  let sum = 0;
  let shown: number | null = null;
  for (const [index, [second, counted]] of seconds.entries()) {
    sum += counted.diamonds;
    shown = counted.viewers ?? shown;
    if (index % step !== 0 && index !== seconds.length - 1) continue;
    const place = timeline.mediaOf(second * 1000) / 1000;
    if (place <= (times.at(-1) ?? -1)) {
      // Several times lead to the same place where video is missing: the last one counts.
      viewers[viewers.length - 1] = shown;
      diamonds[diamonds.length - 1] = sum;
      continue;
    }
    times.push(place);
    viewers.push(shown);
    diamonds.push(sum);
  }
  return [times, viewers, diamonds];
}
