/**
 * A user as the profile page, `api/user/detail` and the lists of users show them: the same objects in all three
 * (protocol.md 1.3 and 8).
 * @module
 */
import { LiveError, type LiveErrorCode } from "../errors.ts";
import { at, firstId, flag, number, optionalText, text } from "./read.ts";
import { evidenceOf, type HttpReply } from "./refusals.ts";

/** A user, as TikTok shows them to everybody. */
export interface UserInfo {
  /** Numeric id, a decimal string. */
  id: string;
  /** The @name, without the @. */
  username: string;
  /** The name that is shown, any text; not unique. */
  nickname: string;
  /** Text of the profile; empty when there is none. */
  bio: string;
  /** Link in the bio. */
  bioLink: string | undefined;
  /** First URL of the picture. */
  avatarUrl: string | undefined;
  /** Whether TikTok shows the blue tick. */
  verified: boolean;
  /** Whether the account shows itself to followers only. */
  private: boolean;
  /** Id that TikTok's own calls use. */
  secUid: string;
  /** Current or last room; empty when there is none. It does not say that the user is live. */
  roomId: string;
  /** How many follow them; `undefined` when TikTok does not say. */
  followers: number | undefined;
  /** How many they follow; `undefined` when TikTok does not say. */
  following: number | undefined;
  /** How many follow them and are followed back; `undefined` when TikTok does not say. */
  friends: number | undefined;
  /** Likes received. */
  likes: number | undefined;
  /** Videos that they published; `undefined` when TikTok does not say. */
  videos: number | undefined;
}

const STATUS_ERRORS: Readonly<Record<number, readonly [LiveErrorCode, string]>> = {
  10221: ["not_found", "TikTok knows no such user"],
  10223: ["not_found", "TikTok knows no such user"],
  10222: ["private", "the account is private"],
  10204: ["blocked", "TikTok refuses this address"],
  10216: ["private", "the account is private"],
};

/** Reads `{user, stats, statsV2}`. */
export function readUserInfo(entry: unknown): UserInfo {
  const user = at(entry, "user");
  // statsV2 holds the same counts as strings, exact where stats overflows.
  const count = (key: string) => number(at(entry, "statsV2", key)) ?? number(at(entry, "stats", key));
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

/**
 * Reads `{statusCode, userInfo}`.
 * @param action what was asked, for the message
 * @throws {LiveError} `not_found`, `private`, `blocked`, or `protocol` for any other shape
 */
export function readUserDetail(detail: unknown, reply: HttpReply, action: string): UserInfo {
  const statusCode = number(at(detail, "statusCode"));
  const evidence = { ...evidenceOf(reply), ...(statusCode === undefined ? {} : { statusCode }) };
  const known = statusCode === undefined ? undefined : STATUS_ERRORS[statusCode];
  if (known !== undefined) throw new LiveError(known[0], `${action}: ${known[1]}`, { evidence });
  const entry = at(detail, "userInfo");
  const user = at(entry, "user");
  if (typeof user !== "object" || user === null) {
    const saw = statusCode === undefined || statusCode === 0
      ? "TikTok answered without a user"
      : `TikTok answered with status code ${statusCode}`;
    throw new LiveError("protocol", `${action}: ${saw}`, { evidence });
  }
  return readUserInfo(entry);
}
