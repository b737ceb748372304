/** A whole live over fake sockets, fake HTTP and a fake clock: how it connects, reconnects and ends. */
import { assert, assertEquals, assertInstanceOf, assertRejects, assertStrictEquals } from "@std/assert";
import { gzipSync } from "node:zlib";
import { describe, it } from "node:test";
import { LiveError } from "../errors.ts";
import { encodeFetchResult, encodePushFrame } from "../testing/encode.ts";
import { settle } from "../testing/fakes.ts";
import { json } from "../testing/http.ts";
import {
  batch,
  chat,
  collect,
  connected,
  control,
  like,
  reconnect,
  ROOM,
  rose,
  setUp,
  states,
  texts,
  type World,
} from "../testing/live_world.ts";

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

    socket.push(
      batch([chat("one"), chat("two")], {
        pack: (bytes) => new Uint8Array(gzipSync(bytes)),
        needAck: true,
        logId: "42",
      }),
    );
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
    assertEquals(socket.frames.filter((frame) => frame.payloadType === "ack").length, 1);
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
    // One event for each message: an open streak is not closed by one of our own making.
    assertEquals(events.filter((event) => event.type === "gift").length, 1);
    assertEquals([clock.waiting, sockets.last.closed], [0, true]);
  });

  it("yields what had come before the end was confirmed, however long gunzip takes", async () => {
    const gate = Promise.withResolvers<void>();
    const gunzip = (bytes: Uint8Array) => gate.promise.then(() => bytes);
    const { sockets, events, outcome, world } = await connected({ gunzip });
    world.status = 4;
    sockets.last.push(batch([control(3)]));
    sockets.last.push(batch([chat("last words")], { pack: (bytes) => bytes }));
    await settle();
    assertEquals(events.at(-1)?.type, "control");
    gate.resolve();
    await outcome;
    assertEquals([texts(events), events.at(-1)?.type], [["last words"], "ended"]);
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
});
