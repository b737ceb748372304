/**
 * Proxies on Deno: an HTTP client of its own for fetch, and tunnels under the SDK's own WebSocket client.
 * @module
 */
import type { Fetch } from "../ports.ts";
import { rawSocketFactory } from "./deno_socket.ts";
import { bypassError, chooseProxies, type ProxyAddress, type ProxyOptions, type ProxyParts } from "./proxy_options.ts";
import { type TunnelHost, tunnelHost } from "./tunnel.ts";

/** What is used of the `Deno` namespace. */
interface DenoHost extends TunnelHost {
  env: { get(name: string): string | undefined };
  createHttpClient(options: { proxy: { url: string; basicAuth?: { username: string; password: string } } }): object;
}

/**
 * Sends pages, API, media and sockets of a client through a proxy, on Deno. Deno obeys `NO_PROXY` of the process for
 * every proxy: a request that it would send past the proxy is refused, as `network`. To see that, it wants
 * `--allow-env=NO_PROXY,no_proxy` beside `--allow-net`.
 * @returns options to spread into `new TikTok({...})`; none when `env` names no proxy
 * @throws {TypeError} for wrong options, for a proxy that is not http or https, and on another runtime; for `insecure`,
 * which Deno has for the whole process only; for an https proxy for the socket, since Deno runs no TLS inside TLS; when
 * the program may not read `NO_PROXY`
 *
 * @example
 * ```ts
 * import { TikTok } from "@roomtone/sdk";
 * import { proxied } from "@roomtone/sdk/deno";
 * const tiktok = new TikTok({ ...proxied({ proxy: "http://user:password@proxy.example:3128" }) });
 * console.log((await tiktok.roomStatus("some.host")).live);
 * ```
 */
export function proxied(options: ProxyOptions): ProxyParts {
  const deno = (globalThis as { Deno?: DenoHost }).Deno;
  if (deno === undefined) {
    throw new TypeError("Cannot use a proxy: this is not Deno, import proxied from @roomtone/sdk/node or /bun");
  }
  const { fetch, socket } = chooseProxies(options);
  if (options.insecure === true) {
    throw new TypeError(
      "Cannot use the option 'insecure': Deno has it for the whole process only, start it with " +
        "--unsafely-ignore-certificate-errors, or with --cert and the proxy's certificate",
    );
  }
  if (socket?.secure === true) {
    throw new TypeError(
      "Cannot use an https proxy for the socket: Deno runs no TLS inside TLS, pass an http proxy as allProxy",
    );
  }
  return {
    ...(fetch === undefined ? {} : { fetch: fetchThrough(deno, fetch) }),
    ...(socket === undefined ? {} : {
      socket: rawSocketFactory({
        host: tunnelHost(deno, socket),
        randomBytes: (length) => crypto.getRandomValues(new Uint8Array(length)),
      }),
    }),
  };
}

function fetchThrough(deno: DenoHost, { url: proxyUrl, login }: ProxyAddress): Fetch {
  const noProxy = readNoProxy(deno);
  const client = deno.createHttpClient({
    proxy: { url: proxyUrl, ...(login === undefined ? {} : { basicAuth: login }) },
  });
  return async (url, init) => {
    const past = bypassError(noProxy, url);
    if (past !== undefined) throw past;
    return await fetch(url, { ...init, client } as RequestInit);
  };
}

function readNoProxy({ env }: DenoHost): string {
  try {
    return `${env.get("NO_PROXY") ?? ""},${env.get("no_proxy") ?? ""}`;
  } catch (cause) {
    throw new TypeError(
      "Cannot use a proxy: Deno would obey NO_PROXY, and this program may not read it, start it with " +
        "--allow-env=NO_PROXY,no_proxy",
      { cause },
    );
  }
}
