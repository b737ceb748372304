/** The SDK against the stand-in TikTok, over this runtime's own fetch and sockets. */
import { assert, assertEquals, assertInstanceOf, assertRejects } from "@std/assert";
import { createServer } from "node:net";
import { after, before, beforeEach, describe, it } from "node:test";
import { isLiveError, type LiveErrorCode, type LiveEvent, TikTok, type TraceEvent } from "../mod.ts";
import { type Fault, startStandin } from "../../tests/standin/mod.ts";
import { quickClock } from "./quick_clock.ts";

type Standin = Awaited<ReturnType<typeof startStandin>>;

let standin: Standin;
let hosts = 0;
/** A host that no other test uses. */
const newHost = () => standin.room(`host${++hosts}`);
const client = (options: ConstructorParameters<typeof TikTok>[0] = {}) =>
  new TikTok({ baseUrls: standin.baseUrls, clock: quickClock, ...options });

/** Reads a live to its end. */
async function readAll(live: AsyncIterable<LiveEvent>, seen: LiveEvent[] = []): Promise<LiveEvent[]> {
  for await (const event of live) seen.push(event);
  return seen;
}

const wireIds = (events: readonly LiveEvent[]) =>
  events.flatMap((event) => "bytes" in event && event.id !== "" ? [event.id] : []);
/** Ids that the stand-in wrote, each once, those of before the join first. */
const written = ({ ids, historyIds }: { ids: string[]; historyIds: string[] }) => [...new Set([...historyIds, ...ids])];
const count = (events: readonly LiveEvent[], type: LiveEvent["type"]) =>
  events.filter((event) => event.type === type).length;

async function codeOf(promise: Promise<unknown>): Promise<LiveErrorCode> {
  const error = await assertRejects(() => promise);
  if (!isLiveError(error)) throw error;
  assert(error.remedy !== "" && error.message !== "");
  return error.code;
}

/** A port where nobody listens. */
async function closedPort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === "object" && address !== null ? address.port : 1;
}

