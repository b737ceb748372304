/** What commands ask about hosts, and the two that answer: TikTok itself, or a deployed API. */
import { type LinksResult, type StreamLink, TikTok, type UserInfo, type UserList } from "@roomtone/sdk";
import type { CliIo } from "./io.ts";
import { apiLookups } from "./lookups_remote.ts";
import { clientOptions, remoteApi } from "./options.ts";

/** What became of one name. */
export type LinksAnswer =
  | { user: string; live: true; roomId: string; title: string; links: StreamLink[]; best: StreamLink | undefined }
  | { user: string; live: false }
  | { user: string; live?: undefined; error: { code: string; message: string; remedy: string; evidence?: object } };

/** A user of a list; an API shows less of one than TikTok does. */
export type ListedUser =
  & Omit<UserInfo, "id" | "secUid" | "private" | "roomId">
  & Partial<Pick<UserInfo, "id" | "secUid" | "private" | "roomId">>;

/** A list of users, page by page as it is read. */
export interface Users extends AsyncIterable<ListedUser> {
  /** How many are counted and not shown, once the list is read from its beginning. */
  readonly hidden: number | undefined;
  /** Users in the whole list, once a page was read. */
  readonly total: number | undefined;
  /** Where the page begins that is read now, or would be read next. */
  readonly cursor: string;
}

/** A gift that can be sent. */
export interface Gift {
  id: string;
  name: string;
  diamonds: number;
}

/** Coins that can be bought at once. */
export interface Coins {
  diamonds: number;
  priceUsdCents: number;
  prices: readonly { currency: string; shown: string }[];
}

/** A live that TikTok recommends. */
export interface FeedLive {
  viewers?: number | undefined;
  title: string;
  host: { username: string };
}

/** What commands ask. Calls throw a LiveError or an AppError. */
export interface Lookups {
  /** One answer for each name, in order. */
  links(names: string[]): Promise<LinksAnswer[]>;
  user(name: string): Promise<UserInfo>;
  /** @param cursor where to begin: that of an earlier reading; `0` is the beginning */
  users(kind: "followings" | "followers", name: string, cursor: string): Users;
  /** @param name host of the room that they are for; without one the general list */
  gifts(name: string | undefined): Promise<readonly Gift[]>;
  prices(): Promise<readonly Coins[]>;
  /** @param pages most pages to read */
  feed(pages: number): AsyncIterable<FeedLive>;
  send(name: string, text: string): Promise<void>;
}

/** The API of `--remote`, or TikTok. */
export function openLookups(io: CliIo, usage: string): Lookups {
  const api = remoteApi(io, usage);
  return api === undefined
    ? tiktokLookups(new TikTok(clientOptions(io)), io.signal)
    : apiLookups(api, io.signal, usage);
}

function tiktokLookups(tiktok: TikTok, signal: AbortSignal): Lookups {
  return {
    links: async (names) => (await tiktok.links(names, { signal })).map(toAnswer),
    user: (name) => tiktok.userInfo(name, { signal }),
    users(kind, name, cursor) {
      const place = Number(cursor);
      const from = { minCursor: place, maxCursor: place };
      return pagesOf(tiktok[kind](name, { signal, ...(place === 0 ? {} : { from }) }), cursor);
    },
    async gifts(name) {
      const roomId = name === undefined ? "" : (await tiktok.roomStatus(name, { signal })).roomId;
      const gifts = await tiktok.giftList(roomId || undefined, { signal });
      return gifts.map(({ data: _, ...gift }) => gift);
    },
    prices: async () => (await tiktok.priceList({ signal })).packages,
    async *feed(pages) {
      const feed = tiktok.feed();
      for (let page = 0; page < pages && feed.hasMore; page++) {
        for (const { data: _, track: _track, ...live } of (await feed.next({ signal })).liveStreams) yield live;
      }
    },
    send: async (name, text) => void await tiktok.sendMessage(name, text, { signal }),
  };
}

function pagesOf(list: UserList, from: string): Users {
  let cursor = from;
  async function* read(): AsyncGenerator<ListedUser> {
    while (list.hasMore) {
      const page = await list.next();
      yield* page.users;
      cursor = String(page.minCursor);
    }
  }
  return {
    [Symbol.asyncIterator]: read,
    get hidden() {
      return list.hidden;
    },
    get total() {
      return list.total;
    },
    get cursor() {
      return cursor;
    },
  };
}

function toAnswer(result: LinksResult): LinksAnswer {
  if (result.error === undefined) return result;
  const { code, message, remedy, evidence } = result.error;
  return { user: result.user, error: { code, message, remedy, evidence } };
}
