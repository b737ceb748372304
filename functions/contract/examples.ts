/**
 * Answers and bodies as the API's description shows them. No process loads them: they go into openapi.json alone.
 * @module
 */
import type * as schemas from "./schemas.ts";

const link = {
  url: "https://pull-flv-f16.tiktokcdn.com/stage/stream-1_hd.flv?expire=1760604800&sign=example",
  protocol: "flv",
  quality: "hd",
  codec: "h264",
  resolution: { width: 720, height: 1280 },
  bitrate_kbps: 1_800,
  expires_at: 1_760_604_800_000,
  level: 3,
};
const live = {
  user: "some.host",
  live_stream_link: link.url,
  code: "live",
  room_id: "7300000000000000001",
  title: "Tea",
  links: [link],
};
const offline = { error: "User is not live", user: "other.host", code: "offline" };
const room = {
  room_id: live.room_id,
  title: live.title,
  live: true,
  paused: false,
  age_restricted: false,
  started_at: 1_760_000_000_000,
  viewers: 1_200,
  host: { id: "6700000000000000001", username: "some.host", nickname: "Some Host", bio: "Tea, mostly" },
  links: [link],
};
const listed = {
  username: "cnn",
  nickname: "CNN",
  avatar: "https://p16-sign-va.tiktokcdn.com/avatar.jpeg",
  verified: true,
  bio: "This is CNN...",
  stats: { followers: 6_900_000, followings: 8, likes: 204_600_000, videos: 5_588 },
};
const requestDetails = {
  secUid: "MS4wLjABAAAAtFKZYaOb-9nF_w7QRi4y64d45mvu",
  count: "50",
  minCursor: 0,
  maxCursor: 0,
};
const listPage = { hasMore: true, maxCursor: 0, minCursor: 1_656_812_667, logId: "20250111155934E455ED", hidden: null };
const watch = {
  username: "some.host",
  state: "offline",
  priority: 0,
  quality: "hd",
  paused: false,
  added_at: 1_760_000_000_000,
  next_check_at: 1_760_000_060_000,
  checked_at: 1_760_000_000_500,
  failures: 0,
};
const totals = {
  events: 812,
  types: { chat: 534, gift: 12, join: 266 },
  ...{ diamonds: 431, gifts: 40, likes: 0, chats: 534, follows: 0, shares: 0, joins: 266 },
  ...{ peak_viewers: 310, gifters: 1 },
  top_gifters: [{
    user_id: "6700000000000000002",
    username: "some.viewer",
    nickname: "Some Viewer",
    diamonds: 431,
    gifts: 40,
    last_gift_at: 1_760_003_500_000,
  }],
  first_at: 1_760_000_001_000,
  last_at: 1_760_003_600_000,
};
const placed = { ...totals, after: "118", complete: true };
const viewers = { viewers_by_minute: [{ at: 1_760_000_040_000, viewers: 310 }] };
const recording = {
  id: live.room_id,
  room_id: live.room_id,
  username: "some.host",
  title: live.title,
  quality: "hd",
  recorded_quality: "sd",
  state: "recording",
  created_at: 1_760_000_000_000,
  started_at: 1_760_000_001_000,
  kept: false,
  segments: 12,
  bytes: 16_200_000,
  duration_ms: 72_000,
  parts: [{ part: 1, folder: "some.host/2025-10-09T08-53-21Z", started_at: 1_760_000_001_000 }],
  playlist: `/recordings/${live.room_id}/index.m3u8`,
  events: `/recordings/${live.room_id}/events`,
};

const retention = {
  dry_run: true,
  removed: [{
    recording_id: live.room_id,
    username: "some.host",
    what: "recording",
    why: "age",
    ended_at: 1_760_003_600_000,
    bytes: 810_000_000,
  }],
  failed: [],
  more: false,
};
const alert = {
  id: `live_started:${live.room_id}`,
  kind: "live_started",
  recording_id: live.room_id,
  username: "some.host",
  at: 1_760_000_000_000,
  data: { title: live.title },
  raised_at: 1_760_000_000_400,
  state: "dead",
  deliveries: {
    ops: { state: "dead", tries: 15, tried_at: 1_760_022_000_000, problem: "the answer has status 500" },
  },
};

