import { assert, assertEquals, assertInstanceOf, assertRejects, assertStringIncludes, assertThrows } from "@std/assert";
import { describe, it } from "node:test";
import { gzipSync } from "node:zlib";
import { isLiveError } from "../errors.ts";
import { settle } from "../testing/fakes.ts";
import { batch, chat, ROOM, rose, setUp } from "../testing/live_world.ts";
import { encodeFetchResult, encodePushFrame } from "../testing/encode.ts";
import { WebcastPushConnection } from "./connection.ts";
import type { WebcastOptions } from "./options.ts";
import type { WebcastFailure } from "./types.ts";

/** A connection in a world of fakes, without room info. */
function connectionWith(options: WebcastOptions = {}) {
  const { clock, sockets, http, world } = setUp();
  const connection = new WebcastPushConnection("@some.host", {
    fetchRoomInfoOnConnect: false,
    ...options,
    tiktok: { fetch: http.fetch, socket: sockets, clock, random: () => 0, ...options.tiktok },
  });
  const failures: WebcastFailure[] = [];
  connection.on("error", (failure) => void failures.push(failure));
  return { clock, sockets, http, world, connection, failures };
}

/** The same, connected. */
async function connected(options: WebcastOptions = {}) {
  const parts = connectionWith(options);
  const connecting = parts.connection.connect();
  await settle();
  parts.sockets.last.accept();
  parts.sockets.last.push(batch([]));
  const state = await connecting;
  return { ...parts, state };
}

const codeOf = (error: unknown) => isLiveError(error) ? error.code : String(error);

