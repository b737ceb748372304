import type { RecordingReply } from "@roomtone/functions/client";
import { bytesText, clockText, dateText } from "../format.ts";
import { useResource, useShared } from "../hooks.ts";
import { Empty, Trouble } from "../parts/notice.tsx";
import { hashOf } from "../router.ts";

/** How often the list is read, ms. */
const EVERY_MS = 5_000;
const STATES: Record<RecordingReply["state"], string> = { wanted: "waits", recording: "live", finished: "finished" };

/** All recordings, the newest first. */
export function Recordings() {
  const { api } = useShared();
  const list = useResource((signal) => api.client.listRecordings({ query: { limit: "100" } }, { signal }), EVERY_MS);
  const recordings = list.value?.body.recordings;
  return (
    <section aria-labelledby="recordings-title">
      <h1 id="recordings-title">Recordings</h1>
      <Trouble error={list.error} />
      {recordings?.length === 0 && <Empty>Nothing has been recorded yet. Watch somebody, and wait for a live.</Empty>}
      {recordings !== undefined && recordings.length > 0 && <RecordingTable recordings={recordings} />}
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
