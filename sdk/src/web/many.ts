/**
 * Questions about many hosts at once. One failure never spoils the rest: it stands in its own result.
 * @module
 */
import { isLiveError, type LiveError } from "../errors.ts";
import { bestStream, type StreamLink } from "../media/stream_urls.ts";
import { notOnAir, type Rooms } from "./rooms.ts";
import { normaliseUsername } from "./usernames.ts";

/** Options of {@link TikTok.links} and {@link TikTok.isLive}. */
export interface ManyOptions {
  /** Gives the whole call up. @default the call ends by itself only */
  signal?: AbortSignal;
  /** Names asked at the same time, 1 to 50. @default 4 */
  concurrency?: number;
}

/** A name that could not be answered for. */
export interface FailedName {
  /** The normalised name, or what was passed when it is no name. */
  user: string;
  /** Absent: it is not known. */
  live?: undefined;
  /** Why. */
  error: LiveError;
}

/** One name's answer in {@link TikTok.links}. */
export type LinksResult =
  | {
    /** The normalised name. */
    user: string;
    live: true;
    roomId: string;
    title: string;
    /** Every quality, best first. */
    links: StreamLink[];
    /** The choice of {@link bestStream}; absent when TikTok offers no stream. */
    best: StreamLink | undefined;
    error?: undefined;
  }
  | { user: string; live: false; error?: undefined }
  | FailedName;

/** One name's answer in {@link TikTok.isLive}. */
export type IsLiveResult =
  | {
    /** The normalised name. */
    user: string;
    live: boolean;
    /** The host has put the live on hold; it is neither live nor over. */
    paused: boolean;
    /** Current or last room, for {@link TikTok.checkAlive}; empty when there is none. */
    roomId: string;
    error?: undefined;
  }
  | FailedName;

const DEFAULT_CONCURRENCY = 4;
const MAX_CONCURRENCY = 50;

/**
 * Runs `ask` for each name, some at the same time.
 * @returns in the order of the names
 * @throws the signal's reason, and what else is no {@link LiveError}
 * @throws {RangeError} for a bad `concurrency`
 */
export async function askMany<R>(
  usernames: readonly string[],
  options: ManyOptions,
  ask: (username: string, signal: AbortSignal | undefined) => Promise<R>,
): Promise<(R | FailedName)[]> {
  const { concurrency = DEFAULT_CONCURRENCY, signal } = options;
  if (!Number.isInteger(concurrency) || concurrency < 1 || concurrency > MAX_CONCURRENCY) {
    throw new RangeError(
      `Cannot use the option 'concurrency': it must be an integer from 1 to ${MAX_CONCURRENCY}, got ${concurrency}`,
    );
  }
  const results = new Array<R | FailedName>(usernames.length);
  const waiting = usernames.entries();
  const work = async () => {
    for (const [index, username] of waiting) {
      let user = username;
      try {
        user = normaliseUsername(username);
        results[index] = await ask(user, signal);
      } catch (error) {
        if (!isLiveError(error)) throw error;
        results[index] = { user, error };
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(concurrency, usernames.length) }, work));
  return results;
}

/** Stream links of one host, for {@link TikTok.links}. */
export async function linksOf(rooms: Rooms, user: string, signal: AbortSignal | undefined): Promise<LinksResult> {
  const status = await rooms.status(user, signal);
  const { live, roomId, title, links: found } = status;
  const why = notOnAir(status, user);
  if (why?.code === "private") return { user, error: why };
  if (!live) return { user, live };
  const links = found.length > 0 || roomId === "" ? found : (await rooms.info(roomId, signal)).links;
  return { user, live, roomId, title, links, best: bestStream(links) };
}

/** Whether one host is live, for {@link TikTok.isLive}. */
export async function isLiveOf(rooms: Rooms, user: string, signal: AbortSignal | undefined): Promise<IsLiveResult> {
  const status = await rooms.status(user, signal);
  const why = notOnAir(status, user);
  if (why?.code === "private") return { user, error: why };
  const { live, paused, roomId } = status;
  return { user, live, paused, roomId };
}
