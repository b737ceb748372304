/**
 * TikTok's web routes, the socket's handshake and the streams, by path; under TikTok's own names also by host.
 * @module
 */
import { matchCall } from "./call_routes.ts";
import type { Drift } from "./drift.ts";
import type { HttpFault, StandingFaults, WebRoute } from "./faults.ts";
import type { MediaSource } from "./flv_source.ts";
import type { StandinClock } from "./clock.ts";
import { type Exchange, formatHead, type RawReply, type RawRequest } from "./http1.ts";
import {
  apiLiveBody,
  CAPTCHA_PAGE,
  checkAliveBody,
  giftListBody,
  type HostView,
  livePageState,
  profilePageState,
  QUALITIES,
  type Quality,
  REGION_PAGE,
  roomInfoBody,
  SHELL_PAGE,
  statePage,
  WAF_PAGE,
} from "./pages.ts";
import type { Live, Room } from "./rooms.ts";
import { matchSigned, type PollDesk, refuseSigned, SOCKET_PATH, spoiledAnswer } from "./signed_routes.ts";
import { signedQuery, type StreamSigner, streamUrl } from "./stream_urls.ts";
import { readCookies, type TtwidIssuer } from "./ttwid.ts";

/** What the routes work with. */
export interface WebContext {
  clock: StandinClock;
  faults: StandingFaults;
  /** How answers have changed; `undefined` while they are as protocol.md has them. */
  drift(): Drift | undefined;
  ttwid: TtwidIssuer;
  media: MediaSource | undefined;
  signer: StreamSigner;
  /** `http://127.0.0.1:port`, for stream URLs of plain requests. */
  baseUrl(): string;
  rooms(): Iterable<Room>;
  roomByName(username: string): Room | undefined;
  liveById(roomId: string): { room: Room; live: Live } | undefined;
  liveByStream(streamId: string): { room: Room; live: Live } | undefined;
  polls: PollDesk;
  upgrade(exchange: Exchange): void;
  control(exchange: Exchange): void | Promise<void>;
}

/** Name of the CDN in stream URLs, when the client came over TLS. */
const MEDIA_HOST = "pull-f5-sg01.fcdn.eu.tiktokcdn.com";
const HTML = { "Content-Type": "text/html; charset=utf-8" };
const PLAYLIST_TYPE = { "Content-Type": "application/vnd.apple.mpegurl" };
const JSON_TYPE = { "Content-Type": "application/json; charset=utf-8" };

/** Which paths a host of TikTok answers; `undefined` for a name that is none of theirs. */
export function hostFamily(host: string): "web" | "webcast" | "socket" | "media" | "ttwid" | undefined {
  if (host === "www.tiktok.com" || host === "tiktok.com") return "web";
  if (/^webcast-ws(\.[a-z]+)?\.tiktok\.com$/.test(host)) return "socket";
  if (/^webcast[\w-]*(\.[a-z]+)?\.tiktok\.com$/.test(host)) return "webcast";
  if (/^pull-[\w-]+(\.[\w-]+)*\.tiktokcdn(-us|-eu)?\.com$/.test(host)) return "media";
  if (host === "ttwid.bytedance.com") return "ttwid";
  return undefined;
}

function pathFamily(path: string): ReturnType<typeof hostFamily> {
  if (path === SOCKET_PATH) return "socket";
  if (path.startsWith("/webcast/")) return "webcast";
  if (path.startsWith("/stage/")) return "media";
  if (path.startsWith("/ttwid/union/")) return "ttwid";
  return "web";
}

/** Answers one request. */
export async function route(exchange: Exchange, context: WebContext): Promise<void> {
  const { request } = exchange;
  const { path } = request;
  if (path.startsWith("/_control/")) return await context.control(exchange);
  if (request.secure) {
    const family = hostFamily(request.host);
    if (family === undefined) return exchange.reply({ status: 421 });
    if (family !== pathFamily(path)) return exchange.reply({ status: 404 });
  }
  if (path === SOCKET_PATH) return context.upgrade(exchange);
  if (path.startsWith("/stage/")) return await (path.endsWith(".flv") ? stream : hls)(exchange, context);
  const found = match(request, context);
  if (found === undefined) return exchange.reply({ status: 404, headers: HTML, body: SHELL_PAGE });
  const fault = context.faults.takeHttp(found.route, found.room?.username);
  const own = (): void => {
    const reply = withLogId(found.answer(), context);
    exchange.reply(context.drift()?.reply?.(found.route, reply, request) ?? reply);
  };
  if (fault === undefined) return own();
  await answerFault(exchange, fault, context, own);
}

