/**
 * The query parameters that TikTok's web page adds to nearly every call (protocol.md "Common HTTP habits").
 * @module
 */
import { browserPlatform } from "../live/socket_url.ts";

/** What {@link standardQuery} is made of. */
export interface StandardQueryOptions {
  /** The parameters and the header have to agree. */
  userAgent: string;
  /** IANA name, such as `Europe/Berlin`. */
  timeZone: string;
  /** 19 digits, the same for the life of a client. */
  deviceId: string;
  /** Whether the user's cookies log in. */
  loggedIn: boolean;
}

/** The parameters, followed by a call's own; of two with one name the call's wins. */
export function standardQuery(options: StandardQueryOptions, own: Readonly<Record<string, string>>): URLSearchParams {
  const { userAgent, timeZone, deviceId, loggedIn } = options;
  const slash = userAgent.indexOf("/");
  return new URLSearchParams({
    aid: "1988",
    app_language: "en",
    app_name: "tiktok_web",
    browser_language: "en-US",
    browser_name: slash < 0 ? userAgent : userAgent.slice(0, slash),
    browser_online: "true",
    browser_platform: browserPlatform(userAgent),
    browser_version: slash < 0 ? "" : userAgent.slice(slash + 1),
    channel: "tiktok_web",
    cookie_enabled: "true",
    data_collection_enabled: String(loggedIn),
    device_id: deviceId,
    device_platform: "web_pc",
    focus_state: "true",
    from_page: "user",
    history_len: "2",
    is_fullscreen: "false",
    is_page_visible: "true",
    os: userAgent.includes("Windows") ? "windows" : userAgent.includes("Macintosh") ? "mac" : "linux",
    priority_region: "",
    region: "US",
    referer: "",
    root_referer: "",
    screen_width: "1920",
    screen_height: "1080",
    tz_name: timeZone,
    user_is_login: String(loggedIn),
    webcast_language: "en",
    ...own,
  });
}

/** 19 random digits, the first not 0. */
export function randomDeviceId(random: () => number): string {
  return Array.from({ length: 19 }, (_, index) => Math.floor(random() * (index === 0 ? 9 : 10)) + (index === 0 ? 1 : 0))
    .join("");
}
