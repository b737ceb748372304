/**
 * A host and their room as api-live and the live page show them: both carry the same three objects.
 * @module
 */
import type { RoomSummary } from "../events/types.ts";
import { linksOfLiveRoom, type StreamLink } from "../media/stream_urls.ts";
import { at, firstId, flag, number, optionalText, secondsToMs, text } from "./read.ts";

/** A host and what they are doing. */
export interface RoomStatus {
  /** Current or last room; empty when there is none. It outlives its stream: look at {@link RoomStatus.live}. */
  roomId: string;
  /** On air now, as far as TikTok says. */
  live: boolean;
  /** The host has put the live on hold; it is neither live nor over. */
  paused: boolean;
  /** Title of the live or of the last one; empty when it has none. */
  title: string;
  /** When the live began, ms since 1970. */
  startedAt: number | undefined;
  /** Viewers now. */
  viewers: number | undefined;
  /** People who came in since the live began. */
  totalViewers: number | undefined;
  /** The host, with the text and the followers of their profile. */
  host: RoomSummary["host"] & { bio: string; verified: boolean; private: boolean; followers: number | undefined };
  /** Every stream link that the answer carries; empty when there is none. */
  links: StreamLink[];
}

const LIVE = 2;
const PAUSED = 3;

/**
 * Reads `{user, stats, liveRoom}`. The status rule is protocol.md 1: live only when either status is 2; a room id
 * alone says nothing, since it survives the end of a stream.
 */
export function readRoomStatus(data: unknown): RoomStatus {
  const user = at(data, "user");
  const room = at(data, "liveRoom");
  const statuses = [number(at(room, "status")), number(at(user, "status"))];
  const live = statuses.includes(LIVE);
  return {
    roomId: firstId(at(user, "roomId"), at(room, "roomId")),
    live,
    paused: !live && statuses.includes(PAUSED),
    title: text(at(room, "title")),
    startedAt: secondsToMs(at(room, "startTime")),
    viewers: number(at(room, "liveRoomStats", "userCount")),
    totalViewers: number(at(room, "liveRoomStats", "enterCount")),
    host: {
      id: firstId(at(user, "id")),
      username: text(at(user, "uniqueId")),
      nickname: text(at(user, "nickname")),
      avatarUrl: optionalText(at(user, "avatarMedium")) ?? optionalText(at(user, "avatarThumb")) ??
        optionalText(at(user, "avatarLarger")),
      secUid: optionalText(at(user, "secUid")),
      bio: text(at(user, "signature")),
      verified: flag(at(user, "verified")),
      private: flag(at(user, "secret")),
      followers: number(at(data, "stats", "followerCount")),
    },
    links: linksOfLiveRoom(room),
  };
}

/** The part of a room that the `connected` event carries: without stream links, which are signed. */
export function summaryOf(room: RoomSummary): RoomSummary {
  const { roomId, title, startedAt, viewers } = room;
  const { id, username, nickname, avatarUrl, secUid } = room.host;
  return { roomId, title, startedAt, viewers, host: { id, username, nickname, avatarUrl, secUid } };
}
