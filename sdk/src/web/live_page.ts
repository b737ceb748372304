/**
 * The live page and its `SIGI_STATE` (protocol.md 1.2): the second way to a room by name.
 * @module
 */
import { LiveError } from "../errors.ts";
import type { HttpRequest } from "./http.ts";
import { at } from "./read.ts";
import { evidenceOf, type HttpReply, readPageState } from "./refusals.ts";
import { readRoomStatus, type RoomStatus } from "./room_status.ts";

const actionFor = (username: string): string => `Read the live page of ${username}`;

/** @param username a normalised name */
export function livePageRequest(webUrl: string, username: string): HttpRequest {
  return { action: actionFor(username), url: `${webUrl}/@${username}/live`, wants: "html" };
}

/**
 * @throws {LiveError} `not_found` for an account without LIVE; the refusal that the page is; `protocol` for any other
 * shape
 */
export function parseLivePage(reply: HttpReply, username: string): RoomStatus {
  const action = actionFor(username);
  return readLivePageState(readPageState(reply, "SIGI_STATE", action), action, reply);
}

function readLivePageState(state: unknown, action: string, reply: HttpReply): RoomStatus {
  if (at(state, "LiveRoom") === undefined) {
    throw new LiveError("not_found", `${action}: the account has no LIVE, or does not exist`, {
      evidence: evidenceOf(reply),
    });
  }
  const info = at(state, "LiveRoom", "liveRoomUserInfo");
  if (typeof at(info, "user") !== "object") {
    throw new LiveError("protocol", `${action}: the page state has no user`, { evidence: evidenceOf(reply) });
  }
  return readRoomStatus(info);
}
