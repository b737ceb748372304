import type { RecordingReply } from "@roomtone/functions/client";
import { useEffect, useState } from "preact/hooks";
import { bytesText, clockText, dateText } from "../format.ts";
import { useResource, useShared } from "../hooks.ts";
import { Empty, Trouble } from "../parts/notice.tsx";
import { hashOf } from "../router.ts";

/** How often the list is read, ms. */
const EVERY_MS = 5_000;
const STATES: Record<RecordingReply["state"], string> = { wanted: "waits", recording: "live", finished: "finished" };

/** Recordings of one page of the list. */
const PAGE = "100";

/** All recordings, the newest first; on request those of one host only. */
export function Recordings() {
  const { api, complain } = useShared();
  const [username, setUsername] = useState("");
  const only = username === "" ? {} : { username };
  const list = useResource(
    (signal) => api.client.listRecordings({ query: { limit: PAGE, ...only } }, { signal }),
    EVERY_MS,
    [api, username],
  );
  /** What comes behind the first page, which is the one that is read again and again. */
  const [older, setOlder] = useState<{ recordings: RecordingReply[]; cursor: string | undefined }>();
  useEffect(() => setOlder(undefined), [api, username]);
  const newest = list.value?.body;
  const cursor = older === undefined ? newest?.cursor : older.cursor;
  const known = new Set(newest?.recordings.map(({ id }) => id));
  const recordings = newest && [...newest.recordings, ...older?.recordings.filter(({ id }) => !known.has(id)) ?? []];
  const more = async () => {
    try {
      const { body } = await api.client.listRecordings({ query: { limit: PAGE, cursor, ...only } });
      setOlder((last) => ({ recordings: [...last?.recordings ?? [], ...body.recordings], cursor: body.cursor }));
    } catch (error) {
      complain(error);
    }
  };
  const filter = (event: SubmitEvent) => {
    event.preventDefault();
    const given = new FormData(event.currentTarget as HTMLFormElement).get("name");
    setUsername(typeof given === "string" ? given.trim() : "");
  };
  return (
    <section aria-labelledby="recordings-title">
      <h1 id="recordings-title">Recordings</h1>
      <form class="row" onSubmit={filter}>
        <label>
          Only of host <input name="name" type="search" autocomplete="off" />
        </label>
        <button type="submit" class="quiet">Show</button>
      </form>
      <Trouble error={list.error} />
      {recordings?.length === 0 && (
        <Empty>
          {username === ""
            ? "Nothing has been recorded yet. Watch somebody, and wait for a live."
            : `Nothing has been recorded of ${username}.`}
        </Empty>
      )}
      {recordings !== undefined && recordings.length > 0 && <RecordingTable recordings={recordings} />}
      {cursor !== undefined && <button type="button" onClick={() => void more()}>Show older ones</button>}
    </section>
  );
}

function RecordingTable({ recordings }: { recordings: readonly RecordingReply[] }) {
  return (
    <div class="scroll" tabIndex={0} role="region" aria-label="All recordings">
      <table>
        <thead>
          <tr>
            <th scope="col">Host</th>
            <th scope="col">Title</th>
            <th scope="col">State</th>
            <th scope="col">Began</th>
            <th scope="col" class="number">Length</th>
            <th scope="col" class="number">Size</th>
          </tr>
        </thead>
        <tbody>
          {recordings.map((recording) => (
            <tr key={recording.id}>
              <td>
                <a href={hashOf({ page: "recording", id: recording.id })}>@{recording.username}</a>
              </td>
              <td class="clip">{recording.title}</td>
              <td>
                <span class={`badge ${recording.state}`}>
                  {recording.outcome?.kind === "failed" ? "failed" : STATES[recording.state]}
                </span>
              </td>
              <td>{dateText(recording.started_at ?? recording.created_at)}</td>
              <td class="number">{clockText(recording.duration_ms)}</td>
              <td class="number">{bytesText(recording.bytes)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