function withLogId(reply: RawReply, context: WebContext): RawReply {
  return { ...reply, headers: { "X-Tt-Logid": `${context.clock.now()}0A1B2C3D4E5F`, ...reply.headers } };
}

/** Answers with a fault in place of the route's own reply. */
async function answerFault(
  exchange: Exchange,
  fault: HttpFault,
  context: WebContext,
  own: () => void | Promise<void>,
): Promise<void> {
  switch (fault.reply) {
    case "waf_page":
      return exchange.reply({ status: 200, headers: HTML, body: WAF_PAGE });
    case "captcha_page":
      return exchange.reply({ status: 200, headers: HTML, body: CAPTCHA_PAGE });
    case "region_page":
      return exchange.reply({ status: 200, headers: HTML, body: REGION_PAGE });
    case "html":
      return exchange.reply({ status: 200, headers: HTML, body: SHELL_PAGE });
    case "login_redirect":
      return exchange.reply({ status: 302, headers: { Location: "/login?redirect_url=%2F" } });
    case "away_redirect":
      return exchange.reply({ status: 302, headers: { Location: "/hk/notfound" } });
    case "system_error":
      return exchange.reply({ status: 200, headers: { ...HTML, "X-TT-System-Error": "3" } });
    case "body": {
      const body = fault.body ?? "";
      return exchange.reply(
        withLogId({ status: 200, headers: body.startsWith("<") ? HTML : JSON_TYPE, body }, context),
      );
    }
    case "empty":
      return exchange.reply({ status: 200, headers: JSON_TYPE });
    case "rate_limited":
      return exchange.reply({ status: 429, headers: { "Retry-After": String(fault.retryAfterS ?? 30) } });
    case "broken_json":
      return exchange.reply({ status: 200, headers: JSON_TYPE, body: '{"statusCode":0,"data":{"user":{"id":"12' });
    case "status":
      return exchange.reply({
        status: fault.status ?? 500,
        ...(fault.retryAfterS === undefined ? {} : { headers: { "Retry-After": String(fault.retryAfterS) } }),
      });
    case "reset":
      return exchange.drop();
    case "hang":
      return;
    case "foreign_socket":
    case "no_socket":
    case "no_cursor":
    case "no_route_params":
    case "no_batch":
      return exchange.reply(spoiledAnswer(fault.reply));
    case "slow":
      await new Promise<void>((resolve) => context.clock.setTimeout(resolve, fault.delayMs ?? 1000));
      return await own();
  }
}

/** A request that a route knows. */
export interface Match {
  route: WebRoute;
  room: Room | undefined;
  answer(): RawReply;
}

