import { AppError } from "../contract/errors.ts";
import type { Quality } from "../contract/quality.ts";
import type { RetentionPolicy } from "../contract/retention.ts";
import type { EventsReply, RecordingReply } from "../contract/schemas.ts";
import type { RaiseAlerts } from "../core/alerts.ts";
import { exportEvents, type ExportFormat } from "../core/export_events.ts";
import { PeopleCache } from "../core/event_people.ts";
import { deleteRecording, noRecording, startRecording } from "../core/manage_recordings.ts";
import { addSegments, isClosed, joinPlaylists, type PartPlaylist, withAddresses } from "../core/playlists.ts";
import { waitForEvents } from "../core/recording_events.ts";
import { readUsername } from "../core/usernames.ts";
import type { ClipMaker } from "../ports/clip_maker.ts";
import type { Clock } from "../ports/clock.ts";
import type { LiveLookup } from "../ports/live_lookup.ts";
import type { Logger } from "../ports/logger.ts";
import type { Observer } from "../ports/observer.ts";
import type { PageRequest } from "../ports/page.ts";
import type { RecorderLauncher } from "../ports/recorder_launcher.ts";
import type { RecordingFiles } from "../ports/recording_files.ts";
import type { Recording, RecordingFilter, Segment } from "../ports/recording_store.ts";
import type { Store } from "../ports/store.ts";
import type { RecordingTotals } from "../ports/totals_store.ts";
import { type ClipQuery, clipReply } from "./clip_reply.ts";
import { eventStream } from "./event_stream.ts";
import { exportPage, exportStream } from "./export_reply.ts";
import { fileReply, PLAYLIST_TYPE } from "./file_reply.ts";
import type { Answer } from "./mount.ts";
import { totalsHandlers, toTotals } from "./totals_handlers.ts";

const PLAYLIST = "index.m3u8";
/** Start of the names of thumbnails, which count up. */
const THUMBNAILS = "thumbnail_";
/** There is a newer one about every minute. */
const THUMBNAIL_CACHE = "private, max-age=10";
/** Events that a stream reads at once. */
const STREAM_PAGE = 200;
const SEGMENTS_PAGE = 1_000;
/** Files of a playlist that are given signed addresses; a longer one leads through the API, or it would be too big. */
const MOST_SIGNED = 2_000;

/** What the recordings routes work with. */
export interface RecordingsDeps {
  store: Store;
  clock: Clock;
  logger: Logger;
  observe?: Observer | undefined;
  /** Told of recordings that are started by hand. @default nobody is */
  raise?: RaiseAlerts | undefined;
  /** Without it, playlists and segments are not served. */
  files?: RecordingFiles | undefined;
  /** Without it, there are no clips. */
  clips?: ClipMaker | undefined;
  /** Without it, none is started by hand. */
  lookup?: LiveLookup | undefined;
  launcher?: RecorderLauncher | undefined;
  /** Ends a recording at once where this process records it, see `RecorderPool`. */
  finish?: ((recordingId: string) => void) | undefined;
  /** How long recordings are kept. @default for ever */
  retention?: RetentionPolicy | undefined;
  /** Whether answers may take as long as a live: server-sent events are then sent. @default false */
  streams?: boolean | undefined;
}

