import type { StreamLink } from "@roomtone/sdk";
import { AppError, type AppErrorCode } from "../../functions/contract/errors.ts";
import type {
  FeedPage,
  Gift,
  LiveAnswer,
  LiveLookup,
  Prices,
  Room,
  UserInfo,
  UserListKind,
  UserListPage,
  UserListRequest,
} from "../../functions/ports/live_lookup.ts";

/** A TikTok of a few hosts. Names that it does not know are `not_found`. */
export class FakeLookup implements LiveLookup {
  /** Answers by name; a function is asked each time. */
  readonly answers = new Map<string, LiveAnswer | (() => Promise<LiveAnswer>)>();
  readonly users = new Map<string, UserInfo>();
  readonly rooms = new Map<string, Room>();
  /** Pages of lists by kind and minCursor, such as `followings 0`. */
  readonly pages = new Map<string, UserListPage>();
  /** What was asked of lists. */
  readonly listed: UserListRequest[] = [];
  giftList: Gift[] = [];
  priceList: Prices = { packages: [], currencies: [] };
  /** Pages of the feed by cursor. */
  readonly feedPages = new Map<string, FeedPage>();
  /** What every call but `links` fails with. */
  failure: AppError | undefined;
  /** Names asked for, call by call. */
  readonly asked: string[][] = [];
  /** Rooms asked for, call by call. */
  readonly askedRooms: string[][] = [];

  live(username: string, roomId: string, links: StreamLink[] = []): void {
    this.answers.set(username, { username, state: "live", roomId, title: `live of ${username}`, links });
  }
  offline(username: string): void {
    this.answers.set(username, { username, state: "offline" });
  }
  fails(username: string, code: AppErrorCode, retryAfterMs?: number): void {
    const error = new AppError(code, `Look up ${username}: ${code}`, { retryAfterMs, remedy: "Wait" });
    this.answers.set(username, { username, state: "failed", error });
  }

  async links(usernames: readonly string[]): Promise<LiveAnswer[]> {
    this.asked.push([...usernames]);
    return await Promise.all(usernames.map(async (username): Promise<LiveAnswer> => {
      const answer = this.answers.get(username);
      if (typeof answer === "function") return await answer();
      const error = new AppError("not_found", `Look up ${username}: TikTok knows no such user`);
      return answer ?? { username, state: "failed", error };
    }));
  }

  /** Rooms of hosts who are live are on air, all others are over. */
  alive(roomIds: readonly string[]): Promise<ReadonlyMap<string, boolean>> {
    this.askedRooms.push([...roomIds]);
    const live = new Set([...this.answers.values()].map((each) => "roomId" in each ? each.roomId : ""));
    return this.#answer(new Map(roomIds.map((roomId) => [roomId, live.has(roomId)])), "");
  }

  userInfo(username: string): Promise<UserInfo> {
    return this.#answer(this.users.get(username), `Read the profile of ${username}: TikTok knows no such user`);
  }

  userList(kind: UserListKind, request: UserListRequest): Promise<UserListPage> {
    this.listed.push(request);
    return this.#answer(this.pages.get(`${kind} ${request.minCursor}`), `Read the ${kind}: TikTok knows no such user`);
  }

  room(roomId: string): Promise<Room> {
    return this.#answer(this.rooms.get(roomId), `Read room ${roomId}: TikTok knows no such room`);
  }

  gifts(): Promise<Gift[]> {
    return this.#answer(this.giftList, "");
  }

  prices(): Promise<Prices> {
    return this.#answer(this.priceList, "");
  }

  feed(cursor: string): Promise<FeedPage> {
    return this.#answer(this.feedPages.get(cursor), "Read the feed: no such page");
  }

  #answer<T>(found: T | undefined, otherwise: string): Promise<T> {
    if (this.failure !== undefined) return Promise.reject(this.failure);
    return found === undefined ? Promise.reject(new AppError("not_found", otherwise)) : Promise.resolve(found);
  }
}
