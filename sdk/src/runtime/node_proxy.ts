/**
 * Proxies on Node. Its own fetch and WebSocket ignore a `proxy` option without a word, so both come from undici here.
 * @module
 */
import { fetch as undiciFetch, ProxyAgent, type RequestInit as UndiciInit, WebSocket as UndiciSocket } from "undici";
import { type Fetch, systemClock } from "../ports.ts";
import { chooseProxies, type ProxyAddress, type ProxyOptions, type ProxyParts } from "./proxy_options.ts";
import { type NativeWebSocketConstructor, webSocketFactory } from "./web_socket.ts";

/**
 * Sends pages, API, media and sockets of a client through a proxy, on Node. Wants undici (7.30 or newer) installed
 * beside the SDK.
 * @returns options to spread into `new TikTok({...})`; none when `env` names no proxy
 * @throws {TypeError} for wrong options, for a proxy that is not http or https, and on another runtime
 *
 * @example
 * ```ts
 * import { TikTok } from "@roomtone/sdk";
 * import { proxied } from "@roomtone/sdk/node";
 * const tiktok = new TikTok({ ...proxied({ proxy: "http://user:password@proxy.example:3128" }) });
 * console.log((await tiktok.roomStatus("some.host")).live);
 * ```
 */
export function proxied(options: ProxyOptions): ProxyParts {
  // Bun answers `import "undici"` with a part of its own that goes past every proxy.
  if ("Bun" in globalThis || "Deno" in globalThis) {
    throw new TypeError("Cannot use a proxy: this is not Node, import proxied from @roomtone/sdk/bun or /deno");
  }
  const { fetch, socket } = chooseProxies(options);
  const insecure = options.insecure === true;
  return {
    ...(fetch === undefined ? {} : { fetch: fetchThrough(agentOf(fetch, insecure)) }),
    ...(socket === undefined ? {} : { socket: socketsThrough(agentOf(socket, insecure)) }),
  };
}

/** Everything goes through tunnels, plain http too, so that the proxy's refusals are never taken for TikTok's. */
function agentOf({ url, authorization }: ProxyAddress, insecure: boolean): ProxyAgent {
  const tls = { rejectUnauthorized: !insecure };
  return new ProxyAgent({
    uri: url,
    proxyTunnel: true,
    requestTls: tls,
    proxyTls: tls,
    ...(authorization === undefined ? {} : { token: authorization }),
  });
}

function fetchThrough(dispatcher: ProxyAgent): Fetch {
  // undici's own types of the web's interfaces differ from the DOM's in name only.
  return async (url, init) => await undiciFetch(url, { ...init as UndiciInit, dispatcher }) as unknown as Response;
}

function socketsThrough(dispatcher: ProxyAgent) {
  class ThroughProxy extends UndiciSocket {
    constructor(url: string, options: { headers: Record<string, string> }) {
      super(url, { ...options, dispatcher });
    }
  }
  const WebSocket = ThroughProxy as unknown as NativeWebSocketConstructor;
  return webSocketFactory({ WebSocket, fetch: fetchThrough(dispatcher), clock: systemClock });
}
