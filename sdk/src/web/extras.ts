/**
 * What a program adds to the requests that go to TikTok, and only there.
 * @module
 */
import type { Fetch, SocketFactory } from "../ports.ts";

/** Additions of one client. */
export interface Extras {
  headers: Readonly<Record<string, string>>;
  socketHeaders: Readonly<Record<string, string>>;
  params: Readonly<Record<string, string>>;
}

/** Headers that have an option of their own, which pages, API and socket follow alike. */
const OWN_OPTION: ReadonlyMap<string, string> = new Map([["cookie", "cookies"], ["user-agent", "userAgent"]]);

/** Paths that take the query of TikTok's web player. */
const PLAYER_PATHS = /^\/(?:webcast|api-live)\//;

/**
 * Reads the options.
 * @throws {TypeError} for a name or value that a header or query cannot carry
 */
export function checkExtras(given: Partial<Extras>): Extras {
  const { headers = {}, socketHeaders = {}, params = {} } = given;
  for (const [option, values] of Object.entries({ headers, socketHeaders })) {
    for (const [name, value] of Object.entries(values)) {
      const own = OWN_OPTION.get(name.toLowerCase());
      if (own !== undefined) throw new TypeError(`Cannot use the option '${option}': ${name} goes into '${own}'`);
      if (!/^[\w!#$%&'*+.^`|~-]+$/.test(name) || typeof value !== "string" || !/^[\x20-\x7e]*$/.test(value)) {
        throw new TypeError(`Cannot use the option '${option}': ${name} is not a header of visible ASCII`);
      }
    }
  }
  for (const [name, value] of Object.entries(params)) {
    if (typeof value !== "string") throw new TypeError(`Cannot use the option 'params': ${name} must be a string`);
  }
  return { headers, socketHeaders, params };
}

/**
 * A fetch that adds headers and parameters.
 * @param trusts whether a URL is TikTok's; anything else is left alone, at each redirect anew
 */
export function extendFetch(fetch: Fetch, extras: Extras, trusts: (url: URL) => boolean): Fetch {
  if (isEmpty(extras.headers) && isEmpty(extras.params)) return fetch;
  return (url, init) => {
    const target = new URL(url);
    if (!trusts(target)) return fetch(url, init);
    const headers = withHeaders(Object.fromEntries(new Headers(init.headers)), extras.headers);
    return fetch(withParams(target, extras.params), { ...init, headers });
  };
}

/** Sockets that add headers and parameters; `trusts` as in {@link extendFetch}. */
export function extendSockets(sockets: SocketFactory, extras: Extras, trusts: (url: URL) => boolean): SocketFactory {
  if (isEmpty(extras.socketHeaders) && isEmpty(extras.params)) return sockets;
  return {
    open: (url, options, handlers) => {
      const target = new URL(url);
      if (!trusts(target)) return sockets.open(url, options, handlers);
      const headers = withHeaders(options.headers, extras.socketHeaders);
      return sockets.open(withParams(target, extras.params), { ...options, headers }, handlers);
    },
  };
}

function isEmpty(values: Readonly<Record<string, string>>): boolean {
  return Object.keys(values).length === 0;
}

/** Header names are the same in any case, and each is sent once. */
function withHeaders(
  headers: Readonly<Record<string, string>>,
  added: Readonly<Record<string, string>>,
): Record<string, string> {
  const replaced = new Set(Object.keys(added).map((name) => name.toLowerCase()));
  return {
    ...Object.fromEntries(Object.entries(headers).filter(([name]) => !replaced.has(name.toLowerCase()))),
    ...added,
  };
}

function withParams(url: URL, params: Readonly<Record<string, string>>): string {
  // A signed URL has them already: a change after signing would break the signature.
  if (isEmpty(params) || !PLAYER_PATHS.test(url.pathname) || url.searchParams.has("X-Bogus")) return url.href;
  for (const [name, value] of Object.entries(params)) url.searchParams.set(name, value);
  // TikTok's own player writes a space as %20.
  url.search = url.search.replaceAll("+", "%20");
  return url.href;
}
