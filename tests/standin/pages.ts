/**
 * Bodies of the web routes, in the shapes of protocol.md sections 1, 2 and 6.
 * @module
 */
import { GIFTS } from "./gifts.ts";
import { toJson } from "./json.ts";
import { avatarUrls, type Fields, type Person, picture } from "./users.ts";

/** One quality of the stream. */
export interface Quality {
  /** Key in `stream_data`, such as `hd`. */
  readonly key: string;
  readonly name: string;
  readonly level: number;
  readonly width: number;
  readonly height: number;
  readonly bitrateKbps: number;
  /** End of the stream's name in the URL, such as `_hd`. */
  readonly suffix: string;
}

/** Qualities of every stream, best first. */
export const QUALITIES: readonly Quality[] = [
  { key: "origin", name: "Original", level: 10, width: 1280, height: 720, bitrateKbps: 1500, suffix: "_or4" },
  { key: "hd", name: "720p", level: 3, width: 960, height: 540, bitrateKbps: 1000, suffix: "_hd" },
  { key: "sd", name: "540p", level: 2, width: 640, height: 360, bitrateKbps: 600, suffix: "_sd" },
  { key: "ld", name: "360p", level: 1, width: 426, height: 240, bitrateKbps: 300, suffix: "_ld" },
];

/** What the web routes say about a host. */
export interface HostView {
  host: Person;
  account: "normal" | "not_found" | "private" | "age_restricted" | "no_live_access";
  /** 2 live, 3 paused, 4 not live. */
  status: number;
  /** Of the current or last live; empty before the first. */
  roomId: string;
  streamId: string;
  title: string;
  startedAtMs: number;
  viewers: number;
  visitors: number;
  likes: number;
  /** URL of the stream in a quality; `ao` is sound alone. */
  flvUrl(quality: Quality | "ao"): string;
  hlsUrl(quality: Quality): string;
}

function pullData(view: HostView): Fields {
  const sdkParams = (quality: Quality | undefined): string =>
    JSON.stringify({
      VCodec: "h264",
      vbitrate: (quality?.bitrateKbps ?? 0) * 1000,
      resolution: quality === undefined ? "" : `${quality.width}x${quality.height}`,
      gop: 2,
      cdn_name: "fcdn",
      stream_suffix: quality?.suffix.slice(1) ?? "",
    });
  const main = (flv: string, hls: string, params: string): Fields => ({
    main: { flv, hls, cmaf: "", dash: "", lls: "", tsl: "", tile: "", rtc: "", sdk_params: params },
  });
  const data: Fields = {};
  for (const quality of QUALITIES) {
    data[quality.key] = main(view.flvUrl(quality), view.hlsUrl(quality), sdkParams(quality));
  }
  data["ao"] = main(view.flvUrl("ao"), "", sdkParams(undefined));
  const options = QUALITIES.map(({ key, name, level }) => ({
    icon_type: 0,
    level,
    name,
    resolution: "",
    sdk_key: key,
    v_codec: "",
  }));
  return {
    options: { default_quality: options[1], qualities: options, show_quality_button: true },
    stream_data: JSON.stringify({ common: { session_id: view.streamId, user_count: view.viewers }, data }),
  };
}

const avatarUrl = (host: Person, sizePx: number): string => avatarUrls(host, sizePx, 1)[0] ?? "";

function liveUser(view: HostView): Fields {
  const { host } = view;
  return {
    id: host.id,
    uniqueId: host.username,
    nickname: host.nickname,
    secUid: host.secUid,
    signature: host.bio,
    secret: view.account === "private",
    verified: host.verified,
    roomId: view.roomId,
    status: view.status,
    followStatus: 0,
    avatarThumb: avatarUrl(host, 100),
    avatarMedium: avatarUrl(host, 720),
    avatarLarger: avatarUrl(host, 1080),
  };
}

function liveRoom(view: HostView): Fields {
  return {
    status: view.status,
    title: view.title,
    startTime: Math.floor(view.startedAtMs / 1000),
    coverUrl: avatarUrl(view.host, 1080),
    squareCoverImg: avatarUrl(view.host, 720),
    streamId: view.streamId,
    ...(view.status === 4 ? {} : { streamData: { pull_data: pullData(view) } }),
    liveRoomStats: { userCount: view.viewers, enterCount: view.visitors },
    liveRoomMode: 0,
    liveSubOnly: 0,
    hashTagId: 21,
    gameTagId: 0,
    paidEvent: { event_id: 0, paid_type: 0 },
    multiStreamScene: 0,
    multiStreamSource: 0,
  };
}

