import type { RecordingReply } from "@roomtone/functions/client";
import { useState } from "preact/hooks";
import { bytesText, clockText, dateText } from "../format.ts";
import { useShared } from "../hooks.ts";
import { hashOf } from "../router.ts";
import { QualityField, readQuality } from "./quality_select.tsx";
import "../recording.css";

/** What is known of a recording at a glance; stop it, record on, or in another quality. */
export function RecordingHead({ recording, onChanged }: { recording: RecordingReply; onChanged(): void }) {
  const { id, state, outcome, stop_requested_at: stopAt } = recording;
  const { api, complain, tell } = useShared();
  const [busy, setBusy] = useState(false);
  const work = async (ask: () => Promise<void>) => {
    setBusy(true);
    try {
      await ask();
      onChanged();
    } catch (error) {
      complain(error);
    } finally {
      setBusy(false);
    }
  };
  const stop = () =>
    work(async () => {
      await api.client.stopRecording({ params: { id } });
      tell("The recording is being ended");
    });
  const start = (given: FormData) =>
    work(async () => {
      const { username } = recording;
      const quality = readQuality(given.get("quality"));
      const { status, body } = await api.client.startRecording({ body: { username, ...quality && { quality } } });
      tell(status === 201 ? `@${username} is recorded from now on` : "The recording goes on in that quality");
      if (body.id !== id) location.hash = hashOf({ page: "recording", id: body.id });
    });
  return (
    <>
      <div class="row">
        <span class="clip">{recording.title}</span>
        <span class={`badge ${state}`}>
          {state === "recording" ? "live" : state === "wanted" ? "waits for a recorder" : outcome?.kind ?? "finished"}
        </span>
        <span>{dateText(recording.started_at ?? recording.created_at)}</span>
        <span>{clockText(recording.duration_ms)}</span>
        <span>{bytesText(recording.bytes)}</span>
        {recording.recorded_quality !== undefined && <span>quality: {recording.recorded_quality}</span>}
        {outcome?.kind === "failed" && <span class="bad">{outcome.code}: {outcome.detail}</span>}
        {state !== "finished" && (
          <button
            type="button"
            disabled={busy || stopAt !== undefined}
            onClick={() => void stop()}
          >
            Stop recording
          </button>
        )}
      </div>
      <form
        class="row"
        aria-label={state === "finished" ? "Record again" : "Quality of the recording"}
        onSubmit={(event) => {
          event.preventDefault();
          void start(new FormData(event.currentTarget));
        }}
      >
        <QualityField />
        <button type="submit" class="quiet" disabled={busy || stopAt !== undefined && state !== "finished"}>
          {state === "finished" ? "Record the host now" : "Record in this quality"}
        </button>
      </form>
    </>
  );
}
