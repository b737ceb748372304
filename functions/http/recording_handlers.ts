import { AppError } from "../contract/errors.ts";
import type { EventsReply, RecordingReply } from "../contract/schemas.ts";
import { unpackEvents } from "../core/event_batches.ts";
import { joinPlaylists, type PartPlaylist } from "../core/playlists.ts";
import type { PageRequest } from "../ports/page.ts";
import type { RecordingFiles } from "../ports/recording_files.ts";
import type { Recording } from "../ports/recording_store.ts";
import type { Store } from "../ports/store.ts";
import type { RecordingTotals } from "../ports/totals_store.ts";
import type { Answer } from "./mount.ts";
import { readRange } from "./range.ts";

const PLAYLIST = "index.m3u8";
const PLAYLIST_TYPE = "application/vnd.apple.mpegurl";

const MEDIA_TYPES: Readonly<Record<string, string>> = {
  m3u8: PLAYLIST_TYPE,
  m4s: "video/iso.segment",
  mp4: "video/mp4",
  json: "application/json",
  jsonl: "application/x-ndjson",
};

/** Answers of the recordings routes. */
export function recordingHandlers(store: Store) {
  const find = async (id: string): Promise<ShownRecording> => {
    const recording = await store.getRecording(id);
    if (recording === undefined || !isShown(recording)) {
      throw new AppError("not_found", `Find recording ${id}: there is none`, { remedy: "GET /recordings lists them" });
    }
    return recording;
  };
  return {
    async list(page: PageRequest): Promise<Answer> {
      const { items, cursor } = await store.listRecordings(page);
      return { body: { recordings: items.filter(isShown).map((recording) => toReply(recording, undefined)), cursor } };
    },
    async get(id: string): Promise<Answer> {
      const [recording, totals] = await Promise.all([find(id), store.getTotals(id)]);
      return { body: toReply(recording, totals) };
    },
    async events(id: string, { after, limit }: { after: number; limit: number }): Promise<Answer> {
      // In this order: when the recording is finished, every event that it will ever have is there.
      const { state } = await find(id);
      const batches = await store.listEvents(id, { after, limit });
      const lines = (await Promise.all(batches.map(unpackEvents))).flat();
      const body: EventsReply = {
        events: lines.map((line) => JSON.parse(line) as Record<string, unknown>),
        after: String(batches.at(-1)?.seq ?? after),
        finished: state === "finished" && batches.length < limit,
      };
      return { body };
    },
    async playlist(files: RecordingFiles, id: string): Promise<Answer> {
      const { parts, state } = await find(id);
      const playlists = await Promise.all(parts.map(async ({ part, folder }): Promise<PartPlaylist | undefined> => {
        const file = await files.read(folder, PLAYLIST);
        return file && { text: await new Response(file.body).text(), base: `parts/${part}/` };
      }));
      const found = playlists.filter((each) => each !== undefined);
      if (found.length === 0) {
        throw new AppError("not_found", `Read the playlist of recording ${id}: it has no video yet`, {
          remedy: "Ask again when its first segment is closed",
        });
      }
      const text = joinPlaylists(found, state === "finished");
      return new Response(text, { headers: { "content-type": PLAYLIST_TYPE, "cache-control": "no-cache" } });
    },
    async file(
      files: RecordingFiles,
      { id, part, file }: { id: string; part: number; file: string },
      request: Request,
    ): Promise<Answer> {
      const { parts } = await find(id);
      const folder = parts.find((each) => each.part === part)?.folder;
      const range = readRange(request.headers.get("range"));
      const found = folder === undefined ? undefined : await files.read(folder, file, range);
      if (found === undefined) {
        throw new AppError("not_found", `Find ${file} in part ${part} of recording ${id}: no such file`);
      }
      const headers = new Headers({
        "accept-ranges": "bytes",
        "content-type": MEDIA_TYPES[file.split(".").at(-1) ?? ""] ?? "application/octet-stream",
        "content-length": String(found.length),
        "x-content-type-options": "nosniff",
      });
      if (range === undefined) return new Response(found.body, { headers });
      headers.set("content-range", `bytes ${found.start}-${found.start + found.length - 1}/${found.size}`);
      return new Response(found.body, { status: 206, headers });
    },
  };
}

/** A recording that is not being deleted: those are gone for callers. */
type ShownRecording = Recording & { state: RecordingReply["state"] };

function isShown(recording: Recording): recording is ShownRecording {
  return recording.state !== "deleting";
}

function toReply(recording: ShownRecording, totals: RecordingTotals | undefined): RecordingReply {
  const { id } = recording;
  return {
    id,
    room_id: id,
    username: recording.username,
    title: recording.title,
    state: recording.state,
    created_at: recording.createdAt,
    started_at: recording.startedAt,
    ended_at: recording.endedAt,
    outcome: recording.outcome,
    segments: recording.segments,
    bytes: recording.bytes,
    duration_ms: recording.durationMs,
    parts: recording.parts.map(({ part, folder, startedAt }) => ({ part, folder, started_at: startedAt })),
    playlist: recording.segments > 0 ? `/recordings/${id}/${PLAYLIST}` : undefined,
    events: `/recordings/${id}/events`,
    totals: totals && {
      events: totals.count,
      types: totals.types,
      diamonds: totals.diamonds,
      first_at: totals.firstAt,
      last_at: totals.lastAt,
    },
  };
}
