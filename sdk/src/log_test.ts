import { assert, assertEquals, assertInstanceOf, assertThrows } from "@std/assert";
import { describe, it } from "node:test";
import { type LogHandlers, TikTok, type TraceEvent } from "../mod.ts";
import { redact } from "./log.ts";
import { settle } from "./testing/fakes.ts";
import { batch, chat, collect, connected, control, reconnect, setUp } from "./testing/live_world.ts";

const SESSION = "0123456789abcdef-session";
const TTWID = "1%7CguestcookieAbc%7C1700000000%7Cdeadbeef";

/** Keeps all that is told, as text. */
function listener() {
  const lines: { level: string; message: string; fields: Readonly<Record<string, unknown>> }[] = [];
  const take = (level: string) => (message: string, fields: Readonly<Record<string, unknown>>) =>
    void lines.push({ level, message, fields });
  const log: LogHandlers = { debug: take("debug"), info: take("info"), warn: take("warn"), error: take("error") };
  return { lines, log };
}

describe("redact()", () => {
  it("takes queries, credentials and secrets out, and leaves the rest", () => {
    assertEquals(
      redact("GET wss://u:p@a.tiktok.com/im/?room_id=1&sign=abc, then https://b/c?d=e.", []),
      "GET wss://a.tiktok.com/im/ then https://b/c",
    );
    assertEquals(redact(`closed: ttwid=${TTWID}; x-bogus=AbC&b=1`, []), "closed: ttwid=***; x-bogus=***&b=1");
    assertEquals(redact(`echo ${SESSION} and short`, [SESSION, "short"]), "echo *** and short");
    assertEquals(redact("echo 1|guestcookieAbc|1700000000|deadbeef", [TTWID]), "echo ***");
    assertEquals(redact("kitchen sign: 5 tokens", []), "kitchen sign: 5 tokens");
  });
});

describe("the options onTrace and log", () => {
  it("tell each step by level", async () => {
    const { lines, log } = listener();
    const world = await connected({ log });
    world.sockets.last.push(batch([chat("hello")], { needAck: true }));
    world.sockets.last.push(new Uint8Array([255]));
    await settle();
    world.sockets.last.drop();
    await settle();
    await reconnect(world, 1_000);
    world.live.close();
    const said = new Set(lines.map(({ level, message }) => `${level} ${message}`));
    for (
      const line of [
        ...["debug request answered", "debug socket opening", "debug socket opened", "debug frame sent"],
        ...[
          "debug frame received",
          "info state changed",
          "info live over",
          "warn frame not decoded",
          "warn socket closed",
        ],
      ]
    ) assert(said.has(line), `${line} is missing`);
    const over = lines.find(({ message }) => message === "live over");
    assertEquals(over?.fields, { how: "closed", roomId: world.live.roomId });
  });

  it("tell why a live failed", async () => {
    const { lines, log } = listener();
    const { world, tiktok } = setUp({ log });
    world.refuse = () => new Response("", { status: 403 });
    await collect(tiktok.live("some.host")).outcome;
    const failed = lines.filter(({ level }) => level === "error");
    assertEquals(failed.map(({ message, fields }) => [message, fields["code"]]), [["live failed", "blocked"]]);
  });

  it("never show a cookie, a query or a signature, wherever it comes from", async () => {
    const { lines, log } = listener();
    const traces: TraceEvent[] = [];
    const onTrace = (event: TraceEvent) => traces.push(event);
    const setting = setUp({ log, onTrace, cookies: { sessionid: SESSION, ttwid: TTWID } });
    const live = setting.tiktok.live("some.host");
    const seen = collect(live);
    await settle();
    // A server that repeats what it was sent, in every place where a server's words are shown.
    const echo = `${setting.sockets.last.headers["Cookie"]} ${setting.sockets.last.url} sign=0123456789abcdef`;
    assert(echo.includes(SESSION) && echo.includes(TTWID), "the socket did not get the cookies");
    setting.sockets.last.refuse({ status: 500, handshakeMessage: echo, cause: new Error(echo) });
    await setting.clock.advance(1_000);
    setting.sockets.last.accept();
    setting.sockets.last.push(batch([chat("hello")]));
    await settle();
    setting.sockets.last.drop({ code: 4000, reason: echo });
    await setting.clock.advance(60_000);
    live.close();
    await seen.outcome;
    const shown = JSON.stringify([traces, lines]);
    assert(traces.some((event) => event.kind === "http") && traces.some((event) => event.kind === "frame"));
    assert(traces.some((event) => event.kind === "socket" && event.what === "closed" && event.detail.includes("***")));
    for (const secret of [SESSION, TTWID, "guestcookieAbc", "0123456789abcdef", "room_id=", "?"]) {
      assert(!shown.includes(secret), `${secret} is shown`);
    }
  });

  it("what a handler throws does not disturb the live", async () => {
    const thrown: unknown[] = [];
    const queued = globalThis.queueMicrotask;
    globalThis.queueMicrotask = (run) =>
      queued(() => {
        try {
          run();
        } catch (error) {
          thrown.push(error);
        }
      });
    try {
      const onTrace = () => {
        throw new TypeError("mine");
      };
      const world = await connected({ onTrace });
      world.sockets.last.push(batch([chat("still here")]));
      await settle();
      assert(world.events.some((event) => event.type === "chat"));
      world.live.close();
      await settle();
      assertInstanceOf(thrown[0], TypeError);
    } finally {
      globalThis.queueMicrotask = queued;
    }
  });

  it("wants functions", () => {
    const log = { warn: "stderr" } as unknown as LogHandlers;
    assertInstanceOf(assertThrows(() => new TikTok({ log })), TypeError);
  });
});

describe("Live.counters", () => {
  it("count events by type, methods without a schema, reconnects and what failed", async () => {
    const world = await connected();
    const { sockets, live } = world;
    const unknown = (method: string) => ({ method, payload: new Uint8Array([8, 1]) });
    sockets.last.push(batch([chat("one", "11"), chat("one", "11"), unknown("WebcastBrandNew"), unknown("__proto__")]));
    sockets.last.push(new Uint8Array([255]));
    await settle();
    sockets.last.drop();
    await settle();
    await reconnect(world, 1_000);
    sockets.last.push(batch([unknown("WebcastBrandNew"), control(1)]));
    await settle();
    live.close();
    await world.outcome;
    const { events, unknownMethods, ...counts } = live.counters;
    const expected: Record<string, number> = {};
    for (const { type } of world.events) expected[type] = (expected[type] ?? 0) + 1;
    assertEquals<unknown>(events, expected);
    assertEquals([events.chat, events.unknown, events.decode_error, events.gap], [1, 3, 1, 1]);
    assertEquals(Object.entries(unknownMethods), [["WebcastBrandNew", 2], ["__proto__", 1]]);
    assertEquals(
      [counts.duplicates, counts.undecodable, counts.reconnects, counts.connections, counts.framesDropped],
      [1, 1, 1, 2, 0],
    );
  });
});
