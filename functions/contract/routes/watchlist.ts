/**
 * The watchlist.
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
  one,
  page,
  quality,
  usernameParams,
} from "../route.ts";
import { ImportReply, WatchlistReply, WatchReply } from "../schemas.ts";

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
  request: { params: usernameParams, query: nothing },
  responses: { 200: { description: "The name", body: WatchReply }, ...inputProblems, ...notThere },
});

const priority = v.pipe(
  one,
  v.trim(),
  v.regex(/^(-[1-3]|[0-3])$/, "must be a whole number from -3 to 3"),
  v.metadata({
    type: "integer",
    minimum: -3,
    maximum: 3,
    description: "Each step up halves the time between checks; 0 for a new name without it",
    examples: [1],
  }),
  v.transform(Number),
);

const paused = v.pipe(
  v.picklist(["true", "false"], "must be true or false"),
  about("true: it stays on the list, and nobody looks at it. false: it is looked at again, and at once", "true"),
  v.transform((text) => text === "true"),
);

/** `PUT /watchlist/{username}` */
export const putWatchRoute = defineRoute({
  method: "put",
  path: "/watchlist/{username}",
  summary: "Watch a name, or change its priority and quality, or pause it. What is left out stays as it is",
  request: {
    params: usernameParams,
    query: v.object({
      priority: v.optional(priority),
      quality: v.optional(
        v.pipe(quality, about("Its next lives are recorded in this quality, or the next best", "hd")),
      ),
      paused: v.optional(paused),
    }),
  },
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
  request: { params: usernameParams, query: nothing },
  responses: { 204: { description: "It is not watched any more" }, ...inputProblems, ...notThere },
});

const whole = (least: number, most: number) =>
  v.pipe(
    v.number("must be a number"),
    v.integer("must be a whole number"),
    v.minValue(least, `must be at least ${least}`),
    v.maxValue(most, `must be at most ${most}`),
  );
const limit = v.optional(v.pipe(whole(1, 1_000), v.description("Most names to read of the list")), 200);
const minCursor = v.optional(
  v.pipe(whole(0, Number.MAX_SAFE_INTEGER), v.description("`min_cursor` of the import before; 0 for the first")),
  0,
);

/** `POST /watchlist/import` */
export const importWatchesRoute = defineRoute({
  method: "post",
  path: "/watchlist/import",
  summary: "Watch many names: a list of names, or those that a user follows",
  request: {
    params: nothing,
    query: nothing,
    body: v.union([
      v.object({
        usernames: v.pipe(
          v.array(v.string("must be a name")),
          v.minLength(1, "must hold at least one name"),
          v.maxLength(1_000, "must hold at most 1000 names"),
          v.description("1 to 1000 names, `@names` or profile URLs"),
        ),
      }),
      v.object({
        uniqueId: v.pipe(
          v.string("must be a name"),
          v.trim(),
          v.nonEmpty("must not be empty"),
          nameCheck(),
          v.description("Whose followings to watch: name, `@name` or profile URL"),
        ),
        limit,
        minCursor,
      }),
      v.object({
        secUid: v.pipe(
          v.string("must be a secUid"),
          v.regex(/^[\w-]{10,200}$/, "must be a secUid"),
          v.description("Whose followings to watch"),
        ),
        limit,
        minCursor,
      }),
    ], "must hold usernames, or uniqueId or secUid with a limit"),
  },
  responses: {
    200: { description: "What was done", body: ImportReply },
    ...lookupProblems,
    ...bodyProblems,
  },
});
