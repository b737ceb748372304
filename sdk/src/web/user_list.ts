/**
 * `api/user/list`: whom a user follows, and who follows them, page by page (protocol.md 8). TikTok answers requests
 * of a session, and signed ones.
 * @module
 */
import { isLiveError, LiveError } from "../errors.ts";
import type { CallContext } from "./calls.ts";
import type { HttpRequest } from "./http.ts";
import { at, flag, list, number, text } from "./read.ts";
import { evidenceOf, type HttpReply, readJson } from "./refusals.ts";
import { readUserInfo, type UserInfo } from "./user_info.ts";

/** Which list: TikTok's scene numbers. */
export const USER_LIST_SCENES = { followings: 21, followers: 67 } as const;

/** Which list. */
export type UserListKind = keyof typeof USER_LIST_SCENES;

/** A place in a list: what one page names and the next request repeats. */
export interface UserListCursor {
  /** Lower cursor, as TikTok counts: 0 at the beginning. */
  minCursor: number;
  /** Upper cursor, as TikTok counts: 0 at the beginning. */
  maxCursor: number;
}

/** Options of {@link TikTok.followings} and {@link TikTok.followers}. */
export interface UserListOptions {
  /** Users on one page, 1 to 100; TikTok may give fewer. @default 30 */
  count?: number;
  /** Where to begin: the cursors of an earlier page. @default the beginning */
  from?: UserListCursor;
  /** Ends all requests of the list. */
  signal?: AbortSignal;
}

/** One page of a list. */
export interface UserListPage extends UserListCursor {
  /** Users of this page, in TikTok's order. */
  users: UserInfo[];
  /**
   * Whether another page follows, by the rule of protocol.md 8: not after an empty page or an unmoved cursor. A page of
   * fewer than 30 may be empty because all of its users are hidden: the list goes on behind it.
   */
  hasMore: boolean;
  /** Users in the whole list, as TikTok counts them; `undefined` when it does not say. */
  total: number | undefined;
  /** TikTok's id of the answer. */
  logId: string;
}

const ACTIONS = { followings: "Read the followings", followers: "Read the followers" } as const;

/** @param secUid the list's owner */
export function userListRequest(
  context: CallContext,
  kind: UserListKind,
  secUid: string,
  count: number,
  cursor: UserListCursor,
): HttpRequest {
  const query = context.query({
    scene: String(USER_LIST_SCENES[kind]),
    secUid,
    count: String(count),
    minCursor: String(cursor.minCursor),
    maxCursor: String(cursor.maxCursor),
    msToken: context.identity.msToken,
    WebIdLastTime: "",
    odinId: "",
  });
  return { action: ACTIONS[kind], url: `${context.baseUrls.web}/api/user/list/?${query}`, wants: "json" };
}

/** Users that TikTok's own page asks for at once. */
const WHOLE_PAGE = 30;

/**
 * @param asked the cursors and the count that were sent
 * @throws {LiveError} `login_required`, or `protocol` for any other status code or shape
 */
export function parseUserList(
  reply: HttpReply,
  kind: UserListKind,
  asked: UserListCursor & { count: number },
): UserListPage {
  const action = ACTIONS[kind];
  const body = readJson(reply, action);
  const statusCode = number(at(body, "statusCode")) ?? number(at(body, "status_code"));
  const entries = at(body, "userList");
  if ((statusCode !== undefined && statusCode !== 0) || (!Array.isArray(entries) && entries !== undefined)) {
    const message = text(at(body, "status_msg")).slice(0, 100);
    const code = statusCode === 20003 ? "login_required" : "protocol";
    throw new LiveError(code, `${action}: TikTok answered with status code ${statusCode} ${message}`.trimEnd(), {
      evidence: { ...evidenceOf(reply), ...(statusCode === undefined ? {} : { statusCode }) },
    });
  }
  if (entries === undefined && at(body, "hasMore") === undefined) {
    throw new LiveError("protocol", `${action}: TikTok answered without users`, { evidence: evidenceOf(reply) });
  }
  const users = list(entries).map(readUserInfo);
  const minCursor = number(at(body, "minCursor")) ?? asked.minCursor;
  const over = minCursor === asked.minCursor || (users.length === 0 && asked.count >= WHOLE_PAGE);
  return {
    users,
    hasMore: flag(at(body, "hasMore")) && !over,
    minCursor,
    maxCursor: number(at(body, "maxCursor")) ?? 0,
    total: number(at(body, "total")),
    logId: text(at(body, "extra", "logid")) || text(at(body, "log_pb", "impr_id")),
  };
}

