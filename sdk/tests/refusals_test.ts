/**
 * Every refusal that protocol.md knows (sections 1, 2, 4.4 and 10), through the public door against the stand-in: which
 * error it becomes, whether the same call may succeed later, what the error shows, and what it advises.
 */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { createServer, type Server } from "node:net";
import { after, before, beforeEach, describe, it } from "node:test";
import { eulerSigner } from "../euler.ts";
import {
  isLiveError,
  LIVE_ERROR_CODES,
  type LiveErrorCode,
  type LiveErrorEvidence,
  systemClock,
  TikTok,
  type TikTokOptions,
} from "../mod.ts";
import { type Fault, type Room, type Standin, type StandinOptions, startStandin } from "../../tests/standin/mod.ts";
import { quickClock } from "./quick_clock.ts";

type HttpFault = Extract<Fault, { kind: "http" }>;

interface Call {
  tiktok: TikTok;
  room: Room;
}

interface Row {
  name: string;
  /** Faults of the host. */
  faults?: (Omit<HttpFault, "kind"> | Exclude<Fault, HttpFault>)[];
  /** A stand-in of its own. */
  standin?: StandinOptions;
  options?: TikTokOptions;
  call: (call: Call) => Promise<unknown>;
  code: LiveErrorCode;
  retryable: boolean;
  /** Part of what the error shows. */
  evidence: LiveErrorEvidence;
  remedy: RegExp;
  retryAfterMs?: number;
}

const status = ({ tiktok, room }: Call) => tiktok.roomStatus(room.username);
const info = ({ tiktok, room }: Call) => tiktok.roomInfo(room.roomId);
const user = ({ tiktok, room }: Call) => tiktok.userInfo(room.username);
const live = ({ tiktok, room }: Call) => tiktok.live(room.username).done;

const apiLive = (body: unknown) => [{ route: "api_live" as const, reply: "body" as const, body: JSON.stringify(body) }];
const roomInfo = (body: unknown) => [
  { route: "room_info" as const, reply: "body" as const, body: JSON.stringify(body) },
];
const profile = (statusCode: number) => {
  const state = JSON.stringify({ __DEFAULT_SCOPE__: { "webapp.user-detail": { statusCode } } });
  const body = `<!DOCTYPE html><script id="__UNIVERSAL_DATA_FOR_REHYDRATION__">${state}</script>`;
  return [{ route: "profile_page" as const, reply: "body" as const, body }];
};
/** Both ways to a room refuse alike. */
const both = (fault: Omit<HttpFault, "kind" | "route">) => [
  { ...fault, route: "api_live" as const },
  { ...fault, route: "live_page" as const },
];

const [YES, NO] = [true, false];

const ACCOUNTS: Row[] = [
  {
    name: "api-live 19881007 user_not_found",
    ...{ faults: apiLive({ statusCode: 19881007, message: "user_not_found", data: null }), call: status },
    ...{ code: "not_found", retryable: NO, evidence: { status: 200, statusCode: 19881007 }, remedy: /spelling/ },
  },
  {
    name: "api-live params_error",
    ...{ faults: apiLive({ statusCode: 10201, message: "params_error", data: null }), call: status },
    ...{ code: "invalid_input", retryable: NO, evidence: { statusCode: 10201 }, remedy: /name/ },
  },
  {
    name: "api-live 4003110",
    ...{ faults: apiLive({ statusCode: 4003110, message: "", data: {} }), call: status },
    ...{ code: "age_restricted", retryable: NO, evidence: { statusCode: 4003110 }, remedy: /adult/ },
  },
  {
    name: "api-live with null in place of data",
    ...{ faults: both({ reply: "body", body: '{"statusCode":0,"message":"","data":null}' }), call: status },
    ...{ code: "protocol", retryable: NO, evidence: { status: 200, statusCode: 0 }, remedy: /newer version/ },
  },
  {
    name: "a live page without LiveRoom",
    faults: [
      { route: "api_live", reply: "waf_page" },
      { route: "live_page", reply: "body", body: '<!DOCTYPE html><script id="SIGI_STATE">{"CurrentRoom":{}}</script>' },
    ],
    call: status,
    ...{ code: "not_found", retryable: NO, evidence: { status: 200 }, remedy: /spelling/ },
  },
  {
    name: "a live page without its script",
    ...{ faults: both({ reply: "html" }), call: status },
    ...{ code: "blocked", retryable: YES, evidence: { status: 200 }, remedy: /another address/ },
  },
  {
    name: "a live page that leads to the login",
    ...{ faults: both({ reply: "login_redirect" }), call: status },
    ...{ code: "login_required", retryable: NO, evidence: { status: 404 }, remedy: /session/ },
  },
  ...([
    [10221, "not_found", NO, /spelling/],
    [10223, "not_found", NO, /spelling/],
    [10222, "private", NO, /followers/],
    [
      10216,
      "private",
      NO,
      /followers/,
    ],
    [10204, "blocked", YES, /another address/],
  ] as const).map(([statusCode, code, retryable, remedy]): Row => ({
    name: `profile page ${statusCode}`,
    ...{ faults: profile(statusCode), call: user, code, retryable, evidence: { status: 200, statusCode }, remedy },
  })),
  {
    name: "a private account that shows no room",
    faults: [{ kind: "account", state: "private" }],
    call: live,
    ...{ code: "private", retryable: NO, evidence: {}, remedy: /followers/ },
  },
  {
    name: "a list of users without signer and session",
    call: ({ tiktok, room }) => tiktok.followings({ secUid: room.host.secUid }).next(),
    ...{ code: "login_required", retryable: NO, evidence: {}, remedy: /signer/ },
  },
  {
    name: "a search that wants a login (2483)",
    faults: [{ route: "search", reply: "body", body: '{"status_code":2483,"status_msg":"Please login"}' }],
    call: ({ tiktok }) => tiktok.searchLives("tea"),
    ...{ code: "login_required", retryable: NO, evidence: { statusCode: 2483 }, remedy: /session/ },
  },
];

