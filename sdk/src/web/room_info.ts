/**
 * `webcast/room/info`: what TikTok tells of a room by its id, unsigned (protocol.md 2).
 * @module
 */
import { LiveError, type LiveErrorCode } from "../errors.ts";
import type { RoomSummary } from "../events/types.ts";
import { linksOfStreamUrl, type StreamLink } from "../media/stream_urls.ts";
import type { HttpRequest } from "./http.ts";
import { at, entries, firstId, flag, imageUrl, number, optionalText, secondsToMs, text } from "./read.ts";
import { evidenceOf, type HttpReply, readJson } from "./refusals.ts";

/** A room as `webcast/room/info` shows it. */
export interface RoomInfo extends RoomSummary {
  /** On air now. */
  live: boolean;
  /** The host has put the live on hold. */
  paused: boolean;
  /** First URL of the cover picture. */
  coverUrl: string | undefined;
  /** Address of the live for people. */
  shareUrl: string | undefined;
  /** People who came in since the live began. */
  totalViewers: number | undefined;
  /** Taps since the live began. */
  likes: number | undefined;
  /** Chat lines since the live began, as TikTok counts them. */
  comments: number | undefined;
  /** Times that the live was shared. */
  shares: number | undefined;
  /** People who followed the host during the live. */
  newFollowers: number | undefined;
  /** Only for logged-in adults; the socket works all the same. */
  ageRestricted: boolean;
  /** Who is live, with the text and the counts of their profile. */
  host: RoomSummary["host"] & { bio: string; followers: number | undefined; following: number | undefined };
  /** Every stream link, best level first. */
  links: StreamLink[];
  /** TikTok's whole room object. Its ids above 2^53 have lost digits where TikTok wrote them as numbers: use `…_str`. */
  data: Readonly<Record<string, unknown>>;
}

const STATUS_ERRORS: Readonly<Record<number, readonly [LiveErrorCode, string, string?]>> = {
  4003110: ["age_restricted", "the room is for logged-in adults"],
  10011: ["invalid_input", "TikTok calls the parameters wrong", "Check the room id: TikTok knows no such room"],
  10041: ["offline", "the room is finished"],
  30003: ["offline", "the room is finished"],
  20003: ["login_required", "TikTok asks for a login"],
};

const actionFor = (roomId: string): string => `Read room ${roomId}`;

/** @param roomId a checked id */
export function roomInfoRequest(webcastUrl: string, roomId: string): HttpRequest {
  const query = new URLSearchParams({ aid: "1988", room_id: roomId });
  return { action: actionFor(roomId), url: `${webcastUrl}/webcast/room/info/?${query}`, wants: "json" };
}

/**
 * @throws {LiveError} `age_restricted`, `offline`, `login_required`, `invalid_input`, or `protocol` for any other shape
 */
export function parseRoomInfo(reply: HttpReply, roomId: string): RoomInfo {
  const action = actionFor(roomId);
  const body = readJson(reply, action);
  const statusCode = number(at(body, "status_code"));
  const evidence = { ...evidenceOf(reply), ...(statusCode === undefined ? {} : { statusCode }) };
  const known = statusCode === undefined ? undefined : STATUS_ERRORS[statusCode];
  if (known !== undefined) {
    const [code, saw, remedy] = known;
    throw new LiveError(code, `${action}: ${saw}`, { evidence, ...(remedy === undefined ? {} : { remedy }) });
  }
  const data = at(body, "data");
  if (statusCode !== 0) {
    throw new LiveError("protocol", `${action}: TikTok answered with status code ${statusCode}`, { evidence });
  }
  if (typeof data !== "object" || data === null) {
    throw new LiveError("protocol", `${action}: TikTok answered without a room`, { evidence });
  }
  // A restricted room shows its prompts, or hardly anything.
  if (at(data, "prompts") !== undefined || entries(data).length <= 1) {
    throw new LiveError("age_restricted", `${action}: TikTok holds the room's data back`, { evidence });
  }
  return readRoom(data, roomId);
}

/**
 * Reads TikTok's room object, as room info, the feed and the search carry it.
 * @param roomId for an object that does not name its own
 */
export function readRoom(data: unknown, roomId: string): RoomInfo {
  const owner = at(data, "owner");
  const status = number(at(data, "status"));
  return {
    roomId: firstId(at(data, "id_str"), at(data, "id"), roomId),
    live: status === 2,
    paused: status === 3,
    title: text(at(data, "title")),
    startedAt: secondsToMs(at(data, "create_time")),
    viewers: number(at(data, "user_count")),
    totalViewers: number(at(data, "stats", "total_user")),
    likes: number(at(data, "stats", "like_count")),
    comments: number(at(data, "stats", "comment_count")),
    shares: number(at(data, "stats", "share_count")),
    newFollowers: number(at(data, "stats", "follow_count")),
    coverUrl: imageUrl(at(data, "cover")),
    shareUrl: optionalText(at(data, "share_url")),
    ageRestricted: flag(at(data, "age_restricted", "restricted")),
    host: {
      id: firstId(at(owner, "id_str"), at(owner, "id")),
      username: text(at(owner, "display_id")),
      nickname: text(at(owner, "nickname")),
      avatarUrl: imageUrl(at(owner, "avatar_thumb")),
      secUid: optionalText(at(owner, "sec_uid")),
      bio: text(at(owner, "bio_description")),
      followers: number(at(owner, "follow_info", "follower_count")),
      following: number(at(owner, "follow_info", "following_count")),
    },
    links: linksOfStreamUrl(at(data, "stream_url")),
    data: data as Readonly<Record<string, unknown>>,
  };
}
