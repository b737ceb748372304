/**
 * `api/search/live/full`: lives by words, unsigned (protocol.md 1.4).
 * @module
 */
import { LiveError } from "../errors.ts";
import type { CallContext } from "./calls.ts";
import type { HttpRequest } from "./http.ts";
import { type LiveStream, readLiveStream, type Track } from "./live_stream.ts";
import { at, list, nested, number } from "./read.ts";
import { evidenceOf, type HttpReply, readJson } from "./refusals.ts";

/** Options of {@link TikTok.searchLives}. */
export interface LiveSearchOptions {
  /** Lives to pass over: the number of those seen so far. @default 0 */
  offset?: number;
  /** Lives asked for, 1 to 50; TikTok may give fewer. @default 20 */
  count?: number;
  /** Gives the call up. */
  signal?: AbortSignal;
}

const ACTION = "Search for lives";
/** TikTok wants a login. */
const LOGIN_WANTED = 2483;
const MAX_KEYWORD_LENGTH = 200;

/**
 * @param keyword 1 to 200 characters
 * @throws {LiveError} `invalid_input` for any other keyword
 */
export function liveSearchRequest(context: CallContext, keyword: string, offset: number, count: number): HttpRequest {
  const words = keyword.trim();
  if (words === "" || words.length > MAX_KEYWORD_LENGTH) {
    throw new LiveError("invalid_input", `${ACTION}: a keyword has 1 to ${MAX_KEYWORD_LENGTH} characters`, {
      remedy: "Pass one or more words",
    });
  }
  const query = context.query({ keyword: words, offset: String(offset), count: String(count), from_page: "search" });
  return { action: ACTION, url: `${context.baseUrls.web}/api/search/live/full/?${query}`, wants: "json" };
}

/** @throws {LiveError} `login_required`, or `protocol` when the answer has another shape */
export function parseLiveSearch(reply: HttpReply, track: Track): LiveStream[] {
  const body = readJson(reply, ACTION);
  const statusCode = number(at(body, "status_code")) ?? number(at(body, "statusCode")) ?? number(at(body, "code"));
  const entries = at(body, "data");
  const ok = statusCode === undefined || statusCode === 0;
  // Nothing found comes with a null in place of the list, or without one.
  if (!ok || (!Array.isArray(entries) && (statusCode === undefined || (entries ?? null) !== null))) {
    const code = statusCode === LOGIN_WANTED ? "login_required" : "protocol";
    throw new LiveError(code, `${ACTION}: TikTok answered without a list of lives`, {
      evidence: { ...evidenceOf(reply), ...(statusCode === undefined ? {} : { statusCode }) },
    });
  }
  return list(entries).flatMap((entry) =>
    readLiveStream(nested(at(entry, "live_info", "raw_data")), entry, track) ?? []
  );
}
