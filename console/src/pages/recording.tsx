import type { RecordingReply } from "@roomtone/functions/client";
import { useCallback, useEffect, useMemo, useRef, useState } from "preact/hooks";
import { bytesText, clockText, countText, dateText } from "../format.ts";
import { useResource, useShared } from "../hooks.ts";
import { EventLog, type Line, momentsOf, search } from "../model/event_log.ts";
import { Timeline } from "../model/timeline.ts";
import { Charts } from "../parts/charts.tsx";
import { ChatList } from "../parts/chat_list.tsx";
import { Downloads } from "../parts/downloads.tsx";
import { HeatStrip } from "../parts/heat_strip.tsx";
import { Empty, Trouble } from "../parts/notice.tsx";
import { Player, type PlayerControl } from "../parts/player.tsx";
import { Breaks, Gifters, Moments } from "../parts/time_bar.tsx";

/** How often the recording's row is read while it runs, ms. */
const EVERY_MS = 3_000;
/** Shortest time between two drawings of what follows the events, ms. */
const DRAW_MS = 500;
const NO_VIDEO = new Timeline([]);

/** One recording: its video, and what happened in the room on the same clock. */
export function RecordingPage({ id, atMs }: { id: string; atMs: number | undefined }) {
  const { api } = useShared();
  const [over, setOver] = useState(false);
  const read = useResource(
    (signal) => api.client.getRecording({ params: { id } }, { signal }),
    over ? 0 : EVERY_MS,
    [id, api],
  );
  const recording = read.value?.body;
  useEffect(() => setOver(recording?.state === "finished"), [recording?.state]);
  return (
    <section aria-labelledby="recording-title">
      <h1 id="recording-title">{recording === undefined ? `Recording ${id}` : `@${recording.username}`}</h1>
      <Trouble error={read.error} />
      {recording !== undefined && <Head recording={recording} onChanged={read.refresh} />}
      {recording !== undefined && <Replay recording={recording} atMs={atMs} />}
    </section>
  );
}

function Head({ recording, onChanged }: { recording: RecordingReply; onChanged(): void }) {
  const { api, complain, tell } = useShared();
  const { id, state, outcome } = recording;
  const stop = async () => {
    try {
      await api.client.stopRecording({ params: { id } });
      tell("The recording is being ended");
      onChanged();
    } catch (error) {
      complain(error);
    }
  };
  return (
    <div class="row">
      <span class="clip">{recording.title}</span>
      <span class={`badge ${state}`}>
        {state === "recording" ? "live" : state === "wanted" ? "waits for a recorder" : outcome?.kind ?? "finished"}
      </span>
      <span>{dateText(recording.started_at ?? recording.created_at)}</span>
      <span>{clockText(recording.duration_ms)}</span>
      <span>{bytesText(recording.bytes)}</span>
      {outcome?.kind === "failed" && <span class="bad">{outcome.code}: {outcome.detail}</span>}
      {state !== "finished" && <button type="button" onClick={() => void stop()}>Stop recording</button>}
    </div>
  );
}

/** The events of a recording as they come, and a number that grows with them. */
function useEvents(id: string): { log: EventLog; version: number; error: unknown } {
  const { api } = useShared();
  const log = useMemo(() => new EventLog(), [id]);
  const [version, setVersion] = useState(0);
  const [error, setError] = useState<unknown>();
  useEffect(() => {
    const stop = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const draw = () => {
      timer = undefined;
      setVersion((last) => last + 1);
    };
    void api.follow({
      id,
      after: "0",
      signal: stop.signal,
      onEvents(events) {
        if (log.add(events)) timer ??= setTimeout(draw, version === 0 ? 0 : DRAW_MS);
      },
      onState: (connected, why) => setError(connected ? undefined : why),
    });
    return () => {
      stop.abort();
      clearTimeout(timer);
    };
  }, [api, id, log]);
  return { log, version, error };
}

function Replay({ recording, atMs }: { recording: RecordingReply; atMs: number | undefined }) {
  const { id, playlist, state } = recording;
  const { log, version, error } = useEvents(id);
  const [timeline, setTimeline] = useState(NO_VIDEO);
  const [mediaMs, setMediaMs] = useState(atMs ?? 0);
  const [words, setWords] = useState("");
  const control = useRef<PlayerControl | undefined>(undefined);
  const seek = useCallback((toMs: number) => control.current?.seek(toMs), []);
  const onControl = useCallback((given: PlayerControl | undefined) => control.current = given, []);
  const pick = useCallback((line: Line) => seek(timeline.mediaOf(line.atMs)), [seek, timeline]);
  const placeOf = useCallback(
    (lineMs: number) => timeline.durationMs > 0 ? timeline.mediaOf(lineMs) : lineMs - log.firstMs,
    [timeline, log],
  );
  const found = useMemo(() => search(log.lines, words), [log, words, version]);
  const moments = useMemo(() => momentsOf(log), [log, version]);
  const wallMs = timeline.wallOf(mediaMs);
  return (
    <>
      <Trouble error={error} />
      <div class="replay">
        <div>
          {playlist === undefined
            ? (
              <Empty>
                {state === "finished" ? "There is no video of it." : "The first seconds of video are on their way."}
              </Empty>
            )
            : (
              <Player
                src={playlist}
                growing={state !== "finished"}
                startMs={atMs}
                onTimeline={setTimeline}
                onTime={setMediaMs}
                onControl={onControl}
              />
            )}
          <HeatStrip log={log} version={version} timeline={timeline} mediaMs={mediaMs} onSeek={seek} />
          <Charts log={log} version={version} timeline={timeline} onSeek={seek} />
        </div>
        <section class="side" aria-labelledby="chat-title">
          <h2 id="chat-title">Chat and gifts</h2>
          <label>
            Search <input type="search" value={words} onInput={(event) => setWords(event.currentTarget.value)} />
          </label>
          {words.trim() === ""
            ? (
              <ChatList
                key="all"
                label="Chat"
                lines={log.lines}
                count={log.lines.length}
                nowMs={wallMs}
                placeOf={placeOf}
                onPick={pick}
              />
            )
            : (
              <>
                <p role="status">{countText(found.length)} found</p>
                <ChatList
                  key="found"
                  label="Found in the chat"
                  lines={found}
                  count={found.length}
                  nowMs={wallMs}
                  placeOf={placeOf}
                  onPick={pick}
                />
              </>
            )}
        </section>
      </div>
      <div class="columns">
        <Moments moments={moments} timeline={timeline} onSeek={seek} />
        <Gifters log={log} />
        <Breaks log={log} timeline={timeline} onSeek={seek} />
        <Downloads recording={recording} />
      </div>
    </>
  );
}
