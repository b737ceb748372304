/**
 * The URL and the headers of the direct socket (protocol.md 4.1 steps 3 and 4). Unsigned: no cursor, no internal_ext,
 * no device id.
 * @module
 */
const PATH = "/webcast/im/ws_proxy/ws_reuse_supplement/";

/** What {@link directSocketUrl} is made of. */
export interface SocketUrlOptions {
  /** `wss://host` or `ws://host:port`. */
  baseUrl: string;
  roomId: string;
  userAgent: string;
  /** IANA name, such as `Europe/Berlin`. */
  timeZone: string;
  /** 0 to below 1. */
  random: number;
}

/** The platform that a browser with this User-Agent names in `navigator.platform`. */
export function browserPlatform(userAgent: string): string {
  if (userAgent.includes("Windows")) return "Win32";
  return userAgent.includes("Macintosh") ? "MacIntel" : "Linux x86_64";
}

/**
 * The query of TikTok's web player, without what names the room. `browser_name` and `browser_version` are the
 * User-Agent, cut at its "/".
 */
export function playerQuery(options: Pick<SocketUrlOptions, "userAgent" | "timeZone" | "random">) {
  const { userAgent, timeZone, random } = options;
  const slash = userAgent.indexOf("/");
  return {
    version_code: "180800",
    device_platform: "web",
    cookie_enabled: "true",
    screen_width: "1920",
    screen_height: "1080",
    browser_language: "en-US",
    browser_platform: browserPlatform(userAgent),
    browser_name: slash < 0 ? userAgent : userAgent.slice(0, slash),
    browser_version: slash < 0 ? "" : userAgent.slice(slash + 1),
    browser_online: "true",
    tz_name: timeZone,
    app_name: "tiktok_web",
    sup_ws_ds_opt: "1",
    update_version_code: "2.0.0",
    compress: "gzip",
    webcast_language: "en",
    ws_direct: "1",
    aid: "1988",
    live_id: "12",
    app_language: "en",
    client_enter: "1",
    identity: "audience",
    history_comment_count: "6",
    last_rtt: (100 + random * 100).toFixed(3),
    heartbeat_duration: "10000",
    resp_content_type: "protobuf",
    did_rule: "3",
  };
}

/** The URL that enters a room as a guest. */
export function directSocketUrl(options: SocketUrlOptions): string {
  const { baseUrl, roomId } = options;
  const query = new URLSearchParams({ ...playerQuery(options), room_id: roomId });
  // TikTok's own player writes a space as %20.
  return `${baseUrl}${PATH}?${query.toString().replaceAll("+", "%20")}`;
}

/** Headers of the upgrade; the host's socket adds its own `Host`, `Upgrade`, `Connection` and `Sec-WebSocket-*`. */
export function directSocketHeaders(userAgent: string, cookie: string | undefined): Record<string, string> {
  return {
    "User-Agent": userAgent,
    ...(cookie === undefined ? {} : { Cookie: cookie }),
    Origin: "https://www.tiktok.com",
    Referer: "https://www.tiktok.com/",
    "Accept-Language": "en-US,en;q=0.9",
    "Cache-Control": "no-cache",
  };
}
