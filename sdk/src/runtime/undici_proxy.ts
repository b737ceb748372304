/**
 * Proxies over undici, for Node: its own fetch and WebSocket ignore a `proxy` option without a word. undici comes as an
 * argument, so that a program that needs no proxy needs no undici.
 * @module
 */
import { type Fetch, type SocketFactory, systemClock } from "../ports.ts";
import type { ProxyAddress } from "./proxy_options.ts";
import { type NativeWebSocketConstructor, webSocketFactory } from "./web_socket.ts";

/** What is used of undici. */
export interface Undici {
  fetch(url: string, init: RequestInit & { dispatcher: object }): Promise<Response>;
  readonly ProxyAgent: new (options: object) => object;
  readonly WebSocket: NativeWebSocketConstructor;
}

/** Everything goes through tunnels, plain http too, so that the proxy's refusals are never taken for TikTok's. */
function agentOf({ ProxyAgent }: Undici, { url, authorization }: ProxyAddress, insecure: boolean): object {
  const tls = { rejectUnauthorized: !insecure };
  return new ProxyAgent({
    uri: url,
    proxyTunnel: true,
    requestTls: tls,
    proxyTls: tls,
    ...(authorization === undefined ? {} : { token: authorization }),
  });
}

/** fetch through a proxy. */
export function undiciFetch(undici: Undici, proxy: ProxyAddress, insecure: boolean): Fetch {
  const dispatcher = agentOf(undici, proxy, insecure);
  return async (url, init) => await undici.fetch(url, { ...init, dispatcher });
}

/** Sockets through a proxy. */
export function undiciSockets(undici: Undici, proxy: ProxyAddress, insecure: boolean): SocketFactory {
  const dispatcher = agentOf(undici, proxy, insecure);
  class ThroughProxy extends undici.WebSocket {
    constructor(url: string, options: { headers: Record<string, string> }) {
      super(url, { ...options, dispatcher } as { headers: Record<string, string> });
    }
  }
  const fetch: Fetch = async (url, init) => await undici.fetch(url, { ...init, dispatcher });
  return webSocketFactory({ WebSocket: ThroughProxy, fetch, clock: systemClock });
}
