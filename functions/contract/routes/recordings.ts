/**
 * Recordings, their events and their video.
 * @module
 */
import * as v from "valibot";
import {
  cursorNumber,
  defineRoute,
  inputProblems,
  nothing,
  notThere,
  number,
  one,
  page,
  problem,
  roomId,
} from "../route.ts";
import { EventsReply, RecordingReply, RecordingsReply } from "../schemas.ts";

/** `GET /recordings` */
export const listRecordingsRoute = defineRoute({
  method: "get",
  path: "/recordings",
  summary: "Recordings, the newest first",
  request: { params: nothing, query: v.object(page) },
  responses: { 200: { description: "A page of recordings", body: RecordingsReply }, ...inputProblems },
});

/** `GET /recordings/{id}` */
export const getRecordingRoute = defineRoute({
  method: "get",
  path: "/recordings/{id}",
  summary: "A recording with its totals",
  request: { params: v.object({ id: roomId }), query: nothing },
  responses: { 200: { description: "The recording", body: RecordingReply }, ...inputProblems, ...notThere },
});

/** `GET /recordings/{id}/events` */
export const recordingEventsRoute = defineRoute({
  method: "get",
  path: "/recordings/{id}/events",
  summary: "Events of a recording, in order",
  request: {
    params: v.object({ id: roomId }),
    query: v.object({ after: v.optional(cursorNumber, "0"), limit: v.optional(number(1, 50), "10") }),
  },
  responses: {
    200: { description: "Events of up to `limit` batches", body: EventsReply },
    ...inputProblems,
    ...notThere,
  },
});

/** `GET /recordings/{id}/index.m3u8` */
export const recordingPlaylistRoute = defineRoute({
  method: "get",
  path: "/recordings/{id}/index.m3u8",
  summary: "HLS playlist over all parts of a recording",
  request: { params: v.object({ id: roomId }), query: nothing },
  responses: {
    200: { description: "The playlist; it grows while the live runs", mediaType: "application/vnd.apple.mpegurl" },
    ...inputProblems,
    ...notThere,
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
      part: number(0, 999_999_999),
      file: v.pipe(one, v.regex(/^[\w-][\w.-]{0,99}$/, "must be a file name")),
    }),
    query: nothing,
  },
  responses: {
    200: { description: "The file", mediaType: "application/octet-stream" },
    206: { description: "The part of it that the Range header asks for", mediaType: "application/octet-stream" },
    416: problem("The Range header asks for bytes that the file does not have"),
    ...inputProblems,
    ...notThere,
  },
});
