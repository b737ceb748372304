import { cachedLookup } from "../core/cached_lookup.ts";
import type { AnswerCache, Freshness } from "../core/answer_cache.ts";
import type { LookupDeps } from "../core/deadline.ts";

/**
 * Answers a request with a body made from look-ups through the cache: with ETag, Age and Cache-Control, with a Warning
 * when an older answer had to do, and with 304 when the caller has it already.
 */
export async function cachedReply(
  deps: LookupDeps,
  cache: AnswerCache | undefined,
  request: Request,
  make: (deps: LookupDeps) => Promise<unknown>,
): Promise<Response> {
  const seen: Freshness[] = [];
  const lookup = cache === undefined ? deps.lookup : cachedLookup(deps.lookup, cache, (each) => seen.push(each));
  const body = JSON.stringify(await make({ ...deps, lookup }));
  const etag = `"${await digest(body)}"`;
  const headers = new Headers({ etag, "cache-control": "private, no-cache" });
  if (seen.length > 0) {
    const storedAt = Math.min(...seen.map((each) => each.storedAt));
    const freshUntil = Math.min(...seen.map((each) => each.freshUntil));
    headers.set("age", String(Math.max(0, Math.floor((deps.clock.now() - storedAt) / 1000))));
    headers.set("cache-control", `private, max-age=${Math.max(0, Math.floor((freshUntil - storedAt) / 1000))}`);
  }
  const stale = seen.find((each) => each.staleBecause !== undefined)?.staleBecause;
  if (stale !== undefined) headers.set("warning", `111 - "Revalidation Failed: ${stale}"`);
  const known = request.headers.get("if-none-match")?.split(",").map((each) => each.trim().replace(/^W\//, "")) ?? [];
  if (known.includes(etag) || known.includes("*")) return new Response(null, { status: 304, headers });
  headers.set("content-type", "application/json");
  return new Response(body, { headers });
}

async function digest(text: string): Promise<string> {
  const bytes = new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text)));
  return btoa(String.fromCharCode(...bytes.subarray(0, 16))).replaceAll("=", "");
}