const ROOMS: Row[] = [
  ...([[4003110, "age_restricted", /adult/], [10011, "invalid_input", /room id/], [10041, "offline", /live/], [
    20003,
    "login_required",
    /session/,
  ]] as const).map(([statusCode, code, remedy]): Row => ({
    name: `room/info ${statusCode}`,
    ...{ faults: roomInfo({ status_code: statusCode, data: {} }), call: info },
    ...{ code, retryable: NO, evidence: { status: 200, statusCode }, remedy },
  })),
  {
    name: "room/info that holds the room back",
    ...{ faults: roomInfo({ status_code: 0, data: { prompts: "This LIVE is for adults" } }), call: info },
    ...{ code: "age_restricted", retryable: NO, evidence: { statusCode: 0 }, remedy: /adult/ },
  },
  {
    name: "room/info of a newer shape",
    ...{ faults: roomInfo({ status_code: 99, data: {} }), call: info },
    ...{ code: "protocol", retryable: NO, evidence: { statusCode: 99 }, remedy: /newer version/ },
  },
];

const PAGES: Row[] = [
  {
    name: "the page of a country without TikTok",
    ...{ faults: both({ reply: "region_page" }), call: status },
    ...{ code: "region_blocked", retryable: NO, evidence: { status: 200 }, remedy: /proxy/ },
  },
  {
    name: "the firewall's waiting page",
    ...{ faults: both({ reply: "waf_page" }), call: status },
    ...{ code: "blocked", retryable: YES, evidence: { status: 200 }, remedy: /Wait/ },
  },
  {
    name: "the captcha page",
    ...{ faults: both({ reply: "captcha_page" }), call: status },
    ...{ code: "captcha", retryable: YES, evidence: { status: 200 }, remedy: /Wait/ },
  },
  {
    name: "HTTP 403 with Retry-After",
    ...{ faults: both({ reply: "status", status: 403, retryAfterS: 7 }), call: status, retryAfterMs: 7_000 },
    ...{ code: "blocked", retryable: YES, evidence: { status: 403, bodyBytes: 0 }, remedy: /Wait/ },
  },
  {
    name: "HTTP 429 with Retry-After",
    ...{ faults: both({ reply: "rate_limited", retryAfterS: 12 }), call: status, retryAfterMs: 12_000 },
    ...{ code: "rate_limited", retryable: YES, evidence: { status: 429 }, remedy: /retryAfterMs/ },
  },
  {
    name: "HTTP 451",
    ...{ faults: both({ reply: "status", status: 451 }), call: status },
    ...{ code: "region_blocked", retryable: NO, evidence: { status: 451 }, remedy: /proxy/ },
  },
  {
    name: "HTTP 200 without a body",
    ...{ faults: both({ reply: "empty" }), call: status },
    ...{ code: "empty_reply", retryable: YES, evidence: { status: 200, bodyBytes: 0 }, remedy: /signer/ },
  },
  {
    name: "JSON that stops in the middle",
    ...{ faults: [{ route: "room_info", reply: "broken_json" }], call: info },
    ...{ code: "protocol", retryable: NO, evidence: { status: 200, bodyBytes: 40 }, remedy: /newer version/ },
  },
  {
    name: "HTTP 500",
    ...{ faults: both({ reply: "status", status: 500 }), call: status },
    ...{ code: "network", retryable: YES, evidence: { status: 500 }, remedy: /connection/ },
  },
  {
    name: "a connection that breaks",
    ...{ faults: both({ reply: "reset" }), call: status },
    ...{ code: "network", retryable: YES, evidence: {}, remedy: /connection/ },
  },
  {
    name: "no answer",
    ...{ faults: both({ reply: "hang" }), call: status, options: { timeoutMs: 2_000 } },
    ...{ code: "deadline", retryable: YES, evidence: {}, remedy: /time/ },
  },
];

