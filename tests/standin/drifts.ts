/**
 * Changes of TikTok's protocol, each with a name and with the fact that the canary has to name. Each is one that has
 * happened to clients of TikTok or its like, or may: keys renamed and retyped, routes moved, cookies, frames and fields
 * changed.
 * @module
 */
import type { Drift, DriftMessage } from "./drift.ts";
import {
  changed,
  cookie,
  dropped,
  gone,
  header,
  inside,
  onJson,
  onReply,
  renamed,
  renumbered,
  without,
  withValue,
} from "./drift_tools.ts";

/** A drift of the list. */
export interface NamedDrift {
  name: string;
  /** Name of the fact that it changes. */
  fact: string;
  drift: Drift;
  /** Where it has to be seen: in answers, on the socket, at the signer. */
  where: "answers" | "socket" | "signer";
}

const drift = (where: NamedDrift["where"]) => (name: string, fact: string, drift: Drift): NamedDrift => (
  { name, fact, drift, where }
);
const answer = drift("answers");
const onSocket = (name: string, fact: string, socket: NonNullable<Drift["socket"]>): NamedDrift =>
  drift("socket")(name, fact, { socket });
const onMessage = (name: string, fact: string, change: (message: DriftMessage) => DriftMessage): NamedDrift =>
  onSocket(name, fact, { message: change });
const payloads = (method: string, change: (bytes: Uint8Array) => Uint8Array) => (message: DriftMessage): DriftMessage =>
  message.method === method ? { ...message, payload: change(message.payload) } : message;

const PAGE_USER = "LiveRoom/liveRoomUserInfo/user";
const PROFILE = "__DEFAULT_SCOPE__/webapp.user-detail";
const PROFILE_FACT = "profile_page.__DEFAULT_SCOPE__.webapp.user-detail";
const STREAMS = "data/stream_url/live_core_sdk_data/pull_data/stream_data#";
const STREAMS_FACT = "room_info.data.stream_url.live_core_sdk_data.pull_data.stream_data#data.*.main";
const pageText = (from: string, to: string) => (reply: { status: number; body?: string | Uint8Array }) => (
  { ...reply, body: String(reply.body).replace(from, to) }
);

