/**
 * The client: options in, lives, rooms, links and users out.
 * @module
 */
import { SharedTask } from "./deadline.ts";
import { isLiveError } from "./errors.ts";
import type { LiveContext } from "./live/driver.ts";
import { Live, type LiveOptions } from "./live/live.ts";
import { RouteHealth, type RouteReport } from "./live/route_health.ts";
import { checkRoutes } from "./live/route_options.ts";
import type { RouteName } from "./events/types.ts";
import { type Clock, type Fetch, type SocketFactory, systemClock } from "./ports.ts";
import { chooseSocket, hostFetch } from "./runtime/host.ts";
import type { NativeWebSocketConstructor } from "./runtime/web_socket.ts";
import { SignedRooms } from "./signing/signed_rooms.ts";
import type { Signer } from "./signing/signer.ts";
import { type LogHandlers, observer } from "./log.ts";
import type { Trace } from "./trace.ts";
import { CallContext } from "./web/calls.ts";
import { Feed, feedRequest, parseFeed } from "./web/feed.ts";
import { type LiveSearchOptions, liveSearchRequest, parseLiveSearch } from "./web/live_search.ts";
import type { LiveStream, Track } from "./web/live_stream.ts";
import { askMany, isLiveOf, type IsLiveResult, linksOf, type LinksResult, type ManyOptions } from "./web/many.ts";
import { parsePriceList, type PriceList, priceListRequest } from "./web/price_list.ts";
import { parseRoomChat, roomChatRequest, type SentMessage } from "./web/room_chat.ts";
import { parseUserDetail, userDetailRequest } from "./web/user_detail.ts";
import type { UserInfo } from "./web/user_info.ts";
import {
  readUserListPage,
  requireSession,
  UserList,
  type UserListKind,
  type UserListOptions,
} from "./web/user_list.ts";
import { type WaitUntilLiveOptions, watchForLive } from "./web/watch_for_live.ts";
import { checkExtras, extendFetch, extendSockets } from "./web/extras.ts";
import { type GiftInfo, GiftLists } from "./web/gift_list.ts";
import { HttpClient, type HttpClientOptions } from "./web/http.ts";
import { type BaseUrls, DEFAULT_BASE_URLS, Identity, parseCookies } from "./web/identity.ts";
import { checkMediaHosts, isMediaUrl, plainUrl } from "./media/media_hosts.ts";
import { type MediaFile, openMediaStream, readAhead, readMediaFile } from "./web/media_stream.ts";
import { parseProfilePage, profilePageRequest } from "./web/profile_page.ts";
import type { RoomInfo } from "./web/room_info.ts";
import type { RoomStatus } from "./web/room_status.ts";
import { readTarget, Rooms } from "./web/rooms.ts";
import { fetchTtwid } from "./web/ttwid.ts";
import { checkRoomId, normaliseUsername } from "./web/usernames.ts";
import { type Gunzip, streamGunzip } from "./wire/gunzip.ts";

