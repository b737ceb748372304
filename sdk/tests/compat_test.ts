/** The interface of connector 1.x against the stand-in TikTok, over this runtime's own fetch and sockets. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { after, before, describe, it } from "node:test";
import { WebcastPushConnection } from "../compat.ts";
import type { WebcastEvents, WebcastOptions } from "../compat.ts";
import { isLiveError } from "../mod.ts";
import { SESSION_ID } from "../../tests/standin/call_routes.ts";
import { startStandin } from "../../tests/standin/mod.ts";

type Standin = Awaited<ReturnType<typeof startStandin>>;

let standin: Standin;
let hosts = 0;
/** A host that no other test uses. */
const newHost = () => standin.room(`compat${++hosts}`);
const connectionTo = (username: string, options: WebcastOptions = {}) =>
  new WebcastPushConnection(username, { ...options, tiktok: { baseUrls: standin.baseUrls, ...options.tiktok } });

/** Resolves at the next event of a name. */
const next = <Name extends keyof WebcastEvents>(connection: WebcastPushConnection, name: Name) =>
  new Promise<WebcastEvents[Name]>((resolve) => connection.once(name, (...args) => resolve(args)));

describe("WebcastPushConnection against the stand-in", () => {
  before(async () => {
    standin = await startStandin({ media: false, seed: "compat" });
  });
  after(() => standin.stop());

  it("tells a live from connect to its end", async () => {
    const room = newHost();
    room.startLive({ speed: 20, durationMs: 40_000 });
    const connection = connectionTo(room.username);
    const told: string[] = [];
    const counts = new Map<string, number>();
    const count = (name: string) => counts.set(name, (counts.get(name) ?? 0) + 1);
    for (const name of ["websocketConnected", "connected", "streamEnd", "disconnected"] as const) {
      connection.on(name, () => told.push(name));
    }
    connection.on("rawData", (type, binary) => {
      assert(type !== "" && binary instanceof Uint8Array);
      count("rawData");
    });
    connection.on("decodedData", (type, data, binary) => {
      assert(type.startsWith("Webcast") && typeof data === "object" && binary instanceof Uint8Array);
      count("decodedData");
    });
    for (const name of ["chat", "member", "like", "roomUser", "social", "follow", "share", "gift"] as const) {
      connection.on(name, () => count(name));
    }
    connection.on("chat", (data) => {
      assert(data.uniqueId !== undefined && data.userId !== undefined && data.msgId !== undefined);
      assert(typeof data.comment === "string" && typeof data.isModerator === "boolean");
    });
    const ended = next(connection, "streamEnd");
    const over = next(connection, "disconnected");
    const state = await connection.connect();
    assertEquals([state.isConnected, state.upgradedToWebsocket, state.roomId], [true, true, room.roomId]);
    assertEquals(state.roomInfo?.["id_str"], room.roomId);
    assertEquals(connection.getState(), state);
    assertEquals([(await ended)[0], await over], [{ action: 3 }, []]);
    assertEquals(told, ["websocketConnected", "connected", "streamEnd", "disconnected"]);
    const { isConnected, upgradedToWebsocket, roomInfo } = connection.getState();
    assertEquals([isConnected, upgradedToWebsocket, roomInfo], [false, false, null]);
    const { sentByMethod, ids, historyIds } = room.stats();
    const sent = new Set([...ids, ...historyIds]);
    assert((counts.get("rawData") ?? 0) >= sent.size, `${counts.get("rawData")} of ${sent.size}`);
    assert((counts.get("chat") ?? 0) >= (sentByMethod["WebcastChatMessage"] ?? 1));
    assertEquals(counts.get("member"), sentByMethod["WebcastMemberMessage"]);
    assertEquals((counts.get("follow") ?? 0) + (counts.get("share") ?? 0), counts.get("social"));
  });

  it("polls when the socket is turned off, and never when polling is", async () => {
    const room = newHost();
    room.startLive({ speed: 20 });
    const signProviderOptions = { host: standin.url };
    const polling = connectionTo(room.username, { enableWebsocketUpgrade: false, signProviderOptions });
    const told: string[] = [];
    polling.on("websocketConnected", () => void told.push("websocketConnected"));
    const chat = next(polling, "chat");
    const from = standin.requests.length;
    const state = await polling.connect();
    assertEquals([state.isConnected, state.upgradedToWebsocket, state.roomId], [true, false, room.roomId]);
    assert((await chat)[0].comment !== undefined);
    const sockets = () => standin.requests.slice(from).filter(({ target }) => target.includes("ws_proxy")).length;
    assertEquals([told, sockets()], [[], 0]);
    polling.disconnect();

    standin.fault({ kind: "handshake", status: 417 });
    try {
      const options = { enableRequestPolling: false, signProviderOptions, websocketOptions: { timeout: 3000 } };
      const before = standin.requests.length;
      await assertRejects(() => connectionTo(room.username, options).connect());
      const later = standin.requests.slice(before).map(({ target }) => target);
      assertEquals(later.filter((target) => target.includes("/webcast/im/fetch/")), []);
    } finally {
      standin.clearFaults();
      room.stop();
    }
  });

  it("leaves history out without processInitialData", async () => {
    const seen: Record<string, string[]> = { with: [], without: [] };
    const room = newHost();
    room.startLive({ speed: 1 });
    for (const [name, processInitialData] of [["with", true], ["without", false]] as const) {
      const connection = connectionTo(room.username, { processInitialData });
      const first = next(connection, "like");
      connection.on("chat", (data) => seen[name]?.push(data.msgId ?? ""));
      await connection.connect();
      await first;
      connection.disconnect();
    }
    const history = new Set(room.stats().historyIds);
    assert(history.size > 0, "the stand-in sent no history");
    assert(seen["with"]?.some((id) => history.has(id)));
    assert(!seen["without"]?.some((id) => history.has(id)));
  });

  it("refuses an offline host, tells it once as an error, and can connect later", async () => {
    const room = newHost();
    const connection = connectionTo(room.username);
    const failures: unknown[] = [];
    const first = await assertRejects(() => connection.connect());
    assert(isLiveError(first) && first.code === "offline", String(first));
    connection.on("error", (failure) => failures.push(failure));
    const exception = await assertRejects(() => connection.connect());
    assertEquals(failures, [{ info: "Error while connecting", exception }]);
    assertEquals(connection.getState().isConnected, false);
    room.startLive({ speed: 1 });
    assertEquals((await connection.connect()).roomId, room.roomId);
    connection.disconnect();
  });

  it("refuses a room that is over, when room info says so", async () => {
    const room = newHost();
    room.startLive({ speed: 1 });
    const { roomId } = room;
    room.endLive();
    const error = await assertRejects(() => connectionTo(room.username).connect(roomId));
    assert(isLiveError(error) && error.code === "offline", String(error));
  });

  it("merges the gift list into gifts with enableExtendedGiftInfo", async () => {
    const room = newHost();
    room.startLive({ speed: 20 });
    const connection = connectionTo(room.username, { enableExtendedGiftInfo: true, fetchRoomInfoOnConnect: false });
    const gift = next(connection, "gift");
    const state = await connection.connect();
    assertEquals([state.roomId, state.roomInfo], [room.roomId, null]);
    const [data] = await gift;
    connection.disconnect();
    const info = state.availableGifts?.find((one) => one["id"] === data.giftId);
    assert(info !== undefined && data.extendedGiftInfo === info);
    assertEquals([info["name"], info["diamond_count"]], [data.giftName, data.diamondCount]);
    assertEquals(await connection.getAvailableGifts(), state.availableGifts);
  });

  it("reads room info and gifts without a connection", async () => {
    const room = newHost();
    room.startLive({ speed: 1 });
    const connection = connectionTo(`https://www.tiktok.com/@${room.username}/live`);
    assertEquals((await connection.getRoomInfo())["id_str"], room.roomId);
    const [gift] = await connection.getAvailableGifts();
    assert(typeof gift?.["id"] === "number" && typeof gift["diamond_count"] === "number");
    assertEquals([connection.getState().isConnected, connection.getState().roomId], [false, room.roomId]);
  });

  it("sends clientParams, requestHeaders, websocketHeaders and the session along", async () => {
    const room = newHost();
    room.startLive({ speed: 1 });
    const from = standin.requests.length;
    const connection = connectionTo(room.username, {
      clientParams: { app_language: "de-DE", extra: 5 },
      requestHeaders: { "X-Request": "1", "user-agent": "Mozilla/5.0 (X11; Linux x86_64) Mine/1" },
      websocketHeaders: { "X-Socket": "2" },
      sessionId: "secret",
    });
    await connection.connect();
    connection.disconnect();
    const requests = standin.requests.slice(from);
    let sockets = 0;
    for (const { target, headers, userAgents, cookieNames } of requests) {
      const url = new URL(target, "http://standin");
      const isSocket = url.pathname.includes("ws_reuse_supplement");
      if (isSocket) sockets++;
      if (/^\/(?:webcast|api-live)\//.test(url.pathname)) {
        assertEquals([url.searchParams.get("app_language"), url.searchParams.get("extra")], ["de-DE", "5"], target);
      }
      assertEquals([headers["x-request"], headers["x-socket"]], isSocket ? [undefined, 1] : [1, undefined], target);
      assertEquals(userAgents, ["Mozilla/5.0 (X11; Linux x86_64) Mine/1"]);
      assert(cookieNames.includes("sessionid"), target);
    }
    assertEquals(sockets, 1);
  });

  it("does without options what 1.x does without options", async () => {
    const room = newHost();
    room.startLive({ speed: 1 });
    const from = standin.requests.length;
    const connection = connectionTo(room.username);
    const chat = next(connection, "chat");
    const { roomInfo, upgradedToWebsocket, availableGifts } = await connection.connect();
    const history = new Set(room.stats().historyIds);
    assert(history.has((await chat)[0].msgId ?? ""), "messages from before are told");
    connection.disconnect();
    assertEquals([roomInfo?.["id_str"], upgradedToWebsocket, availableGifts], [room.roomId, true, undefined]);
    const requests = standin.requests.slice(from);
    assertEquals(requests.filter(({ target }) => /gift|fetch/.test(target.split("?")[0] ?? "")), []);
    assert(requests.every(({ cookieNames }) => !cookieNames.includes("sessionid")));
  });

  it("hands signProviderOptions to the signing server, and sends messages by it with a session", async () => {
    const room = newHost();
    room.startLive({ speed: 1 });
    const from = standin.requests.length;
    const connection = connectionTo(room.username, {
      sessionId: SESSION_ID,
      signProviderOptions: { host: standin.url, params: { client: "mine" }, headers: { "X-Mine": "1" } },
    });
    assertEquals(await connection.sendMessage("hello"), { content: "hello" }, "the data alone, as in 1.x");
    const asked = standin.requests.slice(from);
    const [signing] = asked.filter(({ target }) => target.startsWith("/webcast/sign_url"));
    assertEquals([
      new URL(signing?.target ?? "", "http://signer").searchParams.get("client"),
      signing?.headers["x-mine"],
    ], [
      "mine",
      1,
    ]);
    assertEquals(signing?.cookieNames, []);
    const [sent] = asked.filter(({ target }) => target.startsWith("/webcast/room/chat/"));
    assertEquals([sent?.cookieNames.includes("sessionid"), sent?.headers["x-mine"]], [true, undefined]);
    const other = connectionTo(room.username, { signProviderOptions: { host: standin.url } });
    assertEquals(await other.sendMessage("hello again", SESSION_ID), { content: "hello again" });
    room.stop();
  });

  it("keeps its methods apart: twice, never, after the end", async () => {
    const room = newHost();
    room.startLive({ speed: 1 });
    const connection = connectionTo(room.username);
    connection.disconnect();
    const connecting = connection.connect();
    assert(String(await assertRejects(() => connection.connect())).includes("Already connecting!"));
    await connecting;
    assert(String(await assertRejects(() => connection.connect())).includes("Already connected!"));
    const over = next(connection, "disconnected");
    connection.disconnect();
    await over;
    await connection.connect();
    connection.disconnect();
  });
});