function match(request: RawRequest, context: WebContext): Match | undefined {
  const { path, query } = request;
  const nowMs = context.clock.now();
  const json = (body: string): RawReply => ({ status: 200, headers: JSON_TYPE, body });
  const cookie = (): Record<string, string> => {
    const value = context.ttwid.forPage(request);
    return value === undefined ? {} : { "Set-Cookie": value };
  };
  const page = (body: string): RawReply => ({ status: 200, headers: { ...HTML, ...cookie() }, body });
  switch (path) {
    case "/api-live/user/room/": {
      const name = query.get("uniqueId") ?? "";
      const room = context.roomByName(name);
      const wrong = name === "" || query.get("aid") === null;
      const body = wrong
        ? '{"statusCode":10201,"message":"params_error","data":null}'
        : apiLiveBody(room && viewOf(room, undefined, request, context));
      return { route: "api_live", room, answer: () => json(body) };
    }
    case "/webcast/room/info/": {
      const found = context.liveById(query.get("room_id") ?? "");
      const view = found && viewOf(found.room, found.live, request, context);
      return { route: "room_info", room: found?.room, answer: () => json(roomInfoBody(view, nowMs)) };
    }
    case "/webcast/room/check_alive/": {
      const ids = (query.get("room_ids") ?? "").split(",").filter((id) => /^\d+$/.test(id));
      const rooms = ids.map((roomId) => ({ roomId, alive: context.liveById(roomId)?.live.status === 2 }));
      const room = context.liveById(ids[0] ?? "")?.room;
      return { route: "check_alive", room, answer: () => json(checkAliveBody(rooms, nowMs)) };
    }
    case "/webcast/gift/list/":
      return { route: "gift_list", room: undefined, answer: () => json(giftListBody(nowMs)) };
    case "/ttwid/union/register/":
    case "/ttwid/check/":
      return { route: "ttwid_register", room: undefined, answer: () => register(request, context) };
    case "/":
    case "/live":
      return { route: "home_page", room: undefined, answer: () => page(SHELL_PAGE) };
  }
  const call = matchCall(request, { ...context, view: (room) => viewOf(room, undefined, request, context) });
  const known = call ?? matchSigned(request, context);
  if (known !== undefined) return known;
  const name = /^\/@([^/]+)(\/live)?\/?$/.exec(path);
  if (name === null) return undefined;
  const room = context.roomByName(decodeURIComponent(name[1] ?? ""));
  const view = room && viewOf(room, undefined, request, context);
  if (name[2] === undefined) {
    const body = statePage("TikTok", "__UNIVERSAL_DATA_FOR_REHYDRATION__", profilePageState(view));
    return { route: "profile_page", room, answer: () => page(body) };
  }
  const state = view === undefined ? { CurrentRoom: {} } : livePageState(view);
  return { route: "live_page", room, answer: () => page(statePage("TikTok LIVE", "SIGI_STATE", state)) };
}

function register(request: RawRequest, context: WebContext): RawReply {
  const body = new TextDecoder().decode(request.body);
  const wellFormed = request.method === "POST" && (request.path === "/ttwid/check/" || /"aid"\s*:\s*1768\b/.test(body));
  if (!context.ttwid.registerWorks || !wellFormed) {
    return { status: 200, headers: JSON_TYPE, body: '{"status_code":1001,"message":"aid not allowed"}' };
  }
  return {
    status: 200,
    headers: { ...JSON_TYPE, "Set-Cookie": context.ttwid.issue(request) },
    body: '{"status_code":0,"message":"","subStatusCode":0,"redirect_url":""}',
  };
}

/** What the web says about a host, or about one of their lives. */
function viewOf(room: Room, live: Live | undefined, request: RawRequest, context: WebContext): HostView {
  const shown = live ?? room.current;
  const audience = shown?.generator?.audience ?? { viewers: 1200, visitors: 5400, likes: 900 };
  const url = (quality: Quality | "ao", hls: boolean): string =>
    streamUrl(context.signer, {
      baseUrl: request.secure ? `https://${MEDIA_HOST}${request.hostPort}` : context.baseUrl(),
      streamId: shown?.streamId ?? "",
      quality,
      hls,
      nowMs: context.clock.now(),
    });
  return {
    host: room.host,
    account: room.account,
    status: shown?.status ?? 4,
    roomId: shown?.roomId ?? "",
    streamId: shown?.streamId ?? "0",
    title: shown?.title ?? "",
    startedAtMs: shown?.startedAtMs ?? 0,
    ...audience,
    flvUrl: (quality) => shown?.streams === "hls" ? "" : url(quality, false),
    hlsUrl: (quality) => shown?.streams === "flv" ? "" : url(quality, true),
  };
}