/** Options of {@link TikTok}; all have defaults. */
export interface TikTokOptions {
  /** Makes every HTTP request. @default the host's fetch */
  fetch?: Fetch;
  /** A WebSocket constructor whose second argument takes `{headers}`; wins over the host's own. */
  WebSocket?: NativeWebSocketConstructor;
  /** Opens sockets in any other way; wins over {@link TikTokOptions.WebSocket}. */
  socket?: SocketFactory;
  /**
   * Unpacks frames that are compressed.
   * @default the web's DecompressionStream
   */
  gunzip?: Gunzip;
  /** Time and timers. @default the host's clock */
  clock?: Clock;
  /** 0 to below 1. @default Math.random */
  random?: () => number;
  /** Other addresses for parts of TikTok, such as those of a stand-in. */
  baseUrls?: Partial<BaseUrls>;
  /**
   * Cookies to send to TikTok, and only there: a `Cookie` header or an object. A `ttwid` among them is used in place
   * of a guest cookie; `sessionid` and its kin log in.
   */
  cookies?: string | Readonly<Record<string, string>>;
  /** The browser that it says to be, on pages, calls, sockets and media. @default a desktop Chrome, chosen per client */
  userAgent?: string;
  /**
   * Domains that streams may come from, beside TikTok's own and the hosts of {@link TikTokOptions.baseUrls}; each with
   * all below it.
   */
  mediaHosts?: readonly string[];
  /** Headers to add to each HTTP request to TikTok; cookies and the User-Agent have their own options. */
  headers?: Readonly<Record<string, string>>;
  /** Headers to add to the upgrade of each socket to TikTok. */
  socketHeaders?: Readonly<Record<string, string>>;
  /** Query parameters to add to calls of TikTok's API and to the socket's URL; they win over the client's own. */
  params?: Readonly<Record<string, string>>;
  /** Signs what TikTok wants signed, such as the one of `@roomtone/sdk/euler`. @default none */
  signer?: Signer;
  /**
   * The ways into a room, in the order of trying: `direct` is a guest's socket, `signed` a socket that a signer opens
   * ({@link Signer.fetchRoom}), `polling` asks over HTTP with a signer. A route that refuses makes way for the next at
   * once; one that fails again and again is left alone for half a minute.
   * @default direct, then what the signer can
   */
  routes?: readonly RouteName[];
  /**
   * Least time between two polls of the route `polling`, ms, 500 to 30,000; TikTok's answers may ask for more.
   * @default as the answers ask, 1000 when they do not
   */
  pollIntervalMs?: number;
  /** Time for one HTTP request, ms. @default 15_000 */
  timeoutMs?: number;
  /** Largest HTTP answer that is read, bytes. @default 16 MiB */
  maxBodyBytes?: number;
  /** Told of each request, frame and change of state, with secrets left out. */
  onTrace?: Trace;
  /** Told the same in words, by level, for a logger; `console` will do. Secrets are left out. */
  log?: LogHandlers;
}

/** A signal to give up by; the call then throws its reason. */
export interface CallOptions {
  /** Gives the call up. @default the call ends by itself only */
  signal?: AbortSignal;
}

/** Options of {@link TikTok.giftList}. */
export interface GiftListOptions extends CallOptions {
  /** Reads the list anew. @default false */
  refresh?: boolean;
}

const DEFAULT_TIMEOUT_MS = 15_000;
const DEFAULT_MAX_BODY_BYTES = 16 * 1024 * 1024;
const DEFAULT_INTERVAL_MS = 30_000;
const DEFAULT_PAGE_SIZE = 30;
/** A client that polls less often than each 30 s would count as silent. */
const POLL_RANGE_MS = [500, 30_000] as const;

function checkRange(name: string, value: number, least: number, most: number): number {
  if (typeof value !== "number") throw new TypeError(`Cannot use the option '${name}': it must be a number`);
  if (!Number.isInteger(value) || value < least || value > most) {
    throw new RangeError(
      `Cannot use the option '${name}': it must be an integer from ${least} to ${most}, got ${value}`,
    );
  }
  return value;
}

function checkBaseUrls(given: Partial<BaseUrls>): BaseUrls {
  const urls = { ...DEFAULT_BASE_URLS, ...given };
  for (const [name, value] of Object.entries(urls)) {
    const url = typeof value === "string" ? URL.parse(value) : null;
    const schemes = name === "socket" ? /^wss?:$/ : /^https?:$/;
    if (url === null || !schemes.test(url.protocol) || url.search !== "" || url.username !== "") {
      throw new TypeError(
        `Cannot use the option 'baseUrls.${name}': it must be a ${name === "socket" ? "ws" : "http"} URL`,
      );
    }
  }
  const trim = (url: string) => url.replace(/\/+$/, "");
  return { web: trim(urls.web), webcast: trim(urls.webcast), socket: trim(urls.socket), ttwid: trim(urls.ttwid) };
}

function checkUserAgent(userAgent: string | undefined): string | undefined {
  if (userAgent !== undefined && !/^[\x20-\x7e]{1,500}$/.test(userAgent)) {
    throw new TypeError("Cannot use the option 'userAgent': it must be 1 to 500 characters of visible ASCII");
  }
  return userAgent;
}

