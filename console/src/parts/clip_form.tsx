import { apiFailure, type RecordingReply } from "@roomtone/functions/client";
import { useEffect, useRef, useState } from "preact/hooks";
import { errorText } from "../format.ts";
import { useShared } from "../hooks.ts";
import { placeText, readClip } from "../model/clip_times.ts";

/** What the form works with. */
export interface ClipFormProps {
  recording: RecordingReply;
  /** Where the player is, ms. */
  mediaMs: number;
  /** Hands a file to the browser. */
  save(file: Blob, name: string): void;
}

/** Takes a stretch of the video home as one MP4. */
export function ClipForm({ recording, mediaMs, save }: ClipFormProps) {
  const { api } = useShared();
  const { id, username } = recording;
  const [from, setFrom] = useState("");
  const [to, setTo] = useState("");
  const [exact, setExact] = useState(false);
  const [wrong, setWrong] = useState<string>();
  const [done, setDone] = useState<string>();
  const [making, setMaking] = useState<AbortController>();
  const atWork = useRef(making);
  atWork.current = making;
  useEffect(() => () => atWork.current?.abort(), []);

  const make = async (event: SubmitEvent) => {
    event.preventDefault();
    setDone(undefined);
    const times = readClip(from, to);
    if ("wrong" in times) return setWrong(times.wrong);
    setWrong(undefined);
    const stop = new AbortController();
    setMaking(stop);
    try {
      const query = `fromMs=${times.fromMs}&toMs=${times.toMs}&exact=${exact}`;
      const path = `/recordings/${encodeURIComponent(id)}/clip.mp4`;
      const response = await fetch(`${path}?${query}`, { headers: api.headers(), signal: stop.signal });
      if (!response.ok) {
        throw apiFailure(path, response.status, await response.text(), response.headers);
      }
      save(await response.blob(), `${username}_${id}_${placeName(times.fromMs)}-${placeName(times.toMs)}.mp4`);
      setDone(resultText(response.headers, times.fromMs));
    } catch (error) {
      if (!stop.signal.aborted) setWrong(errorText(error));
    } finally {
      setMaking(undefined);
    }
  };

  return (
    <form class="row" aria-label="Clip" onSubmit={(event) => void make(event)}>
      <Time label="From" placeholder="1:30" value={from} set={setFrom} mediaMs={mediaMs} />
      <Time label="To" placeholder="2:15" value={to} set={setTo} mediaMs={mediaMs} />
      <label class="check">
        <input type="checkbox" checked={exact} onChange={(event) => setExact(event.currentTarget.checked)} />{" "}
        exactly from there (takes longer)
      </label>
      <button type="submit" disabled={making !== undefined}>Make a clip</button>
      {making !== undefined && (
        <>
          <span role="status">Making the clip</span>
          <button type="button" class="quiet" onClick={() => making.abort()}>Cancel</button>
        </>
      )}
      {done !== undefined && <span role="status">{done}</span>}
      {wrong !== undefined && <span class="bad" role="alert">{wrong}</span>}
    </form>
  );
}

/** A time of the clip: typed, or taken from the player. */
function Time(
  { label, placeholder, value, set, mediaMs }: {
    label: string;
    placeholder: string;
    value: string;
    set(value: string): void;
    mediaMs: number;
  },
) {
  return (
    <>
      <label>
        {label}{" "}
        <input
          name={label.toLowerCase()}
          size={9}
          placeholder={placeholder}
          autocomplete="off"
          value={value}
          onInput={(event) => set(event.currentTarget.value)}
        />
      </label>
      <button type="button" class="quiet" onClick={() => set(placeText(mediaMs))}>{label} here</button>
    </>
  );
}

/** What the server says of the clip. */
function resultText(headers: Headers, fromMs: number): string {
  const startMs = Number(headers.get("x-clip-start-ms") ?? fromMs);
  const gaps = Number(headers.get("x-clip-gaps") ?? 0);
  const start = fromMs - startMs >= 100 ? `, begins with the full picture at ${placeText(startMs)}` : "";
  const holes = gaps > 0 ? `; something is missing in it in ${gaps} place${gaps > 1 ? "s" : ""}` : "";
  return `The clip is made${start}${holes}`;
}

function placeName(ms: number): string {
  return placeText(ms).replaceAll(":", "-");
}
