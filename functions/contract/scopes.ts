/**
 * What an API key may do. A key has one scope or several; none of them holds another.
 * @module
 */

/**
 * `lookup` asks TikTok (links, profiles, lists, gifts, feed), `read` reads what is stored (watchlist, recordings,
 * metrics), `write` changes something (watchlist, recordings, messages into a room).
 */
export const SCOPES = ["lookup", "read", "write"] as const;

/** A scope of {@link SCOPES}. */
export type Scope = (typeof SCOPES)[number];

/** What a route asks of its caller: a key with this scope, or nothing. */
export type RouteScope = Scope | "open";

/**
 * The scope that a route needs. One that names none needs a key all the same: `read` for GET, else `write`.
 * @example
 * ```ts
 * scopeOf({ method: "put" }); // "write"
 * ```
 */
export function scopeOf(route: { method: string; scope?: RouteScope }): RouteScope {
  return route.scope ?? (route.method === "get" ? "read" : "write");
}
