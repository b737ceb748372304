/**
 * The contract, kept: each route gives every answer that `openapi.json` declares, as it declares it, and no other; each
 * code of the taxonomy has one status.
 */
import { LIVE_ERROR_CODES } from "@roomtone/sdk";
import { assert, assertEquals } from "@std/assert";
import type { Hono } from "hono";
import { after, describe, it } from "node:test";
import * as v from "valibot";
import { broken, ContractWorld, FINISHED, ROOM, RUNNING, SEC_UID, WAITING } from "../../tests/fakes/contract_world.ts";
import { APP_ERROR_CODES, AppError, type AppErrorCode } from "../contract/errors.ts";
import * as contract from "../contract/routes.ts";
import type { Route } from "../contract/routes.ts";
import { Problem } from "../contract/schemas.ts";
import { scopeOf } from "../contract/scopes.ts";
import openApi from "../openapi.json" with { type: "json" };

/** A request, and the status of its answer. */
interface Call {
  status: number;
  path: string;
  body?: unknown;
  headers?: Record<string, string>;
  /** What was done before. */
  given?: (world: ContractWorld) => unknown;
  /** The API that is asked. @default the world's */
  app?: (world: ContractWorld) => Hono;
}

/** Codes by the one status that each has. */
const CODES = {
  400: ["invalid_input"],
  401: ["unauthorized"],
  403: ["private", "age_restricted", "login_required", "forbidden", "not_configured"],
  404: ["not_found", "offline"],
  405: ["method_not_allowed"],
  409: ["conflict"],
  413: ["body_too_large"],
  415: ["unsupported_media_type"],
  416: ["range_not_satisfiable"],
  429: ["too_many_requests"],
  500: ["internal"],
  502: ["protocol", "network"],
  503: ["captcha", "blocked", "rate_limited", "region_blocked", "device_blocked", "signer_failed", "empty_reply"],
  504: ["deadline"],
} satisfies Record<number, AppErrorCode[]>;
const STATUS_OF = new Map(
  Object.entries(CODES).flatMap(([status, codes]) => codes.map((code): [string, number] => [code, Number(status)])),
);

const JSON_BODY = { "content-type": "application/json" };
const HUGE = { text: "x".repeat(1_100_000) };

/** Calls of an operation that takes a body: those that do not get as far as its handler. */
const bodyCalls = (path: string, wrong = {}): Call[] => [
  { status: 400, path, body: wrong },
  { status: 413, path, body: HUGE },
  { status: 415, path, body: {}, headers: { "content-type": "text/plain" } },
];
/** ... whose answer a caller may have already. */
const cached = (
  path: string,
): Call[] => [{ status: 200, path }, { status: 304, path, headers: { "if-none-match": "*" } }];

/** An alert that was given up. */
const deadAlert = async ({ store, clock }: ContractWorld) => {
  const now = clock.now();
  const id = `live_started:${FINISHED}`;
  const facts = { id, kind: "live_started", recordingId: FINISHED, username: "host3", at: now, data: {} } as const;
  await store.putAlert(facts, { now, expiresAt: now + 86_400_000 });
  const deliveries = { ops: { state: "dead", tries: 15, triedAt: now, problem: "the answer has status 500" } } as const;
  await store.settleAlert({ id, claimToken: 0 }, { state: "dead", deliveries, expiresAt: now + 86_400_000 });
};
const OLD_GOES = { default: { recordingDays: 0 }, hosts: {} };
const clipOf = (id: string, fromMs = 1_000) => `/recordings/${id}/clip.mp4?fromMs=${fromMs}&toMs=12000`;
const file = (name: string) => `/recordings/${FINISHED}/parts/1/${name}`;