async function stream(exchange: Exchange, context: WebContext): Promise<void> {
  const { request } = exchange;
  const name = /^\/stage\/stream-(\d+)(_[a-z0-9]+)?\.flv$/.exec(request.path);
  const found = context.liveByStream(name?.[1] ?? "");
  const quality = name?.[2] === undefined ? undefined : QUALITIES.find(({ suffix }) => suffix === name[2]);
  const key = name?.[2] === undefined && request.query.get("only_audio") === "1" ? "ao" : quality?.key;
  const own = async (): Promise<void> => {
    if (found === undefined || key === undefined || found.live.status === 4 || context.media === undefined) {
      return exchange.reply({ status: 404 });
    }
    if (!context.signer.accepts(request, context.clock.now())) return exchange.reply({ status: 403 });
    const drifted = context.drift()?.reply?.("flv", { status: 200 }, request);
    if (drifted !== undefined) return exchange.reply(drifted);
    const source = await context.media.source(key);
    if (request.method === "HEAD") return exchange.reply({ status: 200, headers: { "Content-Type": "video/x-flv" } });
    const { socket } = exchange.takeOver();
    if (!socket.destroyed) found.live.flv.open(socket, key, source);
  };
  const fault = context.faults.takeHttp("flv", found?.room.username);
  if (fault === undefined) return await own();
  await answerFault(exchange, fault, context, own);
}

async function hls(exchange: Exchange, context: WebContext): Promise<void> {
  const { request } = exchange;
  const [, streamId = "", suffix, file = ""] = /^\/stage\/stream-(\d+)(_[a-z0-9]+)\/([^/]+)$/.exec(request.path) ?? [];
  const found = context.liveByStream(streamId);
  const quality = QUALITIES.find((each) => each.suffix === suffix);
  const own = async (): Promise<void> => {
    const { media, signer, clock } = context;
    if (found === undefined || quality === undefined || media === undefined || found.live.streams === "flv") {
      return exchange.reply({ status: 404 });
    }
    if (!signer.accepts(request, clock.now())) return exchange.reply({ status: 403 });
    const channel = found.live.hls;
    const sign = (name: string): string => signedQuery(signer, request.path.replace(/[^/]+$/, name), clock.now());
    if (file === "index.m3u8") {
      const stream = `#EXT-X-STREAM-INF:BANDWIDTH=${quality.bitrateKbps * 1000},CODECS="avc1.42c01e,mp4a.40.2"`;
      const body = `#EXTM3U\n${stream}\nmedia.m3u8?${sign("media.m3u8")}\n`;
      return exchange.reply({ status: 200, headers: PLAYLIST_TYPE, body });
    }
    if (file === "media.m3u8") {
      return exchange.reply({ status: 200, headers: PLAYLIST_TYPE, body: channel.playlist(sign) });
    }
    const bytes = await channel.segment(file, quality.key, await media.source(quality.key));
    if (bytes === undefined) return exchange.reply({ status: 404 });
    exchange.reply({ status: 200, headers: { "Content-Type": "video/mp2t" }, body: bytes });
  };
  const route = file.endsWith(".ts") ? "hls_segment" : "hls";
  const fault = context.faults.takeHttp(route, found?.room.username);
  if (fault === undefined) return await own();
  await answerFault(exchange, fault, context, own);
}

/** Refuses or accepts a handshake; protocol.md 4.4. */
export function checkHandshake(
  request: RawRequest,
): { client: string } | { refused: { status: number; message: string } } {
  const cookie = readCookies(request).get("ttwid") ?? "";
  const agents = request.headerAll("user-agent");
  if (agents.length !== 1 || agents[0] === "" || cookie === "") {
    return { refused: { status: 415, message: "DEVICE_BLOCKED" } };
  }
  if (request.query.get("aid") !== "1988") return { refused: { status: 417, message: "illegal app_id" } };
  if (!/^\d+$/.test(request.query.get("room_id") ?? "")) {
    return { refused: { status: 400, message: "illegal room_id" } };
  }
  const refused = refuseSigned(request);
  return refused === undefined ? { client: cookie } : { refused };
}

/** The bytes of a refused handshake: HTTP 200 with the reason in headers, or the status itself. */
export function refusal(
  status: number,
  message: string,
  as: "header" | "http",
  retryAfterS?: number,
): string {
  return formatHead(as === "header" ? 200 : status, {
    "Content-Length": "0",
    "Handshake-Status": String(status),
    "Handshake-Msg": message,
    "X-Tt-Logid": "20260101000000STANDIN",
    ...(retryAfterS === undefined ? {} : { "Retry-After": String(retryAfterS) }),
    Connection: "close",
  });
}
