/**
 * The client: options in, lives, rooms, links and users out.
 * @module
 */
import { SharedTask } from "./deadline.ts";
import { isLiveError, type LiveError } from "./errors.ts";
import type { LiveContext } from "./live/driver.ts";
import { Live, type LiveOptions } from "./live/live.ts";
import { bestStream, type StreamLink } from "./media/stream_urls.ts";
import { type Clock, type Fetch, type SocketFactory, systemClock } from "./ports.ts";
import { chooseSocket, hostFetch } from "./runtime/host.ts";
import type { NativeWebSocketConstructor } from "./runtime/web_socket.ts";
import type { Trace } from "./trace.ts";
import { checkExtras, extendFetch, extendSockets } from "./web/extras.ts";
import { type GiftInfo, giftListRequest, parseGiftList } from "./web/gift_list.ts";
import { HttpClient, type HttpClientOptions } from "./web/http.ts";
import { type BaseUrls, DEFAULT_BASE_URLS, Identity, parseCookies } from "./web/identity.ts";
import { openMediaStream } from "./web/media_stream.ts";
import { parseProfilePage, profilePageRequest, type UserInfo } from "./web/profile_page.ts";
import type { RoomInfo } from "./web/room_info.ts";
import type { RoomStatus } from "./web/room_status.ts";
import { notOnAir, Rooms, type RoomTarget } from "./web/rooms.ts";
import { fetchTtwid } from "./web/ttwid.ts";
import { checkRoomId, normaliseUsername } from "./web/usernames.ts";
import { type Gunzip, streamGunzip } from "./wire/gunzip.ts";

/** Options of {@link TikTok}; all have defaults. */
export interface TikTokOptions {
  /** @default the host's fetch */
  fetch?: Fetch;
  /** A WebSocket constructor whose second argument takes `{headers}`; wins over the host's own. */
  WebSocket?: NativeWebSocketConstructor;
  /** Opens sockets in any other way; wins over {@link TikTokOptions.WebSocket}. */
  socket?: SocketFactory;
  /** @default the web's DecompressionStream; Node and Bun programs may hand in `zlib.gunzipSync` with a bound */
  gunzip?: Gunzip;
  /** @default the host's clock */
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
  /** @default a desktop Chrome, chosen per client */
  userAgent?: string;
  /** Headers to add to each HTTP request to TikTok; cookies and the User-Agent have their own options. */
  headers?: Readonly<Record<string, string>>;
  /** Headers to add to the upgrade of each socket to TikTok. */
  socketHeaders?: Readonly<Record<string, string>>;
  /** Query parameters to add to calls of TikTok's API and to the socket's URL; they win over the client's own. */
  params?: Readonly<Record<string, string>>;
  /** Time for one HTTP request, ms. @default 15_000 */
  timeoutMs?: number;
  /** Largest HTTP answer that is read, bytes. @default 16 MiB */
  maxBodyBytes?: number;
  /** Told of each request, frame and change of state, with secrets left out. It must not throw. */
  onTrace?: Trace;
}

/** A signal to give up by; the call then throws its reason. */
export interface CallOptions {
  /** @default the call ends by itself only */
  signal?: AbortSignal;
}

