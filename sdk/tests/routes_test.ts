/** The routes into a room against the stand-in TikTok and its signer, over this runtime's own fetch and sockets. */
import { assert, assertEquals, assertInstanceOf, assertRejects, assertThrows } from "@std/assert";
import { after, before, beforeEach, describe, it } from "node:test";
import { eulerSigner } from "../euler.ts";
import {
  type Clock,
  isLiveError,
  type LiveError,
  type LiveEvent,
  type RouteName,
  type Signer,
  TikTok,
  type TikTokOptions,
  type TraceEvent,
} from "../mod.ts";
import { FakeClock } from "../testing.ts";
import { recordFrames, replay } from "../replay.ts";
import { SESSION_ID, SIGNER_KEY } from "../../tests/standin/call_routes.ts";
import { startStandin } from "../../tests/standin/mod.ts";
import { hastyClock, quickClock } from "./quick_clock.ts";

let standin: Awaited<ReturnType<typeof startStandin>>;
let hosts = 0;
/** A host that no other test uses. */
const newHost = () => standin.room(`route.host${++hosts}`);
const signer = () => eulerSigner({ host: standin.url, apiKey: SIGNER_KEY });

function client(options: TikTokOptions = {}) {
  const traces: TraceEvent[] = [];
  const onTrace = (event: TraceEvent) => void traces.push(event);
  return { traces, tiktok: new TikTok({ baseUrls: standin.baseUrls, clock: quickClock, onTrace, ...options }) };
}

async function readAll(live: AsyncIterable<LiveEvent>, seen: LiveEvent[] = []): Promise<LiveEvent[]> {
  for await (const event of live) seen.push(event);
  return seen;
}

const wireIds = (events: readonly LiveEvent[]) =>
  events.flatMap((event) => "bytes" in event && event.id !== "" ? [event.id] : []);
/** Ids that the stand-in wrote, each once. */
const written = ({ ids, historyIds }: { ids: string[]; historyIds: string[] }) => [...new Set([...historyIds, ...ids])];
const routesOf = (events: readonly LiveEvent[]) =>
  events.flatMap((event) => event.type === "connected" ? [event.route] : []);
const reasons = (events: readonly LiveEvent[]) =>
  events.flatMap((event) => event.type === "state" ? [event.reason] : []);
const failedRoutes = (traces: readonly TraceEvent[]) =>
  traces.flatMap((event) => event.kind === "route" && event.what === "failed" ? [`${event.route} ${event.code}`] : []);

async function errorOf(promise: Promise<unknown>): Promise<LiveError> {
  const error = await assertRejects(() => promise);
  if (!isLiveError(error)) throw error;
  assert(error.remedy !== "" && error.message !== "");
  return error;
}

/** The error with which a live cannot connect. */
async function refusedBy(options: TikTokOptions, roomId: string): Promise<LiveError> {
  const { tiktok } = client({ clock: hastyClock, random: () => 0, ...options });
  return await errorOf(tiktok.live({ roomId }).connected);
}

