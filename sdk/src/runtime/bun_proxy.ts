/**
 * Proxies on Bun, by the `proxy` option of its fetch and WebSocket.
 * @module
 */
import { type Fetch, type SocketFactory, systemClock } from "../ports.ts";
import { refusedSocket } from "./host.ts";
import { bypassError, chooseProxies, type ProxyAddress, type ProxyOptions, type ProxyParts } from "./proxy_options.ts";
import { type NativeWebSocketConstructor, webSocketFactory } from "./web_socket.ts";

/** What is used of the `Bun` namespace. */
interface BunHost {
  version: string;
  env: Readonly<Record<string, string | undefined>>;
}

/** What Bun's fetch and WebSocket take beside the web's options. */
interface BunInit {
  proxy: { url: string; headers: Record<string, string> };
  tls: { rejectUnauthorized: boolean };
}

/** Older ones ignore parts of {@link BunInit} without a word. */
const LEAST_VERSION = [1, 4] as const;

/**
 * Sends pages, API, media and sockets of a client through a proxy, on Bun 1.4 or newer. Bun obeys `NO_PROXY` of the
 * process for every proxy: a request that it would send past the proxy is refused, as `network`.
 * @returns options to spread into `new TikTok({...})`; none when `env` names no proxy
 * @throws {TypeError} for wrong options, for a proxy that is not http or https, and on another runtime
 *
 * @example
 * ```ts
 * import { TikTok } from "@roomtone/sdk";
 * import { proxied } from "@roomtone/sdk/bun";
 * const tiktok = new TikTok({ ...proxied({ proxy: "http://user:password@proxy.example:3128" }) });
 * console.log((await tiktok.roomStatus("some.host")).live);
 * ```
 */
export function proxied(options: ProxyOptions): ProxyParts {
  const bun = (globalThis as { Bun?: BunHost }).Bun;
  if (bun === undefined) {
    throw new TypeError("Cannot use a proxy: this is not Bun, import proxied from @roomtone/sdk/node or /deno");
  }
  const [major = 0, minor = 0] = bun.version.split(".").map(Number);
  if (major < LEAST_VERSION[0] || (major === LEAST_VERSION[0] && minor < LEAST_VERSION[1])) {
    throw new TypeError(`Cannot use a proxy: it wants Bun ${LEAST_VERSION.join(".")}, this is ${bun.version}`);
  }
  const { fetch, socket } = chooseProxies(options);
  const insecure = options.insecure === true;
  return {
    ...(fetch === undefined ? {} : { fetch: fetchThrough(bun, initOf(fetch, insecure)) }),
    ...(socket === undefined ? {} : { socket: socketsThrough(bun, initOf(socket, insecure)) }),
  };
}

/** The login goes as a header: in the URL it could come back in an error. */
function initOf({ url, authorization }: ProxyAddress, insecure: boolean): BunInit {
  const headers: Record<string, string> = authorization === undefined ? {} : { "Proxy-Authorization": authorization };
  return { proxy: { url, headers }, tls: { rejectUnauthorized: !insecure } };
}

/** Why a URL would not go through the proxy; Bun looks at the variables anew for each request. */
function pastProxy({ env }: BunHost, url: string) {
  return bypassError(`${env["NO_PROXY"] ?? ""},${env["no_proxy"] ?? ""}`, url);
}

function fetchThrough(bun: BunHost, through: BunInit): Fetch {
  return async (url, init) => {
    const past = pastProxy(bun, url);
    if (past !== undefined) throw past;
    return await fetch(url, { ...init, ...through } as RequestInit);
  };
}

function socketsThrough(bun: BunHost, through: BunInit): SocketFactory {
  const Native = WebSocket as unknown as NativeWebSocketConstructor;
  class ThroughProxy extends Native {
    constructor(url: string, options: { headers: Record<string, string> }) {
      super(url, { ...options, ...through } as { headers: Record<string, string> });
    }
  }
  const sockets = webSocketFactory({
    WebSocket: ThroughProxy,
    fetch: fetchThrough(bun, through),
    clock: systemClock,
  });
  return {
    open: (url, options, handlers) => {
      const past = pastProxy(bun, url);
      return past === undefined ? sockets.open(url, options, handlers) : refusedSocket(past, handlers);
    },
  };
}
