/**
 * Proxies on Node, by undici.
 * @module
 */
import { fetch as undiciFetchPlain, ProxyAgent, WebSocket } from "undici";
import { chooseProxies, type ProxyOptions, type ProxyParts } from "./proxy_options.ts";
import { type Undici, undiciFetch, undiciSockets } from "./undici_proxy.ts";

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
  // undici's own types of the web's interfaces differ from the DOM's in name only.
  const undici = { fetch: undiciFetchPlain, ProxyAgent, WebSocket } as unknown as Undici;
  const { fetch, socket } = chooseProxies(options);
  const insecure = options.insecure === true;
  return {
    ...(fetch === undefined ? {} : { fetch: undiciFetch(undici, fetch, insecure) }),
    ...(socket === undefined ? {} : { socket: undiciSockets(undici, socket, insecure) }),
  };
}