describe("the SDK against the stand-in", () => {
  before(async () => {
    standin = await startStandin({ media: false, seed: "sdk" });
  });
  beforeEach(() => standin.clearFaults());
  after(() => standin.stop());

  it("yields every message once and in order, from a name to the end", async () => {
    const room = newHost();
    room.startLive({ speed: 20, durationMs: 40_000 });
    const events = await readAll(client().live(`https://www.tiktok.com/@${room.username}/live?lang=en`));
    const stats = room.stats();
    const ids = wireIds(events);
    assertEquals(ids, written(stats));
    assert(ids.length > 100, `only ${ids.length} messages`);
    assertEquals([stats.badAcks, events.at(-1)?.type, count(events, "decode_error")], [0, "ended", 0]);
    const connected = events.find((event) => event.type === "connected");
    assert(connected?.type === "connected");
    assertEquals([connected.roomInfo.roomId, connected.roomInfo.host.username], [room.roomId, room.username]);
  });

  it("sends exactly one User-Agent in each request and the same one everywhere", async () => {
    const room = newHost();
    room.startLive({});
    const from = standin.requests.length;
    const live = client().live(room.username);
    await live.connected;
    live.close();
    const requests = standin.requests.slice(from);
    assertEquals(requests.map((request) => request.userAgents.length), requests.map(() => 1));
    assertEquals(new Set(requests.flatMap((request) => request.userAgents)).size, 1);
    const socket = requests.find((request) => request.target.includes("/webcast/im/"));
    assertEquals([socket?.cookieNames, socket?.headers["origin"], socket?.headers["cookie"]], [["ttwid"], 1, 1]);
    room.endLive();
  });

  it("loses nothing and doubles nothing over drops, half frames and closes", async () => {
    const room = newHost();
    room.startLive({ speed: 5 });
    const live = client().live(room.username);
    const seen: LiveEvent[] = [];
    const reading = readAll(live, seen);
    for (const kind of ["socket_drop", "socket_half_frame", "socket_close"] as const) {
      const { sent } = room.stats();
      await room.until((stats) => stats.sockets === 1 && stats.sent >= sent + 20);
      room.fault(kind === "socket_close" ? { kind, reason: "maintenance" } : { kind });
      await room.until((stats) => stats.sockets === 0);
    }
    await room.until((stats) => stats.sockets === 1);
    room.fault({ kind: "duplicate_messages", count: 10 });
    const { acked } = room.stats();
    await room.until((stats) => stats.acked >= acked + 20);
    room.endLive();
    await reading;
    assertEquals(wireIds(seen).sort(), written(room.stats()).sort());
    assertEquals(seen.flatMap((event) => event.type === "gap" ? [event.reason] : []), [
      "reconnect",
      "reconnect",
      "reconnect",
    ]);
    assertEquals([live.counters.connections, seen.at(-1)?.type], [4, "ended"]);
    assert(live.counters.duplicates >= 1);
  });

  it("counts and reports what is broken, and goes on", async () => {
    const room = newHost();
    room.startLive({ rate: 0.2 });
    const live = client().live(room.username);
    const seen: LiveEvent[] = [];
    const reading = readAll(live, seen);
    await room.until((stats) => stats.sockets === 1 && stats.sent > 0);
    const faults: Fault[] = [
      { kind: "frame_gzip_bomb", megabytes: 64 },
      { kind: "frame_broken_gzip" },
      { kind: "frame_garbage" },
      { kind: "broken_message" },
      { kind: "unknown_method" },
      { kind: "message_without_id" },
      { kind: "message_without_id" },
    ];
    for (const fault of faults) room.fault(fault);
    room.endLive();
    await reading;
    const noIds = seen.filter((event) => event.type === "chat" && event.id === "" && event.text === "no id");
    assertEquals([count(seen, "decode_error"), count(seen, "unknown"), noIds.length], [4, 1, 2]);
    assertEquals([live.counters.undecodable, live.counters.connections], [4, 1]);
  });

  it("calls a silent socket stale and reconnects", async () => {
    const room = newHost();
    room.startLive({});
    const live = client().live(room.username);
    const seen: LiveEvent[] = [];
    const reading = readAll(live, seen);
    await live.connected;
    room.fault({ kind: "socket_stall" });
    const again = new Promise<void>((resolve) => live.on("gap", () => resolve()));
    await again;
    live.close();
    await reading;
    assertEquals(seen.flatMap((event) => event.type === "gap" ? [event.reason] : []), ["stale"]);
  });

  it("an end that HTTP does not confirm ends nothing", async () => {
    const room = newHost();
    room.startLive({ speed: 5 });
    const live = client().live(room.username);
    const seen: LiveEvent[] = [];
    const reading = readAll(live, seen);
    await live.connected;
    room.fault({ kind: "control", action: 3 });
    room.fault({ kind: "control", action: 4 });
    const { acked } = room.stats();
    await room.until((stats) => stats.acked >= acked + 30);
    assertEquals([live.state, count(seen, "ended")], ["connected", 0]);
    assert(count(seen, "control") >= 2);
    room.endLive();
    await reading;
    assertEquals(await live.done, "ended");
  });

  it("ends as offline when only HTTP says so, and follows a host into a new room", async () => {
    const room = newHost();
    room.startLive({});
    const live = client().live(room.username);
    const reading = readAll(live);
    await live.connected;
    const first = live.roomId;
    room.fault({ kind: "new_room" });
    await room.until((stats) => stats.sockets === 1 && stats.roomId !== first);
    assertEquals(live.roomId, room.roomId);
    room.fault({ kind: "offline", control: false });
    room.fault({ kind: "socket_drop" });
    await reading;
    assertEquals(await live.done, "offline");
  });

  const refusals: [Extract<Fault, { kind: "http" }>["reply"], LiveErrorCode][] = [
    ["waf_page", "blocked"],
    ["captcha_page", "captcha"],
    ["region_page", "region_blocked"],
    ["login_redirect", "login_required"],
    ["empty", "empty_reply"],
    ["rate_limited", "rate_limited"],
    ["html", "blocked"],
    ["broken_json", "protocol"],
    ["reset", "network"],
    ["hang", "deadline"],
  ];
  for (const [reply, code] of refusals) {
    it(`names the refusal '${reply}'`, async () => {
      const room = newHost();
      room.startLive({});
      room.fault({ kind: "http", route: "*", reply });
      const tiktok = client({ timeoutMs: 2000 });
      assertEquals(await codeOf(tiktok.live(room.username).done), code);
      const [result] = await tiktok.links([room.username]);
      assertEquals(result?.error?.code, code);
      if (reply !== "broken_json" && reply !== "empty") {
        assertEquals(await codeOf(tiktok.userInfo(room.username)), code);
      }
      if (code === "rate_limited") assertEquals(result?.error?.retryAfterMs, 30_000);
      room.endLive();
    });
  }

  it("finds the room by the live page when api-live refuses", async () => {
    const room = newHost();
    room.startLive({});
    for (const reply of ["waf_page", "captcha_page", "empty", "broken_json", "login_redirect"] as const) {
      standin.clearFaults();
      room.fault({ kind: "http", route: "api_live", reply });
      const status = await client().roomStatus(room.username);
      assertEquals([status.live, status.roomId], [true, room.roomId]);
    }
    room.endLive();
  });

  const handshakes: [Omit<Extract<Fault, { kind: "handshake" }>, "kind">, LiveErrorCode][] = [
    [{ status: 415 }, "device_blocked"],
    [{ status: 415, as: "http" }, "device_blocked"],
    [{ status: 417 }, "blocked"],
    [{ status: 403, as: "http" }, "blocked"],
    [{ status: 429, as: "http" }, "rate_limited"],
    [{ status: 500, as: "http" }, "network"],
  ];
  for (const [fault, code] of handshakes) {
    it(`names the refused handshake ${fault.status} ${fault.as ?? "header"}`, async () => {
      const room = newHost();
      room.startLive({});
      room.fault({ kind: "handshake", ...fault });
      const error = await assertRejects(() => client({ random: () => 0 }).live(room.username).done);
      assert(isLiveError(error));
      assertEquals(error.code, code);
      assertEquals(error.evidence.status, fault.as === "http" ? fault.status : 200);
      if (fault.as !== "http") assertEquals(error.evidence.handshakeStatus, String(fault.status));
      room.endLive();
    });
  }

  it("takes a new identity when the device is refused once", async () => {
    const room = newHost();
    room.startLive({});
    room.fault({ kind: "handshake", status: 415 });
    const from = standin.requests.length;
    const onTrace = (event: TraceEvent) => event.kind === "socket" && event.what === "refused" && standin.clearFaults();
    const live = client({ onTrace }).live(room.username);
    await live.connected;
    live.close();
    const sockets = standin.requests.slice(from).filter((request) => request.target.includes("/webcast/im/"));
    assert(sockets.length >= 2);
    assert(sockets.at(0)?.userAgents[0] !== sockets.at(-1)?.userAgents[0]);
    room.endLive();
  });

  it("tells an unreachable host from an unreachable socket", async () => {
    const port = await closedPort();
    const nowhere = client({ baseUrls: { ...standin.baseUrls, web: `http://127.0.0.1:${port}` } });
    assertEquals(await codeOf(nowhere.live("some.host").done), "network");
    const room = newHost();
    room.startLive({});
    const noSocket = client({ baseUrls: { ...standin.baseUrls, socket: `ws://127.0.0.1:${port}` }, random: () => 0 });
    const error = await assertRejects(() => noSocket.live(room.username).done);
    assert(isLiveError(error));
    assertEquals([error.code, error.evidence.url], [
      "network",
      `ws://127.0.0.1:${port}/webcast/im/ws_proxy/ws_reuse_supplement/`,
    ]);
    room.endLive();
  });

  it("gets its guest cookie the long way when pages set none", async () => {
    const rare = await startStandin({ media: false, ttwid: { pageShare: 0 } });
    try {
      const room = rare.room("some.host");
      room.startLive({});
      const live = new TikTok({ baseUrls: rare.baseUrls, clock: quickClock }).live("some.host");
      await live.connected;
      live.close();
      assert(
        rare.requests.some((request) =>
          request.target === "/ttwid/union/register/" && request.cookieNames.length === 0
        ),
      );
    } finally {
      await rare.stop();
    }
  });

  it("answers for many names in order, one failure not spoiling the rest", async () => {
    const [on, off, secret, adult] = [newHost(), newHost(), newHost(), newHost()];
    on.startLive({});
    adult.startLive({});
    secret.fault({ kind: "account", state: "private" });
    adult.fault({ kind: "account", state: "age_restricted" });
    const names = [`@${on.username}`, off.username, "nobody.here", "a/b", secret.username, adult.username];
    const results = await client().links(names, { concurrency: 3 });
    assertEquals(results.map((result) => result.user), [
      on.username,
      off.username,
      "nobody.here",
      "a/b",
      secret.username,
      adult.username,
    ]);
    assertEquals(results.map((result) => result.live ?? result.error.code), [
      true,
      false,
      "not_found",
      "invalid_input",
      "private",
      true,
    ]);
    const [first] = results;
    assert(first?.live);
    assertEquals([...new Set(first.links.map((link) => link.quality))], ["origin", "hd", "sd", "ld", "ao"]);
    assertEquals([first.best?.quality, first.best?.codec, first.best?.protocol], ["origin", "h264", "flv"]);
    assert((first.best?.expiresAt ?? 0) > Date.now() && (first.best?.bitrateKbps ?? 0) > 0);
    assertEquals(first.best?.resolution, { width: 1280, height: 720 });
    on.endLive();
    adult.endLive();
  });

  it("listens to an adults' room, whose info is held back", async () => {
    const room = newHost();
    room.startLive({});
    room.fault({ kind: "account", state: "age_restricted" });
    assertEquals(await codeOf(client().roomInfo(room.roomId)), "age_restricted");
    const live = client().live({ roomId: room.roomId });
    assertEquals((await live.connected).roomId, room.roomId);
    live.close();
    room.endLive();
  });

  it("reads users, rooms, gifts and who is alive", async () => {
    const [on, off] = [newHost(), newHost()];
    on.startLive({});
    off.startLive({});
    off.endLive(false);
    const tiktok = client();
    const user = await tiktok.userInfo(on.username);
    assertEquals([user.username, user.id, user.roomId, user.secUid !== ""], [on.username, on.host.id, on.roomId, true]);
    assertEquals(await codeOf(tiktok.userInfo("nobody.here")), "not_found");
    const info = await tiktok.roomInfo(on.roomId);
    assertEquals([info.live, info.host.username, info.links.length > 0], [true, on.username, true]);
    const alive = await tiktok.checkAlive([on.roomId, off.roomId]);
    assertEquals([alive.get(on.roomId), alive.get(off.roomId)], [true, false]);
    assert((await tiktok.giftList(on.roomId)).every((gift) => gift.id !== "" && gift.name !== ""));
    on.endLive();
  });

  it("leaves nothing open when it is aborted", async () => {
    const room = newHost();
    room.startLive({});
    const controller = new AbortController();
    const live = client().live(room.username, { signal: controller.signal });
    await live.connected;
    controller.abort(new TypeError("enough"));
    assertInstanceOf(await assertRejects(() => live.done), TypeError);
    await room.until((stats) => stats.sockets === 0);
    room.endLive();
  });
});
