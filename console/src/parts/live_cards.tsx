import type { RecordingReply } from "@roomtone/functions/client";
import { useEffect, useState } from "preact/hooks";
import type { Api } from "../api.ts";
import { clockText, countText } from "../format.ts";
import { useNow, useResource, useShared } from "../hooks.ts";
import { hashOf } from "../router.ts";

/** Cards that are shown at first: each has a picture, which is read again and again. */
const CARDS = 24;
/** Time between two pictures, ms: the recorder makes one a minute. */
const PICTURE_MS = 20_000;
/** Time between two looks at how many are watching, ms. */
const VIEWERS_MS = 15_000;
/** A count that is older than this says nothing about now, ms. */
const VIEWERS_GOOD_MS = 5 * 60_000;

/** Viewers by recording id, where they are known. */
export type Viewers = ReadonlyMap<string, number>;

/** How many are watching: most viewers in the newest minute that the recording's totals have. */
export function useViewers(recordings: readonly RecordingReply[]): Viewers {
  const { api } = useShared();
  const ids = recordings.slice(0, CARDS).map(({ id }) => id);
  const { value } = useResource(
    async (signal) => {
      const counts = await Promise.all(ids.map((id) => readViewers(api, id, signal)));
      return new Map(ids.flatMap((id, i) => counts[i] === undefined ? [] : [[id, counts[i]]]));
    },
    VIEWERS_MS,
    [ids.join()],
  );
  return value ?? new Map();
}

async function readViewers({ client }: Api, id: string, signal: AbortSignal): Promise<number | undefined> {
  const { body } = await client.recordingTotals({ params: { id } }, { signal });
  const newest = body.viewers_by_minute.at(-1);
  return newest === undefined || newest.at < Date.now() - VIEWERS_GOOD_MS ? undefined : newest.viewers;
}

/** The lives that are being recorded. */
export function LiveCards({ recordings, viewers }: { recordings: readonly RecordingReply[]; viewers: Viewers }) {
  const [all, setAll] = useState(false);
  const now = useNow();
  const shown = all ? recordings : recordings.slice(0, CARDS);
  return (
    <>
      <ul class="cards">
        {shown.map((recording) => (
          <LiveCard key={recording.id} recording={recording} viewers={viewers.get(recording.id)} now={now} />
        ))}
      </ul>
      {shown.length < recordings.length && (
        <button type="button" onClick={() => setAll(true)}>Show all {countText(recordings.length)}</button>
      )}
    </>
  );
}

function LiveCard(
  { recording, viewers, now }: { recording: RecordingReply; viewers: number | undefined; now: number },
) {
  const { id, username, title, recorded_quality: quality } = recording;
  const picture = usePicture(recording);
  return (
    <li class="card">
      <a href={hashOf({ page: "recording", id })}>
        {picture !== undefined && <img class="shot" src={picture} alt={`Newest picture of @${username}'s live`} />}
        <b>@{username}</b>
        <span class="clip">{title}</span>
        <span class="facts">
          <span class="badge recording">live</span>
          <span>{clockText(now - (recording.started_at ?? recording.created_at))}</span>
          {viewers !== undefined && <span>{countText(viewers)} {viewers === 1 ? "viewer" : "viewers"}</span>}
          {quality !== undefined && <span>{quality}</span>}
        </span>
      </a>
    </li>
  );
}

/** Address of the newest thumbnail; `undefined` where there is none. It is fetched, since a key goes in a header. */
function usePicture({ id, segments }: RecordingReply): string | undefined {
  const { api } = useShared();
  const [address, setAddress] = useState<string>();
  const hasVideo = segments > 0;
  const { value: picture } = useResource(
    async (signal) => hasVideo ? await readPicture(api, id, signal) : undefined,
    PICTURE_MS,
    [hasVideo],
  );
  useEffect(() => {
    if (picture === undefined) return setAddress(undefined);
    const made = URL.createObjectURL(picture);
    setAddress(made);
    return () => URL.revokeObjectURL(made);
  }, [picture]);
  return address;
}

async function readPicture(api: Api, id: string, signal: AbortSignal): Promise<Blob | undefined> {
  const response = await fetch(`/recordings/${id}/thumbnail.jpg`, { headers: api.headers(), signal });
  return response.ok ? await response.blob() : undefined;
}
