/**
 * Faults on command: what can go wrong between a client and TikTok, as data, so that the library and the control API
 * take the same objects.
 * @module
 */

/** Web routes that a fault can hit. */
export const WEB_ROUTES = [
  "api_live",
  "live_page",
  "profile_page",
  "home_page",
  "room_info",
  "check_alive",
  "gift_list",
  "user_detail",
  "user_list",
  "feed",
  "search",
  "prices",
  "chat",
  "signer",
  "signer_room",
  "im_fetch",
  "ttwid_register",
  "flv",
  /** Playlists. */
  "hls",
  "hls_segment",
] as const;
export type WebRoute = (typeof WEB_ROUTES)[number];

/** What a web route answers in place of its own reply. */
export const HTTP_REPLIES = [
  /** A "Please wait..." page with the WAF's puzzle. */
  "waf_page",
  /** A page that asks for a captcha. */
  "captcha_page",
  /** A page that says TikTok is not available in the region. */
  "region_page",
  /** Status 302 to `/login`. */
  "login_redirect",
  /** Status 302 to a page of TikTok's that says nothing, as countries without TikTok get it. */
  "away_redirect",
  /** Status 200 without a byte and without a cookie, with `X-TT-System-Error`. */
  "system_error",
  /** Status 200 without a byte. */
  "empty",
  /** Status 429 with `Retry-After`. */
  "rate_limited",
  /** An HTML page without any state, status 200. */
  "html",
  /** JSON that stops in the middle, status 200. */
  "broken_json",
  /** The status given in `status`, without a body; with `Retry-After` when `retryAfterS` is given. */
  "status",
  /** What `body` says: JSON, or a page when it begins with `<`. */
  "body",
  /** A signer's first answer that names a socket which is not TikTok's, as in an outage. */
  "foreign_socket",
  /** ... that names no socket, */
  "no_socket",
  /** has no cursor, */
  "no_cursor",
  /** has no parameters for the socket, */
  "no_route_params",
  /** or is no batch of messages. */
  "no_batch",
  /** The route's own reply, `delayMs` later. */
  "slow",
  /** No answer at all; the connection stays open. */
  "hang",
  /** The connection ends without an answer. */
  "reset",
] as const;
export type HttpReply = (typeof HTTP_REPLIES)[number];

/** Account states of a host. */
export const ACCOUNT_STATES = ["normal", "not_found", "private", "age_restricted", "no_live_access"] as const;
export type AccountState = (typeof ACCOUNT_STATES)[number];

/**
 * One fault. Faults of kind `http` and `handshake` stay until used up (`times`) or cleared; the others happen once,
 * at once.
 */
export type Fault =
  | {
    kind: "http";
    route: WebRoute | "*";
    reply: HttpReply;
    /** How many requests it hits; all of them when absent. */
    times?: number;
    /** Status of the reply `status`. */
    status?: number;
    /** Text of the reply `body`. */
    body?: string;
    /** Seconds in `Retry-After`; 30 when absent. */
    retryAfterS?: number;
    /** Delay of the reply `slow`; 1000 when absent. */
    delayMs?: number;
  }
  | {
    kind: "handshake";
    /** Status that is refused with, such as 415 or 417. */
    status: number;
    /** `Handshake-Msg`; what protocol.md knows for the status when absent. */
    message?: string;
    /** `header` (default) answers HTTP 200 with `Handshake-Status`; `http` answers with the status itself. */
    as?: "header" | "http";
    /** Seconds in `Retry-After`; the header is absent without it. */
    retryAfterS?: number;
    /** Only sockets without a signer's signature, or only those with one; both when absent. */
    way?: "direct" | "signed";
    times?: number;
  }
  /** The connection breaks without a close frame. */
  | { kind: "socket_drop" }
  /** Nothing comes any more, not even heartbeats; for `forMs`, else until the client goes. */
  | { kind: "socket_stall"; forMs?: number }
  /** Half a WebSocket frame, then the connection breaks. */
  | { kind: "socket_half_frame" }
  /** A `close` push frame with this reason, then a WebSocket close. */
  | { kind: "socket_close"; reason: string }
  /** A frame whose gzip payload unpacks to this many MiB of zeros. */
  | { kind: "frame_gzip_bomb"; megabytes?: number }
  /** A frame whose gzip payload is cut and altered. */
  | { kind: "frame_broken_gzip" }
  /** A binary message that is no push frame. */
  | { kind: "frame_garbage" }
  /** The last messages again, with their ids. */
  | { kind: "duplicate_messages"; count?: number }
  /** A message of a method that nobody knows. */
  | { kind: "unknown_method" }
  /** A chat message whose envelope has no id. */
  | { kind: "message_without_id" }
  /** A chat message that does not decode. */
  | { kind: "broken_message" }
  /** A control message that HTTP does not confirm: 1 paused, 2 resumed, 3 ended, 4 suspended. */
  | { kind: "control"; action: 1 | 2 | 3 | 4 }
  /** FLV connections end, between two tags or inside one. */
  | { kind: "flv_cut"; inside: boolean }
  /** FLV connections that are open get nothing more; for `forMs`, else until the client goes. */
  | { kind: "flv_stall"; forMs?: number }
  /** FLV timestamps jump: by an amount, or to a value. */
  | { kind: "flv_clock_jump"; byMs?: number; toMs?: number }
  /** So many segments of HLS are never listed: the numbers jump. */
  | { kind: "hls_skip"; segments: number }
  /** HLS playlists stay as they are for a while. */
  | { kind: "hls_stall"; forMs: number }
  /** HLS timestamps jump, and the playlist says so. */
  | { kind: "hls_clock_jump"; byMs: number }
  /** Numbers and timestamps of HLS begin anew. */
  | { kind: "hls_restart" }
  /** The live ends; with `control` false nothing says so but HTTP. */
  | { kind: "offline"; control?: boolean }
  /** The live ends, and the host is live again in a new room; sockets break, or with `control` hear of the end. */
  | { kind: "new_room"; control?: boolean }
  /** What the web says about the account. */
  | { kind: "account"; state: AccountState };

