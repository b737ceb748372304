/**
 * What tests of programs over this SDK need: builders of messages, batches and frames as TikTok sends them, a clock
 * and sockets that a test moves by hand.
 * @module
 */
export {
  type ClientFrame,
  decodeClientFrame,
  encodeFetchResult,
  encodeMessage,
  encodePushFrame,
  type FetchResultFields,
  type MessageFields,
  type PushFrameFields,
} from "./src/testing/encode.ts";
export { FakeClock, FakeSocket, FakeSockets, settle } from "./src/testing/fakes.ts";
export type { KnownMethod } from "./src/events/types.ts";
export type { Clock, Socket, SocketClosure, SocketFactory, SocketHandlers, SocketRefusal } from "./src/ports.ts";
export type { PushFrame, WireMessage } from "./src/wire/frames.ts";
