/**
 * The watchlist.
 * @module
 */
import * as v from "valibot";
import { defineRoute, inputProblems, nothing, notThere, page } from "../route.ts";
import { WatchlistReply, WatchReply } from "../schemas.ts";

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
