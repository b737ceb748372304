/**
 * Links, user info, followings.
 * @module
 */
import * as v from "valibot";
import {
  about,
  canBeName,
  cursorNumber,
  defineRoute,
  digits,
  filled,
  inputProblems,
  lookupProblems,
  nameCheck,
  NO_NAME,
  nothing,
  unchanged,
} from "../route.ts";
import { FollowersReply, FollowingsReply, LinksReply, LiveChecksReply, UserInfoReply } from "../schemas.ts";

/** Most names in one request. */
const MAX_NAMES = 50;
const names = v.optional(
  v.pipe(
    v.union([v.string(), v.array(v.string())]),
    about(
      `Hosts, 1 to ${MAX_NAMES} in all: names, \`@names\` or profile URLs, repeated or with commas between; the name ` +
        "works with and without `[]`",
      ["some.host", "other.host"],
    ),
  ),
  [],
);
/** Where names may stand. */
const NAME_PATHS = [["usernames[]"], ["usernames"]] as const;
type Names = string | string[];
const namesOf = (query: Readonly<Record<string, Names | undefined>>): string[] =>
  [query["usernames[]"] ?? [], query["usernames"] ?? []].flat().flatMap((each) => each.split(","))
    .map((each) => each.trim()).filter((each) => each !== "");
/** The only value of a parameter; empty for none and for several. */
const only = (value: Names | undefined): string => typeof value === "string" ? value : "";

/** Names of hosts: `usernames[]=` or `usernames=`, repeated or with commas between. */
const nameEntries = { "usernames[]": names, usernames: names };
type NamesQuery = { "usernames[]": Names; usernames: Names };
const someNames = (query: NamesQuery): boolean => namesOf(query).length > 0;
const notTooMany = (query: NamesQuery): boolean => namesOf(query).length <= MAX_NAMES;
/** Among several names a wrong one is told in its own place. */
const aNameIfAlone = (query: NamesQuery): boolean => {
  const [name, ...more] = namesOf(query);
  return name === undefined || more.length > 0 || canBeName(name);
};
const NO_NAMES = "must hold at least one name";
const TOO_MANY = `must hold at most ${MAX_NAMES} names`;

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
        ...nameEntries,
        quality: v.optional(
          v.pipe(
            filled,
            v.regex(/^[a-z0-9_]{1,20}$/i, "must be a quality such as hd"),
            about("Quality that `live_stream_link` is to have; else the best", "hd"),
          ),
        ),
        protocol: v.optional(
          v.pipe(
            v.picklist(["flv", "hls"], "must be flv or hls"),
            about("Protocol that `live_stream_link` is to have; else flv", "flv"),
          ),
        ),
        codec: v.optional(
          v.pipe(
            filled,
            v.regex(/^[a-z0-9]{1,10}$/i, "must be a codec such as h264"),
            about("Codec that `live_stream_link` is to have; else h264", "h264"),
          ),
        ),
      }),
      v.forward(v.partialCheck(NAME_PATHS, someNames, NO_NAMES), ["usernames"]),
      v.forward(v.partialCheck(NAME_PATHS, notTooMany, TOO_MANY), ["usernames"]),
      v.forward(v.partialCheck(NAME_PATHS, aNameIfAlone, NO_NAME), ["usernames"]),
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
    ...unchanged,
    ...lookupProblems,
  },
  failureFields(query, error) {
    const [user, ...more] = namesOf(query);
    return user === undefined || more.length > 0 ? { error } : { error, user };
  },
});

/** `GET /api/live` */
export const liveRoute = defineRoute({
  method: "get",
  path: "/api/live",
  summary: "Which of up to 50 hosts are live",
  scope: "lookup",
  request: {
    params: nothing,
    query: v.pipe(
      v.object(nameEntries),
      v.forward(v.partialCheck(NAME_PATHS, someNames, NO_NAMES), ["usernames"]),
      v.forward(v.partialCheck(NAME_PATHS, notTooMany, TOO_MANY), ["usernames"]),
      v.transform((query) => ({ usernames: namesOf(query) })),
    ),
  },
  responses: {
    200: { description: "One entry for each name, in order", body: LiveChecksReply },
    ...unchanged,
    ...inputProblems,
  },
});

/** `GET /tiktok/user-info` */
export const userInfoRoute = defineRoute({
  method: "get",
  path: "/tiktok/user-info",
  summary: "A user's profile",
  scope: "lookup",
  request: {
    params: nothing,
    query: v.object({ uniqueId: v.pipe(filled, nameCheck(), about("Name, `@name` or profile URL", "some.host")) }),
  },
  responses: { 200: { description: "The profile", body: UserInfoReply }, ...unchanged, ...lookupProblems },
  failureFields: () => ({ data: null }),
});

const listQuery = v.pipe(
  v.object({
    secUid: v.optional(
      v.pipe(
        filled,
        v.regex(/^[\w-]{10,200}$/, "must be a secUid"),
        about("`secUid` of the user, 10 to 200 characters; or `uniqueId`", "MS4wLjABAAAAtFKZYaOb-9nF_w7QRi4y64d45mvu"),
      ),
    ),
    uniqueId: v.optional(
      v.pipe(filled, nameCheck(), about("Name, `@name` or profile URL, in place of `secUid`", "some.host")),
    ),
    /** Echoed as the text that it came as. */
    count: v.optional(digits(1, 200, "Most users of the page", 50), "50"),
    minCursor: v.optional(cursorNumber("`minCursor` of the page before; 0 for the first"), "0"),
    maxCursor: v.optional(cursorNumber("0, or as `minCursor`; need not be given"), "0"),
  }),
  v.forward(
    v.partialCheck(
      [["secUid"], ["uniqueId"]],
      ({ secUid, uniqueId }) => secUid !== undefined || uniqueId !== undefined,
      "must be given, or uniqueId",
    ),
    ["secUid"],
  ),
);
const listFailureFields = (query: Readonly<Record<string, Names>>) => ({
  requestDetails: {
    secUid: only(query["secUid"]),
    count: only(query["count"]) || "50",
    minCursor: Number(only(query["minCursor"])) || 0,
    maxCursor: Number(only(query["maxCursor"])) || 0,
  },
});

/** `GET /tiktok/user-followings` */
export const followingsRoute = defineRoute({
  method: "get",
  path: "/tiktok/user-followings",
  summary: "Whom a user follows",
  scope: "lookup",
  request: { params: nothing, query: listQuery },
  responses: { 200: { description: "A page of users", body: FollowingsReply }, ...unchanged, ...lookupProblems },
  failureFields: listFailureFields,
});

/** `GET /tiktok/user-followers` */
export const followersRoute = defineRoute({
  method: "get",
  path: "/tiktok/user-followers",
  summary: "Who follows a user",
  scope: "lookup",
  request: { params: nothing, query: listQuery },
  responses: { 200: { description: "A page of users", body: FollowersReply }, ...unchanged, ...lookupProblems },
  failureFields: listFailureFields,
});