/** Answers of the recordings routes. */
export function recordingHandlers(deps: RecordingsDeps) {
  const { store } = deps;
  const reading = { ...deps, people: new PeopleCache() };
  const segmentsOf = async (id: string, part: number): Promise<Segment[]> => {
    const found: Segment[] = [];
    let cursor: string | undefined;
    do {
      const page = await store.listSegments(id, { limit: SEGMENTS_PAGE, cursor });
      found.push(...page.items.filter((segment) => segment.part === part));
      cursor = page.cursor;
    } while (cursor !== undefined);
    return found;
  };
  const find = async (id: string): Promise<ShownRecording> => {
    const recording = await store.getRecording(id);
    if (recording === undefined || !isShown(recording)) throw noRecording(id);
    return recording;
  };
  /** @param link gives addresses in place of paths of the API */
  const playlistOf = async (
    files: RecordingFiles,
    { id, parts, segments, state }: Recording,
    link?: RecordingFiles["link"],
  ): Promise<string> => {
    const playlists = await Promise.all(parts.map(async ({ part, folder }, place): Promise<
      PartPlaylist | undefined
    > => {
      const file = await files.find(folder, PLAYLIST);
      if (file === undefined) return undefined;
      const written = await new Response(file.read(0, file.size)).text();
      // Nobody writes it any more, and nobody closed it: its recorder was killed.
      const isCut = !isClosed(written) && (state === "finished" || place < parts.length - 1);
      const text = isCut ? addSegments(written, await segmentsOf(id, part)) : written;
      if (link === undefined || segments > MOST_SIGNED) return { text, base: `parts/${part}/` };
      return { text: await withAddresses(text, (uri) => link(folder, uri)), base: "" };
    }));
    const found = playlists.filter((each) => each !== undefined);
    if (found.length === 0) {
      throw new AppError("not_found", `Read the playlist of recording ${id}: it has no video yet`, {
        remedy: "Ask again when its first segment is closed",
      });
    }
    return joinPlaylists(found, state === "finished");
  };
  return {
    async list({ username, state, ...page }: PageRequest & RecordingFilter): Promise<Answer> {
      const name = username === undefined ? undefined : readUsername(username, "username");
      const { items, cursor } = await store.listRecordings(page, { username: name, state });
      return { body: { recordings: items.filter(isShown).map((recording) => toReply(recording, undefined)), cursor } };
    },
    async start(
      lookup: LiveLookup,
      wish: { username: string; quality?: Quality | undefined },
      { signal }: Request,
    ): Promise<Answer> {
      const { recording, started } = await startRecording({ ...deps, lookup }, wish, signal);
      if (!isShown(recording)) throw noRecording(recording.id);
      const location = `/recordings/${recording.id}`;
      return { status: started ? 201 : 200, headers: { location }, body: toReply(recording, undefined) };
    },
    async stop(id: string): Promise<Answer> {
      await find(id);
      const stopped = await store.stopRecording(id, deps.clock.now());
      if (stopped === undefined || !isShown(stopped)) throw noRecording(id);
      if (stopped.state === "recording") deps.finish?.(id);
      return { status: stopped.state === "finished" ? 200 : 202, body: toReply(stopped, undefined) };
    },
    async remove(id: string): Promise<Answer> {
      await deleteRecording(deps, id);
      deps.logger.info("recording_deleted", { recordingId: id });
      return { status: 204 };
    },
    async keep(id: string, kept: boolean): Promise<Answer> {
      await find(id);
      const changed = await store.keepRecording(id, kept);
      if (changed === undefined || !isShown(changed)) throw noRecording(id);
      return { body: toReply(changed, undefined) };
    },
    async get(id: string): Promise<Answer> {
      const [recording, totals] = await Promise.all([find(id), store.getTotals(id)]);
      return { body: toReply(recording, totals) };
    },
    async totals(id: string): Promise<Answer> {
      await find(id);
      return await totalsHandlers(store).recording(id);
    },
    async events(
      id: string,
      query: { after: string; types?: string[] | undefined; limit: number; waitMs: number },
      request: Request,
    ): Promise<Answer> {
      const { headers, signal } = request;
      const { after, types, limit, waitMs } = query;
      if (deps.streams && headers.get("accept")?.includes("text/event-stream")) {
        const seen = headers.get("last-event-id") ?? "";
        const from = { after: seen || after, types, limit: STREAM_PAGE };
        return await eventStream(reading, id, from, { comesBack: seen !== "", gone: signal });
      }
      const page = await waitForEvents(reading, id, { after, types, limit }, waitMs, signal);
      const body: EventsReply = { ...page, events: page.events.map(({ event }) => event) };
      return { body };
    },
    async exported(id: string, format: ExportFormat, after: string): Promise<Answer> {
      await find(id);
      const pieces = exportEvents(reading, id, format, after);
      const fileName = `${id}.${format}`;
      return deps.streams ? await exportStream(pieces, format, fileName) : await exportPage(pieces, format, fileName);
    },
    async playlist(files: RecordingFiles, id: string): Promise<Answer> {
      const text = await playlistOf(files, await find(id), files.link);
      return new Response(text, { headers: { "content-type": PLAYLIST_TYPE, "cache-control": "no-cache" } });
    },
    async clip(files: RecordingFiles, id: string, query: ClipQuery, request: Request): Promise<Answer> {
      if (deps.clips === undefined) {
        throw new AppError("not_configured", `Clip recording ${id}: this server has no ffmpeg`, {
          remedy: `\`roomtone recordings clip ${id} --from A --to B --remote URL\` makes the clip on your machine`,
        });
      }
      const recording = await find(id);
      return await clipReply(
        { files, clips: deps.clips },
        recording,
        await playlistOf(files, recording),
        query,
        request,
      );
    },
    async thumbnail(files: RecordingFiles, id: string, { headers }: Request): Promise<Answer> {
      const { parts } = await find(id);
      for (const { folder } of parts.toReversed()) {
        const name = await files.lastName(folder, THUMBNAILS);
        if (name === undefined) continue;
        if (files.link !== undefined) {
          const location = await files.link(folder, name);
          return new Response(null, { status: 302, headers: { location, "cache-control": THUMBNAIL_CACHE } });
        }
        const file = await files.find(folder, name);
        if (file !== undefined) return fileReply(file, { name, headers, cacheControl: THUMBNAIL_CACHE });
      }
      throw new AppError("not_found", `Find a thumbnail of recording ${id}: there is none yet`, {
        remedy: "Recorders with ffmpeg make one a minute; ask again when its first segment is closed",
      });
    },
    async file(
      files: RecordingFiles,
      { id, part, file: name }: { id: string; part: number; file: string },
      { headers }: Request,
    ): Promise<Answer> {
      const { parts } = await find(id);
      const folder = parts.find((each) => each.part === part)?.folder;
      const missing = new AppError("not_found", `Find ${name} in part ${part} of recording ${id}: no such file`);
      if (folder === undefined) throw missing;
      if (files.link !== undefined) {
        const location = await files.link(folder, name);
        return new Response(null, { status: 302, headers: { location, "cache-control": "no-store" } });
      }
      const file = await files.find(folder, name);
      if (file === undefined) throw missing;
      return fileReply(file, { name, headers, cacheControl: "private, no-cache" });
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
    quality: recording.quality,
    recorded_quality: recording.recordedQuality,
    state: recording.state,
    created_at: recording.createdAt,
    started_at: recording.startedAt,
    stop_requested_at: recording.stopAt,
    ended_at: recording.endedAt,
    outcome: recording.outcome,
    kept: recording.kept,
    events_deleted_at: recording.eventsDeletedAt,
    segments: recording.segments,
    bytes: recording.bytes,
    duration_ms: recording.durationMs,
    parts: recording.parts.map(({ part, folder, startedAt }) => ({ part, folder, started_at: startedAt })),
    playlist: recording.segments > 0 ? `/recordings/${id}/${PLAYLIST}` : undefined,
    events: `/recordings/${id}/events`,
    totals: totals && toTotals(totals),
  };
}