export type FaultKind = Fault["kind"];
export type HttpFault = Extract<Fault, { kind: "http" }>;
export type HandshakeFault = Extract<Fault, { kind: "handshake" }>;

type Check = "string" | "number" | "boolean" | readonly (string | number)[];
/** Fields by kind; a name that ends with `?` may be absent. */
const FIELDS: Record<FaultKind, Record<string, Check>> = {
  http: {
    route: [...WEB_ROUTES, "*"],
    reply: HTTP_REPLIES,
    "times?": "number",
    "status?": "number",
    "body?": "string",
    "retryAfterS?": "number",
    "delayMs?": "number",
  },
  handshake: {
    status: "number",
    "message?": "string",
    "as?": ["header", "http"],
    "retryAfterS?": "number",
    "way?": ["direct", "signed"],
    "times?": "number",
  },
  socket_drop: {},
  socket_stall: { "forMs?": "number" },
  socket_half_frame: {},
  socket_close: { reason: "string" },
  frame_gzip_bomb: { "megabytes?": "number" },
  frame_broken_gzip: {},
  frame_garbage: {},
  duplicate_messages: { "count?": "number" },
  unknown_method: {},
  message_without_id: {},
  broken_message: {},
  control: { action: [1, 2, 3, 4] },
  flv_cut: { inside: "boolean" },
  flv_stall: { "forMs?": "number" },
  flv_clock_jump: { "byMs?": "number", "toMs?": "number" },
  hls_skip: { segments: "number" },
  hls_stall: { forMs: "number" },
  hls_clock_jump: { byMs: "number" },
  hls_restart: {},
  offline: { "control?": "boolean" },
  new_room: { "control?": "boolean" },
  account: { state: ACCOUNT_STATES },
};

function matches(value: unknown, check: Check): boolean {
  const type: string = typeof value;
  return typeof check === "string" ? type === check : check.some((allowed) => allowed === value);
}

/**
 * Reads a fault from JSON.
 * @throws TypeError that names the field when it is not one
 */
export function parseFault(value: unknown): Fault {
  if (typeof value !== "object" || value === null) throw new TypeError("Cannot read the fault: it is no object");
  const fault = value as Record<string, unknown>;
  const kind = fault["kind"];
  if (typeof kind !== "string" || !Object.hasOwn(FIELDS, kind)) {
    throw new TypeError(`Cannot read the fault: kind is ${JSON.stringify(kind)}, not one of ${Object.keys(FIELDS)}`);
  }
  for (const [name, check] of Object.entries(FIELDS[kind as FaultKind])) {
    const field = name.replace("?", "");
    if (fault[field] === undefined && name.endsWith("?")) continue;
    if (!matches(fault[field], check)) {
      const wanted = typeof check === "string" ? `a ${check}` : `one of ${check.join(", ")}`;
      throw new TypeError(`Cannot read the fault '${kind}': ${field} has to be ${wanted}`);
    }
  }
  return value as Fault;
}

interface Standing<F> {
  fault: F;
  /** Hits left. */
  left: number;
  /** Host that it is for; every host when `undefined`. */
  username: string | undefined;
}

/** The faults that wait for requests. */
export class StandingFaults {
  #http: Standing<HttpFault>[] = [];
  #handshake: Standing<HandshakeFault>[] = [];

  addHttp(fault: HttpFault, username?: string): void {
    this.#http.push({ fault, left: fault.times ?? Number.POSITIVE_INFINITY, username });
  }

  addHandshake(fault: HandshakeFault, username?: string): void {
    this.#handshake.push({ fault, left: fault.times ?? Number.POSITIVE_INFINITY, username });
  }

  /** The fault that hits a request, counted as used. */
  takeHttp(route: WebRoute, username: string | undefined): HttpFault | undefined {
    return take(this.#http, username, (fault) => fault.route === "*" || fault.route === route);
  }

  /** The fault that hits a handshake, counted as used. */
  takeHandshake(username: string | undefined, way: "direct" | "signed"): HandshakeFault | undefined {
    return take(this.#handshake, username, (fault) => fault.way === undefined || fault.way === way);
  }

  /** Forgets those of a host, or all of them. */
  clear(username?: string): void {
    const keep = (standing: { username: string | undefined }): boolean =>
      username !== undefined && standing.username !== username;
    this.#http = this.#http.filter(keep);
    this.#handshake = this.#handshake.filter(keep);
  }
}

function take<F>(standing: Standing<F>[], username: string | undefined, fits: (fault: F) => boolean): F | undefined {
  const hit = standing.find((one) =>
    one.left > 0 && (one.username === undefined || one.username === username) && fits(one.fault)
  );
  if (hit === undefined) return undefined;
  hit.left -= 1;
  return hit.fault;
}
