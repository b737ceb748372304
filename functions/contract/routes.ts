/**
 * The routes of the API: their paths, what they take and what they answer. They are written down here and nowhere else.
 * @module
 */
import * as v from "valibot";
import {
  EventsReply,
  FollowingsReply,
  HealthReply,
  LinksReply,
  Problem,
  RecordingReply,
  RecordingsReply,
  UserInfoReply,
  WatchlistReply,
  WatchReply,
} from "./schemas.ts";

/** Schema of named text inputs. A parameter that comes several times arrives as an array. */
export type InputSchema = v.GenericSchema<Record<string, string | string[]>, unknown>;

/** An answer that a route gives. */
export interface RouteResponse {
  description: string;
  /** Schema of the JSON body; without one the answer has no body, or the media type says what it is. */
  body?: v.GenericSchema;
  mediaType?: string;
}

/** A route. */
export interface Route<P extends InputSchema = InputSchema, Q extends InputSchema = InputSchema> {
  method: "get" | "put" | "delete";
  /** Path with parameters in braces, such as `/watchlist/{username}`. */
  path: string;
  summary: string;
  request: { params: P; query: Q };
  responses: Readonly<Record<number, RouteResponse>>;
}

/** Types a route; gives it back as it is. */
export function defineRoute<P extends InputSchema, Q extends InputSchema>(route: Route<P, Q>): Route<P, Q> {
  return route;
}

const nothing = v.object({});
const problem = (description: string): RouteResponse => ({
  description,
  body: Problem,
  mediaType: "application/problem+json",
});

/** Failures that any route which asks TikTok may have. */
const lookupProblems = {
  400: problem("A parameter is wrong; every wrong one is named"),
  403: problem("TikTok shows it to some people only: private, age_restricted, login_required"),
  404: problem("TikTok knows no such user"),
  500: problem("An unexpected failure"),
  502: problem("TikTok's answer could not be used: protocol, network"),
  503: problem("TikTok or the signer refuses: captcha, blocked, rate_limited and the like; see retry_after"),
  504: problem("No answer in time"),
};

const inputProblems = {
  400: problem("A parameter is wrong; every wrong one is named"),
  500: problem("An unexpected failure"),
};

const notThere = { 404: problem("It does not exist") };

const one = v.string("must be given once");
const filled = v.pipe(one, v.trim(), v.nonEmpty("must not be empty"));
const digits = (least: number, most: number) =>
  v.pipe(
    one,
    v.trim(),
    v.regex(/^\d{1,16}$/, "must be a whole number"),
    v.check((text) => Number(text) >= least && Number(text) <= most, `must be ${least} to ${most}`),
  );
const number = (least: number, most: number) => v.pipe(digits(least, most), v.transform(Number));
/** Time stamps and the like; 0 is "from the start". */
const cursorNumber = number(0, Number.MAX_SAFE_INTEGER);
const roomId = v.pipe(one, v.regex(/^[1-9]\d{0,19}$/, "must be a room id of 1 to 20 digits"));
const page = {
  limit: v.optional(number(1, 1_000), "100"),
  cursor: v.optional(v.pipe(filled, v.maxLength(200, "must be a cursor of an earlier page"))),
};

const MAX_NAMES = 50;
const names = v.optional(v.union([v.string(), v.array(v.string())]), []);
/** Where names may stand. */
const NAME_PATHS = [["usernames[]"], ["usernames"]] as const;
type Names = string | string[];
const namesOf = (query: { "usernames[]": Names; usernames: Names }): string[] =>
  [query["usernames[]"], query.usernames].flat().flatMap((each) => each.split(","))
    .map((each) => each.trim()).filter((each) => each !== "");