/** Bodies of answers, by schema. */
export const BODIES: { [K in keyof typeof schemas]?: unknown } = {
  HealthReply: { status: "ok" },
  LinksReply: [live, offline],
  LiveChecksReply: [
    { user: "some.host", live: true, code: "live", room_id: live.room_id, title: live.title },
    { user: "other.host", live: false, code: "offline" },
  ],
  UserInfoReply: {
    status: "success",
    data: {
      userInfo: {
        uniqueId: "some.host",
        nickname: "Some Host",
        bio: "Tea, mostly",
        followers: 1_000_000,
        following: 20,
        likes: 5_000_000,
        profilePictureUrl: "https://p16-sign-va.tiktokcdn.com/avatar.jpeg",
        secUid: requestDetails.secUid,
        id: "6700000000000000001",
        roomId: live.room_id,
        verified: false,
        private: false,
        videos: 120,
        live: true,
      },
    },
  },
  FollowingsReply: { requestDetails, metadata: { totalFollowings: 76, ...listPage }, followings: [listed] },
  FollowersReply: { requestDetails, metadata: { totalFollowers: 76, ...listPage }, followers: [listed] },
  RoomReply: { user: "some.host", code: "live", ...room },
  GiftsReply: {
    gifts: [{ id: "5655", name: "Rose", describe: "sent Rose", diamonds: 1, gift_type: 1, combo: true }],
  },
  PricesReply: {
    packages: [{
      id: "1",
      diamonds: 70,
      extra_diamonds: 0,
      price_usd_cents: 105,
      describe: "70 coins",
      prices: [{ currency: "EUR", price: 105, shown: "€1.05" }],
    }],
    currencies: ["EUR"],
    default_currency: "EUR",
  },
  FeedReply: { rooms: [{ user: "some.host", ...room, reason: "popular" }], cursor: "1760000000000" },
  MessageReply: { user: "some.host", text: "hello", sent: true },
  WatchReply: watch,
  WatchlistReply: { watches: [watch], cursor: "c29tZS5ob3N0" },
  ImportReply: {
    added: 190,
    existing: 9,
    skipped: [{ username: "no name", reason: "it is no name" }],
    has_more: true,
    min_cursor: 1_656_812_667,
  },
  RecordingReply: { ...recording, totals: placed },
  RecordingsReply: { recordings: [recording] },
  EventsReply: {
    events: [{
      type: "chat",
      id: "7300000000000000100",
      roomId: live.room_id,
      at: 1_760_000_002_000,
      user: { id: "6700000000000000002", username: "some.viewer", nickname: "Some Viewer" },
      text: "hello",
    }],
    after: "12-5",
    finished: false,
  },
  RecordingTotalsReply: { ...placed, ...viewers },
  HostTotalsReply: { username: "some.host", recordings: 3, ...totals, ...viewers },
  RetentionReply: retention,
  HostRemovalReply: { ...retention, unfinished: [], watched: true },
  AlertReply: alert,
  AlertsReply: { alerts: [alert] },
  CanaryReply: {
    ran_at: 1_760_000_000_000,
    drifts: 1,
    facts: [{
      name: "api_live.data.user.roomId",
      area: "room",
      last_good: "string",
      last_good_at: 1_759_996_400_000,
      current: "absent",
      since: 1_760_000_000_000,
      drifted: true,
    }],
    refusals: [{ what: "prices", code: "captcha" }],
  },
  SystemReply: {
    at: 1_760_000_100_000,
    tiktok: {
      routes: [
        { route: "direct", state: "works", failures: 0, since: 1_760_000_001_000 },
        {
          ...{ route: "polling", state: "resting", failures: 3, since: 1_760_000_090_000, code: "blocked" },
          detail: "Poll the room: TikTok answered with status 403",
          next_try_at: 1_760_000_120_000,
        },
      ],
      calls: [
        { call: "links", state: "works", failures: 0, since: 1_760_000_000_500 },
        {
          ...{ call: "gifts", state: "resting", failures: 5, since: 1_760_000_060_000, code: "captcha" },
          next_try_at: 1_760_000_130_000,
        },
      ],
      requests: { per_minute: 300, available: 87, waiting: 0 },
    },
    recorders: [{
      owner: "local-4711",
      slots: 8,
      recordings: [{
        ...{ id: live.room_id, username: "some.host", part: 1, started_at: 1_760_000_001_000 },
        lease_until: 1_760_000_150_000,
      }],
    }],
    waiting: [{ id: "7300000000000000002", username: "other.host", due_at: 1_760_000_104_000, failures: 1 }],
    more: false,
    disk: { free_bytes: 81_000_000_000, total_bytes: 250_000_000_000, least_free_bytes: 268_435_456, low: false },
    trouble: {
      minutes: [{ at: 1_760_000_040_000, warnings: 2, errors: 0 }],
      kinds: [{ event: "store_write_failed", level: "warn", count: 2, last_at: 1_760_000_071_000 }],
    },
  },
  RecordingLogReply: {
    lines: [
      { at: 1_760_000_001_000, level: "info", event: "recording_started", fields: { part: 1, folder: "some.host/1" } },
      { at: 1_760_000_090_000, level: "warn", event: "room_gap", fields: { reason: "reconnect" } },
    ],
    after: "001760000090010-k3v9q1000001-0000",
  },
  OpenApiReply: { openapi: "3.1.0", paths: {} },
};