/** By operation; the first call is one that works. */
const CALLS: Record<string, Call[]> = {
  links: [
    ...cached("/api/links?usernames[]=host"),
    { status: 200, path: "/api/links?usernames[]=host&usernames[]=idle&usernames[]=nobody" },
    { status: 200, path: "/api/links?usernames=idle" },
    { status: 400, path: "/api/links?usernames=host&protocol=rtmp" },
  ],
  userInfo: [...cached("/tiktok/user-info?uniqueId=host"), { status: 400, path: "/tiktok/user-info" }],
  followings: [
    ...cached("/tiktok/user-followings?uniqueId=host"),
    { status: 200, path: `/tiktok/user-followings?secUid=${SEC_UID}&count=200` },
    { status: 400, path: `/tiktok/user-followings?secUid=${SEC_UID}&count=201` },
  ],
  followers: [
    ...cached(`/tiktok/user-followers?secUid=${SEC_UID}`),
    { status: 400, path: "/tiktok/user-followers" },
  ],
  live: [
    ...cached("/api/live?usernames[]=host&usernames[]=idle&usernames[]=nobody"),
    { status: 400, path: "/api/live" },
  ],
  room: [
    ...cached("/api/rooms/host"),
    { status: 200, path: "/api/rooms/idle" },
    { status: 400, path: "/api/rooms/a%20b" },
  ],
  gifts: cached("/api/gifts"),
  prices: cached("/api/prices"),
  feed: [...cached("/api/feed"), { status: 400, path: "/api/feed?cursor=a&cursor=b" }],
  sendMessage: [
    { status: 200, path: "/api/rooms/host/messages", body: { text: "hello" } },
    ...bodyCalls("/api/rooms/host/messages"),
    {
      status: 403,
      path: "/api/rooms/host/messages",
      body: { text: "hello" },
      app: (world) => world.app({ lives: { lookup: world.lookup, clock: world.clock } }),
    },
  ],
  listWatches: [{ status: 200, path: "/watchlist" }, { status: 400, path: "/watchlist?limit=0" }],
  importWatches: [
    { status: 200, path: "/watchlist/import", body: { uniqueId: "host" } },
    { status: 200, path: "/watchlist/import", body: { usernames: ["host", "other", "no name"] } },
    ...bodyCalls("/watchlist/import"),
  ],
  getWatch: [
    { status: 200, path: "/watchlist/host" },
    { status: 400, path: "/watchlist/a%20b" },
    { status: 404, path: "/watchlist/nobody" },
  ],
  putWatch: [
    { status: 201, path: "/watchlist/new.host" },
    { status: 200, path: "/watchlist/host?paused=true&quality=sd" },
    { status: 400, path: "/watchlist/a%20b" },
  ],
  deleteWatch: [
    { status: 204, path: "/watchlist/host" },
    { status: 400, path: "/watchlist/a%20b" },
    { status: 404, path: "/watchlist/nobody" },
  ],
  listRecordings: [{ status: 200, path: "/recordings" }, { status: 400, path: "/recordings?state=deleting" }],
  startRecording: [
    { status: 201, path: "/recordings", body: { username: "host" } },
    {
      status: 200,
      path: "/recordings",
      body: { username: "host" },
      given: ({ store, clock }) => store.wantRecording({ roomId: ROOM, username: "host", title: "" }, clock.now()),
    },
    { status: 404, path: "/recordings", body: { username: "idle" } },
    {
      status: 409,
      path: "/recordings",
      body: { username: "host" },
      async given({ store, lookup, clock }) {
        lookup.live("host", RUNNING);
        await store.stopRecording(RUNNING, clock.now());
      },
    },
    ...bodyCalls("/recordings"),
  ],
  getRecording: [
    { status: 200, path: `/recordings/${FINISHED}` },
    { status: 400, path: "/recordings/x" },
    { status: 404, path: "/recordings/1" },
  ],
  deleteRecording: [
    { status: 204, path: `/recordings/${FINISHED}` },
    { status: 400, path: "/recordings/x" },
    { status: 404, path: "/recordings/1" },
    { status: 409, path: `/recordings/${RUNNING}` },
  ],
  stopRecording: [
    { status: 202, path: `/recordings/${RUNNING}/stop` },
    { status: 200, path: `/recordings/${WAITING}/stop` },
    { status: 400, path: "/recordings/x/stop" },
    { status: 404, path: "/recordings/1/stop" },
  ],
  keepRecording: [
    { status: 200, path: `/recordings/${RUNNING}/kept` },
    { status: 400, path: "/recordings/x/kept" },
    { status: 404, path: "/recordings/1/kept" },
  ],
  unkeepRecording: [
    { status: 200, path: `/recordings/${FINISHED}/kept` },
    { status: 400, path: "/recordings/x/kept" },
    { status: 404, path: "/recordings/1/kept" },
  ],
  applyRetention: [
    { status: 200, path: "/retention?dryRun=true" },
    { status: 200, path: "/retention", app: (world) => world.app({ retention: OLD_GOES }) },
    { status: 400, path: "/retention?dryRun=yes" },
  ],
  removeHost: [
    { status: 200, path: "/hosts/host3?dryRun=true" },
    { status: 200, path: "/hosts/host3" },
    { status: 400, path: "/hosts/a%20b" },
  ],
  recordingEvents: [
    { status: 200, path: `/recordings/${FINISHED}/events` },
    {
      status: 204,
      path: `/recordings/${FINISHED}/events`,
      headers: { "accept": "text/event-stream", "last-event-id": "0" },
    },
    { status: 400, path: `/recordings/${FINISHED}/events?after=x` },
    { status: 404, path: "/recordings/1/events" },
  ],
  ...Object.fromEntries(
    [["recordingEventsJsonl", "events.jsonl"], ["recordingEventsCsv", "events.csv"], ["recordingChatVtt", "chat.vtt"]]
      .map(([name, path]) => [name, [
        { status: 200, path: `/recordings/${FINISHED}/${path}` },
        { status: 400, path: `/recordings/${FINISHED}/${path}?after=x` },
        { status: 404, path: `/recordings/1/${path}` },
      ]]),
  ),
  hostTotals: [
    { status: 200, path: "/hosts/host3/totals" },
    { status: 400, path: "/hosts/a%20b/totals" },
    { status: 404, path: "/hosts/nobody/totals" },
  ],
  recordingTotals: [
    { status: 200, path: `/recordings/${FINISHED}/totals` },
    { status: 400, path: "/recordings/x/totals" },
    { status: 404, path: "/recordings/1/totals" },
  ],
  recordingPlaylist: [
    { status: 200, path: `/recordings/${FINISHED}/index.m3u8` },
    { status: 400, path: "/recordings/x/index.m3u8" },
    { status: 404, path: `/recordings/${WAITING}/index.m3u8` },
  ],
  recordingClip: [
    { status: 200, path: clipOf(FINISHED) },
    { status: 200, path: `${clipOf(FINISHED)}&exact=true` },
    { status: 400, path: `/recordings/${FINISHED}/clip.mp4?fromMs=1000&toMs=1000` },
    { status: 400, path: `/recordings/${FINISHED}/clip.mp4?fromMs=0&toMs=600001` },
    {
      status: 403,
      path: clipOf(FINISHED),
      app: (world) => world.app({ system: { store: world.store, clock: world.clock, files: world.files(true) } }),
    },
    { status: 404, path: clipOf(WAITING) },
    { status: 409, path: clipOf(FINISHED, 9_000) },
  ],
  recordingThumbnail: [
    { status: 200, path: `/recordings/${FINISHED}/thumbnail.jpg` },
    { status: 206, path: `/recordings/${FINISHED}/thumbnail.jpg`, headers: { range: "bytes=2-4" } },
    {
      status: 302,
      path: `/recordings/${FINISHED}/thumbnail.jpg`,
      app: (world) => world.app({ files: world.files(true) }),
    },
    { status: 304, path: `/recordings/${FINISHED}/thumbnail.jpg`, headers: { "if-none-match": '"a"' } },
    { status: 400, path: "/recordings/x/thumbnail.jpg" },
    { status: 404, path: `/recordings/${WAITING}/thumbnail.jpg` },
    { status: 416, path: `/recordings/${FINISHED}/thumbnail.jpg`, headers: { range: "bytes=10-" } },
  ],
  recordingFile: [
    { status: 200, path: file("segment_0.bin") },
    { status: 206, path: file("segment_0.bin"), headers: { range: "bytes=2-4" } },
    { status: 302, path: file("segment_0.bin"), app: (world) => world.app({ files: world.files(true) }) },
    { status: 304, path: file("segment_0.bin"), headers: { "if-none-match": '"a"' } },
    { status: 400, path: file(".hidden") },
    { status: 404, path: file("nothing.bin") },
    { status: 416, path: file("segment_0.bin"), headers: { range: "bytes=10-" } },
  ],
  listAlerts: [
    { status: 200, path: "/alerts", given: deadAlert },
    { status: 200, path: "/alerts?state=pending&limit=1", given: deadAlert },
    { status: 400, path: "/alerts?state=gone" },
  ],
  resendAlert: [
    { status: 202, path: `/alerts/live_started:${FINISHED}/resend`, given: deadAlert },
    { status: 400, path: "/alerts/live_started/resend" },
    { status: 404, path: "/alerts/live_started:1/resend" },
    {
      status: 409,
      path: `/alerts/live_started%3A${FINISHED}/resend`,
      async given(world) {
        await deadAlert(world);
        await world.app().request(`/alerts/live_started:${FINISHED}/resend`, { method: "POST" });
      },
    },
  ],
  system: [{ status: 200, path: "/system" }],
  recordingLog: [
    {
      status: 200,
      path: `/recordings/${FINISHED}/log`,
      given: ({ store, clock }) =>
        store.appendLog(FINISHED, {
          ...{ at: clock.now(), id: "a" },
          lines: [{ at: clock.now(), level: "info", event: "recording_started", fields: { part: 1 } }],
        }),
    },
    { status: 400, path: `/recordings/${FINISHED}/log?after=x` },
    { status: 404, path: "/recordings/1/log" },
  ],
  canary: [{ status: 200, path: "/canary" }],
  acceptCanary: [
    { status: 200, path: "/canary/accept", body: {} },
    ...bodyCalls("/canary/accept", { facts: [] }),
    { status: 404, path: "/canary/accept", body: { facts: ["no.such.fact"] } },
    {
      status: 409,
      path: "/canary/accept",
      body: { facts: ["feed.status"] },
      given: (world) => void (world.canaryLooks = true),
    },
  ],
  health: [{ status: 200, path: "/health" }],
  openApi: [{ status: 200, path: "/openapi.json" }],
  docs: [{ status: 200, path: "/docs" }],
  metrics: [{ status: 200, path: "/metrics" }],
};