const ROOM: readonly NamedDrift[] = [
  answer("room id renamed", "api_live.data.user.roomId", renamed("api_live", "data/user/roomId", "room_id")),
  answer("user id is a number", "api_live.data.user.id", changed("api_live", "data/user/id", () => 7)),
  answer("user name renamed", "api_live.data.user.uniqueId", renamed("api_live", "data/user/uniqueId", "handle")),
  answer("secUid gone", "api_live.data.user.secUid", dropped("api_live", "data/user/secUid")),
  answer("status is a text", "api_live.data.user.status", changed("api_live", "data/user/status", String)),
  answer("verified is a number", "api_live.data.user.verified", changed("api_live", "data/user/verified", Number)),
  answer("liveRoom renamed", "api_live.data.liveRoom.status", renamed("api_live", "data/liveRoom", "room")),
  answer("start is a text", "api_live.data.liveRoom.startTime", changed("api_live", "data/liveRoom/startTime", String)),
  answer(
    "viewers moved",
    "api_live.data.liveRoom.liveRoomStats.userCount",
    renamed("api_live", "data/liveRoom/liveRoomStats", "audience"),
  ),
  answer(
    "streams are an object",
    "api_live.data.liveRoom.streamData.pull_data.stream_data",
    changed("api_live", "data/liveRoom/streamData/pull_data/stream_data", (text) => JSON.parse(String(text))),
  ),
  answer(
    "qualities have another key",
    "api_live.data.liveRoom.streamData.pull_data.options.qualities[].sdk_key",
    renamed("api_live", "data/liveRoom/streamData/pull_data/options/qualities/sdk_key", "key"),
  ),
  answer("followers gone", "api_live.data.stats.followerCount", dropped("api_live", "data/stats/followerCount")),
  answer("another code for all is well", "api_live.statusCode", changed("api_live", "statusCode", () => 200)),
  answer(
    "another code for nobody",
    "api_live_nobody.statusCode",
    onReply("api_live", (reply) => ({ ...reply, body: String(reply.body).replace("19881007", "10404") })),
  ),
  answer("api-live is gone", "api_live.status", gone("api_live")),
  answer(
    "api-live has moved",
    "api_live.redirect",
    onReply("api_live", () => ({ status: 302, headers: { Location: "/api-live/v2/user/room/" } })),
  ),
  answer("api-live is text", "api_live.media_type", header("api_live", "Content-Type", "text/plain")),
  answer(
    "api-live is six times as large",
    "api_live.bytes",
    onJson("api_live", (body) => body["experiments"] = "x".repeat(40_000)),
  ),
  answer(
    "api-live guards its JSON",
    "api_live.reading",
    onReply("api_live", (reply) => ({ ...reply, body: `{}&&${reply.body}` })),
  ),
  answer("room id only as a number", "room_info.data.id_str", dropped("room_info", "data/id_str")),
  answer("room status renamed", "room_info.data.status", renamed("room_info", "data/status", "room_status")),
  answer("owner renamed", "room_info.data.owner.id_str", renamed("room_info", "data/owner", "anchor")),
  answer("start of the room in text", "room_info.data.create_time", changed("room_info", "data/create_time", String)),
  answer(
    "streams moved",
    "room_info.data.stream_url.live_core_sdk_data.pull_data.stream_data",
    renamed("room_info", "data/stream_url/live_core_sdk_data", "core_data"),
  ),
  answer("FLV links renamed", `${STREAMS_FACT}.flv`, renamed("room_info", `${STREAMS}/data/*/main/flv`, "flv_url")),
  answer(
    "codec renamed",
    `${STREAMS_FACT}.sdk_params#VCodec`,
    renamed("room_info", `${STREAMS}/data/*/main/sdk_params#/VCodec`, "vcodec"),
  ),
  answer(
    "bit rate is a text",
    `${STREAMS_FACT}.sdk_params#vbitrate`,
    changed("room_info", `${STREAMS}/data/*/main/sdk_params#/vbitrate`, String),
  ),
  answer("another code for a room", "room_info.status_code", changed("room_info", "status_code", () => 1)),
  answer("room info is gone", "room_info.status", gone("room_info", 410)),
  answer("alive is a number", "check_alive.data[].alive", changed("check_alive", "data/alive", Number)),
  answer("alive without text ids", "check_alive.data[].room_id_str", dropped("check_alive", "data/room_id_str")),
  answer("alive is gone", "check_alive.status", gone("check_alive")),
];

const PAGES: readonly NamedDrift[] = [
  answer(
    "live page has another state",
    "live_page.reading",
    onReply("live_page", pageText("SIGI_STATE", "__LIVE_STATE__")),
  ),
  answer(
    "page's room id gone",
    "live_page.LiveRoom.liveRoomUserInfo.user.roomId",
    dropped("live_page", `${PAGE_USER}/roomId`),
  ),
  answer(
    "page's status renamed",
    "live_page.LiveRoom.liveRoomStatus",
    renamed("live_page", "LiveRoom/liveRoomStatus", "st"),
  ),
  answer(
    "page's user moved",
    "live_page.LiveRoom.liveRoomUserInfo.user.id",
    renamed("live_page", "LiveRoom/liveRoomUserInfo", "info"),
  ),
  answer("live page is gone", "live_page.status", gone("live_page")),
  answer(
    "profile has another state",
    "profile_page.reading",
    onReply("profile_page", pageText("__UNIVERSAL_DATA_FOR_REHYDRATION__", "__NEXT_DATA__")),
  ),
  answer("profile's detail renamed", `${PROFILE_FACT}.statusCode`, renamed("profile_page", PROFILE, "webapp.user")),
  answer(
    "profile's secUid gone",
    `${PROFILE_FACT}.userInfo.user.secUid`,
    dropped("profile_page", `${PROFILE}/userInfo/user/secUid`),
  ),
  answer(
    "profile counts in text",
    `${PROFILE_FACT}.userInfo.stats.followerCount`,
    changed("profile_page", `${PROFILE}/userInfo/stats/followerCount`, String),
  ),
];

