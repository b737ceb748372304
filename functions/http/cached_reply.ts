import type { AnswerCache } from "../core/answer_cache.ts";
import { cachedLookup, type LookupTrace } from "../core/cached_lookup.ts";
import type { LookupDeps } from "../core/deadline.ts";

/** Most characters of replies, and of the URLs that they are kept under. */
const MAX_KEPT_CHARS = 8_000_000;

/** A reply that is the same for all who ask for it. */
interface Reply {
  body: string;
  etag: string;
  /** All but Age. */
  headers: Headers;
  /** When the oldest answer in it was obtained; `undefined` when none came from a cache. */
  storedAt: number | undefined;
}

/** Replies with bodies made from look-ups through the cache. One for each app. */
export class CachedReplies {
  readonly #cache: AnswerCache | undefined;
  /** By URL, the first that was made first. */
  readonly #kept = new Map<string, Reply & { freshUntil: number }>();
  #chars = 0;

  /** @param cache without it, nothing is kept */
  constructor(cache: AnswerCache | undefined) {
    this.#cache = cache;
  }

  /** The reply that was made for this URL before, as long as every answer in it is fresh. */
  atHand({ clock }: Pick<LookupDeps, "clock">, request: Request): Response | undefined {
    const kept = this.#kept.get(request.url);
    if (kept === undefined) return undefined;
    const now = clock.now();
    if (kept.freshUntil > now) return respond(kept, request, now);
    this.#forget(request.url, kept);
    return undefined;
  }

  /**
   * Makes a reply: with ETag, Age and Cache-Control, with a Warning when an older answer had to do, and with 304 when
   * the caller has it already.
   */
  async make(deps: LookupDeps, request: Request, make: (deps: LookupDeps) => Promise<unknown>): Promise<Response> {
    const trace: LookupTrace = { asked: 0, seen: [] };
    const lookup = this.#cache === undefined ? deps.lookup : cachedLookup(deps.lookup, this.#cache, trace);
    const body = JSON.stringify(await make({ ...deps, lookup }));
    const { asked, seen } = trace;
    const etag = `"${await digest(body)}"`;
    const headers = new Headers({ "content-type": "application/json", etag, "cache-control": "private, no-cache" });
    const now = deps.clock.now();
    if (seen.length === 0) return respond({ body, etag, headers, storedAt: undefined }, request, now);
    const storedAt = Math.min(...seen.map((each) => each.storedAt));
    const freshUntil = Math.min(...seen.map((each) => each.freshUntil));
    headers.set("cache-control", `private, max-age=${Math.max(0, Math.floor((freshUntil - storedAt) / 1000))}`);
    const stale = seen.find((each) => each.staleBecause !== undefined)?.staleBecause;
    if (stale !== undefined) headers.set("warning", `111 - "Revalidation Failed: ${stale}"`);
    const reply = { body, etag, headers, storedAt, freshUntil };
    // A name that was late or failed has no answer that may be kept, and then neither has the whole.
    if (seen.length === asked) this.#keep(request.url, reply);
    return respond(reply, request, now);
  }

  #keep(url: string, reply: Reply & { freshUntil: number }): void {
    const before = this.#kept.get(url);
    if (before !== undefined) this.#forget(url, before);
    this.#kept.set(url, reply);
    this.#chars += url.length + reply.body.length;
    for (const [first, kept] of this.#kept) {
      if (this.#chars <= MAX_KEPT_CHARS) return;
      this.#forget(first, kept);
    }
  }

  #forget(url: string, { body }: Reply): void {
    this.#kept.delete(url);
    this.#chars -= url.length + body.length;
  }
}

function respond({ body, etag, headers: same, storedAt }: Reply, request: Request, now: number): Response {
  // A copy: what others add to the answer is for this caller only.
  const headers = new Headers(same);
  if (storedAt !== undefined) headers.set("age", String(Math.max(0, Math.floor((now - storedAt) / 1000))));
  const known = request.headers.get("if-none-match");
  if (known === null || !names(known, etag)) return new Response(body, { headers });
  headers.delete("content-type");
  return new Response(null, { status: 304, headers });
}

/** Whether an If-None-Match names an ETag. */
function names(known: string, etag: string): boolean {
  return known.split(",").map((each) => each.trim().replace(/^W\//, "")).some((each) => each === etag || each === "*");
}

async function digest(text: string): Promise<string> {
  const bytes = new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text)));
  return btoa(String.fromCharCode(...bytes.subarray(0, 16))).replaceAll("=", "");
}
