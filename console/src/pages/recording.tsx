import { clockText } from "../format.ts";
import { useResource, useShared } from "../hooks.ts";
import { Trouble } from "../parts/notice.tsx";

/** How often the recording's row is read while it runs, ms. */
const EVERY_MS = 3_000;

/** One recording. */
export function RecordingPage({ id }: { id: string; atMs: number | undefined }) {
  const { api } = useShared();
  const read = useResource((signal) => api.client.getRecording({ params: { id } }, { signal }), EVERY_MS, [id]);
  const recording = read.value?.body;
  return (
    <section aria-labelledby="recording-title">
      <h1 id="recording-title">{recording === undefined ? `Recording ${id}` : `@${recording.username}`}</h1>
      <Trouble error={read.error} />
      {recording !== undefined && <p>{recording.title} · {recording.state} · {clockText(recording.duration_ms)}</p>}
    </section>
  );
}
