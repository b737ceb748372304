import { type Fetch, LiveError, TikTok, type TikTokOptions, type TraceEvent } from "@roomtone/sdk";
import { AppError, SLOWING_CODES } from "../../contract/errors.ts";
import type { RequestTurns } from "../../ports/request_turns.ts";

/** Where TikTok is, as settings have it. */
export interface TikTokAddresses {
  tiktokWebUrl: string;
  tiktokWebcastUrl: string;
  tiktokSocketUrl: string;
  tiktokTtwidUrl: string;
}

/** Options of {@link openClient}: who it is, and a fetch in place of the host's. */
export type ClientOptions = Pick<TikTokOptions, "cookies" | "signer" | "mediaHosts" | "fetch" | "random" | "onTrace">;

/**
 * The client of TikTok, one for each process: everything that look-ups, pollers and recorders ask of TikTok over HTTP
 * waits for its turn in one place, and refusals seen by any of them slow all of them down.
 */
export function openClient(addresses: TikTokAddresses, turns: RequestTurns, options: ClientOptions = {}): TikTok {
  const { tiktokWebUrl: web, tiktokWebcastUrl: webcast, tiktokSocketUrl: socket, tiktokTtwidUrl: ttwid } = addresses;
  const hosts = new Set([web, webcast, socket, ttwid].map((url) => new URL(url).host));
  const asksTikTok = ({ host, hostname }: URL) =>
    hosts.has(host) || hostname === "tiktok.com" || hostname.endsWith(".tiktok.com");
  return new TikTok({
    ...options,
    baseUrls: { web, webcast, socket, ttwid },
    fetch: fetchInTurn(options.fetch ?? ((url, init) => fetch(url, init)), turns, asksTikTok),
    onTrace: (event) => {
      options.onTrace?.(event);
      if (refusesLive(event)) turns.slowDown();
    },
  });
}

/**
 * A fetch that waits for a turn before each request to TikTok, redirects included, and hands on when TikTok says that
 * there were too many.
 * @param asksTikTok whether a URL leads there; streams and the signer have limits of their own
 */
export function fetchInTurn(fetch: Fetch, turns: RequestTurns, asksTikTok: (url: URL) => boolean): Fetch {
  return async (url, init) => {
    if (!asksTikTok(new URL(url))) return await fetch(url, init);
    try {
      await turns.take(1, { signal: init.signal ?? undefined });
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      const { message, remedy, retryAfterMs } = error;
      throw new LiveError("rate_limited", message, { remedy, retryAfterMs, cause: error });
    }
    const response = await fetch(url, init);
    if (response.status === 429) turns.slowDown(secondsIn(response.headers.get("retry-after")));
    return response;
  };
}

/** Time in a `Retry-After` header, ms; `undefined` when it holds no number of seconds. */
function secondsIn(header: string | null): number | undefined {
  return header !== null && /^\s*\d{1,8}\s*$/.test(header) ? Number(header) * 1000 : undefined;
}

/** Whether a live, as recorders open them, came to its end by a refusal. */
function refusesLive(event: TraceEvent): boolean {
  return event.kind === "end" && event.code !== undefined && SLOWING_CODES.has(event.code);
}
