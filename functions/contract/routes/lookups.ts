/**
 * Links, user info, followings.
 * @module
 */
import * as v from "valibot";
import { cursorNumber, defineRoute, digits, filled, lookupProblems, nothing } from "../route.ts";
import { FollowingsReply, LinksReply, UserInfoReply } from "../schemas.ts";

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
  scope: "lookup",
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
  scope: "lookup",
  request: { params: nothing, query: v.object({ uniqueId: filled }) },
  responses: { 200: { description: "The profile", body: UserInfoReply }, ...lookupProblems },
});

/** `GET /tiktok/user-followings` */
export const followingsRoute = defineRoute({
  method: "get",
  path: "/tiktok/user-followings",
  summary: "Whom a user follows",
  scope: "lookup",
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