/** `GET /api/links` */
export const linksRoute = defineRoute({
  method: "get",
  path: "/api/links",
  summary: "Stream links of up to 50 hosts",
  request: {
    params: nothing,
    query: v.pipe(
      v.object({
        "usernames[]": names,
        usernames: names,
        quality: v.optional(v.pipe(filled, v.regex(/^[a-z0-9_]{1,20}$/i, "must be a quality such as hd"))),
        protocol: v.optional(v.picklist(["flv", "hls"], "must be flv or hls")),
        codec: v.optional(v.pipe(filled, v.regex(/^[a-z0-9]{1,10}$/i, "must be a codec such as h264"))),
      }),
      v.forward(
        v.partialCheck(NAME_PATHS, (query) => namesOf(query).length > 0, "must hold at least one name"),
        ["usernames"],
      ),
      v.forward(
        v.partialCheck(
          NAME_PATHS,
          (query) => namesOf(query).length <= MAX_NAMES,
          `must hold at most ${MAX_NAMES} names`,
        ),
        ["usernames"],
      ),
      v.transform((query) => ({
        usernames: namesOf(query),
        prefer: {
          qualities: query.quality === undefined ? undefined : [query.quality.toLowerCase()],
          protocols: query.protocol === undefined ? undefined : [query.protocol],
          codecs: query.codec === undefined ? undefined : [query.codec.toLowerCase()],
        },
      })),
    ),
  },
  responses: {
    200: { description: "One object for one name, an array for several", body: LinksReply },
    ...lookupProblems,
  },
});

/** `GET /tiktok/user-info` */
export const userInfoRoute = defineRoute({
  method: "get",
  path: "/tiktok/user-info",
  summary: "A user's profile",
  request: { params: nothing, query: v.object({ uniqueId: filled }) },
  responses: { 200: { description: "The profile", body: UserInfoReply }, ...lookupProblems },
});

/** `GET /tiktok/user-followings` */
export const followingsRoute = defineRoute({
  method: "get",
  path: "/tiktok/user-followings",
  summary: "Whom a user follows",
  request: {
    params: nothing,
    query: v.pipe(
      v.object({
        secUid: v.optional(v.pipe(filled, v.regex(/^[\w-]{10,200}$/, "must be a secUid"))),
        uniqueId: v.optional(filled),
        /** Echoed as the text that it came as. */
        count: v.optional(digits(1, 200), "50"),
        minCursor: v.optional(cursorNumber, "0"),
        maxCursor: v.optional(cursorNumber, "0"),
      }),
      v.forward(
        v.check(({ secUid, uniqueId }) => secUid !== undefined || uniqueId !== undefined, "must be given, or uniqueId"),
        ["secUid"],
      ),
    ),
  },
  responses: { 200: { description: "A page of users", body: FollowingsReply }, ...lookupProblems },
});

const watchParams = v.object({ username: v.string() });

/** `GET /watchlist` */
export const listWatchesRoute = defineRoute({
  method: "get",
  path: "/watchlist",
  summary: "Names that are watched",
  request: { params: nothing, query: v.object(page) },
  responses: { 200: { description: "A page of names", body: WatchlistReply }, ...inputProblems },
});

/** `GET /watchlist/{username}` */
export const getWatchRoute = defineRoute({
  method: "get",
  path: "/watchlist/{username}",
  summary: "One watched name",
  request: { params: watchParams, query: nothing },
  responses: { 200: { description: "The name", body: WatchReply }, ...inputProblems, ...notThere },
});

/** `PUT /watchlist/{username}` */
export const putWatchRoute = defineRoute({
  method: "put",
  path: "/watchlist/{username}",
  summary: "Watch a name",
  request: { params: watchParams, query: nothing },
  responses: {
    200: { description: "It was watched already", body: WatchReply },
    201: { description: "It is watched from now on", body: WatchReply },
    ...inputProblems,
  },
});

/** `DELETE /watchlist/{username}` */
export const deleteWatchRoute = defineRoute({
  method: "delete",
  path: "/watchlist/{username}",
  summary: "Stop watching a name",
  request: { params: watchParams, query: nothing },
  responses: { 204: { description: "It is not watched any more" }, ...inputProblems, ...notThere },
});

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

/** `GET /health` */
export const healthRoute = defineRoute({
  method: "get",
  path: "/health",
  summary: "Whether the API and its store work",
  request: { params: nothing, query: nothing },
  responses: { 200: { description: "They do", body: HealthReply }, 500: problem("They do not") },
});