/** Body of `/api-live/user/room/`. */
export function apiLiveBody(view: HostView | undefined): string {
  if (view === undefined || view.account === "not_found") {
    return toJson({ statusCode: 19881007, message: "user_not_found", data: null });
  }
  const withLive = view.account !== "no_live_access" && view.account !== "private" && view.roomId !== "";
  return toJson({
    statusCode: 0,
    message: "",
    data: {
      user: withLive ? liveUser(view) : { ...liveUser(view), roomId: "", status: 4 },
      stats: { followerCount: view.host.followers, followingCount: view.host.following },
      ...(withLive ? { liveRoom: liveRoom(view) } : {}),
    },
    extra: { now: BigInt(view.startedAtMs) },
  });
}

/** A page with one JSON script, as TikTok's pages carry their state. */
export function statePage(title: string, scriptId: string, state: unknown): string {
  const json = toJson(state).replace(/</g, "\\u003C").replace(/\//g, "\\u002F");
  return `<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>${title}</title></head><body>` +
    `<div id="app"></div><script id="${scriptId}" type="application/json">${json}</script></body></html>`;
}

/** State of `/@name/live`. */
export function livePageState(view: HostView): unknown {
  if (view.account !== "normal" && view.account !== "age_restricted") return { CurrentRoom: {} };
  return {
    LiveRoom: {
      loadingState: { getRecommendLive: 0, getUserInfo: 0, getUserStat: 0 },
      needLogin: false,
      showLiveGate: false,
      isAgeGateRoom: view.account === "age_restricted",
      recommendLiveRooms: [],
      liveRoomStatus: view.status,
      liveRoomUserInfo: {
        user: liveUser(view),
        stats: { followingCount: view.host.following, followerCount: view.host.followers },
        liveRoom: liveRoom(view),
      },
    },
    CurrentRoom: {},
  };
}

/** State of `/@name`. */
export function profilePageState(view: HostView | undefined): unknown {
  if (view === undefined || view.account === "not_found") {
    return { __DEFAULT_SCOPE__: { "webapp.user-detail": { statusCode: 10221, statusMsg: "" } } };
  }
  return {
    __DEFAULT_SCOPE__: {
      "webapp.user-detail": {
        statusCode: view.account === "private" ? 10222 : 0,
        statusMsg: "",
        userInfo: userInfo(view),
      },
    },
  };
}

/** A user, as the profile page and `api/user/detail` show them. */
export function userInfo(view: HostView): Fields {
  const { host } = view;
  const stats = {
    followerCount: host.followers,
    followingCount: host.following,
    heartCount: host.followers * 7,
    heart: host.followers * 7,
    videoCount: 42,
    diggCount: 0,
    friendCount: 12,
  };
  return {
    user: {
      id: host.id,
      uniqueId: host.username,
      nickname: host.nickname,
      signature: host.bio,
      avatarThumb: avatarUrl(host, 100),
      avatarMedium: avatarUrl(host, 720),
      avatarLarger: avatarUrl(host, 1080),
      verified: host.verified,
      privateAccount: view.account === "private",
      secUid: host.secUid,
      roomId: view.status === 4 ? "" : view.roomId,
      bioLink: { link: "example.org/tea", risk: 0 },
    },
    stats,
    statsV2: Object.fromEntries(Object.entries(stats).map(([key, value]) => [key, String(value)])),
  };
}

/** Body of `/webcast/room/info/`. */
export function roomInfoBody(view: HostView | undefined, nowMs: number): string {
  if (view === undefined) {
    return toJson({
      status_code: 10011,
      data: { message: "Request params error", prompts: "" },
      extra: { now: nowMs },
    });
  }
  if (view.account === "age_restricted") {
    return toJson({ status_code: 4003110, data: { prompts: "This LIVE is for adults" }, extra: { now: nowMs } });
  }
  return toJson({ status_code: 0, data: roomObject(view), extra: { now: nowMs } });
}

/** A room, as room info, the feed and the search show it. */
export function roomObject(view: HostView): Fields {
  const { host } = view;
  const live = view.status !== 4;
  const flv = Object.fromEntries(
    QUALITIES.map((quality, index) => [["FULL_HD1", "HD1", "SD1", "SD2"][index], view.flvUrl(quality)]),
  );
  return {
    id: BigInt(view.roomId),
    id_str: view.roomId,
    title: view.title,
    status: view.status,
    create_time: Math.floor(view.startedAtMs / 1000),
    user_count: live ? view.viewers : 0,
    like_count: 0,
    stats: {
      total_user: view.visitors,
      like_count: view.likes,
      comment_count: 0,
      share_count: 0,
      follow_count: 0,
      enter_count: view.visitors,
    },
    cover: { url_list: avatarUrls(host, 720, 2) },
    share_url: `https://www.tiktok.com/@${host.username}/live`,
    owner: {
      id: BigInt(host.id),
      id_str: host.id,
      display_id: host.username,
      nickname: host.nickname,
      sec_uid: host.secUid,
      bio_description: host.bio,
      avatar_thumb: { url_list: avatarUrls(host, 100, 2) },
      follow_info: { follower_count: host.followers, following_count: host.following },
    },
    age_restricted: { restricted: false },
    stream_id: BigInt(view.streamId),
    stream_id_str: view.streamId,
    ...(live
      ? {
        stream_url: {
          flv_pull_url: flv,
          flv_pull_url_params: Object.fromEntries(Object.keys(flv).map((key) => [key, '{"VCodec":"h264"}'])),
          hls_pull_url: QUALITIES[1] === undefined ? "" : view.hlsUrl(QUALITIES[1]),
          hls_pull_url_map: {},
          rtmp_pull_url: flv["FULL_HD1"],
          live_core_sdk_data: { pull_data: pullData(view) },
        },
      }
      : {}),
  };
}

/** Body of `/webcast/room/check_alive/`, in the order asked. */
export function checkAliveBody(rooms: { roomId: string; alive: boolean }[], nowMs: number): string {
  return toJson({
    status_code: 0,
    data: rooms.map(({ roomId, alive }) => ({ alive, room_id: BigInt(roomId), room_id_str: roomId })),
    extra: { now: nowMs },
  });
}

/** Body of `/webcast/gift/list/`. */
export function giftListBody(nowMs: number): string {
  return toJson({
    status_code: 0,
    data: {
      gifts: GIFTS.map((gift) => {
        const { urlList, uri } = picture(`gift_${gift.id}`);
        return {
          id: gift.id,
          name: gift.name,
          describe: `sent ${gift.name}`,
          diamond_count: gift.diamonds,
          type: gift.type,
          combo: gift.type === 1,
          icon: { url_list: urlList, uri },
          image: { url_list: urlList, uri },
          duration: 1000,
          for_linkmic: true,
          is_broadcast_gift: gift.diamonds > 10_000,
          is_displayed_on_panel: true,
          primary_effect_id: gift.type === 1 ? 0 : gift.id + 100,
        };
      }),
      pages: [],
    },
    extra: { now: nowMs },
  });
}

/** The firewall's puzzle page: a refusal. */
export const WAF_PAGE = '<!DOCTYPE html><html><head><title></title></head><body><p id="wci" class="eyJ2Ij"></p>' +
  '<p id="cs" class="eyJjIj"></p>Please wait...<script>/* puzzle */</script></body></html>';

/** The page that asks for a captcha: a refusal. */
export const CAPTCHA_PAGE = '<!DOCTYPE html><html><head><title>TikTok</title></head><body class="tiktok-verify-page">' +
  '<div id="verify-container"></div><script>var verify_data={"type":"verify","subtype":"slide"};</script></body></html>';

/** The page that names a region without TikTok. */
export const REGION_PAGE = "<!DOCTYPE html><html><head><title>TikTok</title></head><body>" +
  "<p>We have discontinued operation of TikTok in your country or region.</p></body></html>";

/** A page without any state. */
export const SHELL_PAGE = "<!DOCTYPE html><html><head><title>TikTok - Make Your Day</title></head><body></body></html>";
