import type { RecordingReply } from "@roomtone/functions/client";
import { useEffect, useState } from "preact/hooks";
import type { Api } from "../api.ts";
import { useShared } from "../hooks.ts";
import { ClipForm } from "./clip_form.tsx";

/** Files of events: what they are called, and which call gives them. */
const FILES = [
  { name: "events.jsonl", text: "Events (JSON lines)", call: "recordingEventsJsonl" },
  { name: "events.csv", text: "Events (CSV)", call: "recordingEventsCsv" },
  { name: "chat.vtt", text: "Chat (subtitles)", call: "recordingChatVtt" },
] as const;

/** What can be taken home of a recording. @param mediaMs where the player is */
export function Downloads({ recording, mediaMs }: { recording: RecordingReply; mediaMs: number }) {
  const { api, complain } = useShared();
  const { id, username } = recording;
  const movies = useMovies(api, recording);
  const take = async (name: string, read: () => Promise<Blob>) => {
    try {
      save(await read(), `${username}_${id}_${name}`);
    } catch (error) {
      complain(error);
    }
  };
  return (
    <section aria-labelledby="downloads-title">
      <h2 id="downloads-title">Downloads</h2>
      <div class="row">
        {FILES.map(({ name, text, call }) => (
          <button
            key={name}
            type="button"
            class="quiet"
            onClick={() => void take(name, () => readText(api, call, id))}
          >
            {text}
          </button>
        ))}
        {movies.map((path, index) => (
          <button
            key={path}
            type="button"
            class="quiet"
            onClick={() => void take(`${index + 1}.mp4`, async () => (await asked(api, path)).blob())}
          >
            {movies.length > 1 ? `Video ${index + 1} (MP4)` : "Video (MP4)"}
          </button>
        ))}
        {recording.state === "finished" && movies.length === 0 && (
          <span class="quiet-text">No MP4 was made: ROOMTONE_MP4=true makes one at the end of each recording.</span>
        )}
      </div>
      {recording.playlist !== undefined && <ClipForm recording={recording} mediaMs={mediaMs} save={save} />}
    </section>
  );
}

/** Paths of the MP4 files that were made, one for each part that has one. */
function useMovies(api: Api, { id, parts, state }: RecordingReply): string[] {
  const [movies, setMovies] = useState<string[]>([]);
  const count = parts.length;
  useEffect(() => {
    if (state !== "finished") return;
    const stop = new AbortController();
    const look = async () => {
      const listed = parts.map(({ part }) => `/recordings/${id}/parts/${part}/manifest.json`);
      const made = await Promise.all(listed.map(async (path) => {
        const response = await fetch(path, { headers: api.headers(), signal: stop.signal });
        const manifest: unknown = response.ok ? await response.json() : undefined;
        const movie = typeof manifest === "object" && manifest !== null ? Reflect.get(manifest, "mp4") : undefined;
        return typeof movie === "string" ? [path.replace("manifest.json", movie)] : [];
      }));
      if (!stop.signal.aborted) setMovies(made.flat());
    };
    // Without them there is nothing to offer.
    look().catch(() => setMovies([]));
    return () => stop.abort();
  }, [api, id, count, state]);
  return movies;
}

async function asked(api: Api, path: string): Promise<Response> {
  const response = await fetch(path, { headers: api.headers() });
  if (!response.ok) throw new Error(`The server answers with status ${response.status}`);
  return response;
}

/** The whole of a file that may come in several answers. */
async function readText(api: Api, call: (typeof FILES)[number]["call"], id: string): Promise<Blob> {
  const pieces: string[] = [];
  let after: string | undefined = "0";
  while (after !== undefined) {
    const { body, next }: { body: string; next: string | undefined } = await api.client[call]({
      params: { id },
      query: { after },
    });
    pieces.push(body);
    after = next;
  }
  return new Blob(pieces);
}

function save(blob: Blob, name: string): void {
  const url = URL.createObjectURL(blob);
  const link = document.createElement("a");
  Object.assign(link, { href: url, download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}
