/**
 * What tests of programs over this SDK need: builders of messages, batches and frames as TikTok sends them.
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