/** Options of {@link TikTok.links}. */
export interface LinksOptions extends CallOptions {
  /** Names asked at the same time, 1 to 50. @default 4 */
  concurrency?: number;
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
  | {
    /** The normalised name, or what was passed when it is no name. */
    user: string;
    live?: undefined;
    error: LiveError;
  };

const DEFAULT_TIMEOUT_MS = 15_000;
const DEFAULT_MAX_BODY_BYTES = 16 * 1024 * 1024;
const DEFAULT_CONCURRENCY = 4;
const MAX_CONCURRENCY = 50;

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

/**
 * A client of TikTok LIVE. Two clients share nothing: each has its own identity, cookies and limits.
 *
 * @example
 * ```ts
 * import { TikTok } from "@roomtone/sdk";
 * const tiktok = new TikTok();
 * for await (const event of tiktok.live("some.host")) {
 *   if (event.type === "chat") console.log(`${event.user.username}: ${event.text}`);
 *   if (event.type === "gift") console.log(`${event.user.username} sent ${event.count} ${event.name}`);
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

  /**
   * Makes a client; nothing is sent yet.
   * @throws {TypeError} for an option of the wrong type, and on a host without fetch or WebSocket when none is given
   * @throws {RangeError} for a number out of range
   */
  constructor(options: TikTokOptions = {}) {
    const { clock = systemClock, random = Math.random, onTrace = ignoreTrace } = options;
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
      trace: onTrace,
    };
    this.#http = new HttpClient(this.#httpOptions);
    this.#rooms = new Rooms(this.#http, baseUrls);
    this.#live = {
      clock,
      random,
      identity,
      sockets: extendSockets(sockets, extras, trusts),
      gunzip: options.gunzip ?? streamGunzip,
      trace: onTrace,
      timeZone: new Intl.DateTimeFormat().resolvedOptions().timeZone,
      resolve: (target, signal) => this.#rooms.resolve(target, signal),
      isOver: (target, roomId, signal) => this.#rooms.isOver(target, roomId, signal),
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
   * A user, from their profile page.
   * @param username a name in any form that {@link normaliseUsername} takes
   * @throws {LiveError} `invalid_input`, `not_found`, `private`, a refusal, `network`, `deadline`, `protocol`
   */
  async userInfo(username: string, options: CallOptions = {}): Promise<UserInfo> {
    const name = normaliseUsername(username);
    const request = profilePageRequest(this.#identity.baseUrls.web, name);
    return parseProfilePage(await this.#http.send(request, options.signal), name);
  }

  /**
   * The gifts that can be sent in a room, or in general. About 2.6 MB: keep the answer.
   * @throws {LiveError} `invalid_input`, `login_required`, a refusal, `network`, `deadline`, `protocol`
   */
  async giftList(roomId?: string, options: CallOptions = {}): Promise<GiftInfo[]> {
    const request = giftListRequest(
      this.#identity.baseUrls.webcast,
      roomId === undefined ? undefined : checkRoomId(roomId),
    );
    return parseGiftList(await this.#http.send(request, options.signal));
  }

  /**
   * Opens a stream link with this client's identity, and follows the CDN's redirects.
   * @param url {@link StreamLink.url}
   * @param options the signal also ends the bytes
   * @returns the bytes, until the server ends them or reading fails
   * @throws {LiveError} `not_found` for a link that is no longer served, a refusal, `network`, `deadline`
   */
  async openStream(url: string, options: CallOptions = {}): Promise<ReadableStream<Uint8Array>> {
    return await openMediaStream(this.#httpOptions, url, options.signal);
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
  async links(usernames: readonly string[], options: LinksOptions = {}): Promise<LinksResult[]> {
    const { signal } = options;
    const concurrency = checkRange("concurrency", options.concurrency ?? DEFAULT_CONCURRENCY, 1, MAX_CONCURRENCY);
    const results = new Array<LinksResult>(usernames.length);
    const waiting = usernames.entries();
    const work = async () => {
      for (const [index, username] of waiting) results[index] = await this.#linksOf(username, signal);
    };
    await Promise.all(Array.from({ length: Math.min(concurrency, usernames.length) }, work));
    return results;
  }

  async #linksOf(username: string, signal: AbortSignal | undefined): Promise<LinksResult> {
    let user = username;
    try {
      user = normaliseUsername(username);
      const status = await this.#rooms.status(user, signal);
      const { live, roomId, title, links: found } = status;
      const why = notOnAir(status, user);
      if (why?.code === "private") return { user, error: why };
      if (!live) return { user, live };
      const links = found.length > 0 || roomId === "" ? found : (await this.#rooms.info(roomId, signal)).links;
      return { user, live, roomId, title, links, best: bestStream(links) };
    } catch (error) {
      if (!isLiveError(error)) throw error;
      return { user, error };
    }
  }
}

function readTarget(target: string | { readonly roomId: string }): RoomTarget {
  if (typeof target === "string") return { username: normaliseUsername(target) };
  if (typeof target !== "object" || target === null) {
    throw new TypeError("Cannot open a live: pass a name or { roomId }");
  }
  return { roomId: checkRoomId(target.roomId) };
}

function ignoreTrace(): void {
  return undefined;
}
