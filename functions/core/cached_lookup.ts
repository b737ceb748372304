import { AppError } from "../contract/errors.ts";
import type { LiveAnswer, LiveLookup } from "../ports/live_lookup.ts";
import type { AnswerCache, CacheRule, Freshness } from "./answer_cache.ts";

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

/** How long the answers of each call may be used. */
const RULES = {
  links: { freshMs: 10 * SECOND, keepMs: 5 * MINUTE },
  user: { freshMs: 5 * MINUTE, keepMs: 24 * HOUR },
  list: { freshMs: 2 * MINUTE, keepMs: HOUR },
  room: { freshMs: 10 * SECOND, keepMs: 5 * MINUTE },
  gifts: { freshMs: HOUR, keepMs: 24 * HOUR },
  prices: { freshMs: HOUR, keepMs: 24 * HOUR },
  feed: { freshMs: 10 * SECOND, keepMs: 5 * MINUTE },
} as const satisfies Record<string, CacheRule>;

/** Where the answers come from that one request is answered with. */
export interface LookupTrace {
  /** Answers that were asked for. */
  asked: number;
  /** Of those that came. */
  seen: Freshness[];
}

/**
 * A look-up that asks the cache first.
 * @param trace is kept up to date
 */
export function cachedLookup(lookup: LiveLookup, cache: AnswerCache, trace: LookupTrace): LiveLookup {
  const read = <T>(call: keyof typeof RULES, key: string, load: () => Promise<T>): Promise<T> => {
    trace.asked++;
    return cache.read(`${call} ${key}`, RULES[call], load, (each) => trace.seen.push(each));
  };
  return {
    links: (usernames) =>
      Promise.all(usernames.map(async (username): Promise<LiveAnswer> => {
        try {
          return await read("links", username, async () => {
            const [answer] = await lookup.links([username]);
            if (answer?.state === "failed") throw answer.error;
            return answer ?? { username, state: "offline" };
          });
        } catch (error) {
          if (!(error instanceof AppError)) throw error;
          return { username, state: "failed", error };
        }
      })),
    alive: (roomIds) => lookup.alive(roomIds),
    userInfo: (username) => read("user", username, () => lookup.userInfo(username)),
    userList: (kind, request) =>
      read("list", `${kind} ${JSON.stringify(Object.entries(request).sort())}`, () => lookup.userList(kind, request)),
    room: (roomId) => read("room", roomId, () => lookup.room(roomId)),
    gifts: () => read("gifts", "", () => lookup.gifts()),
    prices: () => read("prices", "", () => lookup.prices()),
    feed: (cursor) => read("feed", cursor, () => lookup.feed(cursor)),
  };
}
