import { bestStream, type StreamLink, type StreamPreferences } from "@roomtone/sdk";
import { AppError } from "../contract/errors.ts";
import type { Link, LinkReply, LinksReply, LiveCheck } from "../contract/schemas.ts";
import type { LiveAnswer } from "../ports/live_lookup.ts";
import { mapBounded } from "./bounded.ts";
import { DEADLINE_MS, lateError, type LookupDeps } from "./deadline.ts";
import { readUsername } from "./usernames.ts";

/** Names that are looked up at the same time for one request. */
const CONCURRENCY = 8;

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
export async function liveLinks(deps: LookupDeps, request: LinksRequest): Promise<LinksReply> {
  const results = await lookAtNames(deps, request.usernames);
  const [first] = results;
  if (results.length === 1 && first?.answer.state === "failed") {
    const { error } = first.answer;
    throw new AppError(error.code, error.message, { ...error, fields: { user: first.user }, cause: error });
  }
  const replies = results.map(({ user, answer }) => toReply(user, answer, request.prefer));
  return replies.length === 1 && replies[0] !== undefined ? replies[0] : replies;
}

/** Answers `GET /api/live`: one entry for each name, in the order asked. */
export async function liveChecks(
  deps: LookupDeps,
  request: { usernames: readonly string[] },
): Promise<LiveCheck[]> {
  const results = await lookAtNames(deps, request.usernames);
  return results.map(({ user, answer }): LiveCheck => {
    if (answer.state === "offline") return { user, live: false, code: "offline" };
    if (answer.state === "failed") return { live: null, ...failure(user, answer.error) };
    return { user, live: true, code: "live", room_id: answer.roomId, title: answer.title };
  });
}

/** Looks at names as they were typed, each once. @returns an answer for each, in order */
async function lookAtNames(
  deps: LookupDeps,
  typed: readonly string[],
): Promise<{ user: string; answer: LiveAnswer }[]> {
  const names = typed.map(readName);
  const unique = [...new Set(names.flatMap((name) => name.username ?? []))];
  const answers = new Map((await lookUp(deps, unique)).map((answer) => [answer.username, answer]));
  return names.map(({ typed, username, error }) => {
    const user = username ?? typed;
    const answer = username === undefined ? undefined : answers.get(username);
    return { user, answer: answer ?? fault(user, error) };
  });
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
async function lookUp({ lookup, clock }: LookupDeps, names: string[]): Promise<LiveAnswer[]> {
  const late = new AbortController();
  const done = new AbortController();
  const deadline = clock.sleep(DEADLINE_MS, done.signal).then(
    () => late.abort(lateError("Look up the live")),
    () => undefined,
  );
  try {
    return await mapBounded(names, CONCURRENCY, async (username): Promise<LiveAnswer> => {
      const answer = lookup.links([username], { signal: late.signal }).then(
        ([found]) => found ?? fault(username, undefined),
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

function failure(user: string, error: AppError) {
  return {
    error: error.message,
    user,
    code: error.code,
    remedy: error.remedy,
    retry_after: error.retryAfterMs === undefined ? undefined : Math.ceil(error.retryAfterMs / 1000),
  };
}

function toReply(user: string, answer: LiveAnswer, prefer: StreamPreferences | undefined): LinkReply {
  if (answer.state === "offline") return { error: "User is not live", user, code: "offline" };
  if (answer.state === "failed") return failure(user, answer.error);
  const { roomId, title } = answer;
  const more = { room_id: roomId, title, links: answer.links.map(toLink) };
  const best = bestStream(answer.links, prefer);
  return best === undefined
    ? { error: "User is live, but TikTok offers no stream", user, code: "live", ...more }
    : { user, live_stream_link: best.url, code: "live", ...more };
}

/** A link as the API tells it. */
export function toLink(link: StreamLink): Link {
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
