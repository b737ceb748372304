/**
 * Options of connector 1.x, and what the client makes of them.
 * @module
 */
import { eulerSigner } from "../signing/euler.ts";
import { proxiedByHost } from "../runtime/host_proxy.ts";
import type { TikTokOptions } from "../tiktok.ts";
import { parseCookies } from "../web/identity.ts";
import { proxiesOfAgents } from "./agents.ts";

/** Options of {@link WebcastPushConnection}. */
export interface WebcastOptions {
  /** Whether messages from before the join are events. @default true */
  processInitialData?: boolean;
  /** Reads the room on `connect()`, into `state.roomInfo`; an offline room then refuses. @default true */
  fetchRoomInfoOnConnect?: boolean;
  /** Reads the gift list on `connect()`, into `extendedGiftInfo` of gift events. About 2.6 MB. @default false */
  enableExtendedGiftInfo?: boolean;
  /** `false` asks over HTTP in place of a socket, which wants `signProviderOptions`. @default true */
  enableWebsocketUpgrade?: boolean;
  /** Whether polling is a way out when there is a signer. @default true */
  enableRequestPolling?: boolean;
  /**
   * Least time between two polls, ms, up to 30,000. TikTok's answers may ask for more, and no poll comes sooner than
   * 500 ms after the last. @default 1000
   */
  requestPollingIntervalMs?: number;
  /** The `sessionid` cookie of your account, for {@link WebcastPushConnection.sendMessage}. @default null */
  sessionId?: string | null;
  /** Query parameters to add to calls of TikTok's API and to the socket's URL. @default {} */
  clientParams?: Readonly<Record<string, string | number | boolean>>;
  /** Headers to add to HTTP requests to TikTok; `Cookie` and `User-Agent` hold for the socket too. @default {} */
  requestHeaders?: Readonly<Record<string, string>>;
  /** Headers to add to the socket's upgrade; `Cookie` and `User-Agent` hold for HTTP requests too. @default {} */
  websocketHeaders?: Readonly<Record<string, string>>;
  /**
   * `timeout` of one HTTP request, ms; 0 is the client's own 15 s. `httpsAgent` of `https-proxy-agent` or `hpagent`, or
   * axios's `proxy`, name a proxy, for the socket too when that has none; other agents are refused. On Node a proxy
   * wants `npm install undici`. @default {}
   */
  requestOptions?: TransportOptions;
  /**
   * `timeout` from the first request to the open socket, ms; 0 is none. `agent` names a proxy, as in `requestOptions`,
   * and for requests too when those have none. @default {}
   */
  websocketOptions?: TransportOptions;
  /** A server that speaks Euler Stream's language signs what TikTok wants signed; `{}` is Euler Stream. @default none */
  signProviderOptions?: { host?: string; params?: Record<string, string>; headers?: Record<string, string> };
  /** What Roomtone takes beyond 1.x; the options above win. @default {} */
  tiktok?: TikTokOptions;
}

/** How requests or sockets go out. */
export interface TransportOptions {
  /** ms. */
  timeout?: number;
  /** Any other option, as 1.x scripts pass them. */
  [other: string]: unknown;
}

/** The options with their defaults. */
export interface WebcastSettings {
  processInitialData: boolean;
  fetchRoomInfoOnConnect: boolean;
  enableExtendedGiftInfo: boolean;
  enableWebsocketUpgrade: boolean;
  sessionId: string | null;
  /** ms; 0 is none. */
  connectTimeoutMs: number;
  tiktok: TikTokOptions;
}

const MAX_TIMEOUT_MS = 600_000;
const POLL_MS = 1000;
const POLL_LIMITS_MS = [500, 30_000] as const;

/**
 * Reads the options.
 * @throws {TypeError} for an agent that names no http or https proxy, and for headers that cannot be sent
 * @throws {RangeError} for a time-out that is no number of ms from 0 to 600,000, and for a polling interval that is none
 * from 0 to 30,000
 */
export function readOptions(options: WebcastOptions): WebcastSettings {
  return {
    processInitialData: options.processInitialData ?? true,
    fetchRoomInfoOnConnect: options.fetchRoomInfoOnConnect ?? true,
    enableExtendedGiftInfo: options.enableExtendedGiftInfo ?? false,
    enableWebsocketUpgrade: options.enableWebsocketUpgrade ?? true,
    sessionId: options.sessionId ?? null,
    connectTimeoutMs: readTransport("websocketOptions", options.websocketOptions),
    tiktok: clientOptions(options),
  };
}

