/**
 * `api/user/detail`: a user by name, signed (protocol.md 8). Unsigned it answers with nothing; the profile page is the
 * way without a signer.
 * @module
 */
import type { CallContext } from "./calls.ts";
import type { HttpRequest } from "./http.ts";
import { type HttpReply, readJson } from "./refusals.ts";
import { readUserDetail, type UserInfo } from "./user_info.ts";

const actionFor = (username: string): string => `Read the user ${username}`;

/** @param username a normalised name */
export function userDetailRequest(context: CallContext, username: string): HttpRequest {
  const query = context.query({ uniqueId: username, secUid: "", msToken: context.identity.msToken });
  return { action: actionFor(username), url: `${context.baseUrls.web}/api/user/detail/?${query}`, wants: "json" };
}

/** @throws {LiveError} `not_found`, `private`, `blocked`, or `protocol` for any other shape */
export function parseUserDetail(reply: HttpReply, username: string): UserInfo {
  const action = actionFor(username);
  return readUserDetail(readJson(reply, action), reply, action);
}
