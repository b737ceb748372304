/**
 * The profile page and its `__UNIVERSAL_DATA_FOR_REHYDRATION__` (protocol.md 1.3).
 * @module
 */
import type { HttpRequest } from "./http.ts";
import { at } from "./read.ts";
import { type HttpReply, readPageState } from "./refusals.ts";
import { readUserDetail, type UserInfo } from "./user_info.ts";

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
  return readUserDetail(at(state, "__DEFAULT_SCOPE__", "webapp.user-detail"), reply, action);
}