function checkSigner(signer: Signer | undefined): Signer | undefined {
  if (signer !== undefined && typeof signer?.sign !== "function") {
    throw new TypeError("Cannot use the option 'signer': it must have a method sign()");
  }
  return signer;
}

/**
 * A client of TikTok LIVE. Two clients share nothing: each has its own identity, cookies and limits.
 *
 * @example
 * ```ts
 * import { TikTok } from "@roomtone/sdk";
 * const tiktok = new TikTok();
 * for await (const event of tiktok.live("some.host")) {
 *   if (event.type === "chat") console.log(`${event.user.username}: ${event.text}`);
 *   if (event.type === "gift" && event.streak.ended) {
 *     console.log(`${event.user.username} sent ${event.total} ${event.name}`);
 *   }
 * }
 * ```
 */
export class TikTok {
  readonly #identity: Identity;
  readonly #http: HttpClient;
  readonly #httpOptions: HttpClientOptions;
  readonly #rooms: Rooms;
  readonly #ttwid = new SharedTask<void>();
  readonly #live: LiveContext;
  readonly #calls: CallContext;
  readonly #gifts: GiftLists;
  readonly #mediaHosts: readonly string[];

  /**
   * Makes a client; nothing is sent yet.
   * @throws {TypeError} for an option of the wrong type, and on a host without fetch or WebSocket when none is given
   * @throws {RangeError} for a number out of range
   */
  constructor(options: TikTokOptions = {}) {
    const { clock = systemClock, random = Math.random } = options;
    const fetch = options.fetch ?? hostFetch(globalThis);
    for (const name of ["fetch", "WebSocket", "gunzip", "random", "onTrace"] as const) {
      if (options[name] !== undefined && typeof options[name] !== "function") {
        throw new TypeError(`Cannot use the option '${name}': it must be a function`);
      }
    }
    const baseUrls = checkBaseUrls(options.baseUrls ?? {});
    const identity = new Identity({
      baseUrls,
      userAgent: checkUserAgent(options.userAgent),
      cookies: parseCookies(options.cookies),
      random,
    });
    this.#identity = identity;
    this.#mediaHosts = [...checkMediaHosts(options.mediaHosts)];
    const trace = observer(options, () => identity.secrets());
    const extras = checkExtras(options);
    const trusts = (url: URL) => identity.trusts(url);
    const sockets = options.socket ??
      chooseSocket({ WebSocket: options.WebSocket, fetch, clock, globals: globalThis });
    this.#httpOptions = {
      fetch: extendFetch(fetch, extras, trusts),
      clock,
      identity,
      timeoutMs: checkRange("timeoutMs", options.timeoutMs ?? DEFAULT_TIMEOUT_MS, 1, 600_000),
      maxBodyBytes: checkRange("maxBodyBytes", options.maxBodyBytes ?? DEFAULT_MAX_BODY_BYTES, 1024, 1024 ** 3),
      trace,
    };
    this.#http = new HttpClient(this.#httpOptions);
    this.#rooms = new Rooms(this.#http, baseUrls);
    const { timeZone } = new Intl.DateTimeFormat().resolvedOptions();
    const signer = checkSigner(options.signer);
    this.#calls = new CallContext({ http: this.#httpOptions, signer, random, timeZone, params: extras.params });
    this.#gifts = new GiftLists({ http: this.#http, clock, webcastUrl: baseUrls.webcast });
    this.#live = {
      clock,
      random,
      identity,
      sockets: extendSockets(sockets, extras, trusts),
      signedSockets: extendSockets(sockets, { ...extras, params: {} }, trusts),
      signed: new SignedRooms(this.#calls, extras.params, clock),
      pollIntervalMs: options.pollIntervalMs === undefined
        ? undefined
        : checkRange("pollIntervalMs", options.pollIntervalMs, ...POLL_RANGE_MS),
      routes: new RouteHealth(checkRoutes(options.routes, signer)),
      gunzip: options.gunzip ?? streamGunzip,
      trace,
      timeZone,
      giftDetails: (roomId, signal) => this.#gifts.details(roomId, signal),
      resolve: (target, signal) => this.#rooms.resolve(target, signal),
      whereabouts: (target, roomId, signal) => this.#rooms.whereabouts(target, roomId, signal),
      ensureTtwid: (username, signal) => {
        const context = { http: this.#http, identity, clock };
        return this.#ttwid.join((shared) => fetchTtwid(context, username || undefined, shared), signal);
      },
    };
  }

