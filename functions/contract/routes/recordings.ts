/**
 * Recordings, their events and their video.
 * @module
 */
import * as v from "valibot";
import {
  about,
  bodyProblems,
  defineRoute,
  inputProblems,
  lookupProblems,
  nameCheck,
  nothing,
  notThere,
  number,
  one,
  page,
  problem,
  quality,
  roomId,
} from "../route.ts";
import { EventsReply, RecordingReply, RecordingsReply } from "../schemas.ts";

const recordingParams = v.object({ id: roomId });
const eventTypes = v.pipe(
  v.union([v.string(), v.array(v.string())]),
  about("Only events of these types, up to 50, repeated or with commas between; else all", ["chat", "gift"]),
  v.transform((value) => [value].flat().flatMap((each) => each.split(",")).map((each) => each.trim())),
  v.check((types) => types.every((type) => /^[a-z_]{1,40}$/.test(type)), "must be event types such as chat,gift"),
  v.maxLength(50, "must hold at most 50 types"),
);

const eventsAfter = v.optional(
  v.pipe(
    one,
    v.trim(),
    v.regex(/^\d{1,12}(-\d{1,6})?$/, "must be `after` of an earlier page, or 0"),
    about("`after` of the page before; 0 for the first", "12-5"),
  ),
  "0",
);

/** `GET /recordings` */
export const listRecordingsRoute = defineRoute({
  method: "get",
  path: "/recordings",
  summary: "Recordings, the newest first; of one host with `username`, in one state with `state`",
  request: {
    params: nothing,
    query: v.object({
      ...page,
      username: v.optional(
        v.pipe(one, nameCheck(), about("Only those of this host: name, `@name` or profile URL", "some.host")),
      ),
      state: v.optional(
        v.pipe(
          v.picklist(["wanted", "recording", "finished"], "must be wanted, recording or finished"),
          about("Only those in this state", "finished"),
        ),
      ),
    }),
  },
  responses: { 200: { description: "A page of recordings", body: RecordingsReply }, ...inputProblems },
});

/** `POST /recordings` */
export const startRecordingRoute = defineRoute({
  method: "post",
  path: "/recordings",
  summary: "Start to record a host who is live now, or record on in another quality",
  request: {
    params: nothing,
    query: nothing,
    body: v.object({
      username: v.pipe(v.string("must be a name"), nameCheck(), v.description("Name, `@name` or profile URL")),
      quality: v.optional(v.pipe(
        quality,
        v.description(
          "What to record; where it is not offered the best below, else the best there is. A recording that runs goes " +
            "on with a part in it. Without it: the quality that the name is watched in, else the best",
        ),
      )),
    }),
  },
  responses: {
    200: { description: "It is being recorded already", body: RecordingReply },
    201: { description: "It is recorded from now on", body: RecordingReply },
    ...lookupProblems,
    ...bodyProblems,
    404: problem("TikTok knows no such user, or the user is not live: `not_found`, `offline`"),
    409: problem("The room's earlier recording is being stopped or deleted"),
  },
});

/** `GET /recordings/{id}` */
export const getRecordingRoute = defineRoute({
  method: "get",
  path: "/recordings/{id}",
  summary: "A recording with its totals",
  request: { params: recordingParams, query: nothing },
  responses: { 200: { description: "The recording", body: RecordingReply }, ...inputProblems, ...notThere },
});

/** `POST /recordings/{id}/stop` */
export const stopRecordingRoute = defineRoute({
  method: "post",
  path: "/recordings/{id}/stop",
  summary: "End a recording for good, while its live goes on",
  request: { params: recordingParams, query: nothing },
  responses: {
    200: { description: "It is finished", body: RecordingReply },
    202: { description: "Its recorder is asked to end it, which takes some seconds", body: RecordingReply },
    ...inputProblems,
    ...notThere,
  },
});

/** `DELETE /recordings/{id}` */
export const deleteRecordingRoute = defineRoute({
  method: "delete",
  path: "/recordings/{id}",
  summary: "Delete a finished recording: files, events and totals",
  request: { params: recordingParams, query: nothing },
  responses: {
    204: { description: "It is gone" },
    ...inputProblems,
    ...notThere,
    409: problem("It waits for a recorder or is being recorded: stop it first"),
  },
});

/** `GET /recordings/{id}/events` */
export const recordingEventsRoute = defineRoute({
  method: "get",
  path: "/recordings/{id}/events",
  summary: "Events of a recording, in order; with `waitMs` it waits for the next one",
  request: {
    params: recordingParams,
    query: v.object({
      after: eventsAfter,
      types: v.optional(eventTypes),
      limit: v.optional(number(1, 1_000, "Most events of the page", 500), "500"),
      waitMs: v.optional(number(0, 20_000, "Longest wait for the next event, ms", 20_000), "0"),
    }),
  },
  responses: {
    200: {
      description:
        "Up to `limit` events. A local server sends them as they come, as server-sent events, to a request " +
        "with `Accept: text/event-stream`; it heeds `Last-Event-ID`",
      body: EventsReply,
    },
    204: { description: "Server-sent events: the recording is over, and nothing follows" },
    ...inputProblems,
    ...notThere,
  },
});

