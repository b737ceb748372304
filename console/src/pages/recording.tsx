import { AppError, type RecordingReply } from "@roomtone/functions/client";
import { useCallback, useEffect, useMemo, useRef, useState } from "preact/hooks";
import { useEvents } from "../events.ts";
import { clockText } from "../format.ts";
import { useNow, useResource, useShared } from "../hooks.ts";
import { countUntil, type Line, SHOWN_TYPES } from "../model/event_log.ts";
import { barOf } from "../model/marks.ts";
import { momentsOf } from "../model/moments.ts";
import { Tally } from "../model/tally.ts";
import { Timeline } from "../model/timeline.ts";
import { Announcer } from "../parts/announcer.tsx";
import { Charts } from "../parts/charts.tsx";
import { ChatPanel } from "../parts/chat_panel.tsx";
import { Counters, Hearts } from "../parts/counters.tsx";
import { Downloads } from "../parts/downloads.tsx";
import { HeatStrip } from "../parts/heat_strip.tsx";
import { Empty, Trouble } from "../parts/notice.tsx";
import { Player, type PlayerControl } from "../parts/player.tsx";
import { ReadProgress } from "../parts/progress.tsx";
import { RecordingLog } from "../parts/recording_log.tsx";
import { RecordingHead } from "../parts/recording_head.tsx";
import { Breaks, Gifters, Moments } from "../parts/side_lists.tsx";
import { TimeBar } from "../parts/time_bar.tsx";
import { hashOf } from "../router.ts";
import { usePlayerKeys } from "../player_keys.ts";

/** How often the recording's row is read while it runs, ms. */
const EVERY_MS = 3_000;
/** A picture that is later than this can be caught up with, ms. */
const LATE_MS = 15_000;
/** Places that are taken for the end of the video, ms before it. */
const END_MS = 1_500;
const TOP_GIFTERS = 10;
const NO_VIDEO = new Timeline([]);

/** One recording: its video, and what happened in the room on the same clock. */
export function RecordingPage({ id, atMs }: { id: string; atMs: number | undefined }) {
  const { api, complain } = useShared();
  const [over, setOver] = useState(false);
  const read = useResource(
    (signal) => api.client.getRecording({ params: { id } }, { signal }),
    over ? 0 : EVERY_MS,
    [id, api],
  );
  const recording = read.value?.body;
  useEffect(() => setOver(recording?.state === "finished"), [recording?.state]);
  const code = read.error instanceof AppError ? read.error.code : undefined;
  useEffect(() => {
    // Asks for a key, once for each that was refused.
    if (code === "unauthorized") complain(read.error);
  }, [code, api]);
  if (code === "not_found") return <Unknown id={id} />;
  return (
    <section aria-labelledby="recording-title">
      <h1 id="recording-title">{recording === undefined ? `Recording ${id}` : `@${recording.username}`}</h1>
      <Trouble error={read.error} />
      {recording === undefined && read.error === undefined && <Empty>The recording is being read.</Empty>}
      {recording !== undefined && <RecordingHead recording={recording} onChanged={read.refresh} />}
      {recording !== undefined && <Replay recording={recording} atMs={atMs} />}
    </section>
  );
}

function Unknown({ id }: { id: string }) {
  return (
    <section aria-labelledby="recording-title">
      <h1 id="recording-title">There is no recording {id}</h1>
      <p class="notice" role="alert">
        It was deleted, or the address is not whole. <a href={hashOf({ page: "recordings" })}>All recordings</a>
      </p>
    </section>
  );
}

/** How many of the recording's events are shown here, as far as they were counted. */
function expectedEvents({ totals }: RecordingReply): number | undefined {
  return totals && SHOWN_TYPES.reduce((sum, type) => sum + (totals.types[type] ?? 0), 0);
}

/** How often a recording that was finished has gone on. */
function useReopened(growing: boolean): number {
  const seen = useRef({ growing, count: 0 });
  if (growing && !seen.current.growing) seen.current.count++;
  seen.current.growing = growing;
  return seen.current.count;
}

