/**
 * GET /webcast/im/fetch/: a room's messages over HTTP (protocol.md 3). TikTok answers only to signed requests.
 * @module
 */
import type { CallContext } from "./calls.ts";
import type { HttpRequest } from "./http.ts";

/** Where the last answer ended; both empty at the start. */
export interface PollPosition {
  readonly cursor: string;
  readonly internalExt: Uint8Array;
}

/** Asks for what came after a position. */
export function imFetchRequest(calls: CallContext, roomId: string, { cursor, internalExt }: PollPosition): HttpRequest {
  const query = calls.query({
    device_platform: "web",
    cursor,
    internal_ext: new TextDecoder().decode(internalExt),
    fetch_rule: "1",
    history_comment_count: "6",
    identity: "audience",
    last_rtt: "-1",
    live_id: "12",
    resp_content_type: "protobuf",
    room_id: roomId,
    did_rule: "3",
    sup_ws_ds_opt: "1",
    version_code: "180800",
    debug: "false",
  });
  return {
    action: `Poll room ${roomId}`,
    url: `${calls.baseUrls.webcast}/webcast/im/fetch/?${query}`,
    wants: "bytes",
  };
}
