/**
 * Whether TikTok answers this machine under the configured identity: a page, the API, the room, each route into it, and
 * the first bytes of its stream, and by which way all of it leaves. Each is looked at once.
 */
import {
  bestStream,
  DEFAULT_BASE_URLS,
  isLiveError,
  LiveError,
  type LiveErrorCode,
  type RoomStatus,
  TikTok,
  type TikTokOptions,
} from "@roomtone/sdk";
import { checkAddresses, type Probe, type Ways } from "./addresses.ts";
import type { Finding } from "./finding.ts";

/** What the egress is looked at with. */
export interface EgressOptions {
  /** Options of a client, identity and addresses among them. */
  client: TikTokOptions;
  /** The host to look at; without one there is no room to enter. */
  name: string | undefined;
  signal: AbortSignal;
  /** Time for one check, ms. */
  timeoutMs: number;
  /** Host and port of the identity's proxy; `undefined` for a direct way. */
  proxy: string | undefined;
  /** Tells what address a connection has here. */
  probe: Probe;
}

type Route = "direct" | "signed" | "polling";

/** An account that is always there, for when no name is given. */
const SOME_NAME = "tiktok";
/** A room id of the right shape, for when there is no room. */
const SOME_ROOM = "7000000000000000000";
/** Answers about the account, which only comes with a page that is served. */
const OF_THE_ACCOUNT: ReadonlySet<LiveErrorCode> = new Set(["not_found", "private", "offline", "age_restricted"]);

/** Looks at all of it, one after another; a finding is told as soon as it is there. */
export async function* checkEgress(options: EgressOptions): AsyncGenerator<Finding> {
  const { client, name, signal, timeoutMs } = options;
  const guest: TikTokOptions = { ...client, signer: undefined, timeoutMs };
  const tiktok = new TikTok({ ...guest, routes: ["direct"] });
  const look = (check: string, work: () => Promise<string>) => finding(check, work, signal);

  yield await look("pages", async () => {
    await tiktok.userInfo(name ?? SOME_NAME, { signal });
    return "a profile page is served";
  });
  let status: RoomStatus | undefined;
  if (name !== undefined) {
    yield await look("room", async () => {
      status = await tiktok.roomStatus(name, { signal });
      return status.live ? `@${name} is live` : `@${name} is not live`;
    });
  }
  yield await look("api", async () => {
    await tiktok.checkAlive([status?.roomId || SOME_ROOM], { signal });
    return "calls are answered";
  });

  const why = name === undefined
    ? "no name was given"
    : status === undefined
    ? "the room could not be looked up"
    : status.live
    ? undefined
    : `@${name} is not live`;
  if (why !== undefined || status === undefined) {
    const remedy = "Name a host who is live: roomtone doctor NAME";
    for (const check of ["route direct", "route signed", "route polling", "media"]) {
      yield { check, state: "skipped", detail: `nothing to enter: ${why}`, remedy };
    }
  } else {
    yield* checkRoutes(options, status.roomId);
    yield await checkMedia(tiktok, status, signal, timeoutMs);
  }
  yield await checkAddresses(waysOf(client, status), options.proxy, options);
}

function waysOf({ baseUrls }: TikTokOptions, status: RoomStatus | undefined): Ways {
  const { web, webcast, socket } = { ...DEFAULT_BASE_URLS, ...baseUrls };
  const media = status?.live ? bestStream(status.links)?.url : undefined;
  return { pages: web, api: webcast, socket, ...(media === undefined ? {} : { media }) };
}

/** Each route by itself. One that fails is a warning where another works: then nothing needed is broken. */
async function* checkRoutes(options: EgressOptions, roomId: string): AsyncGenerator<Finding> {
  const { client, signal, timeoutMs } = options;
  const { signer } = client;
  const findings: Finding[] = [];
  for (const route of ["direct", "signed", "polling"] as const) {
    const able = route === "direct" || (route === "signed" ? signer?.fetchRoom !== undefined : signer !== undefined);
    if (!able) {
      const detail = signer === undefined ? "there is no signer" : "the signer cannot do it";
      findings.push({
        check: `route ${route}`,
        state: "skipped",
        detail,
        remedy: "Set ROOMTONE_EULER_KEY to have this way, too",
      });
      continue;
    }
    findings.push(await enter({ ...client, timeoutMs }, route, roomId, signal));
  }
  const works = findings.some(({ state }) => state === "ok");
  for (const each of findings) yield each.state === "failed" && works ? { ...each, state: "warning" } : each;
}

async function enter(client: TikTokOptions, route: Route, roomId: string, signal: AbortSignal): Promise<Finding> {
  return await finding(`route ${route}`, async () => {
    const refused = Promise.withResolvers<never>();
    const tiktok = new TikTok({
      ...client,
      routes: [route],
      // The live would pause and try again: the first refusal is what is asked for.
      onTrace(event) {
        if (event.kind !== "route" || event.what !== "failed") return;
        refused.reject(new LiveError(event.code ?? "network", event.detail));
      },
    });
    const live = tiktok.live({ roomId }, { signal });
    try {
      await Promise.race([live.connected, refused.promise]);
      return route === "polling" ? "messages are answered" : "the socket opens";
    } finally {
      live.close();
    }
  }, signal);
}

async function checkMedia(tiktok: TikTok, status: RoomStatus, signal: AbortSignal, timeoutMs: number) {
  const link = bestStream(status.links);
  if (link === undefined) {
    const remedy = "Try another host; some lives are shown in the app only";
    return { check: "media", state: "skipped", detail: "the room names no stream", remedy } satisfies Finding;
  }
  return await finding("media", async () => {
    const ending = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]);
    const reader = (await tiktok.openStream(link.url, { signal: ending })).getReader();
    try {
      const { value } = await reader.read();
      if (value === undefined) throw new Error("the stream ended before its first byte");
      return `${link.quality} over ${link.protocol}: the first ${value.length} bytes came`;
    } finally {
      await reader.cancel();
    }
  }, signal);
}

/** Runs one check; what it throws is its finding. Only the caller's own abort goes on. */
async function finding(check: string, work: () => Promise<string>, signal: AbortSignal): Promise<Finding> {
  try {
    return { check, state: "ok", detail: await work() };
  } catch (error) {
    signal.throwIfAborted();
    if (!isLiveError(error)) {
      const late = error instanceof DOMException && error.name === "TimeoutError";
      const detail = late ? "no answer in time" : error instanceof Error ? error.message : String(error);
      return { check, state: "failed", detail, remedy: "Check the connection and the proxy, then try again" };
    }
    const { code, message, remedy, evidence } = error;
    if (check === "pages" && OF_THE_ACCOUNT.has(code)) {
      return { check, state: "ok", detail: `TikTok answers: ${message}` };
    }
    return { check, state: "failed", detail: message, remedy, code, evidence };
  }
}
