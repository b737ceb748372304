/**
 * A world of fakes around a live: fake sockets, fake HTTP, a fake clock, and messages to send.
 * @module
 */
import type { LiveEvent } from "../events/types.ts";
import type { Live } from "../live/live.ts";
import { TikTok, type TikTokOptions } from "../tiktok.ts";
import type { TraceEvent } from "../trace.ts";
import { encodeFetchResult, encodeMessage, encodePushFrame } from "./encode.ts";
import { FakeClock, FakeSockets, settle } from "./fakes.ts";
import { FakeFetch, json } from "./http.ts";

/** The room that the host is live in. */
export const ROOM = "7300000000000000001";

/** What the fake TikTok says. */
export interface World {
  status: number;
  roomId: string;
  /** Answers api-live in place of the status. */
  refuse: (() => Response) | undefined;
  /** Number of guest cookies given out. */
  cookies: number;
}

/** A client in a world of fakes. */
export function setUp(options: TikTokOptions = {}) {
  const world: World = { status: 2, roomId: ROOM, refuse: undefined, cookies: 0 };
  const clock = new FakeClock();
  const sockets = new FakeSockets();
  const traces: TraceEvent[] = [];
  const http = new FakeFetch(({ url }) => {
    if (url.pathname.startsWith("/api-live/")) {
      const { status, roomId } = world;
      const user = { id: "71", uniqueId: "some.host", nickname: "Some Host", roomId, status };
      return world.refuse?.() ?? json({ statusCode: 0, data: { user, liveRoom: { status, title: "painting" } } });
    }
    if (url.pathname.includes("check_alive")) {
      return json({ status_code: 0, data: [{ room_id_str: world.roomId, alive: world.status === 2 }] });
    }
    if (url.pathname.startsWith("/@")) {
      return new Response("", { headers: { "set-cookie": `ttwid=guest${++world.cookies}; Path=/` } });
    }
    return new Response("", { status: 404 });
  });
  const tiktok = new TikTok({
    fetch: http.fetch,
    socket: sockets,
    clock,
    random: () => 0,
    onTrace: (event) => traces.push(event),
    ...options,
  });
  return { world, clock, sockets, http, tiktok, traces };
}

/** Collects everything that a live says. */
export function collect(live: Live) {
  const events: LiveEvent[] = [];
  let check = () => undefined as void;
  const outcome = (async () => {
    for await (const event of live) {
      events.push(event);
      check();
    }
  })().then(() => undefined, (error: unknown) => ({ error }));
  /** Waits for real work, such as gunzip, until that many chat lines have come. */
  const lines = (count: number) =>
    new Promise<void>((resolve) => {
      check = () => texts(events).length >= count ? resolve() : undefined;
      check();
    });
  return { events, outcome, lines };
}

let nextId = 7_400_000_000_000_000_000n;
/** A chat line. */
export const chat = (content: string, id = String(nextId++), history = false) => ({
  method: "WebcastChatMessage",
  payload: encodeMessage("WebcastChatMessage", { content, user: { id: "5", displayId: "viewer" } }),
  id,
  history,
});
/** A control message. */
export const control = (action: number) => ({
  method: "WebcastControlMessage",
  payload: encodeMessage("WebcastControlMessage", { action }),
  id: String(nextId++),
});
/** A like message. */
export const like = (count: number, total: number) => ({
  method: "WebcastLikeMessage",
  payload: encodeMessage("WebcastLikeMessage", { count, total }),
  id: String(nextId++),
});
/** A gift message of a streak; only those of group 99 carry the gift itself. */
export const rose = (repeatCount: number, repeatEnd = 0, groupId = "99") => ({
  method: "WebcastGiftMessage",
  payload: encodeMessage("WebcastGiftMessage", {
    giftId: "5655",
    repeatCount,
    repeatEnd,
    groupId,
    user: { id: "5" },
    ...(groupId === "99" ? { gift: { type: 1, diamondCount: 2, name: "Rose" } } : {}),
  }),
  id: String(nextId++),
});

type Messages = NonNullable<Parameters<typeof encodeFetchResult>[0]["messages"]>;

/** A frame with messages. `pack` is the server's gzip. */
export function batch(
  messages: Messages,
  options: { needAck?: boolean; logId?: string; pack?: (bytes: Uint8Array) => Uint8Array } = {},
): Uint8Array {
  const { needAck = false, logId = "1", pack } = options;
  const result = encodeFetchResult({ messages, needAck, internalExt: new Uint8Array([7, 8]) });
  return encodePushFrame({
    payloadType: "msg",
    logId,
    headers: pack === undefined ? {} : { compress_type: "gzip" },
    payload: pack?.(result) ?? result,
  });
}

/** The answer to enter-room. */
export const entered = encodePushFrame({ payloadType: "im_enter_room_resp" });

/** A live that is connected. */
export async function connected(options: TikTokOptions = {}, target: string | { roomId: string } = "@Some.Host") {
  const setting = setUp(options);
  const live = setting.tiktok.live(target);
  const seen = collect(live);
  await settle();
  setting.sockets.last.accept();
  setting.sockets.last.push(entered);
  await settle();
  if (live.state !== "connected") throw new Error(`Cannot connect the live: it is ${live.state}`);
  return { ...setting, live, ...seen };
}

/** Lets the retry timer fire and takes the next socket to `connected`. */
export async function reconnect(
  { clock, sockets }: Pick<ReturnType<typeof setUp>, "clock" | "sockets">,
  waitMs: number,
) {
  await clock.advance(waitMs);
  sockets.last.accept();
  sockets.last.push(entered);
  await settle();
}

/** Changes of state, as `from>to`. */
export const states = (events: readonly LiveEvent[]) =>
  events.flatMap((event) => event.type === "state" ? [`${event.from}>${event.to}`] : []);
/** Texts of the chat lines. */
export const texts = (events: readonly LiveEvent[]) =>
  events.flatMap((event) => event.type === "chat" ? [event.text] : []);