const exported = (file: string, summary: string, mediaType: string) =>
  defineRoute({
    method: "get",
    path: `/recordings/{id}/${file}`,
    summary,
    request: { params: recordingParams, query: v.object({ after: eventsAfter }) },
    responses: {
      200: {
        description:
          "The file, as far as there are events by now. On AWS an answer holds about a megabyte: where more " +
          "follows, its header `x-next-after` is `after` of the next request, whose answer goes behind this one",
        mediaType,
      },
      ...inputProblems,
      ...notThere,
    },
  });

/** `GET /recordings/{id}/events.jsonl` */
export const recordingEventsJsonlRoute = exported(
  "events.jsonl",
  "All events of a recording as a file, one JSON object a line",
  "application/x-ndjson",
);

/** `GET /recordings/{id}/events.csv` */
export const recordingEventsCsvRoute = exported(
  "events.csv",
  "All events of a recording as a table; text that a spreadsheet would take for a formula has a quote in front",
  "text/csv",
);

/** `GET /recordings/{id}/chat.vtt` */
export const recordingChatVttRoute = exported(
  "chat.vtt",
  "The chat of a recording as subtitles (WebVTT) on the clock of its video",
  "text/vtt",
);

/** `GET /recordings/{id}/index.m3u8` */
export const recordingPlaylistRoute = defineRoute({
  method: "get",
  path: "/recordings/{id}/index.m3u8",
  summary: "HLS playlist over all parts of a recording",
  request: { params: recordingParams, query: nothing },
  responses: {
    200: { description: "The playlist; it grows while the live runs", mediaType: "application/vnd.apple.mpegurl" },
    ...inputProblems,
    ...notThere,
  },
});

/** `GET /recordings/{id}/clip.mp4` */
export const recordingClipRoute = defineRoute({
  method: "get",
  path: "/recordings/{id}/clip.mp4",
  summary: "A stretch of a recording's video as one MP4 file, up to ten minutes; not on AWS",
  request: {
    params: recordingParams,
    query: v.object({
      fromMs: number(0, 1_000_000_000, "Where it begins on the player's clock, which leaves gaps out, ms", 90_000),
      toMs: number(1, 1_000_000_000, "Where it ends, ms; up to ten minutes later", 135_000),
      exact: v.optional(
        v.pipe(
          v.picklist(["true", "false"], "must be true or false"),
          about("`true` begins at the very time, which takes long; else at the keyframe at or before it", "false"),
        ),
        "false",
      ),
    }),
  },
  responses: {
    200: {
      description: "The file. `x-clip-start-ms` is where it really begins, `x-clip-gaps` how often something is " +
        "missing in it: there it goes on without a pause",
      mediaType: "video/mp4",
    },
    ...inputProblems,
    403: problem("There is no ffmpeg where this server runs: `not_configured`"),
    404: problem("There is no such recording, or no video of it yet"),
    409: problem("The stretch makes no one file: sound or picture begin or end in it"),
  },
});

const fileAnswers = (mediaType: string) => ({
  206: { description: "The part of it that the Range header asks for", mediaType },
  302: { description: "On AWS: the signed address of the file, good for some hours" },
  304: { description: "The caller has it already" },
  416: problem("The Range header asks for bytes that the file does not have"),
});

/** `GET /recordings/{id}/thumbnail.jpg` */
export const recordingThumbnailRoute = defineRoute({
  method: "get",
  path: "/recordings/{id}/thumbnail.jpg",
  summary: "The newest picture of a recording; recorders with ffmpeg make one a minute",
  request: { params: recordingParams, query: nothing },
  responses: {
    200: { description: "The picture; good for some seconds while the live goes on", mediaType: "image/jpeg" },
    ...fileAnswers("image/jpeg"),
    ...inputProblems,
    404: problem("There is no such recording, or no picture of it"),
  },
});

/** `GET /recordings/{id}/parts/{part}/{file}` */
export const recordingFileRoute = defineRoute({
  method: "get",
  path: "/recordings/{id}/parts/{part}/{file}",
  summary: "A file of a recording: segment, playlist, events, manifest",
  request: {
    params: v.object({
      id: roomId,
      part: number(0, 999_999_999, "Part of the recording, as its `parts` count them", 1),
      file: v.pipe(
        one,
        v.regex(/^[\w-][\w.-]{0,99}$/, "must be a file name"),
        about("Name of the file, as the playlist has it; up to 100 characters", "segment_000001.m4s"),
      ),
    }),
    query: nothing,
  },
  responses: {
    200: { description: "The file", mediaType: "application/octet-stream" },
    ...fileAnswers("application/octet-stream"),
    ...inputProblems,
    ...notThere,
  },
});
