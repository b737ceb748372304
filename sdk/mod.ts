/**
 * TikTok LIVE for Deno, Bun, Node 22+, Workers and browsers: live events, typed and exact; stream links; users.
 *
 * The ten-line start:
 * ```ts
 * import { isLiveError, TikTok } from "@roomtone/sdk";
 * const live = new TikTok().live("some.host");
 * try {
 *   for await (const event of live) {
 *     if (event.type === "chat") console.log(`${event.user.username}: ${event.text}`);
 *     if (event.type === "gift" && event.streak.ended) {
 *       console.log(`${event.user.username} sent ${event.total} ${event.name}`);
 *     }
 *   }
 * } catch (error) {
 *   console.error(isLiveError(error) ? `${error.message}. ${error.remedy}` : error);
 * }
 * ```
 *
 * Everything that a client needs from its host can be handed in: fetch, WebSocket, gunzip, clock, randomness,
 * addresses. Nothing is read from the host before a client is made, and two clients share nothing.
 * @module
 */
export { isLiveError, LIVE_ERROR_CODES, LiveError } from "./src/errors.ts";
export type { LiveErrorCode, LiveErrorEvidence, LiveErrorOptions } from "./src/errors.ts";

export { TikTok } from "./src/tiktok.ts";
export type { CallOptions, GiftListOptions, TikTokOptions } from "./src/tiktok.ts";
export { DEFAULT_QUEUE_SIZE, Live } from "./src/live/live.ts";
export type { LiveOptions } from "./src/live/live.ts";
export type { RouteReport } from "./src/live/route_health.ts";
export type { LiveCounters } from "./src/live/driver.ts";
export type { LiveEnd, LiveEndRecord, LiveRecord } from "./src/live/live_record.ts";

export { decodeMessage } from "./src/events/decode.ts";
export type { DecodeContext } from "./src/events/decode.ts";
export { GiftLedger } from "./src/events/gift_ledger.ts";
export type { GiftLedgerOptions } from "./src/events/gift_ledger.ts";
export { LikeLedger } from "./src/events/like_ledger.ts";
export { decodeFrame } from "./src/wire/frames.ts";
export type { PushFrame } from "./src/wire/frames.ts";
export { streamGunzip } from "./src/wire/gunzip.ts";
export type { Gunzip } from "./src/wire/gunzip.ts";
export type * from "./src/events/types.ts";

export { AUDIO_ONLY, bestStream } from "./src/media/stream_urls.ts";
export type { MediaFile } from "./src/web/media_stream.ts";
export type { StreamLink, StreamPreferences, StreamProtocol } from "./src/media/stream_urls.ts";
export { normaliseUsername } from "./src/web/usernames.ts";
export { DEFAULT_BASE_URLS } from "./src/web/identity.ts";
export type { BaseUrls } from "./src/web/identity.ts";
export { Feed } from "./src/web/feed.ts";
export type { FeedPage } from "./src/web/feed.ts";
export type { GiftDetails, GiftInfo } from "./src/web/gift_list.ts";
export type { LiveSearchOptions } from "./src/web/live_search.ts";
export type { LiveStream } from "./src/web/live_stream.ts";
export type { FailedName, IsLiveResult, LinksResult, ManyOptions } from "./src/web/many.ts";
export type { CoinPackage, CurrencyPrice, PriceList } from "./src/web/price_list.ts";
export type { SentMessage } from "./src/web/room_chat.ts";
export type { RoomInfo } from "./src/web/room_info.ts";
export type { RoomStatus } from "./src/web/room_status.ts";
export type { UserInfo } from "./src/web/user_info.ts";
export { UserList } from "./src/web/user_list.ts";
export type { UserListCursor, UserListOptions, UserListPage } from "./src/web/user_list.ts";
export type { LiveWait, WaitUntilLiveOptions } from "./src/web/watch_for_live.ts";
export type { SignContext, SignedRequest, SignedRoom, Signer, SignRequest } from "./src/signing/signer.ts";

export { systemClock } from "./src/ports.ts";
export type { Clock, Fetch, Socket, SocketClosure, SocketFactory, SocketHandlers, SocketRefusal } from "./src/ports.ts";
export type { NativeWebSocket, NativeWebSocketConstructor } from "./src/runtime/web_socket.ts";
export type { LogHandler, LogHandlers } from "./src/log.ts";
export type { HttpTrace, LiveTrace, Trace, TraceEvent } from "./src/trace.ts";
