/** A whole live over fake sockets, fake HTTP and a fake clock. */
import { assert, assertEquals, assertInstanceOf, assertRejects, assertStrictEquals, assertThrows } from "@std/assert";
import { gzipSync } from "node:zlib";
import { describe, it } from "node:test";
import { LiveError } from "../errors.ts";
import type { LiveEvent } from "../events/types.ts";
import { encodeFetchResult, encodeMessage, encodePushFrame } from "../testing/encode.ts";
import { FakeClock, FakeSockets, settle } from "../testing/fakes.ts";
import { FakeFetch, json } from "../testing/http.ts";
import { TikTok, type TikTokOptions } from "../tiktok.ts";
import type { TraceEvent } from "../trace.ts";
import type { Live } from "./live.ts";

const ROOM = "7300000000000000001";

interface World {
  status: number;
  roomId: string;
  /** Answers api-live in place of the status. */
  refuse: (() => Response) | undefined;
  /** Number of guest cookies given out. */
  cookies: number;
}

function setUp(options: TikTokOptions = {}) {
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
function collect(live: Live) {
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
const chat = (content: string, id = String(nextId++), history = false) => ({
  method: "WebcastChatMessage",
  payload: encodeMessage("WebcastChatMessage", { content, user: { id: "5", displayId: "viewer" } }),
  id,
  history,
});
const control = (action: number) => ({
  method: "WebcastControlMessage",
  payload: encodeMessage("WebcastControlMessage", { action }),
  id: String(nextId++),
});
const like = (count: number, total: number) => ({
  method: "WebcastLikeMessage",
  payload: encodeMessage("WebcastLikeMessage", { count, total }),
  id: String(nextId++),
});
const rose = (repeatCount: number, repeatEnd = 0, groupId = "99") => ({
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
const batch = (messages: Messages, options: { needAck?: boolean; logId?: string; gzip?: boolean } = {}) => {
  const result = encodeFetchResult({
    messages,
    needAck: options.needAck ?? false,
    internalExt: new Uint8Array([7, 8]),
  });
  return encodePushFrame({
    payloadType: "msg",
    logId: options.logId ?? "1",
    headers: options.gzip === true ? { compress_type: "gzip" } : {},
    payload: options.gzip === true ? new Uint8Array(gzipSync(result)) : result,
  });
};
const entered = encodePushFrame({ payloadType: "im_enter_room_resp" });

/** A live that is connected. */
async function connected(options: TikTokOptions = {}, target: string | { roomId: string } = "@Some.Host") {
  const setting = setUp(options);
  const live = setting.tiktok.live(target);
  const seen = collect(live);
  await settle();
  setting.sockets.last.accept();
  setting.sockets.last.push(entered);
  await settle();
  assertEquals(live.state, "connected");
  return { ...setting, live, ...seen };
}

/** Lets the retry timer fire and takes the next socket to `connected`. */
async function reconnect({ clock, sockets }: Pick<ReturnType<typeof setUp>, "clock" | "sockets">, waitMs: number) {
  await clock.advance(waitMs);
  sockets.last.accept();
  sockets.last.push(entered);
  await settle();
}

const states = (events: readonly LiveEvent[]) =>
  events.flatMap((event) => event.type === "state" ? [`${event.from}>${event.to}`] : []);
const texts = (events: readonly LiveEvent[]) => events.flatMap((event) => event.type === "chat" ? [event.text] : []);

describe("Live", () => {
  it("resolves, gets a guest cookie, opens the socket, enters the room, and yields events in order", async () => {
    const { sockets, http, clock, live, events, outcome, lines, world } = await connected();
    const [socket] = sockets.dialled;
    assert(socket !== undefined);
    const url = new URL(socket.url);
    assertEquals(url.origin + url.pathname, "wss://webcast-ws.tiktok.com/webcast/im/ws_proxy/ws_reuse_supplement/");
    assertEquals([url.searchParams.get("room_id"), url.searchParams.get("compress")], [ROOM, "gzip"]);
    assertEquals(socket.headers["Cookie"], "ttwid=guest1");
    assertEquals(socket.headers["User-Agent"], http.requests[0]?.headers["User-Agent"]);
    assertEquals(socket.frames.map((frame) => [frame.payloadType, frame.roomId]), [["hb", ROOM], [
      "im_enter_room",
      ROOM,
    ]]);
    assertEquals(http.requests.map((request) => request.url.pathname), ["/api-live/user/room/", "/@some.host"]);

    socket.push(batch([chat("one"), chat("two")], { gzip: true, needAck: true, logId: "42" }));
    socket.push(batch([chat("three", "", true)]));
    await clock.advance(0);
    await lines(3);
    assertEquals(texts(events), ["one", "two", "three"]);
    assertEquals(events.map((event) => event.type).slice(0, 4), ["state", "state", "state", "connected"]);
    const [, , , first] = events;
    assert(first?.type === "connected");
    assertEquals([first.route, first.roomInfo.title, first.roomInfo.host.username], [
      "direct",
      "painting",
      "some.host",
    ]);
    const last = events.at(-1);
    assert(last?.type === "chat");
    assertEquals([last.history, last.id, last.roomId, last.receivedAt], [true, "", ROOM, clock.now()]);
    const ack = socket.frames.find((frame) => frame.payloadType === "ack");
    assertEquals([ack?.logId, [...ack?.payload ?? []]], ["42", [7, 8]]);
    assertEquals([live.roomId, live.counters.messages, live.counters.connections], [ROOM, 3, 1]);
    assertEquals((await live.connected).type, "connected");

    live.close();
    assertEquals([await outcome, await live.done], [undefined, "closed"]);
    assertEquals([socket.closed, clock.waiting, live.state], [true, 0, "closed"]);
    assertEquals(world.cookies, 1);
  });

  it("keeps the order although a small frame could overtake a large one in gunzip", async () => {
    const slow: PromiseWithResolvers<void>[] = [];
    const gunzip = (bytes: Uint8Array) => {
      const gate = Promise.withResolvers<void>();
      slow.push(gate);
      return gate.promise.then(() => bytes);
    };
    const { sockets, events, live } = await connected({ gunzip });
    const packed = (text: string) =>
      encodePushFrame({
        payloadType: "msg",
        headers: { compress_type: "gzip" },
        payload: encodeFetchResult({ messages: [chat(text)] }),
      });
    sockets.last.push(packed("one"));
    sockets.last.push(batch([chat("two")]));
    sockets.last.push(packed("three"));
    await settle();
    assertEquals([texts(events), slow.length], [[], 1]);
    slow[0]?.resolve();
    await settle();
    assertEquals(texts(events), ["one", "two"]);
    sockets.last.drop();
    slow[1]?.resolve();
    await settle();
    assertEquals([texts(events), live.state], [["one", "two", "three"], "waiting"]);
    live.close();
  });

  it("sends a heartbeat each 10 s", async () => {
    const { sockets, clock, live } = await connected();
    await clock.advance(30_000);
    assertEquals(sockets.last.frames.filter((frame) => frame.payloadType === "hb").length, 4);
    live.close();
  });

  it("drops duplicates by id, also across a reconnect, and never messages without an id", async () => {
    const setting = await connected();
    const { sockets, events, live } = setting;
    const again = chat("twice");
    sockets.last.push(batch([again, again, chat("a", ""), chat("b", "")]));
    sockets.last.drop();
    await settle();
    await reconnect(setting, 1000);
    sockets.last.push(batch([again, chat("a", ""), chat("new")]));
    await settle();
    assertEquals(texts(events), ["twice", "a", "b", "a", "new"]);
    assertEquals(live.counters.duplicates, 2);
    live.close();
  });

  it("reconnects after a drop, resolves the room again, and reports the gap", async () => {
    const setting = await connected();
    const { sockets, events, clock, live, http } = setting;
    const before = clock.now();
    sockets.last.drop();
    await settle();
    assertEquals(live.state, "waiting");
    await reconnect(setting, 1000);
    const gap = events.find((event) => event.type === "gap");
    assert(gap?.type === "gap");
    assertEquals([gap.reason, gap.from, gap.to, gap.dropped], ["reconnect", before, before + 1000, undefined]);
    assertEquals(http.requests.filter((request) => request.url.pathname.startsWith("/api-live")).length, 2);
    assertEquals(states(events).slice(3), [
      "connected>waiting",
      "waiting>resolving",
      "resolving>connecting",
      "connecting>connected",
    ]);
    assertEquals(live.counters.connections, 2);
    live.close();
  });

  it("calls 60 s of nothing but heartbeat replies and acks stale", async () => {
    const setting = await connected();
    const { sockets, events, clock, live } = setting;
    for (let index = 0; index < 6; index++) {
      await clock.advance(9_000);
      sockets.last.push(encodePushFrame({ payloadType: "hb" }));
      sockets.last.push(encodePushFrame({ payloadType: "ack" }));
      sockets.last.push(encodePushFrame({ payloadType: "msg", payload: new Uint8Array([0xff, 0xff]) }));
    }
    const stale = sockets.last;
    await clock.advance(6_000);
    assertEquals([stale.closed, live.state], [true, "waiting"]);
    await reconnect(setting, 1000);
    const gap = events.find((event) => event.type === "gap");
    assertEquals(gap?.type === "gap" && gap.reason, "stale");
    live.close();
  });

  it("an end that HTTP does not confirm ends nothing", async () => {
    const { sockets, events, clock, live } = await connected();
    sockets.last.push(batch([control(3)]));
    await clock.advance(50_000);
    sockets.last.push(batch([chat("still here")]));
    await settle();
    assertEquals([live.state, texts(events)], ["connected", ["still here"]]);
    assertEquals(events.some((event) => event.type === "ended"), false);
    live.close();
  });

  it("ends when HTTP confirms, also when it lags behind, with ended as the last event", async () => {
    const { sockets, events, clock, live, outcome, world } = await connected();
    sockets.last.push(batch([rose(3), control(4), chat("last words")]));
    await settle();
    assertEquals(live.state, "connected");
    world.status = 4;
    await clock.advance(3000);
    assertEquals([await outcome, await live.done], [undefined, "suspended"]);
    const last = events.at(-1);
    assertEquals(last?.type === "ended" && last.reason, "suspended");
    const closing = events.findLast((event) => event.type === "gift");
    assertEquals(closing?.type === "gift" && closing.streak.closedBy, "timeout");
    assertEquals([clock.waiting, sockets.last.closed], [0, true]);
  });

  it("ends as offline when the socket is gone and the host is not live", async () => {
    const { sockets, clock, live, events, outcome, world } = await connected();
    world.status = 4;
    sockets.last.drop();
    await clock.advance(1000);
    assertEquals([await outcome, await live.done, events.at(-1)?.type], [undefined, "offline", "ended"]);
    assertEquals(clock.waiting, 0);
  });

  it("a refusal while reconnecting is not an end", async () => {
    const setting = await connected();
    const { sockets, clock, live, events, world } = setting;
    world.refuse = () => new Response("", { status: 403 });
    sockets.last.drop();
    await clock.advance(1000);
    assertEquals([live.state, events.some((event) => event.type === "ended")], ["waiting", false]);
    world.refuse = undefined;
    await reconnect(setting, 2000);
    assertEquals(live.state, "connected");
    live.close();
  });

  it("follows a host who is live again in another room", async () => {
    const setting = await connected();
    const { sockets, live, events, world } = setting;
    sockets.last.push(batch([like(1, 900)]));
    world.roomId = "7300000000000000002";
    sockets.last.drop();
    await settle();
    await reconnect(setting, 1000);
    sockets.last.push(batch([like(1, 5)]));
    await settle();
    assertEquals(live.roomId, "7300000000000000002");
    assertEquals(events.flatMap((event) => event.type === "like" ? [event.total] : []), [900, 5]);
    live.close();
  });

  it("fails with offline, not_found and so on, in the loop, in done and in connected", async () => {
    const cases: [(world: World) => void, string][] = [
      [(world) => world.status = 4, "offline"],
      [(world) => world.refuse = () => json({ statusCode: 19881007 }), "not_found"],
      [(world) => world.refuse = () => new Response("", { status: 429 }), "rate_limited"],
    ];
    for (const [arrange, code] of cases) {
      const { tiktok, world, clock } = setUp();
      arrange(world);
      const live = tiktok.live("some.host");
      const { outcome } = collect(live);
      const failure = await outcome;
      assertInstanceOf(failure?.error, LiveError);
      assertEquals(failure.error.code, code);
      assertStrictEquals(await assertRejects(() => live.done), failure.error);
      assertStrictEquals(await assertRejects(() => live.connected), failure.error);
      assertEquals([clock.waiting, live.state], [0, "closed"]);
    }
  });

  it("takes a new identity once when the device is refused", async () => {
    const { tiktok, sockets, clock } = setUp();
    const live = tiktok.live("some.host");
    const { outcome } = collect(live);
    await settle();
    const first = sockets.last;
    first.refuse({ status: 200, handshakeStatus: "415", handshakeMessage: "DEVICE_BLOCKED" });
    await clock.advance(1999);
    assertEquals(sockets.dialled.length, 1);
    await clock.advance(1);
    const second = sockets.last;
    assertEquals([first.headers["Cookie"], second.headers["Cookie"]], ["ttwid=guest1", "ttwid=guest2"]);
    assert(first.headers["User-Agent"] !== second.headers["User-Agent"]);
    second.refuse({ status: 415 });
    const failure = await outcome;
    assertInstanceOf(failure?.error, LiveError);
    assertEquals([failure.error.code, clock.waiting], ["device_blocked", 0]);
  });

  it("names a refused socket with its evidence after the budget is spent", async () => {
    const { tiktok, sockets, clock } = setUp();
    const { outcome } = collect(tiktok.live("some.host"));
    for (let index = 0; index < 6; index++) {
      await settle();
      sockets.last.refuse({ status: 403, logId: "2026LOG" });
      await clock.advance(500 * 2 ** index);
    }
    const failure = await outcome;
    assertInstanceOf(failure?.error, LiveError);
    assertEquals([failure.error.code, failure.error.evidence], ["blocked", {
      url: "wss://webcast-ws.tiktok.com/webcast/im/ws_proxy/ws_reuse_supplement/",
      status: 403,
      logId: "2026LOG",
    }]);
    assertEquals([sockets.dialled.length, clock.waiting], [6, 0]);
  });

  it("counts and reports what does not decode, and lives on", async () => {
    const { sockets, events, lines, live, traces } = await connected();
    const broken = { method: "WebcastChatMessage", payload: new Uint8Array([0x0a, 0xff]), id: "1" };
    sockets.last.push(new Uint8Array([0xff, 0xff, 0xff]));
    sockets.last.push(
      encodePushFrame({ payloadType: "msg", headers: { compress_type: "gzip" }, payload: new Uint8Array(9) }),
    );
    sockets.last.push(
      batch([broken, { method: "WebcastNobodyKnows", payload: new Uint8Array(2), id: "2" }, chat("fine")]),
    );
    await lines(1);
    assertEquals(events.slice(4).map((event) => event.type), [
      "decode_error",
      "decode_error",
      "decode_error",
      "unknown",
      "chat",
    ]);
    const [first] = events.slice(4);
    assert(first?.type === "decode_error");
    assertEquals([first.error.code, first.bytes.length, first.method, first.id], ["protocol", 3, "PushFrame", ""]);
    assertEquals(JSON.parse(JSON.stringify(first)).error.code, "protocol");
    assertEquals([live.state, live.counters.undecodable], ["connected", 3]);
    assertEquals(traces.filter((event) => event.kind === "undecodable").length, 2);
    live.close();
  });

  it("bounds what a frame unpacks to", async () => {
    const bounds: number[] = [];
    const { sockets, live } = await connected({
      gunzip: (bytes, maxBytes) => {
        bounds.push(maxBytes);
        return bytes;
      },
    });
    sockets.last.push(encodePushFrame({ payloadType: "msg", headers: { compress_type: "gzip" } }));
    assertEquals(bounds, [16 * 1024 * 1024]);
    live.close();
  });

  it("books gifts and likes", async () => {
    const { sockets, events, clock, live } = await connected();
    sockets.last.push(batch([rose(2), rose(5), rose(5, 1), like(5, 100), like(5, 90)]));
    sockets.last.push(batch([rose(3, 0, "100")]));
    for (let index = 0; index < 8; index++) {
      await clock.advance(10_000);
      sockets.last.push(batch([chat("tick")]));
    }
    const gifts = events.flatMap((event) =>
      event.type === "gift" ? [[event.count, event.total, event.value, event.streak.closedBy]] : []
    );
    assertEquals(gifts, [
      [2, 2, 4, undefined],
      [3, 5, 6, undefined],
      [0, 5, 0, "repeat_end"],
      [3, 3, 6, undefined],
      [0, 3, 0, "timeout"],
    ]);
    assertEquals(events.flatMap((event) => event.type === "like" ? [event.total] : []), [100, 100]);
    live.close();
  });

  it("drops the oldest for a slow reader and tells it how many", async () => {
    const { tiktok, sockets } = setUp();
    const live = tiktok.live("some.host", { queueSize: 10 });
    const reader = live[Symbol.asyncIterator]();
    await settle();
    sockets.last.accept();
    sockets.last.push(batch(Array.from({ length: 50 }, (_, index) => chat(`line ${index}`))));
    await settle();
    const { value: gap } = await reader.next();
    assert(gap?.type === "gap");
    assertEquals([gap.reason, gap.dropped, live.counters.dropped], ["queue_overflow", 44, 44]);
    const { value: next } = await reader.next();
    assertEquals(next?.type === "chat" && next.text, "line 40");
    live.close();
  });

  it("keeps nothing for a program that only uses on()", async () => {
    const { tiktok, sockets } = setUp();
    const live = tiktok.live("some.host", { queueSize: 10 });
    const heard: string[] = [];
    const off = live.on("chat", (event) => heard.push(event.text));
    const states: string[] = [];
    live.on("state", (event) => states.push(event.to));
    await settle();
    sockets.last.accept();
    sockets.last.push(batch(Array.from({ length: 50 }, (_, index) => chat(`line ${index}`))));
    off();
    sockets.last.push(batch([chat("unheard")]));
    assertEquals([heard.length, heard.at(-1)], [50, "line 49"]);
    assertEquals(states, ["resolving", "connecting", "connected"]);
    assert(live.counters.dropped >= 50);
    live.close();
  });

  it("a handler may close the live, and hears nothing afterwards", async () => {
    const { sockets, clock, live, events } = await connected();
    live.on("chat", () => live.close());
    sockets.last.push(batch([chat("one"), chat("two")]));
    await settle();
    assertEquals([texts(events), live.state, clock.waiting], [["one"], "closed", 0]);
  });

  it("leaving the loop closes the live", async () => {
    const { tiktok, sockets, clock } = setUp();
    const live = tiktok.live("some.host");
    const loop = (async () => {
      for await (const event of live) if (event.type === "connected") break;
    })();
    await settle();
    sockets.last.accept();
    sockets.last.push(entered);
    await loop;
    assertEquals([live.state, sockets.last.closed, clock.waiting, await live.done], ["closed", true, 0, "closed"]);
  });

  it("throws the abort's reason, unwrapped, wherever it stands", async () => {
    const reason = new Error("enough");
    for (const when of ["before", "resolving", "connecting", "connected", "waiting"]) {
      const { tiktok, sockets, clock } = setUp();
      const controller = new AbortController();
      if (when === "before") controller.abort(reason);
      const live = tiktok.live("some.host", { signal: controller.signal });
      const { outcome } = collect(live);
      if (when !== "before" && when !== "resolving") await settle();
      if (when === "connected" || when === "waiting") sockets.last.accept();
      if (when === "connected" || when === "waiting") sockets.last.push(entered);
      if (when === "waiting") sockets.last.drop();
      await Promise.resolve();
      controller.abort(reason);
      assertStrictEquals((await outcome)?.error, reason);
      assertStrictEquals(await assertRejects(() => live.done), reason);
      await settle();
      assertEquals([clock.waiting, sockets.dialled.every((socket) => socket.closed)], [0, true], when);
    }
  });

  it("listens to a room by its id", async () => {
    const { http, live } = await connected({}, { roomId: ROOM });
    assertEquals(live.roomId, ROOM);
    assertEquals(http.requests.map((request) => request.url.pathname), [
      "/webcast/room/check_alive/",
      "/webcast/room/info/",
      "/@tiktok",
    ]);
    live.close();
  });

  it("rejects bad names and options before anything is sent", async () => {
    const { tiktok, http } = setUp();
    for (const target of ["", "a/b", "https://evil.example/@a", { roomId: "x" }]) {
      const error = assertThrows(() => tiktok.live(target));
      assertInstanceOf(error, LiveError);
      assertEquals(error.code, "invalid_input");
    }
    assertInstanceOf(assertThrows(() => tiktok.live(undefined as unknown as string)), TypeError);
    assertInstanceOf(assertThrows(() => tiktok.live("a", { queueSize: 0 })), RangeError);
    await settle();
    assertEquals(http.requests.length, 0);
  });

  it("shows no cookie and no query in traces and errors", async () => {
    const { sockets, live, traces } = await connected({ cookies: "sessionid=hush; ttwid=quiet" });
    sockets.last.push(batch([chat("x")], { needAck: true }));
    sockets.last.drop({ code: 1006, reason: "broke" });
    await settle();
    live.close();
    const shown = JSON.stringify(traces);
    for (const secret of ["hush", "quiet", "room_id=", "uniqueId"]) assert(!shown.includes(secret), secret);
    assertEquals([...new Set(traces.map((event) => event.kind))].sort(), ["frame", "http", "socket", "state"]);
  });

  it("two clients share nothing", async () => {
    const one = await connected();
    const other = await connected();
    assertEquals([one.world.cookies, other.world.cookies], [1, 1]);
    one.live.close();
    assertEquals(other.live.state, "connected");
    other.live.close();
  });

  it("many lives of one client get their guest cookie once", async () => {
    const { tiktok, world, sockets } = setUp();
    const lives = Array.from({ length: 20 }, () => tiktok.live("some.host"));
    await settle();
    assertEquals([world.cookies, sockets.dialled.length], [1, 20]);
    for (const live of lives) live.close();
  });
});