function Replay({ recording, atMs }: { recording: RecordingReply; atMs: number | undefined }) {
  const { id, playlist, state, parts } = recording;
  const growing = state !== "finished";
  const expected = expectedEvents(recording);
  const reopened = useReopened(growing);
  const { log, version, caughtUp, error } = useEvents(id, expected, reopened);
  const [{ timeline, aheadMs }, setClock] = useState({ timeline: NO_VIDEO, aheadMs: 0 });
  const [mediaMs, setMediaMs] = useState(atMs ?? 0);
  const now = useNow() + aheadMs;
  const nowMs = growing ? now : undefined;
  const control = useRef<PlayerControl | undefined>(undefined);
  const seek = useCallback((toMs: number, plays?: boolean) => control.current?.seek(toMs, plays), []);
  const onControl = useCallback((given: PlayerControl | undefined) => control.current = given, []);
  const onTimeline = useCallback((timeline: Timeline, aheadMs: number) => setClock({ timeline, aheadMs }), []);
  const pick = useCallback((line: Line) => seek(timeline.mediaOf(line.atMs)), [seek, timeline]);
  const placeOf = useCallback(
    (lineMs: number) => timeline.durationMs > 0 ? timeline.mediaOf(lineMs) : lineMs - log.firstMs,
    [timeline, log],
  );
  usePlayerKeys(control, mediaMs, timeline.durationMs);

  const tally = useMemo(() => new Tally(log), [log, version]);
  const moments = useMemo(() => momentsOf(log), [log, version]);
  const gifters = useMemo(() => log.topGifters(TOP_GIFTERS), [log, version]);
  const bar = useMemo(() =>
    barOf({
      timeline,
      breaks: log.breaks,
      parts: parts.map(({ part, started_at }) => ({ part, startedAtMs: started_at })),
      startedAtMs: recording.started_at,
      firstEventMs: log.firstMs,
      lastEventMs: log.lastMs,
      nowMs,
    }), [timeline, log, version, parts, recording.started_at, nowMs]);
  const late = nowMs === undefined ? undefined : timeline.lateSince(nowMs);
  const playedMs = timeline.wallOf(mediaMs);
  // The chat goes on where the picture has stopped and was seen to its end.
  const wallMs = late !== undefined && mediaMs >= timeline.durationMs - END_MS ? undefined : playedMs;
  const reached = wallMs === undefined ? moments.length - 1 : countUntil(moments, wallMs) - 1;
  const news = useMemo(() => [
    ...bar.marks.map(({ lane, kind, fromMs, text }) => ({ key: `${lane} ${kind} ${fromMs}`, text })),
    ...moments.filter(({ kind }) => kind !== "peak").map(({ kind, atMs, text }) => ({ key: `${kind} ${atMs}`, text })),
    { key: state, text: state === "finished" ? "The recording is finished" : "The recording runs" },
  ], [bar.marks, moments, state]);
  return (
    <>
      <Trouble error={error} />
      {!caughtUp && log.events > 0 && <ReadProgress read={log.events} expected={expected} />}
      {caughtUp && <Announcer news={news} />}
      <div class="replay">
        <div>
          {playlist === undefined
            ? (
              <Empty>
                {growing ? "The first seconds of video are on their way." : "There is no video of it."}
              </Empty>
            )
            : (
              <Player
                key={reopened}
                src={playlist}
                growing={growing}
                startMs={atMs}
                onTimeline={onTimeline}
                onTime={setMediaMs}
                onControl={onControl}
              >
                <Hearts tally={tally} wallMs={playedMs} />
              </Player>
            )}
          {growing && playedMs !== undefined && (
            <Behind
              behindMs={now - playedMs}
              stoppedMs={late === undefined ? undefined : timeline.durationMs}
              onLive={() => control.current?.toLive()}
            />
          )}
          <Counters tally={tally} wallMs={wallMs} />
          <HeatStrip log={log} version={version} timeline={timeline} mediaMs={mediaMs} onSeek={seek} />
          <TimeBar bar={bar} timeline={timeline} wallMs={playedMs} onSeek={seek} />
          <Charts log={log} tally={tally} timeline={timeline} mediaMs={mediaMs} onSeek={seek} />
        </div>
        <ChatPanel log={log} version={version} nowMs={wallMs} placeOf={placeOf} onPick={pick} />
      </div>
      <div class="columns">
        <Moments moments={moments} current={reached} timeline={timeline} onSeek={seek} />
        <Gifters top={gifters} />
        <Breaks marks={bar.marks} timeline={timeline} onSeek={seek} />
        <Downloads recording={recording} mediaMs={mediaMs} />
      </div>
      <RecordingLog id={id} />
    </>
  );
}

/** How far the picture is behind the room. */
function Behind(props: { behindMs: number; stoppedMs: number | undefined; onLive(): void }) {
  const { behindMs, stoppedMs, onLive } = props;
  if (stoppedMs !== undefined) {
    return <p class="behind bad">No video comes since {clockText(stoppedMs)}. Chat and gifts go on.</p>;
  }
  return (
    <p class="behind">
      <span>{Math.max(0, Math.round(behindMs / 1000))} s behind the room</span>{" "}
      {behindMs > LATE_MS && <button type="button" class="quiet" onClick={onLive}>Go to what is newest</button>}
    </p>
  );
}
