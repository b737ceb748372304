import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { encodeMessage, FakeClock } from "@roomtone/sdk/testing";
import { afterEach, describe, it } from "node:test";
import { encodeAck, encodeEnterRoom, encodeHeartbeat } from "../../sdk/src/wire/frames.ts";
import { type CapturedMessage, type Room, type Standin, type StandinOptions, startStandin } from "./mod.ts";
import { RawConnection, type RawHead, RawLiveSocket } from "./raw_client.ts";
import { SOCKET_PATH } from "./signed_routes.ts";

const UPGRADE: [string, string][] = [
  ["Upgrade", "websocket"],
  ["Connection", "Upgrade"],
  ["Sec-WebSocket-Version", "13"],
  ["Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="],
];
const IDENTITY: [string, string][] = [["User-Agent", "test"], ["Cookie", "ttwid=1%7Cguest"]];
/** One frame of the feed holds at most 50 messages, one tick of the room lasts 100 ms. */
const TICK_MS = 100;

const captured = (count: number): CapturedMessage[] =>
  Array.from({ length: count }, (_, index) => ({
    method: "WebcastChatMessage",
    payload: encodeMessage("WebcastChatMessage", { content: `line ${index}` }),
  }));

describe("the stand-in's live socket", () => {
  let standin: Standin;
  let clock: FakeClock;
  let room: Room;
  const open: RawConnection[] = [];

  async function start(options: StandinOptions = {}): Promise<void> {
    clock = new FakeClock();
    standin = await startStandin({ media: false, clock, ...options });
    room = standin.room("some.host");
  }
  afterEach(async () => {
    for (const connection of open.splice(0)) connection.socket.destroy();
    await standin.stop();
  });

  async function dial(
    query: Record<string, string> = {},
    headers = [...UPGRADE, ...IDENTITY],
  ): Promise<{ connection: RawConnection; head: RawHead }> {
    const parameters = new URLSearchParams({ aid: "1988", room_id: room.roomId, ...query });
    const connection = await RawConnection.open({ port: standin.port }, `${SOCKET_PATH}?${parameters}`, headers);
    open.push(connection);
    return { connection, head: await connection.head() };
  }

  async function enter(query: Record<string, string> = {}, cookie?: string): Promise<RawLiveSocket> {
    const identity: [string, string][] = [["User-Agent", "test"], ["Cookie", `ttwid=${cookie ?? "guest"}`]];
    const { connection, head } = await dial(query, [...UPGRADE, ...identity]);
    assertEquals(head.status, 101);
    const socket = new RawLiveSocket(connection);
    socket.send(encodeEnterRoom(room.roomId));
    return socket;
  }

  /** Enters and reads the answer, so that the room knows of the socket. */
  async function join(query: Record<string, string> = {}, cookie?: string): Promise<RawLiveSocket> {
    const socket = await enter(query, cookie);
    assertEquals((await socket.batch()).payloadType, "im_enter_room_resp");
    return socket;
  }

  it("refuses without a guest cookie, without or with two User-Agents, with HTTP 200 and the reason", async () => {
    await start();
    room.startLive();
    const agent: [string, string] = ["User-Agent", "test"];
    const cookie: [string, string] = ["Cookie", "ttwid=guest"];
    for (const headers of [[agent], [cookie], [agent, agent, cookie]]) {
      const { head } = await dial({}, [...UPGRADE, ...headers]);
      assertEquals([head.status, head.headers.get("handshake-status"), head.headers.get("handshake-msg")], [
        200,
        "415",
        "DEVICE_BLOCKED",
      ]);
    }
    const { head } = await dial({ aid: "1" });
    assertEquals([head.status, head.headers.get("handshake-msg")], [200, "illegal app_id"]);
  });

  it("refuses on command, in headers or with the status itself", async () => {
    await start();
    room.startLive();
    room.fault({ kind: "handshake", status: 417, times: 1 });
    standin.fault({ kind: "handshake", status: 415, as: "http", times: 1 });
    const seen = [];
    for (let turn = 0; turn < 3; turn++) {
      const { head } = await dial();
      seen.push([head.status, head.headers.get("handshake-msg")]);
    }
    assertEquals(seen, [[200, "illegal secret key"], [415, "DEVICE_BLOCKED"], [101, "OK"]]);
  });

  it("answers heartbeats and pushes nothing before the room is entered", async () => {
    await start();
    room.startLive({ rate: 100 });
    const { connection } = await dial();
    const socket = new RawLiveSocket(connection);
    await clock.advance(10 * TICK_MS);
    socket.send(encodeHeartbeat(room.roomId));
    assertEquals((await socket.push()).payloadType, "hb");
    socket.send(encodeEnterRoom(room.roomId));
    assertEquals((await socket.push()).payloadType, "im_enter_room_resp");
    assertEquals((await socket.batch()).messages.map(({ method }) => method), [
      "WebcastRoomMessage",
      "WebcastLiveIntroMessage",
    ]);
  });

  it("sends history first, flagged, as much as was asked for", async () => {
    await start();
    room.startLive();
    const socket = await enter({ history_comment_count: "6" });
    const { messages, payloadType } = await socket.batch();
    assertEquals(payloadType, "im_enter_room_resp");
    assertEquals(messages.length, 6);
    assert(messages.every(({ method, history }) => history && method === "WebcastChatMessage"));
    assertEquals(room.stats().historyIds, messages.map(({ id }) => id));
    assert((await socket.batch()).messages.every(({ history }) => !history));
  });

  it("packs frames only when asked to, and wants an ack for each batch", async () => {
    await start();
    room.startLive();
    const plain = await join();
    const packed = await join({ compress: "gzip" }, "other");
    await plain.batch();
    await clock.advance(10 * TICK_MS);
    const plainFrame = await plain.push();
    assertEquals([plainFrame.payloadType, plainFrame.headers["compress_type"]], ["msg", undefined]);
    const packedFrame = await packed.push();
    assertEquals([packedFrame.headers["compress_type"], packedFrame.payload[0]], ["gzip", 0x1f]);
    await clock.advance(10 * TICK_MS);
    const { needAck, messages } = await packed.batch();
    assert(needAck && messages.length > 0);
  });

  it("goes quiet without acks and on again with them", async () => {
    await start({ limits: { unackedFrames: 3 } });
    room.startLive({ rate: 10 });
    const socket = await join();
    await clock.advance(100 * TICK_MS);
    assertEquals(room.stats().sent > 0, true);
    const batches = [await socket.batch(), await socket.batch(), await socket.batch()];
    const quiet = room.stats().sent;
    await clock.advance(50 * TICK_MS);
    assertEquals(room.stats().sent, quiet);
    for (const { logId, internalExt } of batches) socket.send(encodeAck(logId, internalExt));
    assert((await socket.batch()).messages.length > 0);
    assertEquals(room.stats().badAcks, 0);
  });

  it("counts an ack with the wrong payload as bad", async () => {
    await start();
    room.startLive();
    const socket = await join();
    const { logId } = await socket.batch();
    socket.send(encodeAck(logId, new TextEncoder().encode("-")));
    await room.until(({ badAcks }) => badAcks === 1);
    assertEquals(room.acks.map(({ ok }) => ok), [false]);
    assertEquals(room.stats().acked, 0);
  });

  it("sends what a broken socket did not acknowledge again under the same ids, and nothing twice else", async () => {
    await start();
    room.startLive({ captures: captured(30), capturesPerSecond: 100 });
    const first = await join();
    await clock.advance(TICK_MS);
    const acknowledged = await first.batch();
    first.send(encodeAck(acknowledged.logId, acknowledged.internalExt));
    await room.until(({ acked }) => acked > 0);
    await clock.advance(TICK_MS);
    const lost = await first.batch();
    room.fault({ kind: "socket_drop" });
    await room.until(({ sockets }) => sockets === 0);
    const second = await join();
    const again = await second.batch();
    assertEquals(again.messages.map(({ id }) => id), lost.messages.map(({ id }) => id));
    const ids = new Set([...acknowledged.messages, ...again.messages].map(({ id }) => id));
    second.send(encodeAck(again.logId, again.internalExt));
    await room.until(({ acked }) => acked === ids.size);
    while (ids.size < 30) {
      await clock.advance(TICK_MS);
      const batch = await second.batch();
      for (const { id } of batch.messages) {
        assert(!ids.has(id));
        ids.add(id);
      }
      second.send(encodeAck(batch.logId, batch.internalExt));
    }
    await room.until(({ acked }) => acked === 30);
    assertEquals(room.stats().captured, { total: 30, sent: 30, acked: 30 });
    assertEquals(new Set(room.stats().ids), ids);
  });

  it("gives a client that comes back before its old socket is gone what it did not acknowledge", async () => {
    await start();
    room.startLive({ captures: captured(3), capturesPerSecond: 1000 });
    const old = await join({}, "same");
    await clock.advance(TICK_MS);
    const lost = await old.batch();
    const next = await join({}, "same");
    assertEquals((await next.batch()).messages.map(({ id }) => id), lost.messages.map(({ id }) => id));
  });

  it("ends by itself once the captured messages are delivered: control message, status, close", async () => {
    await start();
    room.startLive({ captures: captured(5), capturesPerSecond: 1000 });
    const socket = await join();
    await clock.advance(TICK_MS);
    const batch = await socket.batch();
    assertEquals(batch.messages.length, 5);
    await clock.advance(5 * TICK_MS);
    assert(room.live, "it waits for the ack");
    socket.send(encodeAck(batch.logId, batch.internalExt));
    await room.until(({ acked }) => acked === 5);
    await clock.advance(TICK_MS);
    const end = await socket.batch();
    assertEquals(end.messages.map(({ method }) => method), ["WebcastControlMessage"]);
    assert(!room.live);
    socket.send(encodeAck(end.logId, end.internalExt));
    await room.until(({ acked }) => acked === 6);
    await clock.advance(TICK_MS);
    assertEquals((await socket.frame()).opcode, 8);
  });

  it("ends a generated live after its duration, without anyone there", async () => {
    await start();
    room.startLive({ durationMs: 2000 });
    await clock.advance(1900);
    assert(room.live);
    await clock.advance(200);
    assert(!room.live);
    assertEquals(room.stats().endedAtMs, room.stats().startedAtMs + 2000);
  });

  it("two clients both get every message", async () => {
    await start();
    room.startLive({ rate: 5 });
    const one = await join({}, "one");
    const other = await join({}, "other");
    await one.batch();
    await clock.advance(5 * TICK_MS);
    const first = await one.batch();
    const second = await other.batch();
    assertEquals(second.messages.map(({ id }) => id), first.messages.map(({ id }) => id));
  });

  it("hangs up on a client that sends no heartbeat", async () => {
    await start({ limits: { heartbeatTimeoutMs: 5000 } });
    room.startLive({ rate: 0.001 });
    const socket = await join();
    await socket.batch();
    await clock.advance(5000);
    assertEquals((await socket.frame()).opcode, 8);
  });

  it("sends frames that no client can read", async () => {
    await start();
    room.startLive({ rate: 0.001 });
    const socket = await join();
    await socket.batch();
    room.fault({ kind: "frame_broken_gzip" });
    const broken = await socket.push();
    assertEquals([broken.headers["compress_type"], broken.payload[0], broken.payload[1]], ["gzip", 0x1f, 0x8b]);
    room.fault({ kind: "frame_gzip_bomb", megabytes: 4 });
    const bomb = await socket.push();
    assert(bomb.payload.length < 10_000);
    room.fault({ kind: "frame_garbage" });
    assertEquals([...(await socket.frame()).payload].slice(0, 3), [0xff, 0xff, 0xff]);
  });

  it("sends odd messages: unknown, undecodable, without an id, twice, an end that is none", async () => {
    await start();
    room.startLive({ rate: 0.001 });
    const socket = await join();
    const welcome = await socket.batch();
    room.fault({ kind: "unknown_method" });
    assertEquals((await socket.batch()).messages[0]?.method, "WebcastStandinNoveltyMessage");
    room.fault({ kind: "message_without_id" });
    assertEquals((await socket.batch()).messages[0]?.id, "");
    room.fault({ kind: "broken_message" });
    assertEquals([...(await socket.batch()).messages[0]?.payload ?? []], [0x12, 0x7f, 0x01]);
    room.fault({ kind: "duplicate_messages", count: 4 });
    const [first] = welcome.messages;
    const ids = (await socket.batch()).messages.map(({ id }) => id);
    assertEquals(ids.length, 4);
    assert(first !== undefined && ids.includes(first.id));
    room.fault({ kind: "control", action: 3 });
    assertEquals((await socket.batch()).messages[0]?.method, "WebcastControlMessage");
    assert(room.live);
  });

  it("never sends a message without an id a second time", async () => {
    await start();
    room.startLive({ rate: 0.001 });
    const first = await join();
    const welcome = await first.batch();
    room.fault({ kind: "message_without_id" });
    await first.batch();
    room.fault({ kind: "socket_drop" });
    const second = await join();
    assertEquals((await second.batch()).messages.map(({ id }) => id), welcome.messages.map(({ id }) => id));
  });

  it("breaks in the middle of a frame, stalls, or closes with a reason", async () => {
    await start();
    room.startLive({ rate: 0.001 });
    const half = await join();
    await half.batch();
    room.fault({ kind: "socket_half_frame" });
    assertEquals((await half.connection.rest()).length, 1000);

    const stalled = await join();
    room.fault({ kind: "socket_stall", forMs: 1000 });
    stalled.send(encodeHeartbeat(room.roomId));
    room.fault({ kind: "unknown_method" });
    const before = room.stats().sent;
    await clock.advance(1000);
    const afterStall = await stalled.batch();
    assert(afterStall.messages.length > 0 && room.stats().sent >= before);

    room.fault({ kind: "socket_close", reason: "disable_web_direct" });
    let frame = await stalled.push();
    while (frame.payloadType !== "close") frame = await stalled.push();
    assertEquals(frame.headers["close_reason"], "disable_web_direct");
    assertEquals((await stalled.frame()).opcode, 8);
  });

  it("switches rooms on the same socket, and says nothing for a room that never was", async () => {
    await start();
    room.startLive({ rate: 0.001 });
    const other = standin.room("other.host");
    other.startLive({ rate: 0.001 });
    const socket = await join();
    await socket.batch();
    socket.send(encodeEnterRoom(other.roomId));
    assertEquals((await socket.push()).payloadType, "im_enter_room_resp");
    assertEquals((await socket.batch()).messages.length, 2);
    assertEquals([room.stats().sockets, other.stats().sockets], [0, 1]);
    socket.send(encodeEnterRoom("123"));
    assertEquals((await socket.push()).payloadType, "im_enter_room_resp");
    assertEquals(other.stats().sockets, 0);
  });

  it("gives other ids to another live with the same seed, and the same text", async () => {
    await start();
    const texts: string[] = [];
    for (const name of ["one.host", "two.host"]) {
      room = standin.room(name);
      room.startLive({ seed: "same", rate: 10 });
      const socket = await join();
      await socket.batch();
      await clock.advance(10 * TICK_MS);
      const { messages } = await socket.batch();
      texts.push(messages.map(({ method }) => method).join());
    }
    assertEquals(texts[0], texts[1]);
    assertNotEquals(standin.room("one.host").stats().ids, standin.room("two.host").stats().ids);
  });
});
