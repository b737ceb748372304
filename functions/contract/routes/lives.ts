/**
 * Rooms, gifts, prices, the feed, and messages into a room.
 * @module
 */
import * as v from "valibot";
import {
  about,
  bodyProblems,
  defineRoute,
  filled,
  lookupProblems,
  nothing,
  one,
  unchanged,
  usernameParams,
} from "../route.ts";
import { FeedReply, GiftsReply, MessageReply, PricesReply, RoomReply } from "../schemas.ts";

/** `GET /api/rooms/{username}` */
export const roomRoute = defineRoute({
  method: "get",
  path: "/api/rooms/{username}",
  summary: "The room of a host who is live",
  scope: "lookup",
  request: { params: usernameParams, query: nothing },
  responses: {
    200: { description: "The room, or that the host is not live", body: RoomReply },
    ...unchanged,
    ...lookupProblems,
  },
});

/** `GET /api/gifts` */
export const giftsRoute = defineRoute({
  method: "get",
  path: "/api/gifts",
  summary: "Gifts that can be sent",
  scope: "lookup",
  request: { params: nothing, query: nothing },
  responses: { 200: { description: "The gifts", body: GiftsReply }, ...unchanged, ...lookupProblems },
});

/** `GET /api/prices` */
export const pricesRoute = defineRoute({
  method: "get",
  path: "/api/prices",
  summary: "What coins cost where the API runs",
  scope: "lookup",
  request: { params: nothing, query: nothing },
  responses: { 200: { description: "The prices", body: PricesReply }, ...unchanged, ...lookupProblems },
});

/** `GET /api/feed` */
export const feedRoute = defineRoute({
  method: "get",
  path: "/api/feed",
  summary: "Lives that TikTok recommends",
  scope: "lookup",
  request: {
    params: nothing,
    query: v.object({
      cursor: v.optional(
        v.pipe(
          one,
          v.regex(/^\d{0,20}$/, "must be a cursor of an earlier page"),
          about("`cursor` of the page before: up to 20 digits; empty for the first", "1760000000000"),
        ),
        "",
      ),
    }),
  },
  responses: { 200: { description: "A page of lives", body: FeedReply }, ...unchanged, ...lookupProblems },
});

/** `POST /api/rooms/{username}/messages` */
export const sendMessageRoute = defineRoute({
  method: "post",
  path: "/api/rooms/{username}/messages",
  summary: "Say something in a room; off unless configured",
  scope: "write",
  request: {
    params: usernameParams,
    query: nothing,
    body: v.object({
      text: v.pipe(
        filled,
        v.maxLength(500, "must have at most 500 characters"),
        v.description("What to say, 1 to 500 characters"),
      ),
    }),
  },
  responses: { 200: { description: "It is sent", body: MessageReply }, ...lookupProblems, ...bodyProblems },
});