describe("the routes into a room", () => {
  before(async () => {
    standin = await startStandin({ media: false, seed: "routes" });
  });
  beforeEach(() => standin.clearFaults());
  after(() => standin.stop());

  for (const route of ["signed", "polling"] as const) {
    it(`${route} yields every message once, from a name to the end, and a replay gives the same`, async () => {
      const room = newHost();
      room.startLive({ speed: 20, durationMs: 40_000 });
      const live = client({ signer: signer(), routes: [route] }).tiktok.live(room.username);
      const recording = recordFrames(live);
      const bytes = (async () => {
        const parts: Uint8Array[] = [];
        for await (const part of recording) parts.push(part);
        return parts;
      })();
      const events = await readAll(live);
      const ids = wireIds(events);
      assertEquals([...ids].sort(), written(room.stats()).sort());
      assert(ids.length > 100, `only ${ids.length} messages`);
      assertEquals([routesOf(events), events.at(-1)?.type, room.stats().badAcks], [[route], "ended", 0]);
      const first = events.findIndex((event) => event.type === "connected");
      assert(events.slice(0, first).every((event) => event.type === "state"), "nothing comes before connected");
      assert(events.some((event) => event.type === "chat" && event.history), "the first answer has history");
      const replayed = await readAll(replay(await bytes));
      assertEquals(JSON.stringify(replayed), JSON.stringify(events));
    });
  }

  it("polling works with a signer that only signs", async () => {
    const room = newHost();
    room.startLive({ speed: 20 });
    const only: Signer = { sign: (request, context) => signer().sign(request, context) };
    const { tiktok, traces } = client({ signer: only, routes: ["polling"] });
    const live = tiktok.live(room.username);
    assertEquals((await live.connected).route, "polling");
    live.close();
    assertEquals(traces.some((event) => event.kind === "http" && event.url.endsWith("/webcast/fetch")), false);
    room.endLive();
  });

  for (const [pollIntervalMs, betweenMs] of [[undefined, 1000], [2500, 2500], [500, 1000]] as const) {
    it(`polls each ${betweenMs} ms with pollIntervalMs ${pollIntervalMs}, TikTok asking for 1000`, async () => {
      const room = newHost();
      room.startLive({ speed: 20 });
      const clock = new FakeClock(Date.now());
      const polls: number[] = [];
      let armed = Promise.withResolvers<number>();
      const { tiktok } = client({
        ...{ signer: signer(), routes: ["polling"], pollIntervalMs },
        clock: {
          now: () => clock.now(),
          clearTimeout: (timer) => clock.clearTimeout(timer),
          setTimeout: (run, delayMs) => {
            if (delayMs === 1000 || delayMs === 2500) armed.resolve(delayMs);
            return clock.setTimeout(run, delayMs);
          },
        },
        fetch: (url, init) => {
          if (url.includes("/webcast/im/fetch/")) polls.push(clock.now());
          return fetch(url, init);
        },
      });
      const live = tiktok.live(room.username);
      for (let round = 0; round < 3; round++) {
        const waitMs = await armed.promise;
        armed = Promise.withResolvers();
        await clock.advance(waitMs);
      }
      await armed.promise;
      live.close();
      assertEquals(polls.map((at, index) => at - (polls[index - 1] ?? at)), [0, betweenMs, betweenMs, betweenMs]);
      room.endLive();
    });
  }

  it("a refusal moves on to the next route at once, and is reported", async () => {
    const room = newHost();
    room.startLive({ speed: 20 });
    standin.fault({ kind: "handshake", status: 417, message: "illegal app_id" });
    const { tiktok, traces } = client({ signer: signer() });
    const live = tiktok.live(room.username);
    const seen: LiveEvent[] = [];
    const reading = readAll(live, seen);
    assertEquals((await live.connected).route, "polling");
    live.close();
    await reading;
    assertEquals(failedRoutes(traces), ["direct blocked", "signed blocked"]);
    assertEquals(reasons(seen).slice(1, 4), [
      "room resolved: trying direct",
      "direct refused: blocked: trying signed",
      "signed refused: blocked: trying polling",
    ]);
    assertEquals(live.counters.reconnects, 0);
    room.endLive();
  });

  it("a signer is asked for a room once: the route that failed leaves the answer to the other", async () => {
    const room = newHost();
    room.startLive({ speed: 20 });
    const asked = (from: number) =>
      standin.requests.slice(from).filter(({ target }) => target.startsWith("/webcast/fetch")).length;
    const connect = async (routes: RouteName[], fault: Parameters<typeof standin.fault>[0]) => {
      standin.clearFaults();
      standin.fault(fault);
      const from = standin.requests.length;
      const live = client({ signer: signer(), routes }).tiktok.live(room.username);
      const seen: LiveEvent[] = [];
      const reading = readAll(live, seen);
      const { route } = await live.connected;
      const count = asked(from);
      live.close();
      await reading;
      assert(seen.some((event) => event.type === "chat" && event.history), "the answer's messages are told");
      return [route, count];
    };
    assertEquals(await connect(["signed", "polling"], { kind: "handshake", status: 417 }), ["polling", 1]);
    assertEquals(await connect(["polling", "signed"], { kind: "http", route: "im_fetch", reply: "empty" }), [
      "signed",
      1,
    ]);
    standin.clearFaults();
    // An answer is used once by each: a lost socket is signed anew.
    const from = standin.requests.length;
    const live = client({ signer: signer(), routes: ["signed"] }).tiktok.live(room.username);
    await live.connected;
    await room.until(({ sockets, acked }) => sockets === 1 && acked > 0);
    const again = Promise.withResolvers<void>();
    live.on("connected", () => again.resolve());
    room.fault({ kind: "socket_drop" });
    await again.promise;
    assertEquals(asked(from), 2);
    live.close();
    room.endLive();
  });

  it("the user's order counts, and a route that is missing is never tried", async () => {
    const room = newHost();
    room.startLive({ speed: 20 });
    const orders: [RouteName[], RouteName][] = [[["polling", "direct"], "polling"], [["signed"], "signed"]];
    for (const [routes, expected] of orders) {
      const live = client({ signer: signer(), routes }).tiktok.live(room.username);
      assertEquals((await live.connected).route, expected);
      live.close();
    }
    const { tiktok } = client({ signer: signer() });
    const direct = tiktok.live(room.username);
    assertEquals((await direct.connected).route, "direct");
    direct.close();
    room.endLive();
  });

  it("disable_web_direct leads to the next route, with a gap, and direct is left alone for a while", async () => {
    const room = newHost();
    room.startLive({ speed: 20 });
    const { tiktok, traces } = client({ signer: signer() });
    const live = tiktok.live(room.username);
    const seen: LiveEvent[] = [];
    const reading = readAll(live, seen);
    await room.until(({ sockets, acked }) => sockets === 1 && acked > 5);
    const turnedOff = Promise.withResolvers<void>();
    live.on("connected", ({ route }) => route === "signed" ? turnedOff.resolve() : undefined);
    room.fault({ kind: "socket_close", reason: "disable_web_direct" });
    await turnedOff.promise;
    const other = tiktok.live(room.username);
    assertEquals((await other.connected).route, "signed");
    other.close();
    room.endLive();
    await reading;
    assertEquals(routesOf(seen), ["direct", "signed"]);
    assertEquals(seen.flatMap((event) => event.type === "gap" ? [event.reason] : []), ["reconnect"]);
    assertEquals(failedRoutes(traces), ["direct signer_failed"]);
    assertEquals(wireIds(seen).sort(), written(room.stats()).sort());
  });

  it("without another route, disable_web_direct says that a signer is needed", async () => {
    const room = newHost();
    room.startLive({ speed: 20 });
    const live = client().tiktok.live(room.username);
    await room.until(({ sockets, acked }) => sockets === 1 && acked > 5);
    room.fault({ kind: "socket_close", reason: "disable_web_direct" });
    const error = await errorOf(live.done);
    assertEquals([error.code, error.retryable, error.evidence.excerpt], ["signer_failed", false, "disable_web_direct"]);
    assert(/signer/.test(error.remedy));
    room.endLive();
  });

  it("when all routes fail, the most telling error comes with evidence of each", async () => {
    const room = newHost();
    const { roomId } = room.startLive({ speed: 20 });
    standin.fault({ kind: "handshake", status: 400, message: "illegal parameters", as: "http" });
    const wrongKey = eulerSigner({ host: standin.url, apiKey: "not-the-key" });
    const error = await refusedBy({ signer: wrongKey, routes: ["direct", "signed"] }, roomId);
    assertEquals([error.code, error.retryable, error.evidence.status], ["signer_failed", false, 401]);
    assert(/key/.test(error.remedy) && /direct protocol, signed signer_failed/.test(error.message), error.message);
    const routes = error.evidence.routes?.map(({ route, code, evidence }) => [route, code, evidence.url?.slice(-14)]);
    assertEquals(routes, [["direct", "protocol", "se_supplement/"], ["signed", "signer_failed", "/webcast/fetch"]]);
    room.endLive();
  });

  it("a signer's answer is not believed before it is checked", async () => {
    const room = newHost();
    const { roomId } = room.startLive({ speed: 20 });
    const cases = [
      ["foreign_socket", "signer_failed", /not TikTok's/],
      ["no_socket", "signer_failed", /no socket/],
      ["no_cursor", "signer_failed", /no cursor/],
      ["no_route_params", "signer_failed", /no parameters/],
      ["no_batch", "protocol", /no batch/],
      ["empty", "signer_failed", /no cookie/],
    ] as const;
    for (const [reply, code, message] of cases) {
      standin.clearFaults();
      standin.fault({ kind: "http", route: "signer_room", reply });
      const from = standin.requests.length;
      const error = await refusedBy({ signer: signer(), routes: ["signed"] }, roomId);
      assertEquals([error.code, message.test(error.message)], [code, true], `${reply}: ${error.message}`);
      assert(error.evidence.url !== undefined || error.evidence.bodyBytes !== undefined, `${reply} has evidence`);
      assertEquals(standin.requests.slice(from).some(({ target }) => target.includes("ws_proxy")), false);
    }
    room.endLive();
  });

  it("a signer's limit is kept to by all lives of a client", async () => {
    const room = newHost();
    const { roomId } = room.startLive({ speed: 20 });
    standin.fault({ kind: "http", route: "signer_room", reply: "rate_limited", retryAfterS: 30 });
    standin.fault({ kind: "handshake", status: 417, times: 1 });
    const { tiktok } = client({ signer: signer(), routes: ["signed", "direct"] });
    const first = tiktok.live({ roomId });
    const asked = () => standin.requests.filter(({ target }) => target.startsWith("/webcast/fetch")).length;
    const before = asked();
    assertEquals((await first.connected).route, "direct");
    const second = tiktok.live({ roomId });
    assertEquals((await second.connected).route, "direct");
    assertEquals(asked() - before, 1);
    first.close();
    second.close();
    room.endLive();
  });

  it("a refused socket that says when to come back is not asked before", async () => {
    const room = newHost();
    room.startLive({ speed: 20 });
    // A host that hides the answer asks once more, so the same fault answers twice.
    standin.fault({ kind: "handshake", status: 429, as: "http", retryAfterS: 12, times: 2 });
    const waits: number[] = [];
    const clock: Clock = {
      ...quickClock,
      setTimeout: (run, delayMs) => {
        waits.push(delayMs);
        return quickClock.setTimeout(run, delayMs);
      },
    };
    const seen: LiveEvent[] = [];
    const live = client({ clock, random: () => 0 }).tiktok.live(room.username);
    const reading = readAll(live, seen);
    await live.connected;
    live.close();
    await reading;
    const waiting = seen.filter((event) => event.type === "state" && event.to === "waiting");
    assert(waiting.length > 0 && waits.filter((waitMs) => waitMs === 12_000).length >= waiting.length, String(waits));
    assertEquals(reasons(waiting)[0], "direct refused: rate_limited: no try before 12000 ms are over");
    room.endLive();
  });

  it("refusals of the socket and of im/fetch show code, retryable, evidence and remedy", async () => {
    const room = newHost();
    const { roomId } = room.startLive({ speed: 20 });
    const handshakes = [
      [417, "illegal secret key", "blocked"],
      [417, "illegal app_id", "blocked"],
      [415, "DEVICE_BLOCKED", "device_blocked"],
    ] as const;
    for (const [status, message, code] of handshakes) {
      standin.clearFaults();
      standin.fault({ kind: "handshake", status, message, way: "signed" });
      const error = await refusedBy({ signer: signer(), routes: ["signed"] }, roomId);
      assertEquals([error.code, error.retryable], [code, true]);
      // A host may hide the headers of a refused handshake.
      assert(error.evidence.url?.includes("ws_reuse_supplement") === true);
    }
    standin.clearFaults();
    for (const [reply, code] of [["empty", "empty_reply"], ["html", "blocked"], ["captcha_page", "captcha"]] as const) {
      standin.clearFaults();
      standin.fault({ kind: "http", route: "im_fetch", reply });
      const error = await refusedBy({ signer: signer(), routes: ["polling"] }, roomId);
      assertEquals([error.code, error.retryable, error.evidence.status], [code, true, 200]);
      assert(error.evidence.url?.endsWith("/webcast/im/fetch/") === true);
    }
    room.endLive();
  });

  it("the session goes to TikTok, and to a signer only when its host is named", async () => {
    const room = newHost();
    room.startLive({ speed: 20 });
    for (const sessionHost of [undefined, new URL(standin.url).host]) {
      const from = standin.requests.length;
      const named = eulerSigner({ host: standin.url, apiKey: SIGNER_KEY, ...(sessionHost && { sessionHost }) });
      const { tiktok, traces } = client({ signer: named, routes: ["signed"], cookies: { sessionid: SESSION_ID } });
      const live = tiktok.live(room.username);
      await live.connected;
      live.close();
      const asked = standin.requests.slice(from);
      const signing = asked.find(({ target }) => target.startsWith("/webcast/fetch"));
      assertEquals(signing?.cookieNames, []);
      assertEquals(signing?.target.includes(SESSION_ID), sessionHost !== undefined);
      const socket = asked.find(({ target }) => target.includes("ws_proxy"));
      assertEquals(socket?.cookieNames, sessionHost === undefined ? ["ttwid"] : ["ttwid", "sessionid"]);
      assert(!JSON.stringify(traces).includes(SESSION_ID));
    }
    room.endLive();
  });

  it("a host who begins anew is followed on the same socket", async () => {
    for (const route of ["direct", "signed"] as const) {
      const room = newHost();
      const first = room.startLive({ speed: 20 });
      const live = client({ signer: signer(), routes: [route] }).tiktok.live(room.username);
      const seen: LiveEvent[] = [];
      const reading = readAll(live, seen);
      await live.connected;
      const from = standin.requests.length;
      const followed = Promise.withResolvers<void>();
      live.on("connected", () => followed.resolve());
      room.fault({ kind: "new_room", control: true });
      await followed.promise;
      const second = room.stats();
      await room.until(({ acked }) => acked > 5);
      live.close();
      await reading;
      const rooms = seen.flatMap((event) => event.type === "connected" ? [event.roomInfo.roomId] : []);
      assertEquals(rooms, [first.roomId, second.roomId]);
      assertEquals(
        standin.requests.slice(from).some(({ target }) => target.includes(`room_id=${second.roomId}`)),
        false,
      );
      assert(seen.some((event) => event.type === "chat" && event.roomId === second.roomId));
      room.endLive();
    }
  });

  it("the option routes rejects what cannot be", () => {
    const wrong: TikTokOptions[] = [
      { routes: [] },
      { routes: ["signed"] },
      { routes: ["polling"] },
      { routes: ["direct", "direct"] },
      { routes: ["magic" as RouteName] },
      { routes: "direct" as unknown as RouteName[] },
      { routes: ["signed"], signer: { sign: () => Promise.reject(new Error("no")) } },
    ];
    for (const options of wrong) assertInstanceOf(assertThrows(() => new TikTok(options)), TypeError);
  });

  it("the option pollIntervalMs takes 500 to 30,000 ms", () => {
    for (const pollIntervalMs of [0, 499, 30_001, 1000.5, Number.NaN]) {
      assertInstanceOf(assertThrows(() => new TikTok({ pollIntervalMs })), RangeError);
    }
    assertInstanceOf(assertThrows(() => new TikTok({ pollIntervalMs: "1000" as unknown as number })), TypeError);
    for (const pollIntervalMs of [500, 30_000, undefined]) new TikTok({ pollIntervalMs });
  });
});
