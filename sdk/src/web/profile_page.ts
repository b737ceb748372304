/**
 * The profile page and its `__UNIVERSAL_DATA_FOR_REHYDRATION__` (protocol.md 1.3).
 * @module
 */
import { LiveError, type LiveErrorCode } from "../errors.ts";
import type { HttpRequest } from "./http.ts";
import { at, firstId, flag, number, optionalText, text } from "./read.ts";
import { evidenceOf, type HttpReply, readPageState } from "./refusals.ts";

/** A user as their profile page shows them. */
export interface UserInfo {
  /** Numeric id, a decimal string. */
  id: string;
  /** The @name, without the @. */
  username: string;
  nickname: string;
  bio: string;
  /** Link in the bio. */
  bioLink: string | undefined;
  avatarUrl: string | undefined;
  verified: boolean;
  private: boolean;
  /** Id that TikTok's own calls use. */
  secUid: string;
  /** Current or last room; empty when there is none. It does not say that the user is live. */
  roomId: string;
  followers: number | undefined;
  following: number | undefined;
  friends: number | undefined;
  /** Likes received. */
  likes: number | undefined;
  videos: number | undefined;
}

const STATUS_ERRORS: Readonly<Record<number, readonly [LiveErrorCode, string]>> = {
  10221: ["not_found", "TikTok knows no such user"],
  10223: ["not_found", "TikTok knows no such user"],
  10222: ["private", "the account is private"],
  10204: ["blocked", "TikTok refuses this address"],
  10216: ["private", "the account is private"],
};

const actionFor = (username: string): string => `Read the profile of ${username}`;

/** @param username a normalised name */
export function profilePageRequest(webUrl: string, username: string): HttpRequest {
  return { action: actionFor(username), url: `${webUrl}/@${username}`, wants: "html" };
}

/**
 * @throws {LiveError} `not_found`, `private`, the refusal that the page is, or `protocol` for any other shape
 */
export function parseProfilePage(reply: HttpReply, username: string): UserInfo {
  const action = actionFor(username);
  const state = readPageState(reply, "__UNIVERSAL_DATA_FOR_REHYDRATION__", action);
  const detail = at(state, "__DEFAULT_SCOPE__", "webapp.user-detail");
  const statusCode = number(at(detail, "statusCode"));
  const evidence = { ...evidenceOf(reply), ...(statusCode === undefined ? {} : { statusCode }) };
  const known = statusCode === undefined ? undefined : STATUS_ERRORS[statusCode];
  if (known !== undefined) throw new LiveError(known[0], `${action}: ${known[1]}`, { evidence });
  const user = at(detail, "userInfo", "user");
  if (typeof user !== "object" || user === null) {
    const saw = statusCode === undefined || statusCode === 0
      ? "the page state has no user"
      : `status code ${statusCode}`;
    throw new LiveError("protocol", `${action}: ${saw}`, { evidence });
  }
  // statsV2 holds the same counts as strings, exact where stats overflows.
  const count = (key: string) =>
    number(at(detail, "userInfo", "statsV2", key)) ?? number(at(detail, "userInfo", "stats", key));
  return {
    id: firstId(at(user, "id")),
    username: text(at(user, "uniqueId")),
    nickname: text(at(user, "nickname")),
    bio: text(at(user, "signature")),
    bioLink: optionalText(at(user, "bioLink", "link")),
    avatarUrl: optionalText(at(user, "avatarMedium")) ?? optionalText(at(user, "avatarLarger")) ??
      optionalText(at(user, "avatarThumb")),
    verified: flag(at(user, "verified")),
    private: flag(at(user, "privateAccount")) || flag(at(user, "secret")),
    secUid: text(at(user, "secUid")),
    roomId: firstId(at(user, "roomId")),
    followers: count("followerCount"),
    following: count("followingCount"),
    friends: count("friendCount"),
    likes: count("heartCount"),
    videos: count("videoCount"),
  };
}