const handshake = (fault: Omit<Extract<Fault, { kind: "handshake" }>, "kind">): Fault[] => [
  { kind: "handshake", ...fault },
];

const SOCKETS: Row[] = [
  {
    name: "an upgrade answered 200 with DEVICE_BLOCKED",
    ...{
      faults: handshake({ status: 415 }),
      call: live,
      code: "device_blocked",
      retryable: YES,
      remedy: /guest cookie/,
    },
    evidence: {
      status: 200,
      handshakeStatus: "415",
      handshakeMessage: "DEVICE_BLOCKED",
      logId: "20260101000000STANDIN",
    },
  },
  {
    name: "an upgrade answered with a real 415",
    ...{ faults: handshake({ status: 415, as: "http" }), call: live, remedy: /guest cookie/ },
    ...{ code: "device_blocked", retryable: YES, evidence: { status: 415 } },
  },
  {
    name: "an upgrade with an illegal secret key",
    ...{ faults: handshake({ status: 417 }), call: live, code: "blocked", retryable: YES, remedy: /signer/ },
    evidence: { status: 200, handshakeStatus: "417", handshakeMessage: "illegal secret key" },
  },
  {
    name: "an upgrade with an illegal app id",
    ...{ faults: handshake({ status: 417, message: "illegal app_id" }), call: live, remedy: /signer/ },
    ...{ code: "blocked", retryable: YES },
    evidence: { status: 200, handshakeStatus: "417", handshakeMessage: "illegal app_id" },
  },
  {
    name: "an upgrade answered 400 with the reason",
    ...{ faults: handshake({ status: 400, message: "route_params error", as: "http" }), call: live },
    ...{ code: "protocol", retryable: NO, remedy: /percent-encoded/ },
    evidence: { status: 400, handshakeMessage: "route_params error" },
  },
  {
    name: "an upgrade answered 403",
    ...{ faults: handshake({ status: 403, as: "http" }), call: live, remedy: /Wait/ },
    ...{ code: "blocked", retryable: YES, evidence: { status: 403 } },
  },
  {
    name: "an upgrade answered 429",
    ...{ faults: handshake({ status: 429, as: "http", retryAfterS: 9 }), call: live, remedy: /ask less often/ },
    ...{ code: "rate_limited", retryable: YES, evidence: { status: 429 }, retryAfterMs: 9_000 },
  },
  {
    name: "pages that refuse a guest cookie by X-TT-System-Error",
    standin: { ttwid: { register: false } },
    faults: [{ route: "profile_page", reply: "system_error" }],
    call: live,
    ...{ code: "blocked", retryable: YES, evidence: { status: 200, systemError: "3" }, remedy: /ttwid of your own/ },
  },
  {
    name: "a live page that leads away, and no guest cookie",
    standin: { ttwid: { pageShare: 0, register: false } },
    faults: [{ route: "home_page", reply: "away_redirect" }],
    call: live,
    ...{ code: "blocked", retryable: YES, evidence: { status: 404 }, remedy: /country/ },
  },
  {
    name: "no guest cookie at all",
    ...{ standin: { ttwid: { pageShare: 0, register: false } }, call: live },
    ...{ code: "blocked", retryable: YES, evidence: {}, remedy: /ttwid of your own/ },
  },
];

const STREAMS: Row[] = [
  {
    name: "a stream link of a live that is over",
    call: async ({ tiktok, room }) => {
      const { links: [link] } = await tiktok.roomStatus(room.username);
      room.endLive();
      await tiktok.openStream(link?.url ?? "");
    },
    ...{ code: "not_found", retryable: NO, evidence: { status: 404 }, remedy: /fresh link/ },
  },
  {
    name: "a stream link that has run out",
    standin: { streamUrlLifetimeMs: -60_000, media: { source: () => Promise.reject(new Error("not served")) } },
    call: async ({ tiktok, room }) => {
      const { links: [link] } = await tiktok.roomStatus(room.username);
      await tiktok.openStream(link?.url ?? "");
    },
    ...{ code: "blocked", retryable: YES, evidence: { status: 403 }, remedy: /fresh link/ },
  },
];