  /**
   * Listens to a live. It starts at once; refusals, offline hosts and so on arrive as errors of the {@link Live}.
   * @param target a name in any form that {@link normaliseUsername} takes, or a room id
   * @throws {LiveError} `invalid_input` at once, before anything is sent
   * @throws {TypeError} when `target` is neither
   */
  live(target: string | { readonly roomId: string }, options: LiveOptions = {}): Live {
    return new Live(this.#live, readTarget(target), options);
  }

  /** How each way into rooms stands, in the order in which they are tried: what the lives of this client have learnt. */
  routes(): RouteReport[] {
    return this.#live.routes.report(this.#live.clock.now());
  }

  /**
   * Whether a host is live, and in which room, with the stream links that come with the answer.
   * @param username a name in any form that {@link normaliseUsername} takes
   * @throws {LiveError} `invalid_input`, `not_found`, `age_restricted`, a refusal, `network`, `deadline`, `protocol`
   */
  async roomStatus(username: string, options: CallOptions = {}): Promise<RoomStatus> {
    return await this.#rooms.status(normaliseUsername(username), options.signal);
  }

  /**
   * What TikTok tells of a room.
   * @throws {LiveError} `invalid_input`, `offline`, `age_restricted`, `login_required`, a refusal, `network`,
   * `deadline`, `protocol`
   */
  async roomInfo(roomId: string, options: CallOptions = {}): Promise<RoomInfo> {
    return await this.#rooms.info(checkRoomId(roomId), options.signal);
  }

  /**
   * Which rooms are on air, 50 in one request.
   * @returns by room id; a room that TikTok does not answer for is absent
   * @throws {LiveError} `invalid_input`, a refusal, `network`, `deadline`, `protocol`
   */
  async checkAlive(roomIds: readonly string[], options: CallOptions = {}): Promise<Map<string, boolean>> {
    return await this.#rooms.alive(roomIds.map(checkRoomId), options.signal);
  }

  /**
   * A user: from TikTok's API when there is a signer, and from their profile page when there is none or it fails.
   * @param username a name in any form that {@link normaliseUsername} takes
   * @throws {LiveError} `invalid_input`, `not_found`, `private`, a refusal, `network`, `deadline`, `protocol`
   */
  async userInfo(username: string, options: CallOptions = {}): Promise<UserInfo> {
    const name = normaliseUsername(username);
    if (this.#calls.canSign) {
      try {
        const reply = await this.#calls.signed.send(userDetailRequest(this.#calls, name), options.signal);
        return parseUserDetail(reply, name);
      } catch (error) {
        // Of a private account the page still tells name and counts.
        if (!isLiveError(error) || !(error.retryable || ["protocol", "private"].includes(error.code))) throw error;
      }
    }
    const request = profilePageRequest(this.#identity.baseUrls.web, name);
    return parseProfilePage(await this.#http.send(request, options.signal), name);
  }

  /**
   * The gifts that can be sent in a room, or in general. About 2.6 MB: the client keeps the answer for an hour.
   * @throws {LiveError} `invalid_input`, `login_required`, a refusal, `network`, `deadline`, `protocol`
   */
  async giftList(roomId?: string, options: GiftListOptions = {}): Promise<readonly GiftInfo[]> {
    const checked = roomId === undefined ? undefined : checkRoomId(roomId);
    return await this.#gifts.read(checked, options.refresh === true, options.signal);
  }

  /**
   * Whether a stream link leads to where TikTok keeps its streams, or to a configured host. No other is ever opened.
   * @param url {@link StreamLink.url}
   */
  servesMedia(url: string): boolean {
    const parsed = plainUrl(url);
    return parsed !== null && (isMediaUrl(parsed, this.#mediaHosts) || this.#identity.isConfigured(parsed));
  }

  /**
   * Opens a stream link with this client's identity, and follows the CDN's redirects.
   * @param url {@link StreamLink.url}
   * @param options the signal also ends the bytes
   * @returns the bytes, until the server ends them or reading fails
   * @throws {LiveError} `invalid_input` for a link to a host that {@link TikTok.servesMedia} does not name, `protocol`
   * for a redirect to one; `not_found` for a link that is no longer served, a refusal, `network`, `deadline`
   */
  async openStream(url: string, options: CallOptions = {}): Promise<ReadableStream<Uint8Array>> {
    const serves = (each: string): boolean => this.servesMedia(each);
    return readAhead((await openMediaStream(this.#httpOptions, url, serves, options.signal)).body);
  }

  /**
   * Reads a playlist of a stream link over HLS, or a segment that it names, with this client's identity.
   * @param url {@link StreamLink.url}, or one of a playlist, made absolute by where that came from
   * @param options `maxBytes`: more is refused
   * @returns the whole file, and where it came from, after redirects
   * @throws {LiveError} what {@link TikTok.openStream} does, and `protocol` for a file that is too big
   */
  async readMediaFile(url: string, options: CallOptions & { maxBytes: number }): Promise<MediaFile> {
    const { maxBytes, signal } = options;
    return await readMediaFile(this.#httpOptions, url, (each) => this.servesMedia(each), { maxBytes, signal });
  }

  /**
   * Stream links of many hosts. One failure never spoils the rest: it stands in its own result.
   * @param usernames names in any form that {@link normaliseUsername} takes
   * @returns in the order of the names
   * @throws only the signal's reason, and {@link RangeError} for a bad `concurrency`
   *
   * @example
   * ```ts
   * import { TikTok } from "@roomtone/sdk";
   * for (const result of await new TikTok().links(["some.host", "@other.host"])) {
   *   console.log(result.user, result.live ? result.best?.url : result.error?.code ?? "not live");
   * }
   * ```
   */
  async links(usernames: readonly string[], options: ManyOptions = {}): Promise<LinksResult[]> {
    return await askMany(usernames, options, (user, signal) => linksOf(this.#rooms, user, signal));
  }

  /**
   * Which of many hosts are live. One failure never spoils the rest. Twenty names and more at a short interval make
   * TikTok refuse: keep the room ids, and ask {@link TikTok.checkAlive} about those in between.
   * @param usernames names in any form that {@link normaliseUsername} takes
   * @returns in the order of the names
   * @throws only the signal's reason, and {@link RangeError} for a bad `concurrency`
   */
  async isLive(usernames: readonly string[], options: ManyOptions = {}): Promise<IsLiveResult[]> {
    return await askMany(usernames, options, (user, signal) => isLiveOf(this.#rooms, user, signal));
  }

  /**
   * Waits until a host is live or on hold. Refusals are waited out, longer each time, and never taken for "offline".
   * @param username a name in any form that {@link normaliseUsername} takes
   * @throws {LiveError} what waiting cannot mend: `invalid_input`, `not_found`, `private`, `age_restricted`,
   * `login_required`, `region_blocked`, `protocol`
   * @throws {RangeError} for a bad `intervalMs`
   */
  async waitUntilLive(username: string, options: WaitUntilLiveOptions = {}): Promise<RoomStatus> {
    const { signal, onWait } = options;
    const user = normaliseUsername(username);
    const intervalMs = checkRange("intervalMs", options.intervalMs ?? DEFAULT_INTERVAL_MS, 1000, 86_400_000);
    const { clock, random } = this.#live;
    const status = () => this.#rooms.status(user, signal);
    return await watchForLive({ clock, random, intervalMs, status, username: user, signal, onWait });
  }

  /**
   * Whom a user follows. It needs a session (cookies) or a signer; nothing is sent before the list is read.
   * @param user a name in any form that {@link normaliseUsername} takes, or the `secUid` of a {@link UserInfo}
   * @returns a list to iterate to its end, or to read page by page; it fails with `login_required` when there is
   * neither session nor signer, and with `signer_failed` when TikTok wants a signature
   * @throws {LiveError} `invalid_input`
   * @throws {RangeError} for a bad `count`
   */
  followings(user: string | { readonly secUid: string }, options: UserListOptions = {}): UserList {
    return this.#userList("followings", user, options);
  }

  /** Who follows a user; all else as for {@link TikTok.followings}. */
  followers(user: string | { readonly secUid: string }, options: UserListOptions = {}): UserList {
    return this.#userList("followers", user, options);
  }

  #userList(kind: UserListKind, user: string | { readonly secUid: string }, options: UserListOptions): UserList {
    const { count = DEFAULT_PAGE_SIZE, from, signal } = options;
    checkRange("count", count, 1, 100);
    const username = typeof user === "string" ? normaliseUsername(user) : undefined;
    let secUid = typeof user === "string" ? "" : user.secUid;
    return new UserList(async (cursor) => {
      requireSession(this.#calls, kind);
      if (username !== undefined && secUid === "") secUid = (await this.userInfo(username, { signal })).secUid;
      return await readUserListPage(this.#calls, kind, secUid, count, cursor, signal);
    }, from);
  }

  /**
   * What coins cost at the client's address: another currency takes a proxy in another country.
   * @throws {LiveError} `login_required`, a refusal, `network`, `deadline`, `protocol`
   */
  async priceList(options: CallOptions = {}): Promise<PriceList> {
    return parsePriceList(await this.#http.send(priceListRequest(this.#calls), options.signal));
  }

  /**
   * The lives that TikTok recommends; nothing is sent before the first {@link Feed.next}.
   * @param options `from` goes on after a page of an earlier feed: its {@link FeedPage.maxTime}
   */
  feed(options: { from?: string } = {}): Feed {
    return new Feed(
      async (maxTime, signal) =>
        parseFeed(await this.#http.send(feedRequest(this.#calls, maxTime), signal), this.#track),
      options.from,
    );
  }

  /**
   * Lives that TikTok finds by words. The next ones: the same words with `offset`.
   * @param keyword 1 to 200 characters
   * @throws {LiveError} `invalid_input`, `login_required`, a refusal, `network`, `deadline`, `protocol`
   * @throws {RangeError} for a bad `offset` or `count`
   */
  async searchLives(keyword: string, options: LiveSearchOptions = {}): Promise<LiveStream[]> {
    const offset = checkRange("offset", options.offset ?? 0, 0, 10_000);
    const count = checkRange("count", options.count ?? 20, 1, 50);
    const request = liveSearchRequest(this.#calls, keyword, offset, count);
    return parseLiveSearch(await this.#http.send(request, options.signal), this.#track);
  }

  /**
   * Says something in a room, as the logged-in user. It needs both a session (cookies) and a signer. The session goes
   * to TikTok; the signer sees it only when the user named its host for that ({@link Signer.sessionHost}).
   * @param target a name in any form that {@link normaliseUsername} takes, or a room id
   * @param text 1 to 500 characters
   * @returns TikTok's answer, once it took the message
   * @throws {LiveError} `invalid_input`, `login_required`, `signer_failed`, `rate_limited`, `offline`, `not_found`, a
   * refusal, `network`, `deadline`, `protocol`
   */
  async sendMessage(
    target: string | { readonly roomId: string },
    text: string,
    options: CallOptions = {},
  ): Promise<SentMessage> {
    const { signal } = options;
    const room = readTarget(target);
    // Whatever is wrong with text, session or signer shows before anything is sent.
    roomChatRequest(this.#calls, "1", text);
    this.#calls.signed.require("Send a chat message");
    const roomId = "roomId" in room ? room.roomId : (await this.#rooms.resolve(room, signal)).roomId;
    return parseRoomChat(await this.#calls.signed.send(roomChatRequest(this.#calls, roomId, text), signal));
  }

  readonly #track: Track = (roomId, options) => this.live({ roomId }, options);
}