const routes = new Map(
  Object.entries(contract).flatMap(([name, each]): [string, Route][] =>
    typeof each === "object" && "responses" in each ? [[name.replace(/Route$/, ""), each]] : []
  ),
);

type Declared = Record<string, { $ref?: string; description?: string; content?: Record<string, unknown> }>;

/** What `openapi.json` says that an operation answers, by status. */
function declared({ method, path }: Route): Declared {
  const operations = (openApi.paths as Record<string, Record<string, { responses: Declared }>>)[path];
  const shared: Declared = openApi.components.responses;
  const responses = operations?.[method]?.responses ?? {};
  return Object.fromEntries(
    Object.entries(responses).map(([status, one]) => [status, shared[one.$ref?.split("/").at(-1) ?? ""] ?? one]),
  );
}

function unforeseen(): never {
  throw new TypeError("a fault that nobody foresaw");
}

/** Whether a path with parameters in braces is one of another's. */
const fits = (pattern: string, path: string) => new RegExp(`^${pattern.replaceAll(/\{\w+\}/g, "[^/]+")}$`).test(path);

describe("the contract", () => {
  const given = new Set<string>();
  const statuses = new Map<string, Set<number>>();
  const worlds: ContractWorld[] = [];
  after(() => worlds.forEach((world) => world.close()));

  const open = async () => {
    const world = await ContractWorld.open();
    worlds.push(world);
    return world;
  };
  const requestOf = (
    { method }: Pick<Route, "method">,
    { body, headers }: Call,
    more: Record<string, string> = {},
  ) => ({
    method: method.toUpperCase(),
    ...body === undefined ? {} : { body: JSON.stringify(body) },
    headers: { ...body === undefined ? {} : JSON_BODY, ...headers, ...more },
  });
  const problemIn = async (response: Response) => {
    assertEquals(response.headers.get("content-type"), "application/problem+json");
    const body = v.parse(Problem, await response.json());
    assertEquals(body.status, response.status);
    assert(response.status !== 503 || Number(response.headers.get("retry-after")) === body.retry_after);
    const seen = statuses.get(body.code) ?? new Set();
    statuses.set(body.code, seen.add(response.status));
    return body;
  };

  /** Checks an answer against what is declared of it. @returns the code of a failure */
  const check = async (name: string, route: Route, status: number, response: Response): Promise<string | undefined> => {
    const about = `${name} ${status}`;
    assertEquals(response.status, status, `${about}: ${response.status}`);
    const answer = declared(route)[status];
    assert(answer !== undefined, `${about} is not declared`);
    given.add(about);
    const type = response.headers.get("content-type")?.split(";")[0] ?? null;
    assertEquals(type, Object.keys(answer.content ?? {})[0] ?? null, about);
    assert(response.headers.has("x-request-id"), about);
    if (status >= 400) return (await problemIn(response)).code;
    const schema = route.responses[status]?.body;
    const text = await response.text();
    if (type === null) assertEquals(text, "", about);
    if (schema !== undefined) {
      const body: unknown = JSON.parse(text);
      // A schema leaves out what it does not name.
      assertEquals(v.parse(schema, body), body, about);
    }
    return undefined;
  };
  const works = (name: string): Call => {
    const call = CALLS[name]?.[0];
    assert(call !== undefined, `nothing is asked of ${name}`);
    return call;
  };

  it("has the routes that openapi.json has", () => {
    const paths = Object.values(openApi.paths).flatMap((operations) =>
      Object.values(operations as Record<string, { operationId: string }>).map(({ operationId }) => operationId)
    );
    assertEquals(paths.sort(), [...routes.keys()].sort());
    assertEquals(Object.keys(CALLS).sort(), [...routes.keys()].sort());
  });

  for (const [name, route] of routes) {
    it(`${route.method.toUpperCase()} ${route.path} answers as declared`, async () => {
      for (const call of CALLS[name] ?? []) {
        const world = await open();
        await call.given?.(world);
        const app = call.app?.(world) ?? world.app();
        await check(name, route, call.status, await app.request(call.path, requestOf(route, call)));
      }
    });
  }

  it("each failure of TikTok's has its status, on every route that asks it", async () => {
    for (const [name, route] of routes) {
      if (!("502" in route.responses)) continue;
      for (const code of LIVE_ERROR_CODES) {
        const world = await open();
        world.refuse(new AppError(code, `Ask TikTok: ${code}`, { evidence: { status: 200 } }));
        const call = works(name);
        const response = await world.app().request(call.path, requestOf(route, call));
        assertEquals(await check(name, route, STATUS_OF.get(code) ?? 0, response), code);
      }
    }
  });

  it("a fault that nobody foresaw is a 500 that tells nothing of it", async () => {
    for (const [name, route] of routes) {
      if (!("500" in route.responses)) continue;
      const world = await open();
      world.sendFailure = new TypeError("a fault that nobody foresaw");
      const asks = broken(world.lookup);
      // The live check tells failures for each name: it takes more to break it.
      const lives = { lives: { lookup: asks, clock: { now: unforeseen, sleep: unforeseen } } };
      const canary = { readCanary: unforeseen, writeCanary: unforeseen };
      const app = world.app({ store: broken(world.store), asks, canary, ...name === "live" ? lives : {} });
      const call = works(name);
      const response = await app.request(call.path, requestOf(route, call));
      assert(!(await response.clone().text()).includes("foresaw"), name);
      assertEquals(await check(name, route, 500, response), "internal");
    }
  });

  it("every route is guarded: by address on loopback, by keys and their limits elsewhere", async () => {
    const world = await open();
    for (const [name, route] of routes) {
      const call = works(name);
      const foreign = await world.app().request(call.path, requestOf(route, call, { host: "evil.example" }));
      assertEquals(await check(name, route, 403, foreign), "forbidden");
      const scope = scopeOf(route);
      const app = world.guarded();
      const ask = (key: string) =>
        app.request(call.path, requestOf(route, call, key === "" ? {} : { "x-api-key": key }));
      if (scope === "open") {
        assert((await ask("")).status < 400, name);
        continue;
      }
      assertEquals(await check(name, route, 401, await ask("")), "unauthorized");
      const wrong = await world.newKey([scope === "lookup" ? "read" : "lookup"]);
      assertEquals(await check(name, route, 403, await ask(wrong)), "forbidden");
      const key = await world.newKey([scope], 1);
      const first = await ask(key);
      assert(first.status < 500 && first.headers.has("ratelimit"), name);
      const limited = await ask(key);
      assert(limited.headers.has("retry-after"), name);
      assertEquals(await check(name, route, 429, limited), "too_many_requests");
    }
  });

  it("other methods and paths are refused, naming the methods that there are", async () => {
    const app = (await open()).app();
    for (const path of new Set([...routes.values()].map((route) => route.path))) {
      const response = await app.request(path.replaceAll(/\{\w+\}/g, "1"), { method: "PATCH" });
      assertEquals([path, response.status], [path, 405]);
      // `/watchlist/import` is also the watch of a host named import.
      const methods = [...routes.values()].filter((route) => fits(route.path, path)).map(({ method }) => method);
      assertEquals(response.headers.get("allow")?.toLowerCase().split(", ").sort(), methods.sort());
      await problemIn(response);
    }
    const nowhere = await app.request("/nowhere");
    assertEquals(nowhere.status, 404);
    await problemIn(nowhere);
  });

  it("every answer that is declared was given", () => {
    const missing = [...routes].flatMap(([name, route]) =>
      Object.keys(declared(route)).map((status) => `${name} ${status}`).filter((each) => !given.has(each))
    );
    assertEquals(missing, []);
  });

  it("every code of the taxonomy was given, each with its one status", () => {
    assertEquals(
      Object.fromEntries([...statuses].map(([code, seen]) => [code, [...seen]])),
      Object.fromEntries(APP_ERROR_CODES.map((code) => [code, [STATUS_OF.get(code)]])),
    );
  });
});
