/** A whole live over fake sockets: what its readers get, and how they leave. */
import { assert, assertEquals, assertInstanceOf, assertRejects, assertStrictEquals, assertThrows } from "@std/assert";
import { describe, it } from "node:test";
import { LiveError } from "../errors.ts";
import { encodePushFrame } from "../testing/encode.ts";
import { settle } from "../testing/fakes.ts";
import { batch, chat, collect, connected, entered, like, ROOM, rose, setUp, texts } from "../testing/live_world.ts";

describe("Live, being read", () => {
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

  it("states() tells the changes of state, several times over, until the live ends", async () => {
    const { tiktok, sockets, clock } = setUp();
    const live = tiktok.live("some.host");
    const read = async () => {
      const seen: string[] = [];
      for await (const { from, to, reason } of live.states()) seen.push(`${from}>${to} ${reason}`);
      return seen;
    };
    const all = read();
    const left: string[] = [];
    for await (const { to } of live.states()) {
      left.push(to);
      if (to === "connecting") break;
    }
    assertEquals([left, live.state], [["resolving", "connecting"], "connecting"]);
    const later = read();
    await settle();
    sockets.last.accept();
    sockets.last.push(entered);
    await settle();
    sockets.last.drop({ code: 1006, reason: "" });
    await clock.advance(0);
    live.close();
    const changes = [
      "idle>resolving started",
      "resolving>connecting room resolved: trying direct",
      "connecting>connected first frame",
      "connected>waiting connection closed",
      "waiting>closed closed by the caller",
    ];
    assertEquals(await all, changes);
    assertEquals(await later, changes.slice(2));
    assertEquals(await read(), []);
  });

  it("states() ends with a live that fails, and leaves the error to done", async () => {
    const { tiktok, world } = setUp();
    world.status = 4;
    const live = tiktok.live("some.host");
    const seen: string[] = [];
    for await (const { to } of live.states()) seen.push(to);
    assertEquals(seen, ["resolving", "closed"]);
    assertInstanceOf(await assertRejects(() => live.done), LiveError);
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
    assertEquals([...new Set(traces.map((event) => event.kind))].sort(), [
      "end",
      "frame",
      "http",
      "route",
      "socket",
      "state",
    ]);
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
