import { bestStream, type StreamLink, type StreamPreferences } from "@roomtone/sdk";
import { AppError } from "../contract/errors.ts";
import type { LinkReply, LinksReply } from "../contract/schemas.ts";
import type { Clock } from "../ports/clock.ts";
import type { LiveAnswer, LiveLookup } from "../ports/live_lookup.ts";
import { mapBounded } from "./bounded.ts";
import { readUsername } from "./usernames.ts";

/** Names that are looked up at the same time for one request. */
const CONCURRENCY = 8;
/** Time for a whole request, ms. Names without an answer by then are told as late. */
const DEADLINE_MS = 20_000;

/** What a caller asks for. */
export interface LinksRequest {
  /** Names as typed: `name`, `@name` or a profile URL; 1 to 50. */
  usernames: readonly string[];
  /** What `live_stream_link` is to be. @default the best H.264 picture over FLV */
  prefer?: StreamPreferences;
}

/**
 * Answers `GET /api/links`: one object for one name, an array in the order asked for several. Not being live is an
 * answer. Among several names a failure is told in its own place and spoils nothing else.
 * @throws AppError for the failure of the only name asked
 */
export async function liveLinks(
  deps: { lookup: LiveLookup; clock: Clock },
  request: LinksRequest,
): Promise<LinksReply> {
  const names = request.usernames.map(readName);
  const unique = [...new Set(names.flatMap((name) => name.username ?? []))];
  const answers = new Map((await lookUp(deps, unique)).map((answer) => [answer.username, answer]));
  const results = names.map((name) => {
    const answer = name.username === undefined ? undefined : answers.get(name.username);
    return { user: name.username ?? name.typed, answer, error: name.error };
  });
  const [first] = results;
  if (results.length === 1 && first !== undefined) {
    const error = first.error ?? (first.answer?.state === "failed" ? first.answer.error : undefined);
    if (error !== undefined) throw withFields(error, { user: first.user, error: error.message });
  }
  const replies = results.map(({ user, answer, error }) => toReply(user, answer, error, request.prefer));
  return replies.length === 1 && replies[0] !== undefined ? replies[0] : replies;
}

/** A name as typed, and either its normal form or what is wrong with it. */
function readName(typed: string): { typed: string; username?: string; error?: AppError } {
  try {
    return { typed, username: readUsername(typed, "usernames") };
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    return { typed, error };
  }
}

/** Looks names up side by side, and gives up on those that take too long together. */
async function lookUp({ lookup, clock }: { lookup: LiveLookup; clock: Clock }, names: string[]): Promise<LiveAnswer[]> {
  const late = new AbortController();
  const done = new AbortController();
  const deadline = clock.sleep(DEADLINE_MS, done.signal).then(
    () => late.abort(new AppError("deadline", `Look up the live: no answer within ${DEADLINE_MS / 1000} s`)),
    () => undefined,
  );
  try {
    return await mapBounded(names, CONCURRENCY, async (username): Promise<LiveAnswer> => {
      const answer = lookup.links([username], { signal: late.signal }).then(
        ([found]) => found ?? fault(username, "TikTok's answer has no entry for it"),
        (error: unknown) => late.signal.aborted ? fault(username, late.signal.reason) : fault(username, error),
      );
      return await Promise.race([answer, deadline.then(() => fault(username, late.signal.reason))]);
    });
  } finally {
    done.abort();
  }
}

function fault(username: string, error: unknown): LiveAnswer {
  const known = error instanceof AppError
    ? error
    : new AppError("internal", "Look up the live: it failed in an unexpected way", { cause: error });
  return { username, state: "failed", error: known };
}

function withFields(error: AppError, fields: Record<string, unknown>): AppError {
  return new AppError(error.code, error.message, { ...error, fields, cause: error });
}

function toReply(
  user: string,
  answer: LiveAnswer | undefined,
  error: AppError | undefined,
  prefer: StreamPreferences | undefined,
): LinkReply {
  if (answer?.state === "live") {
    const { roomId, title } = answer;
    const more = { room_id: roomId, title, links: answer.links.map(toLink) };
    const best = bestStream(answer.links, prefer);
    return best === undefined
      ? { error: "User is live, but TikTok offers no stream", user, code: "live", ...more }
      : { user, live_stream_link: best.url, code: "live", ...more };
  }
  if (answer?.state === "offline") return { error: "User is not live", user, code: "offline" };
  const failure = error ?? answer?.error ?? new AppError("internal", "Look up the live: it gave no answer");
  return {
    error: failure.message,
    user,
    code: failure.code,
    remedy: failure.remedy,
    retry_after: failure.retryAfterMs === undefined ? undefined : Math.ceil(failure.retryAfterMs / 1000),
  };
}

function toLink(link: StreamLink) {
  return {
    url: link.url,
    protocol: link.protocol,
    quality: link.quality,
    codec: link.codec,
    resolution: link.resolution,
    bitrate_kbps: link.bitrateKbps,
    expires_at: link.expiresAt,
    level: link.level,
  };
}
