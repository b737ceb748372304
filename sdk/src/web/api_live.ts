/**
 * `api-live/user/room`: a room by its host's name, unsigned and without cookies (protocol.md 1.1).
 * @module
 */
import { LiveError } from "../errors.ts";
import type { HttpRequest } from "./http.ts";
import { at, number, text } from "./read.ts";
import { evidenceOf, type HttpReply, readJson } from "./refusals.ts";
import { readRoomStatus, type RoomStatus } from "./room_status.ts";

const USER_NOT_FOUND = 19881007;
const AGE_RESTRICTED = 4003110;

const actionFor = (username: string): string => `Read the room of ${username}`;

/** @param username a normalised name */
export function apiLiveRequest(webUrl: string, username: string): HttpRequest {
  const query = new URLSearchParams({ aid: "1988", sourceType: "54", uniqueId: username });
  return { action: actionFor(username), url: `${webUrl}/api-live/user/room/?${query}`, wants: "json" };
}

/**
 * @throws {LiveError} `not_found`, `age_restricted`, `invalid_input`, or `protocol` for any other status code or shape
 */
export function parseApiLive(reply: HttpReply, username: string): RoomStatus {
  const action = actionFor(username);
  const body = readJson(reply, action);
  const statusCode = number(at(body, "statusCode"));
  const message = text(at(body, "message")).slice(0, 100);
  const evidence = { ...evidenceOf(reply), ...(statusCode === undefined ? {} : { statusCode }) };
  if (statusCode === USER_NOT_FOUND || message === "user_not_found") {
    throw new LiveError("not_found", `${action}: TikTok knows no such user`, { evidence });
  }
  if (statusCode === AGE_RESTRICTED) {
    throw new LiveError("age_restricted", `${action}: the room is for logged-in adults`, { evidence });
  }
  if (message === "params_error") {
    throw new LiveError("invalid_input", `${action}: TikTok calls the parameters wrong`, { evidence });
  }
  if (statusCode !== 0) {
    throw new LiveError("protocol", `${action}: TikTok answered with status code ${statusCode} ${message}`.trimEnd(), {
      evidence,
    });
  }
  const data = at(body, "data");
  if (typeof at(data, "user") !== "object" && typeof at(data, "liveRoom") !== "object") {
    throw new LiveError("protocol", `${action}: TikTok answered without a user`, { evidence });
  }
  return readRoomStatus(data);
}
