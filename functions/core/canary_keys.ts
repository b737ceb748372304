/**
 * The keys of TikTok's answers that the system reads, with the type that it reads them as. A path goes down by key; `[]`
 * is the first of a list, `*` the first of an object, and `#` goes into a text that is JSON itself.
 * @module
 */
import type { AnswerSight, CanaryRoute } from "../ports/canary.ts";

/** Keys by path; those under `live` are there while the host is live. */
export interface RouteKeys {
  always: Readonly<Record<string, string>>;
  live?: Readonly<Record<string, string>>;
  /** Codes that say whether all is well, by path, with the value that says so. */
  codes?: Readonly<Record<string, string>>;
}

const USER = {
  id: "string",
  uniqueId: "string",
  nickname: "string",
  secUid: "string",
  signature: "string",
  verified: "boolean",
  status: "number",
  avatarLarger: "string",
};
const LIVE_ROOM = {
  status: "number",
  title: "string",
  startTime: "number",
  coverUrl: "string",
  "liveRoomStats.userCount": "number",
  "liveRoomStats.enterCount": "number",
  "streamData.pull_data.stream_data": "string",
  "streamData.pull_data.options.qualities[].sdk_key": "string",
  "streamData.pull_data.options.qualities[].level": "number",
  "streamData.pull_data.stream_data#data.*.main.flv": "string",
  "streamData.pull_data.stream_data#data.*.main.sdk_params": "string",
};
/** `~` stands for a dot inside a key. */
const PROFILE = "__DEFAULT_SCOPE__.webapp~user-detail";

function below(prefix: string, keys: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(keys).map(([key, type]) => [`${prefix}.${key}`, type]));
}

/** What is relied on, by route. */
export const ROUTE_KEYS: Readonly<Partial<Record<CanaryRoute, RouteKeys>>> = {
  api_live: {
    codes: { statusCode: "0" },
    always: {
      ...below("data.user", USER),
      "data.stats.followerCount": "number",
      "data.stats.followingCount": "number",
    },
    live: { "data.user.roomId": "string", ...below("data.liveRoom", LIVE_ROOM) },
  },
  api_live_nobody: { codes: { statusCode: "19881007", message: "user_not_found" }, always: {} },
  live_page: {
    always: below("LiveRoom.liveRoomUserInfo.user", USER),
    live: {
      "LiveRoom.liveRoomStatus": "number",
      "LiveRoom.liveRoomUserInfo.user.roomId": "string",
      ...below("LiveRoom.liveRoomUserInfo.liveRoom", LIVE_ROOM),
    },
  },
  profile_page: {
    codes: { [`${PROFILE}.statusCode`]: "0" },
    always: below(`${PROFILE}.userInfo`, {
      "user.id": "string",
      "user.uniqueId": "string",
      "user.nickname": "string",
      "user.secUid": "string",
      "user.signature": "string",
      "user.verified": "boolean",
      "user.privateAccount": "boolean",
      "user.roomId": "string",
      "user.avatarLarger": "string",
      "stats.followerCount": "number",
      "stats.followingCount": "number",
      "stats.heartCount": "number",
      "stats.videoCount": "number",
    }),
  },
  room_info: {
    codes: { status_code: "0" },
    always: {},
    live: below("data", {
      id_str: "string",
      title: "string",
      status: "number",
      create_time: "number",
      user_count: "number",
      "stats.total_user": "number",
      "stats.like_count": "number",
      "owner.id_str": "string",
      "owner.display_id": "string",
      "owner.nickname": "string",
      "owner.sec_uid": "string",
      "owner.avatar_thumb.url_list": "list",
      "cover.url_list": "list",
      "stream_url.flv_pull_url": "object",
      "stream_url.live_core_sdk_data.pull_data.stream_data": "string",
      "stream_url.live_core_sdk_data.pull_data.options.qualities[].sdk_key": "string",
      "stream_url.live_core_sdk_data.pull_data.options.qualities[].level": "number",
      "stream_url.live_core_sdk_data.pull_data.stream_data#data.*.main.flv": "string",
      "stream_url.live_core_sdk_data.pull_data.stream_data#data.*.main.hls": "string",
      "stream_url.live_core_sdk_data.pull_data.stream_data#data.*.main.sdk_params#VCodec": "string",
      "stream_url.live_core_sdk_data.pull_data.stream_data#data.*.main.sdk_params#resolution": "string",
      "stream_url.live_core_sdk_data.pull_data.stream_data#data.*.main.sdk_params#vbitrate": "number",
    }),
  },
  check_alive: {
    codes: { status_code: "0" },
    always: {},
    live: { "data[].alive": "boolean", "data[].room_id_str": "string" },
  },
  gift_list: {
    codes: { status_code: "0" },
    always: below("data.gifts[]", {
      id: "number",
      name: "string",
      diamond_count: "number",
      type: "number",
      "image.url_list": "list",
    }),
  },
  feed: {
    codes: { status_code: "0" },
    always: { data: "list", "extra.has_more": "boolean", "extra.max_time": "number" },
  },
  prices: {
    codes: { status_code: "0" },
    always: {
      "data[].id": "number",
      "data[].diamond_count": "number",
      "data[].price": "number",
      "data[].currency_price[].currency": "string",
      "data[].currency_price[].price_show_form": "string",
      "extra.currency_list": "list",
    },
  },
};

/** The type of what stands at a path of a body. @returns `undefined` when it lies in a list that is empty */
export function typeAt(body: unknown, path: string): string | undefined {
  const found = valueAt(body, path);
  if (found === EMPTY) return undefined;
  if (found === undefined) return "absent";
  if (found === null) return "null";
  return Array.isArray(found) ? "list" : typeof found;
}

/** The value at a path, as text; of a code. */
export function codeAt(body: unknown, path: string): string {
  const found = valueAt(body, path);
  return typeof found === "string" || typeof found === "number" ? String(found) : typeAt(body, path) ?? "absent";
}

const EMPTY = Symbol("a list without an entry");

function valueAt(body: unknown, path: string): unknown {
  let value = body;
  for (const step of path.match(/\[\]|[#*]|[^.#[]+/g) ?? []) {
    if (value === null || value === undefined) return undefined;
    if (step === "[]") {
      if (!Array.isArray(value)) return undefined;
      if (value.length === 0) return EMPTY;
      value = value[0];
    } else if (step === "#") {
      value = parsed(value);
    } else if (step === "*") {
      value = typeof value === "object" ? Object.values(value)[0] : undefined;
    } else {
      value = stepInto(value, step.replaceAll("~", "."));
    }
  }
  return value;
}

function stepInto(value: unknown, key: string): unknown {
  if (typeof value !== "object" || value === null || !Object.hasOwn(value, key)) return undefined;
  return (value as Record<string, unknown>)[key];
}

function parsed(value: unknown): unknown {
  if (typeof value !== "string") return undefined;
  try {
    return JSON.parse(value);
  } catch {
    // A text that is not JSON has nothing inside.
    return undefined;
  }
}

/** What of an answer is JSON with keys to look at. */
export function hasKeys({ reading }: AnswerSight): boolean {
  return reading === "json" || reading === "state";
}