const LISTS: readonly NamedDrift[] = [
  answer("gifts renamed", "gift_list.data.gifts[].id", renamed("gift_list", "data/gifts", "gift_list")),
  answer(
    "gift's price renamed",
    "gift_list.data.gifts[].diamond_count",
    renamed("gift_list", "data/gifts/diamond_count", "coins"),
  ),
  answer("gift ids in text", "gift_list.data.gifts[].id", changed("gift_list", "data/gifts/id", String)),
  answer("feed's end is a number", "feed.extra.has_more", changed("feed", "extra/has_more", Number)),
  answer("feed renamed", "feed.data", renamed("feed", "data", "items")),
  answer("prices renamed", "prices.data[].price", renamed("prices", "data/price", "amount")),
  answer("prices are gone", "prices.status", gone("prices")),
  answer(
    "user detail answers unsigned",
    "user_detail.unsigned",
    onReply("user_detail", (reply) => ({ ...reply, body: '{"statusCode":0,"userInfo":{}}' })),
  ),
  answer(
    "im/fetch answers unsigned",
    "im_fetch.unsigned",
    onReply("im_fetch", (reply) => ({ ...reply, body: Uint8Array.of(0x12, 1, 0x78) })),
  ),
];

const COOKIES: readonly NamedDrift[] = [
  answer("guest cookie renamed", "ttwid.name", cookie((line) => line.replace(/^ttwid=/, "tt_guest="))),
  answer(
    "guest cookie of a new version",
    "ttwid.shape",
    cookie((line) => line.replace(/^ttwid=1%7C/, "ttwid=2%7Cx%7C")),
  ),
  answer("guest cookie lives a day", "ttwid.lifetime_days", cookie((line) => line.replace("31536000", "86400"))),
  answer("guest cookie of another domain", "ttwid.domain", cookie((line) => `${line}; Domain=.tiktokw.us`)),
  answer("guest cookie of a path", "ttwid.path", cookie((line) => line.replace("Path=/", "Path=/live"))),
  answer("no guest cookie", "ttwid.cookie", cookie(() => undefined)),
];

const MEDIA: readonly NamedDrift[] = [
  answer(
    "streams on another host",
    "media.foreign_hosts",
    onReply("room_info", (reply) => ({
      ...reply,
      body: String(reply.body).replaceAll(
        /http:(\\*\/){2}127\.0\.0\.1:\d+/g,
        (start) => start.replace(/127\.0\.0\.1:\d+/, "pull.streams.example"),
      ),
    })),
  ),
  answer("a quality of a new name", "media.unknown_qualities", renamed("room_info", `${STREAMS}/data/hd`, "hdr")),
  answer(
    "a new codec",
    "media.unknown_codecs",
    changed("room_info", `${STREAMS}/data/*/main/sdk_params#/VCodec`, () => "av1"),
  ),
  answer(
    "links say no end",
    "media.expiry",
    onReply("room_info", (reply) => ({
      ...reply,
      body: String(reply.body).replaceAll("expire=", "until="),
    })),
  ),
  answer("streams are gone", "media.status", gone("flv")),
  answer(
    "streams are Matroska",
    "media.signature",
    onReply("flv", () => ({
      status: 200,
      headers: { "Content-Type": "video/x-flv" },
      body: Uint8Array.of(0x1a, 0x45, 0xdf, 0xa3),
    })),
  ),
  answer(
    "streams of another type",
    "media.media_type",
    onReply("flv", () => ({
      status: 200,
      headers: { "Content-Type": "video/mp2t" },
      body: "FLV",
    })),
  ),
];

