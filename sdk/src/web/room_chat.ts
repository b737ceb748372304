/**
 * `webcast/room/chat`: says something in a room, with the user's own session and a signature (protocol.md 9).
 * @module
 */
import { LiveError, type LiveErrorCode } from "../errors.ts";
import type { CallContext } from "./calls.ts";
import type { HttpRequest } from "./http.ts";
import { at, entries, number } from "./read.ts";
import { evidenceOf, type HttpReply, readJson } from "./refusals.ts";

/** What TikTok answered to a message that it took. */
export interface SentMessage {
  /**
   * TikTok's object about the message; empty when it sent none. Its ids above 2^53 have lost digits where TikTok wrote
   * them as numbers: use `…_str`.
   */
  data: Readonly<Record<string, unknown>>;
}

const ACTION = "Send a chat message";
const MAX_TEXT_LENGTH = 500;

const STATUS_ERRORS: Readonly<Record<number, readonly [LiveErrorCode, string]>> = {
  3: ["rate_limited", "TikTok says that this is too fast"],
  10007: ["login_required", "TikTok does not take the session"],
  20001: ["signer_failed", "TikTok does not take the signature"],
  20003: ["login_required", "the session is missing or has expired"],
  4003001: ["login_required", "TikTok does not take the session"],
};

/**
 * @param roomId a checked id
 * @param text 1 to 500 characters
 * @throws {LiveError} `invalid_input` for any other text; `login_required` without a session
 */
export function roomChatRequest(context: CallContext, roomId: string, text: string): HttpRequest {
  if (text.trim() === "" || text.length > MAX_TEXT_LENGTH) {
    throw new LiveError("invalid_input", `${ACTION}: a message has 1 to ${MAX_TEXT_LENGTH} characters`, {
      remedy: "Pass a shorter text that is not empty",
    });
  }
  if (!context.identity.hasSession) {
    throw new LiveError("login_required", `${ACTION}: the client has no session`, {
      remedy: "Pass the cookies of a logged-in account: sessionid, tt-target-idc and tt-csrf-token",
    });
  }
  const query = context.query({ room_id: roomId, from_page: "live" });
  return {
    action: ACTION,
    url: `${context.baseUrls.webcast}/webcast/room/chat/?${query}`,
    method: "POST",
    body: JSON.stringify({ room_id: roomId, content: text, emotes_with_index: "", input_type: 0 }),
    wants: "json",
  };
}

/**
 * @throws {LiveError} unless TikTok took the message: `login_required`, `signer_failed`, `rate_limited`, or `protocol` for any other status code
 */
export function parseRoomChat(reply: HttpReply): SentMessage {
  const body = readJson(reply, ACTION);
  const statusCode = number(at(body, "status_code"));
  if (statusCode === 0) return { data: Object.fromEntries(entries(at(body, "data"))) };
  const evidence = { ...evidenceOf(reply), ...(statusCode === undefined ? {} : { statusCode }) };
  const [code, saw] = (statusCode === undefined ? undefined : STATUS_ERRORS[statusCode]) ??
    ["protocol", `TikTok answered with status code ${statusCode}`] as const;
  throw new LiveError(code, `${ACTION}: ${saw}`, { evidence });
}