/** Cookies of a session, as TikTok's own page has them. */
export function sessionCookies(sessionId: string | null): Record<string, string> {
  return sessionId === null || sessionId === ""
    ? {}
    : { sessionid: sessionId, sessionid_ss: sessionId, sid_tt: sessionId };
}

function clientOptions(options: WebcastOptions): TikTokOptions {
  const { tiktok = {}, clientParams = {}, signProviderOptions } = options;
  const signer = signProviderOptions === undefined ? tiktok.signer : eulerSigner(signProviderOptions);
  const request = splitHeaders(options.requestHeaders);
  const socket = splitHeaders(options.websocketHeaders);
  const userAgent = request.userAgent ?? socket.userAgent ?? tiktok.userAgent;
  const timeoutMs = readTransport("requestOptions", options.requestOptions) || tiktok.timeoutMs;
  const proxies = proxiesOfAgents(options.requestOptions ?? {}, options.websocketOptions ?? {});
  const params = Object.fromEntries(Object.entries(clientParams).map(([name, value]) => [name, String(value)]));
  return {
    ...tiktok,
    ...(proxies === undefined ? {} : proxiedByHost(proxies)),
    ...(userAgent === undefined ? {} : { userAgent }),
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
    ...(signer === undefined ? {} : { signer }),
    ...routesOf(options, signer),
    pollIntervalMs: readPollInterval(options.requestPollingIntervalMs ?? tiktok.pollIntervalMs ?? POLL_MS),
    cookies: Object.fromEntries([
      ...parseCookies(tiktok.cookies),
      ...parseCookies(socket.cookie),
      ...parseCookies(request.cookie),
    ]),
    headers: { ...tiktok.headers, ...request.rest },
    socketHeaders: { ...tiktok.socketHeaders, ...socket.rest },
    params: { ...tiktok.params, ...params },
  };
}

/** The routes that the options leave; the client's own when they say nothing. */
function routesOf(options: WebcastOptions, signer: TikTokOptions["signer"]): Pick<TikTokOptions, "routes"> {
  const { enableWebsocketUpgrade = true, enableRequestPolling = true } = options;
  // Without a signer the direct socket is all there is, and `connect()` says so.
  if (signer === undefined) return {};
  if (!enableWebsocketUpgrade) return { routes: ["polling"] };
  if (enableRequestPolling) return {};
  const sockets = signer.fetchRoom === undefined ? ["direct" as const] : ["direct" as const, "signed" as const];
  return { routes: options.tiktok?.routes?.filter((route) => route !== "polling") ?? sockets };
}

/** Takes out the headers that the client keeps the same for requests and sockets. */
function splitHeaders(headers: Readonly<Record<string, string>> = {}) {
  const rest: Record<string, string> = {};
  const own = new Map<string, string>();
  for (const [name, value] of Object.entries(headers)) {
    const lower = name.toLowerCase();
    if (lower === "cookie" || lower === "user-agent") own.set(lower, value);
    else rest[name] = value;
  }
  return { rest, cookie: own.get("cookie"), userAgent: own.get("user-agent") };
}

/** Time between two polls, ms; 1.x scripts may ask for less than is polite. */
function readPollInterval(intervalMs: number): number {
  const [least, most] = POLL_LIMITS_MS;
  if (!Number.isFinite(intervalMs) || intervalMs < 0 || intervalMs > most) {
    throw new RangeError(`Cannot use the option 'requestPollingIntervalMs': it must be 0 to ${most} ms`);
  }
  return Math.max(least, Math.round(intervalMs));
}

/** The time-out of a transport, ms; 0 when there is none. */
function readTransport(option: string, transport: TransportOptions = {}): number {
  const { timeout = 0 } = transport;
  if (!Number.isInteger(timeout) || timeout < 0 || timeout > MAX_TIMEOUT_MS) {
    throw new RangeError(`Cannot use the option '${option}.timeout': it must be 0 to ${MAX_TIMEOUT_MS} ms`);
  }
  return timeout;
}
