import type { StreamLink } from "@roomtone/sdk";
import type { AppError } from "../contract/errors.ts";

/** What a look at one name gave. Refusals and other failures are `failed`, never `offline`. */
export type LiveAnswer =
  | { username: string; state: "live"; roomId: string; title: string; links: StreamLink[] }
  | { username: string; state: "offline" }
  | { username: string; state: "failed"; error: AppError };

/** A profile. */
export interface UserInfo {
  /** Numeric id, a decimal string. */
  id: string;
  username: string;
  nickname: string;
  bio: string;
  secUid: string;
  followers: number;
  following: number;
  likes: number;
  videos: number;
  profilePictureUrl: string;
  verified: boolean;
  private: boolean;
  /** Room of the running or last live; empty when TikTok names none. */
  roomId: string;
  /** `null` when TikTok did not say. */
  live: boolean | null;
}

/** A room that is on air, or one that TikTok recommends. */
export interface Room {
  roomId: string;
  title: string;
  live: boolean;
  paused: boolean;
  ageRestricted: boolean;
  startedAt?: number | undefined;
  viewers?: number | undefined;
  totalViewers?: number | undefined;
  likes?: number | undefined;
  comments?: number | undefined;
  shares?: number | undefined;
  coverUrl?: string | undefined;
  shareUrl?: string | undefined;
  host: {
    id: string;
    username: string;
    nickname: string;
    bio: string;
    secUid?: string | undefined;
    avatarUrl?: string | undefined;
    followers?: number | undefined;
    following?: number | undefined;
  };
  links: StreamLink[];
  /** Why TikTok recommends it. */
  reason?: string | undefined;
}

/** Which list of users. */
export type UserListKind = "followings" | "followers";

/** What to read of a list. */
export interface UserListRequest {
  secUid: string;
  /** Users to ask for, 1 to 100; TikTok may give fewer. */
  count: number;
  minCursor: number;
  maxCursor: number;
}

/** One page of a list. */
export interface UserListPage {
  users: Omit<UserInfo, "live">[];
  hasMore: boolean;
  minCursor: number;
  maxCursor: number;
  /** Users in the whole list; `null` when TikTok does not say. */
  total: number | null;
  logId: string;
}

/** A gift that can be sent. */
export interface Gift {
  id: string;
  name: string;
  describe: string;
  /** Price of one. */
  diamonds: number;
  giftType: number;
  combo: boolean;
  imageUrl?: string | undefined;
}

/** What coins cost. */
export interface Prices {
  packages: {
    id: string;
    diamonds: number;
    extraDiamonds: number;
    priceUsdCents: number;
    describe: string;
    prices: { currency: string; price: number; shown: string }[];
  }[];
  currencies: string[];
  defaultCurrency?: string | undefined;
}

/** A page of the lives that TikTok recommends. */
export interface FeedPage {
  rooms: Room[];
  /** Where the next page begins; `null` on the last. */
  cursor: string | null;
}

/** Options of a look-up. */
export interface LookupOptions {
  signal?: AbortSignal | undefined;
}

/** What TikTok says about hosts. All but `links` throw an AppError by the code of the failure, such as `captcha`. */
export interface LiveLookup {
  /**
   * Looks at several hosts.
   * @param usernames normalised names, 1 to 50
   * @returns one answer for each, in order; one failure never spoils the rest
   */
  links(usernames: readonly string[], options?: LookupOptions): Promise<LiveAnswer[]>;
  /**
   * Which rooms are on air: many in one request. Rooms that TikTok says nothing about are absent. That a room is over says
   * nothing about its host, who may be live in another one.
   * @param roomIds 1 to 50
   */
  alive(roomIds: readonly string[], options?: LookupOptions): Promise<ReadonlyMap<string, boolean>>;
  /** Reads a profile. A private account is an answer. */
  userInfo(username: string, options?: LookupOptions): Promise<UserInfo>;
  /** Reads one page of a list; it takes a session or a signer. */
  userList(kind: UserListKind, request: UserListRequest, options?: LookupOptions): Promise<UserListPage>;
  /** Reads a room by its id. */
  room(roomId: string, options?: LookupOptions): Promise<Room>;
  gifts(options?: LookupOptions): Promise<Gift[]>;
  prices(options?: LookupOptions): Promise<Prices>;
  /** @param cursor of the page before; empty for the first */
  feed(cursor: string, options?: LookupOptions): Promise<FeedPage>;
}

/** Says something in a room, as the configured session. */
export interface MessageSender {
  /** @param username a normalised name @param text 1 to 500 characters */
  send(username: string, text: string, options?: LookupOptions): Promise<void>;
}