/** Bodies of requests, by operation. */
export const REQUESTS: Readonly<Record<string, unknown>> = {
  acceptCanary: { facts: ["check_alive.data[].alive"] },
  importWatches: { uniqueId: "some.host", limit: 200 },
  sendMessage: { text: "hello" },
  startRecording: { username: "some.host" },
};

/** Failures, by status: what a body of {@link schemas.Problem} may hold. */
export const PROBLEMS: Readonly<Record<number, { title: string; code: string; detail: string; remedy?: string }>> = {
  400: {
    title: "A parameter is wrong",
    code: "invalid_input",
    detail: "Read the request: limit must be 1 to 1000",
    remedy: "Correct these parameters and ask again",
  },
  401: {
    title: "An API key is needed",
    code: "unauthorized",
    detail: "Check the API key: there is none",
    remedy: "Send it as Authorization: Bearer, or as x-api-key",
  },
  403: {
    title: "Not allowed",
    code: "forbidden",
    detail: "Check the API key: it lacks the scope write",
    remedy: "Use a key with the scope write",
  },
  404: { title: "Not found", code: "not_found", detail: "Find recording 7300000000000000001: there is none" },
  409: {
    title: "Not in this state",
    code: "conflict",
    detail: "Delete recording 7300000000000000001: it is not finished",
    remedy: "POST /recordings/7300000000000000001/stop ends it; then ask again",
  },
  413: {
    title: "The body is too large",
    code: "body_too_large",
    detail: "Read the body: it is larger than 1024 KiB",
    remedy: "Send it in several requests",
  },
  415: {
    title: "The body has the wrong type",
    code: "unsupported_media_type",
    detail: "Read the body: its type is text/plain",
    remedy: "Send JSON with the header content-type: application/json",
  },
  416: {
    title: "No such bytes",
    code: "range_not_satisfiable",
    detail: "Read a range of segment_000001.m4s: it has 1200 bytes",
  },
  429: {
    title: "Too many requests",
    code: "too_many_requests",
    detail: "Count the request: the API key may send 600 a minute",
    remedy: "Wait 3 s, or ask for a key with a higher limit",
  },
  500: {
    title: "An unexpected failure",
    code: "internal",
    detail: "Answer the request: it failed in an unexpected way",
    remedy: "Try again; if it stays, look at the log of the server",
  },
  502: { title: "TikTok was not reached", code: "network", detail: "Read the profile of some.host: no connection" },
  503: {
    title: "TikTok asks for a captcha",
    code: "captcha",
    detail: "Read the profile of some.host: TikTok asks for a captcha",
    remedy: "Wait, or come from another address",
  },
  504: { title: "No answer in time", code: "deadline", detail: "Look up some.host: no answer within 20 s" },
};

/** Text answers, by media type. */
export const TEXTS: Readonly<Record<string, string>> = {
  "application/vnd.apple.mpegurl": "#EXTM3U\n#EXT-X-VERSION:7\n#EXTINF:6.000,\nparts/1/segment_000001.m4s\n",
  "application/x-ndjson": '{"type":"chat","id":"7300000000000000002","at":1760000000000,"text":"hello"}\n',
  "text/csv": "at,type,id\r\n2026-01-01T00:00:00.000Z,chat,7300000000000000002\r\n",
  "text/vtt": "WEBVTT\n\n00:00:01.000 --> 00:00:06.000\n<v Somebody>hello\n\n",
  "text/html": "<!doctype html><title>Roomtone API</title>",
  "text/plain": 'roomtone_http_requests_total{route="/api/links",status="200"} 42\n',
};
