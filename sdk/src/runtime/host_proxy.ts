/**
 * Proxies on whatever runtime this is, for the compat door, whose scripts name a proxy without importing a door for it.
 * undici is loaded by the first request that needs it, so that scripts without a proxy need none.
 * @module
 */
import { LiveError } from "../errors.ts";
import type { Fetch, Socket, SocketFactory } from "../ports.ts";
import { proxied as bunProxied } from "./bun_proxy.ts";
import { proxied as denoProxied } from "./deno_proxy.ts";
import { chooseProxies, type ProxyOptions, type ProxyParts } from "./proxy_options.ts";
import { type Undici, undiciFetch, undiciSockets } from "./undici_proxy.ts";

/** A name that bundlers leave alone: programs install it themselves. */
const UNDICI = "undici";

async function loadUndici(): Promise<Undici> {
  try {
    return await import(UNDICI);
  } catch (cause) {
    throw new LiveError("network", "Use the proxy: there is no package undici", {
      remedy: "Install undici (7.30 or newer) beside this package",
      retryable: false,
      cause,
    });
  }
}

/**
 * Sends requests and sockets through a proxy.
 * @param load gives undici; only Node needs it
 * @returns options for `new TikTok()`
 * @throws {TypeError} for what the runtime's own door refuses
 */
export function proxiedByHost(options: ProxyOptions, load: () => Promise<Undici> = loadUndici): Required<ProxyParts> {
  if ("Bun" in globalThis) return whole(bunProxied(options));
  if ("Deno" in globalThis) return whole(denoProxied(options));
  const proxies = chooseProxies(options);
  const insecure = options.insecure === true;
  const make = async () => {
    const undici = await load();
    const { fetch, socket } = proxies;
    if (fetch === undefined || socket === undefined) throw noProxy();
    return { fetch: undiciFetch(undici, fetch, insecure), socket: undiciSockets(undici, socket, insecure) };
  };
  let made: ReturnType<typeof make> | undefined;
  const parts = () => made ??= make();
  const fetch: Fetch = async (url, init) => await (await parts()).fetch(url, init);
  return whole({ fetch, socket: deferredSockets(async () => (await parts()).socket) });
}

function noProxy(): TypeError {
  return new TypeError("Cannot use a proxy: none was named");
}

function whole({ fetch, socket }: ProxyParts): Required<ProxyParts> {
  if (fetch === undefined || socket === undefined) throw noProxy();
  return { fetch, socket };
}

function deferredSockets(load: () => Promise<SocketFactory>): SocketFactory {
  return {
    open: (url, options, handlers) => {
      let socket: Socket | undefined;
      let closed = false;
      load().then((factory) => {
        if (!closed) socket = factory.open(url, options, handlers);
      }, (cause) => {
        if (!closed) handlers.refused({ cause });
      });
      return {
        send: (bytes) => socket?.send(bytes),
        close: () => {
          closed = true;
          socket?.close();
        },
      };
    },
  };
}