/**
 * Asks for one page: signed where there is a signer, else with the session alone.
 * @throws {LiveError} `login_required` without either; `signer_failed` when TikTok does not answer a session without a
 * signature; what {@link parseUserList} throws; a refusal, `network`, `deadline`
 */
export async function readUserListPage(
  context: CallContext,
  kind: UserListKind,
  secUid: string,
  count: number,
  cursor: UserListCursor,
  signal?: AbortSignal,
): Promise<UserListPage> {
  const request = () => userListRequest(context, kind, secUid, count, cursor);
  const asked = { ...cursor, count };
  if (context.canSign) return parseUserList(await context.signed.send(request(), signal), kind, asked);
  requireSession(context, kind);
  // What the page would sign is sent empty; TikTok answers some sessions so (protocol.md 8).
  const send = async () => {
    const { url, ...rest } = request();
    return await context.http.send({ ...rest, url: `${url}&X-Bogus=&X-Gnarly=` }, signal);
  };
  const token = context.identity.msToken;
  try {
    return parseUserList(await send().catch(refuseEmpty), kind, asked);
  } catch (error) {
    // The first answer may be empty and still bring the token that the next one needs.
    if (!isLiveError(error) || error.code !== "signer_failed" || context.identity.msToken === token) throw error;
    return parseUserList(await send().catch(refuseEmpty), kind, asked);
  }
}

/** @throws {LiveError} `login_required` without a session and without a signer */
export function requireSession(context: CallContext, kind: UserListKind): void {
  if (context.canSign || context.identity.hasSession) return;
  throw new LiveError("login_required", `${ACTIONS[kind]}: there is neither a session nor a signer`, {
    remedy: "Pass the session cookies of a logged-in account, or a signer",
  });
}

function refuseEmpty(error: unknown): never {
  if (!isLiveError(error) || error.code !== "empty_reply") throw error;
  throw new LiveError(
    "signer_failed",
    "Read a list of users: TikTok does not answer this session without a signature",
    {
      remedy: "Pass a signer: new TikTok({ signer })",
      retryable: false,
      evidence: error.evidence,
      cause: error,
    },
  );
}

/**
 * A list of users that is read as far as one goes: `for await` over every user, or {@link UserList.next} page by page.
 *
 * @example
 * ```ts
 * import { TikTok } from "@roomtone/sdk";
 * const list = new TikTok({ cookies: { sessionid: "…" } }).followings("some.host");
 * for await (const user of list) console.log(user.username, user.followers);
 * console.log(list.total, "in all,", list.hidden, "not shown");
 * ```
 */
export class UserList implements AsyncIterable<UserInfo> {
  readonly #read: (cursor: UserListCursor) => Promise<UserListPage>;
  readonly #whole: boolean;
  #cursor: UserListCursor;
  #hasMore = true;
  #total: number | undefined;
  #listed = 0;

  /** Use {@link TikTok.followings} or {@link TikTok.followers}. */
  constructor(read: (cursor: UserListCursor) => Promise<UserListPage>, from: UserListCursor | undefined) {
    this.#read = read;
    this.#whole = from === undefined;
    this.#cursor = from ?? { minCursor: 0, maxCursor: 0 };
  }

  /** Whether another page follows; true before the first. */
  get hasMore(): boolean {
    return this.#hasMore;
  }

  /** Users in the whole list, as TikTok counts them; `undefined` before the first page. */
  get total(): number | undefined {
    return this.#total;
  }

  /**
   * Users that TikTok counts and did not show: private, banned or deleted ones. `undefined` until the whole list was
   * read from its beginning.
   */
  get hidden(): number | undefined {
    if (this.#hasMore || !this.#whole || this.#total === undefined) return undefined;
    return Math.max(0, this.#total - this.#listed);
  }

  /**
   * Reads the next page. Wait for one page before asking for another. After a failure the same page is next.
   * @throws {LiveError} `login_required`, `signer_failed`, `rate_limited`, a refusal, `network`, `deadline`, `protocol`;
   * for a list by name also what {@link TikTok.userInfo} throws
   * @throws {RangeError} after the last page
   */
  async next(): Promise<UserListPage> {
    if (!this.#hasMore) throw new RangeError("Cannot read another page of users: that was the last");
    const page = await this.#read(this.#cursor);
    this.#cursor = { minCursor: page.minCursor, maxCursor: page.minCursor };
    this.#hasMore = page.hasMore;
    this.#total = page.total ?? this.#total;
    this.#listed += page.users.length;
    return page;
  }

  /** The users from where the list stands to its end. */
  async *[Symbol.asyncIterator](): AsyncGenerator<UserInfo, undefined> {
    while (this.#hasMore) yield* (await this.next()).users;
    return undefined;
  }
}