describe("WebcastPushConnection", () => {
  it("tells messages and keeps going when a handler or a message is broken", async () => {
    const { connection, sockets, failures } = await connected();
    const comments: string[] = [];
    const raw: string[] = [];
    connection.on("rawData", (type) => void raw.push(type));
    connection.on("chat", ({ comment }) => {
      comments.push(comment);
      if (comment === "bad") throw new RangeError("mine");
    });
    const broken = { method: "WebcastChatMessage", payload: new Uint8Array([0xff]), id: "5" };
    sockets.last.push(batch([chat("one"), chat("bad"), broken, chat("two")]));
    sockets.last.push(encodePushFrame({ payloadType: "msg", payload: new Uint8Array([0xff]) }));
    await settle();
    assertEquals(comments, ["one", "bad", "two"]);
    assertEquals(raw, Array(4).fill("WebcastChatMessage"));
    assertEquals(failures.map(({ info }) => info), [
      "Error in a handler of 'chat'",
      "Message decoding failed",
      "Message decoding failed",
    ]);
    assertInstanceOf(failures[0]?.exception, RangeError);
    assertEquals(failures.slice(1).map(({ exception }) => codeOf(exception)), ["protocol", "protocol"]);
    connection.removeAllListeners("error");
    sockets.last.push(batch([chat("bad"), chat("three")]));
    await settle();
    assertEquals(comments.at(-1), "three");
    connection.disconnect();
  });

  it("reconnects by itself and tells the hole in the messages", async () => {
    const { connection, sockets, clock, failures } = await connected();
    const told: string[] = [];
    for (const name of ["websocketConnected", "connected", "disconnected"] as const) {
      connection.on(name, () => void told.push(name));
    }
    const first = sockets.last;
    first.drop();
    await settle();
    await clock.advance(10_000);
    await settle();
    assert(sockets.last !== first);
    sockets.last.accept();
    sockets.last.push(batch([]));
    await settle();
    assertEquals([told, connection.getState().isConnected], [["websocketConnected"], true]);
    assertEquals(failures.map(({ exception }) => exception), [null]);
    assertStringIncludes(failures[0]?.info ?? "", "reconnect");
    connection.disconnect();
    assertEquals(told, ["websocketConnected", "disconnected"]);
    connection.disconnect();
    assertEquals(told.length, 2);
  });

  it("counts a streak's last message once, also when the client closes the streak", async () => {
    const { connection, sockets, clock } = await connected();
    const counts: number[] = [];
    connection.on("gift", (gift) => void counts.push(gift.repeatCount));
    sockets.last.push(batch([rose(1), rose(4)]));
    await settle();
    for (let heartbeat = 0; heartbeat < 8; heartbeat++) {
      await clock.advance(10_000);
      sockets.last.push(batch([]));
      await settle();
    }
    assertEquals(counts, [1, 4]);
    connection.disconnect();
  });

  it("gives websocketConnected a connection that can be looked at and closed", async () => {
    const { connection, sockets } = connectionWith();
    const over: string[] = [];
    connection.on("disconnected", () => void over.push("over"));
    const socket = new Promise<{ connected: boolean; close(): void }>((resolve) =>
      connection.on("websocketConnected", (one) => resolve(one.connection))
    );
    const connecting = connection.connect();
    await settle();
    sockets.last.accept();
    sockets.last.push(batch([]));
    assertEquals((await connecting).roomId, ROOM);
    const found = await socket;
    assertEquals([found.connected, connection.getState().isConnected], [true, true]);
    found.close();
    assertEquals([found.connected, connection.getState().isConnected, over], [false, false, ["over"]]);
  });

  it("polls as far apart as requestPollingIntervalMs says, and no closer than TikTok allows", async () => {
    const cases: [WebcastOptions, number][] = [
      [{}, 1000],
      [{ requestPollingIntervalMs: 3000 }, 3000],
      [{ requestPollingIntervalMs: 0 }, 700],
      [{ tiktok: { pollIntervalMs: 2000 } }, 2000],
    ];
    for (const [options, betweenMs] of cases) {
      const polls: number[] = [];
      const { http, clock } = setUp();
      const { connection } = connectionWith({
        ...options,
        enableWebsocketUpgrade: false,
        tiktok: {
          ...options.tiktok,
          clock,
          signer: { sign: ({ url }) => Promise.resolve({ url }) },
          fetch: (url, init) => {
            if (!url.includes("/im/fetch/")) return http.fetch(url, init);
            polls.push(clock.now());
            const answer = encodeFetchResult({ messages: [], cursor: String(polls.length), fetchIntervalMs: 700 });
            return Promise.resolve(new Response(answer as Uint8Array<ArrayBuffer>));
          },
        },
      });
      assertEquals((await connection.connect()).upgradedToWebsocket, false);
      await clock.advance(3 * betweenMs);
      connection.disconnect();
      assertEquals(polls.map((at) => at - (polls[0] ?? 0)), [0, 1, 2, 3].map((count) => count * betweenMs));
    }
  });

  it("gives up after websocketOptions.timeout", async () => {
    const { connection, clock, failures, sockets } = connectionWith({ websocketOptions: { timeout: 3000 } });
    const connecting = assertRejects(() => connection.connect());
    await settle();
    assertEquals(sockets.dialled.length, 1);
    await clock.advance(3000);
    assertEquals([codeOf(await connecting), failures.length], ["deadline", 1]);
    await settle();
    assertEquals(sockets.last.closed, true);
  });

  it("gives up a request after requestOptions.timeout", async () => {
    const { connection, clock } = connectionWith({
      requestOptions: { timeout: 2000 },
      tiktok: { fetch: () => new Promise<Response>(() => {}) },
    });
    const connecting = assertRejects(() => connection.connect());
    // api-live, then the live page.
    await clock.advance(4000);
    assertEquals([codeOf(await connecting), clock.waiting], ["deadline", 0]);
  });

  it("refuses what it cannot do, instead of passing over it", async () => {
    const refusal = (options: WebcastOptions) => String(assertThrows(() => new WebcastPushConnection("a", options)));
    assertStringIncludes(refusal({ requestOptions: { httpsAgent: {} } }), "requestOptions.httpsAgent");
    assertStringIncludes(refusal({ websocketOptions: { agent: {} } }), "websocketOptions.agent");
    assertStringIncludes(refusal({ requestOptions: { timeout: -1 } }), "RangeError");
    assertStringIncludes(refusal({ requestPollingIntervalMs: 30_001 }), "RangeError");
    assertStringIncludes(refusal({ requestPollingIntervalMs: -1 }), "requestPollingIntervalMs");
    assertStringIncludes(refusal({ requestHeaders: { "a b": "c" } }), "TypeError");
    assertEquals(codeOf(assertThrows(() => new WebcastPushConnection("no name!"))), "invalid_input");
    const { connection, failures } = connectionWith({ enableWebsocketUpgrade: false });
    assertEquals(codeOf(await assertRejects(() => connection.connect())), "signer_failed");
    assertEquals(failures.length, 1);
  });

  it("decodes kept bytes: a message, a batch, a frame", async () => {
    const { connection, failures } = connectionWith();
    const comments: string[] = [];
    const raw: string[] = [];
    connection.on("chat", ({ comment }) => void comments.push(comment));
    connection.on("rawData", (type) => void raw.push(type));
    await connection.decodeProtobufMessage("WebcastChatMessage", chat("one").payload);
    await connection.decodeProtobufMessage(
      "WebcastResponse",
      encodeFetchResult({ messages: [chat("two"), chat("three")] }),
    );
    const pack = (bytes: Uint8Array) => new Uint8Array(gzipSync(bytes));
    await connection.decodeProtobufMessage("WebcastWebsocketMessage", batch([chat("four")], { pack }));
    assertEquals([comments, raw.length], [["one", "two", "three", "four"], 4]);
    const broken = new Uint8Array([0xff]);
    for (const type of ["WebcastResponse", "WebcastWebsocketMessage"]) {
      assertEquals(codeOf(await assertRejects(() => connection.decodeProtobufMessage(type, broken))), "protocol");
    }
    await connection.decodeProtobufMessage("WebcastChatMessage", broken);
    assertEquals(failures.map(({ info }) => info), ["Message decoding failed"]);
  });

  it("sends messages only with a session and a signer", async () => {
    const { connection, http } = connectionWith();
    assertEquals(codeOf(await assertRejects(() => connection.sendMessage("hi"))), "login_required");
    assertEquals(codeOf(await assertRejects(() => connection.sendMessage("hi", "secret"))), "signer_failed");
    assertEquals(http.requests, []);
  });
});
