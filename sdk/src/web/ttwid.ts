/**
 * The guest cookie `ttwid`, without which the socket refuses (protocol.md 4.1 step 2). TikTok sets it on a fraction of
 * page loads, so several are tried; a registration service is the last way. Pages that refuse end the page rounds:
 * asking again would only be rude.
 * @module
 */
import { pause } from "../deadline.ts";
import { isLiveError, LiveError, type LiveErrorEvidence } from "../errors.ts";
import type { Clock } from "../ports.ts";
import type { HttpClient, HttpRequest } from "./http.ts";
import type { Identity } from "./identity.ts";
import { evidenceOf } from "./refusals.ts";

const ACTION = "Get a guest cookie";

/** Page rounds before the other ways; the newest measurement needed up to eight. */
export const PROFILE_ROUNDS = 8;

/** Pause between two page rounds, ms. */
export const ROUND_PAUSE_MS = 750;

/** The pages that may set the cookie, in order of trying. */
export function ttwidPages(webUrl: string, username: string | undefined): string[] {
  const profiles = username === undefined ? ["/@tiktok"] : [`/@${username}`, "/@tiktok"];
  const rounds = Array.from({ length: PROFILE_ROUNDS }, (_, round) => profiles[round % profiles.length]);
  return [...rounds, "/live", "/"].map((path) => `${webUrl}${path}`);
}

/** The registration service, which wants `aid` 1768. */
export function ttwidRegistration(ttwidUrl: string): HttpRequest {
  return {
    action: ACTION,
    url: `${ttwidUrl}/ttwid/union/register/`,
    method: "POST",
    body: JSON.stringify({
      region: "va",
      aid: 1768,
      needFid: false,
      service: "https://www.tiktok.com",
      migrate_priority: 0,
      cbUrlProtocol: "https",
      misleep: 100,
    }),
    wants: "headers",
    anonymous: true,
  };
}

/** What {@link fetchTtwid} works with. */
export interface TtwidContext {
  http: HttpClient;
  identity: Identity;
  clock: Clock;
}

/**
 * Makes sure that the identity holds a `ttwid`; returns at once when it does.
 * @param username host whose page is asked first
 * @throws {LiveError} the refusal that stood in the way, or `blocked` when no answer set the cookie
 */
export async function fetchTtwid(context: TtwidContext, username?: string, signal?: AbortSignal): Promise<void> {
  const { http, identity, clock } = context;
  if (identity.ttwid !== undefined) return;
  let refusal: LiveError | undefined;
  let tries = 0;
  for (const url of ttwidPages(identity.baseUrls.web, username)) {
    if (tries > 0) await pause(clock, ROUND_PAUSE_MS, signal);
    tries++;
    try {
      const reply = await http.send({ action: ACTION, url, wants: "headers" }, signal);
      refusal = sentAway(url, evidenceOf(reply));
    } catch (error) {
      // A page that does not exist can still set the cookie; any other refusal speaks for all pages.
      if (!isLiveError(error)) throw error;
      refusal = error.code === "not_found" ? sentAway(url, error.evidence) : error;
    }
    if (identity.ttwid !== undefined) return;
    if (refusal !== undefined) break;
  }
  tries++;
  try {
    const request = ttwidRegistration(identity.baseUrls.ttwid);
    const reply = await http.send(request, signal);
    identity.keepCookies(new URL(identity.baseUrls.web), reply.headers.getSetCookie().filter(isTtwid));
  } catch (error) {
    if (!isLiveError(error)) throw error;
    refusal ??= error;
  }
  if (identity.ttwid !== undefined) return;
  throw new LiveError(refusal?.code ?? "blocked", `${ACTION}: TikTok set none in ${tries} tries`, {
    ...(refusal === undefined
      ? {}
      : { evidence: refusal.evidence, retryAfterMs: refusal.retryAfterMs, cause: refusal }),
    remedy: "Wait some minutes, use a proxy in a country that TikTok serves, or pass a ttwid of your own browser in " +
      "the option cookies",
  });
}

/** What a redirect away from the live page means (protocol.md 1 "Refusals"). */
function sentAway(asked: string, evidence: LiveErrorEvidence): LiveError | undefined {
  const pathOf = (url = "") => URL.parse(url)?.pathname;
  if (pathOf(asked) !== "/live" || pathOf(evidence.url) === "/live") return undefined;
  return new LiveError("blocked", `${ACTION}: TikTok leads the client away from its live page`, { evidence });
}

const isTtwid = (line: string): boolean => line.startsWith("ttwid=");
