/**
 * The signed ways into a room (protocol.md 3 and 4.3): a signer's first answer, im/fetch over HTTP, and what the socket
 * of a signer's answer wants to see. The signatures are the stand-in's own; nothing of TikTok's is in them.
 * @module
 */
import { encodeFetchResult } from "@roomtone/sdk/testing";
import { isSigned, refuseKey } from "./call_routes.ts";
import type { HttpReply } from "./faults.ts";
import type { RawReply, RawRequest } from "./http1.ts";
import type { FeedCursor, LiveFeed } from "./live_feed.ts";
import { createRandom } from "./prng.ts";
import { readCookies } from "./ttwid.ts";
import type { Match, WebContext } from "./web_routes.ts";

export const SOCKET_PATH = "/webcast/im/ws_proxy/ws_reuse_supplement/";

/** Guest cookie of clients that come by the signer. */
const SIGNED_TTWID = "1%7Csigned-by-the-stand-in";
const BINARY = { "Content-Type": "application/x-protobuf" };
const MESSAGES_PER_POLL = 50;
/** Both ends of what a client may make of it: plus, slash and equals sign have to be percent-encoded. */
const routeSignature = (roomId: string): string => `${createRandom(`route/${roomId}`).token(24)}+/==`;

/** Places of clients that poll, by cursor. */
export class PollDesk {
  readonly #places = new Map<string, { feed: LiveFeed; cursor: FeedCursor; upTo: number; ext: string }>();
  #polls = 0;

  /** Goes on from a cursor, which acknowledges what came with it; an unknown one begins anew. */
  next(
    feed: LiveFeed,
    cursorText: string,
    ext: string,
    client: string,
  ): { messages: Fetched[]; cursor: string; ext: string } {
    const known = this.#places.get(cursorText);
    this.#places.delete(cursorText);
    const goesOn = known?.feed === feed && known.ext === ext ? known : undefined;
    if (known !== undefined && goesOn === undefined) known.feed.leave(known.cursor);
    const cursor = goesOn?.cursor ?? feed.join(client);
    if (goesOn !== undefined) feed.acknowledge(cursor, goesOn.upTo);
    const history = goesOn === undefined ? feed.takeHistory(6) : [];
    const entries = feed.take(cursor, MESSAGES_PER_POLL);
    const place = { feed, cursor, upTo: cursor.next, ext: `fetch_time:${++this.#polls}|start_time:0|flag:0` };
    const text = `t-${this.#polls}_r-1_d-1_u-1_h-1`;
    this.#places.set(text, place);
    const messages = [
      ...history.map(({ method, payload, id }) => ({ method, payload, id, history: true })),
      ...entries.map(({ method, payload, id }) => ({ method, payload, id })),
    ];
    return { messages, cursor: text, ext: place.ext };
  }
}

type Fetched = { method: string; payload: Uint8Array; id: string; history?: boolean };

/** Finds the signed call that a request is. */
export function matchSigned(request: RawRequest, context: WebContext): Match | undefined {
  const roomId = request.query.get("room_id") ?? "";
  const room = context.liveById(roomId)?.room;
  if (request.path === "/webcast/fetch") {
    return { route: "signer_room", room, answer: () => firstAnswer(request, roomId, context) };
  }
  if (request.path === "/webcast/im/fetch/") {
    return { route: "im_fetch", room, answer: () => poll(request, roomId, context) };
  }
  return undefined;
}

/** A room's first answer, as Euler Stream gives it. */
function firstAnswer(request: RawRequest, roomId: string, context: WebContext): RawReply {
  const refused = refuseKey(request);
  if (refused !== undefined) return refused;
  const found = context.liveById(roomId);
  if (found === undefined) return { status: 404, body: '{"code":404,"message":"no such room"}' };
  const session = request.query.get("session_id");
  return answerOf({
    cursor: "first",
    internalExt: new TextEncoder().encode("fetch_time:0|start_time:0|flag:0"),
    pushServer: `${context.baseUrl().replace(/^http/, "ws")}${SOCKET_PATH}`,
    routeParams: { wrss: routeSignature(roomId), imprp: "a b" },
    messages: found.live.feed.takeHistory(6).map(({ method, payload, id }) => ({ method, payload, id, history: true })),
  }, session === null ? "" : `; sessionid=${session}`);
}

function answerOf(fields: Parameters<typeof encodeFetchResult>[0], moreCookies = ""): RawReply {
  return {
    status: 200,
    headers: { ...BINARY, "X-Set-TT-Cookie": `ttwid=${SIGNED_TTWID}${moreCookies}`, "X-Request-Id": "standin" },
    body: encodeFetchResult({ fetchIntervalMs: 1000, heartbeatDurationMs: 10_000, ...fields }),
  };
}

type SpoiledReply = Extract<HttpReply, "foreign_socket" | "no_socket" | "no_cursor" | "no_route_params" | "no_batch">;

/** A first answer as a signer gives it on a bad day. */
export function spoiledAnswer(reply: SpoiledReply): RawReply {
  const good = {
    cursor: "first",
    pushServer: "wss://webcast-ws.tiktok.com/webcast/im/push/",
    routeParams: { wrss: "x" },
  };
  switch (reply) {
    case "foreign_socket":
      return answerOf({ ...good, pushServer: "wss://ws-fallback.tiktok.com.example/ws" });
    case "no_socket":
      return answerOf({ ...good, pushServer: "" });
    case "no_cursor":
      return answerOf({ ...good, cursor: "" });
    case "no_route_params":
      return answerOf({ ...good, routeParams: {} });
    case "no_batch":
      return { ...answerOf(good), body: Uint8Array.of(0x0a, 0xff, 0x01) };
  }
}

function poll(request: RawRequest, roomId: string, context: WebContext): RawReply {
  const found = context.liveById(roomId);
  if (!isSigned(request) || found === undefined) return { status: 200, headers: BINARY };
  const { query } = request;
  const { feed } = found.live;
  const ext = query.get("internal_ext") ?? "";
  const client = readCookies(request).get("ttwid") ?? "poll";
  const answer = context.polls.next(feed, query.get("cursor") ?? "", ext, client);
  found.room.changed();
  return {
    status: 200,
    headers: BINARY,
    body: encodeFetchResult({
      messages: answer.messages,
      cursor: answer.cursor,
      internalExt: new TextEncoder().encode(answer.ext),
      fetchIntervalMs: 1000,
      nowMs: context.clock.now(),
    }),
  };
}

/** Why a socket of a signer's answer is refused; `undefined` for one that is right, or has no signature. */
export function refuseSigned(request: RawRequest): { status: number; message: string } | undefined {
  const { query } = request;
  const signature = query.get("wrss");
  if (signature === null) return undefined;
  if (/[?&](?:wrss|imprp)=[^&]*[+/ ]/.test(request.target)) return { status: 400, message: "illegal parameters" };
  const right = signature === routeSignature(query.get("room_id") ?? "") && query.get("imprp") === "a b" &&
    query.get("cursor") === "first" && query.get("internal_ext") !== "" &&
    query.getAll("version_code").at(-1) === "270000" && readCookies(request).get("ttwid") === SIGNED_TTWID;
  return right ? undefined : { status: 417, message: "illegal secret key" };
}