/** Lists of users, signed by the stand-in's signer. */
const followings = ({ tiktok, room }: Call) => tiktok.followings({ secUid: room.host.secUid }).next();
const SIGNERS: Row[] = [
  {
    name: "a signer that answers 429 with Retry-After",
    ...{ faults: [{ route: "signer", reply: "rate_limited", retryAfterS: 9 }], call: followings, retryAfterMs: 9_000 },
    ...{ code: "rate_limited", retryable: YES, evidence: { status: 429 }, remedy: /ask less often/ },
  },
  ...([[401, NO, /key/], [402, NO, /plan/], [403, NO, /plan/], [503, YES, /signer/]] as const).map(
    ([code, retryable, remedy]): Row => ({
      name: `a signer that answers ${code}`,
      ...{ faults: [{ route: "signer", reply: "status", status: code }], call: followings },
      ...{ code: "signer_failed", retryable, evidence: { status: code }, remedy },
    }),
  ),
];

/** The parts of what an error shows that a row names. */
function shown(evidence: LiveErrorEvidence, wanted: LiveErrorEvidence): LiveErrorEvidence {
  return Object.fromEntries(Object.keys(wanted).map((key) => [key, evidence[key as keyof LiveErrorEvidence]]));
}

describe("refusals by name", () => {
  let common: Standin;
  let hosts = 0;

  before(async () => {
    common = await startStandin({ media: false, seed: "refusals" });
  });
  beforeEach(() => common.clearFaults());
  after(() => common.stop());

  for (const row of [...ACCOUNTS, ...ROOMS, ...PAGES, ...SOCKETS, ...STREAMS, ...SIGNERS]) {
    it(`${row.name} is ${row.code}`, async () => {
      const standin = row.standin === undefined ? common : await startStandin({ media: false, ...row.standin });
      try {
        const room = standin.room(`host${++hosts}`);
        room.startLive({});
        for (const fault of row.faults ?? []) {
          const given: Fault = "kind" in fault ? fault : { kind: "http", ...fault };
          if (given.kind === "http") standin.fault(given);
          else room.fault(given);
        }
        const tiktok = new TikTok({
          ...{ baseUrls: standin.baseUrls, clock: quickClock, random: () => 0 },
          ...(SIGNERS.includes(row) ? { signer: eulerSigner({ host: standin.url }) } : row.options),
        });
        const error = await assertRejects(() => row.call({ tiktok, room }));
        assert(isLiveError(error), String(error));
        assertEquals([error.code, error.retryable, error.retryAfterMs], [row.code, row.retryable, row.retryAfterMs]);
        assertEquals(shown(error.evidence, row.evidence), row.evidence);
        assert(row.remedy.test(error.remedy), error.remedy);
        assert(/^[A-Z][^\n]*: .*[^.]$/.test(error.message), error.message);
        if (error.evidence.url !== undefined) assert(!error.evidence.url.includes("?"), error.evidence.url);
        room.stop();
      } finally {
        if (standin !== common) await standin.stop();
      }
    });
  }

  it("a socket that nobody answers is deadline, one that nobody serves is network", async () => {
    const silent = await listen();
    const room = common.room("silent.host");
    room.startLive({});
    const dial = (port: number) => {
      const baseUrls = { ...common.baseUrls, socket: `ws://127.0.0.1:${port}` };
      // A clock for which a handshake is soon late.
      const clock = {
        ...quickClock,
        setTimeout: (run: () => void, ms: number) => systemClock.setTimeout(run, ms / 100),
      };
      return new TikTok({ baseUrls, clock, random: () => 0 }).live(room.username).done;
    };
    try {
      const late = await assertRejects(() => dial(silent.port));
      assert(isLiveError(late) && late.code === "deadline" && late.retryable && late.remedy !== "", String(late));
    } finally {
      await silent.stop();
    }
    const gone = await assertRejects(() => dial(silent.port));
    assert(isLiveError(gone) && gone.code === "network" && gone.retryable && /connection/.test(gone.remedy));
    room.stop();
  });

  it("every code of the taxonomy has a refusal here, or a test of its own", () => {
    const seen = new Set([...ACCOUNTS, ...ROOMS, ...PAGES, ...SOCKETS, ...STREAMS, ...SIGNERS].map(({ code }) => code));
    assertEquals(LIVE_ERROR_CODES.filter((code) => !seen.has(code)), []);
  });
});

/** A server that takes connections and says nothing. */
async function listen(): Promise<{ port: number; stop: () => Promise<void> }> {
  const sockets = new Set<{ destroy(): void }>();
  const server: Server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => undefined);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  return {
    port: typeof address === "object" && address !== null ? address.port : 1,
    stop: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