const SOCKET: readonly NamedDrift[] = [
  onSocket("socket has moved", "socket.handshake", { handshakeStatus: 410 }),
  onSocket("guests' sockets are shut", "frames.close_reason", { closes: "disable_web_direct" }),
  onSocket("entering is not answered", "frames.enter_reply", { ignores: "im_enter_room" }),
  onSocket("heartbeats are not answered", "frames.heartbeat_reply", { ignores: "hb" }),
  onSocket("acks are not known", "frames.flow_after_ack", { ignores: "ack" }),
  onSocket("payload type moved", "frames.push.payload_type", { frame: renumbered(7, 17) }),
  onSocket("log id moved", "frames.push.log_id", { frame: renumbered(2, 12) }),
  onSocket("another encoding", "frames.unknown_encodings", { fields: (it) => ({ ...it, payloadEncoding: "json" }) }),
  onSocket("another payload type", "frames.unknown_payload_types", {
    fields: (it) => it.payloadType === "msg" ? { ...it, payloadType: "messages" } : it,
  }),
  onSocket("another compression", "frames.unknown_compressions", {
    fields: (it) => it.payloadType === "msg" ? { ...it, headers: { compress_type: "zstd" } } : it,
  }),
  onSocket("no cursor", "frames.batch.cursor", { batch: without(2) }),
  onSocket("no internal_ext", "frames.batch.internal_ext", { batch: without(5) }),
  onSocket("polls every five seconds", "frames.batch.fetch_interval_ms", { batch: withValue(3, 5_000) }),
  onSocket("heartbeats twice as long", "frames.batch.heartbeat_duration_ms", { batch: withValue(8, 20_000) }),
  onSocket("acks are not wanted", "frames.batch.need_ack", { batch: without(9) }),
  onSocket("time in seconds", "frames.batch.now", { batch: withValue(4, 1_790_000_000) }),
  onSocket("messages moved", "frames.batch.messages", { batch: renumbered(1, 31) }),
  onSocket("method moved", "frames.message.method", { batch: inside(1, renumbered(1, 11)) }),
  onSocket("payload moved", "frames.message.payload", { batch: inside(1, renumbered(2, 12)) }),
  onSocket("message id moved", "frames.message.msg_id", { batch: inside(1, renumbered(3, 13)) }),
  onMessage("chats have another method", "events.unknown_methods", (message) => (
    { ...message, method: message.method.replace("WebcastChat", "WebcastComment") }
  )),
  onMessage(
    "chats are encrypted",
    "events.decode_failures",
    payloads("WebcastChatMessage", (bytes) => bytes.map((it) => it ^ 0x5a)),
  ),
  onMessage("chat's author moved", "events.chat.user", payloads("WebcastChatMessage", renumbered(2, 32))),
  onMessage("chat's text moved", "events.chat.text", payloads("WebcastChatMessage", renumbered(3, 33))),
  onMessage("join's user moved", "events.join.user", payloads("WebcastMemberMessage", renumbered(2, 32))),
  onMessage("likes' count moved", "events.like.count", payloads("WebcastLikeMessage", renumbered(2, 32))),
  onMessage("likes' total moved", "events.like.total", payloads("WebcastLikeMessage", renumbered(3, 33))),
  onMessage("count of viewers moved", "events.viewers.count", payloads("WebcastRoomUserSeqMessage", renumbered(3, 33))),
  onMessage(
    "times in seconds",
    "events.off_times",
    payloads("WebcastChatMessage", inside(1, withValue(4, 1_790_000_000))),
  ),
];

const binary = (change: (bytes: Uint8Array) => Uint8Array): Drift =>
  onReply("signer_room", (reply) => ({ ...reply, body: change(reply.body as Uint8Array) }));
const SIGNER: readonly NamedDrift[] = [
  drift("signer")(
    "signer names another socket",
    "signer.batch.push_server",
    binary(
      inside(10, () => new TextEncoder().encode("wss://webcast-ws.eu.tiktok.com/webcast/im/push/")),
    ),
  ),
  drift("signer")(
    "signer names another path",
    "signer.batch.push_path",
    binary(
      inside(10, (url) => new TextEncoder().encode(new TextDecoder().decode(url).replace("ws_reuse", "ws_new"))),
    ),
  ),
  drift("signer")("signer gives no cursor", "signer.batch.cursor", binary(without(2))),
  drift("signer")(
    "signer gives other parameters",
    "signer.batch.route_params",
    binary(
      inside(7, inside(1, (key) => Uint8Array.from([...key, 0x32]))),
    ),
  ),
  drift("signer")(
    "signer gives no guest cookie",
    "signer.cookie",
    header("signer_room", "X-Set-TT-Cookie", "tt_guest=1"),
  ),
];

/** Every drift of the list. */
export const DRIFTS: readonly NamedDrift[] = [
  ...ROOM,
  ...PAGES,
  ...LISTS,
  ...COOKIES,
  ...MEDIA,
  ...SOCKET,
  ...SIGNER,
];
