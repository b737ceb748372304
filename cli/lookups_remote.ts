/** What commands ask, answered by a deployed API. */
import { type ApiClient, AppError, type LinkReply } from "@roomtone/functions/client";
import { LIVE_ERROR_CODES } from "@roomtone/sdk";
import type { LinksAnswer, ListedUser, Lookups, Users } from "./lookups.ts";
import { UsageError } from "./options.ts";

/** Most names of one request. */
const NAMES_AT_ONCE = 50;
/** Users of one request. */
const USERS_AT_ONCE = 200;

/** Asks an API. */
export function apiLookups(api: ApiClient, signal: AbortSignal, usage: string): Lookups {
  return {
    async links(names) {
      const answers: LinksAnswer[] = [];
      for (let i = 0; i < names.length; i += NAMES_AT_ONCE) {
        answers.push(...await links(api, names.slice(i, i + NAMES_AT_ONCE), signal));
      }
      return answers;
    },
    async user(name) {
      const { body } = await api.userInfo({ query: { uniqueId: name } }, { signal });
      const { uniqueId: username, profilePictureUrl, ...user } = body.data.userInfo;
      return { ...user, username, avatarUrl: profilePictureUrl || undefined, bioLink: undefined, friends: undefined };
    },
    users: (kind, name, cursor) => users(api, kind, name, cursor, signal),
    async gifts(name) {
      if (name !== undefined) {
        throw new UsageError("an API knows the general list of gifts, not that of a room: leave the name away", usage);
      }
      return camel((await api.gifts({}, { signal })).body.gifts);
    },
    prices: async () => camel((await api.prices({}, { signal })).body.packages),
    async *feed(pages) {
      let cursor: string | undefined = "";
      for (let page = 0; page < pages && cursor !== undefined; page++) {
        const { body } = await api.feed({ query: { cursor } }, { signal });
        yield* camel(body.rooms);
        cursor = body.cursor;
      }
    },
    async send(name, text) {
      await api.sendMessage({ params: { username: name }, body: { text } }, { signal });
    },
  };
}

async function links(api: ApiClient, names: string[], signal: AbortSignal): Promise<LinksAnswer[]> {
  try {
    const { body } = await api.links({ query: { usernames: names } }, { signal });
    return [body].flat().map(toAnswer);
  } catch (error) {
    // The failure of an only name is the answer about it; other failures are the API's own.
    const [user = "", ...more] = names;
    const codes: readonly string[] = LIVE_ERROR_CODES;
    if (!(error instanceof AppError) || more.length > 0 || !codes.includes(error.code)) throw error;
    const { code, message, remedy = "" } = error;
    return [{ user, error: { code, message, remedy } }];
  }
}

function toAnswer(reply: LinkReply): LinksAnswer {
  const { user, code, room_id: roomId = "", title = "" } = reply;
  if (code === "offline") return { user, live: false };
  const found = camel(reply.links ?? []);
  if (code === "live") {
    const chosen = "live_stream_link" in reply ? reply.live_stream_link : undefined;
    return { user, live: true, roomId, title, links: found, best: found.find(({ url }) => url === chosen) };
  }
  const { error: message = "", remedy = "" } = "error" in reply ? reply : {};
  return { user, error: { code, message, remedy } };
}

function users(
  api: ApiClient,
  kind: "followings" | "followers",
  name: string,
  from: string,
  signal: AbortSignal,
): Users {
  let cursor = from;
  let total: number | undefined;
  let shown = 0;
  let read = false;
  async function* pages(): AsyncGenerator<ListedUser> {
    for (let more = true; more;) {
      const query = { uniqueId: name, count: String(USERS_AT_ONCE), minCursor: cursor };
      const page = await pageOf(api, kind, query, signal);
      total = page.total;
      for (const { avatar, stats: { followings: following, ...stats }, ...user } of page.users) {
        shown++;
        yield { ...user, ...stats, following, avatarUrl: avatar || undefined, bioLink: undefined, friends: undefined };
      }
      more = page.hasMore && String(page.minCursor) !== cursor;
      cursor = String(page.minCursor);
    }
    read = true;
  }
  return {
    [Symbol.asyncIterator]: pages,
    get hidden() {
      return read && from === "0" && total !== undefined ? Math.max(0, total - shown) : undefined;
    },
    get total() {
      return total;
    },
    get cursor() {
      return cursor;
    },
  };
}

async function pageOf(
  api: ApiClient,
  kind: "followings" | "followers",
  query: { uniqueId: string; count: string; minCursor: string },
  signal: AbortSignal,
) {
  if (kind === "followings") {
    const { metadata, followings } = (await api.followings({ query }, { signal })).body;
    return { ...metadata, total: metadata.totalFollowings, users: followings };
  }
  const { metadata, followers } = (await api.followers({ query }, { signal })).body;
  return { ...metadata, total: metadata.totalFollowers, users: followers };
}

type CamelName<S> = S extends `${infer First}_${infer Rest}` ? `${First}${Capitalize<CamelName<Rest>>}` : S;
/** The API's `room_id` is the SDK's `roomId`: the command line prints the SDK's names in both cases. */
type Camel<T> = T extends readonly (infer E)[] ? Camel<E>[]
  : T extends object ? { [K in keyof T as CamelName<K>]: Camel<T[K]> }
  : T;

function camel<T>(value: T): Camel<T> {
  const copy = (each: unknown): unknown => {
    if (Array.isArray(each)) return each.map(copy);
    if (typeof each !== "object" || each === null) return each;
    return Object.fromEntries(
      Object.entries(each).map(([name, inner]) => [
        name.replaceAll(/_(\w)/g, (_, letter: string) => letter.toUpperCase()),
        copy(inner),
      ]),
    );
  };
  return copy(value) as Camel<T>;
}
