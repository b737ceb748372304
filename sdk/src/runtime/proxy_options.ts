/**
 * Which proxy serves what, the same for every runtime. Nothing here shows a proxy's user or password.
 * @module
 */
import { LiveError } from "../errors.ts";
import type { Fetch, SocketFactory } from "../ports.ts";
import { base64 } from "./ws_protocol.ts";

/** Options of `proxied` in the doors `/node`, `/bun` and `/deno`; at least `proxy`, `allProxy` or `env` is needed. */
export interface ProxyOptions {
  /**
   * Proxy for pages, API, media and the socket: `http://` or `https://` with host, port and perhaps `user:password`,
   * percent-encoded. Wins over `env`.
   */
  proxy?: string;
  /** Another proxy for the socket alone, in the same form. Wins over `proxy` and `env`. */
  allProxy?: string;
  /**
   * Takes any certificate, of the proxy and of what is behind it; for proxies that look into TLS. Holds only where a
   * proxy is used. Deno cannot do that for one client, so there it is refused. @default false
   */
  insecure?: boolean;
  /**
   * Environment variables, such as `process.env`: `HTTPS_PROXY` serves fetch and the socket, `ALL_PROXY` the socket
   * only and wins there; in lower case too. `NO_PROXY` is not obeyed: one identity has one way out.
   * @default no variable is read
   */
  env?: Readonly<Record<string, string | undefined>>;
}

/** Options for `new TikTok({...})`; what no proxy was named for is absent and stays the client's own. */
export interface ProxyParts {
  /** Pages, API and media through the proxy. */
  fetch?: Fetch;
  /** Sockets through the proxy, and the question why one was refused. */
  socket?: SocketFactory;
}

/** A proxy, as the adapters use it. */
export interface ProxyAddress {
  /** Without user and password: `http://host:port`. */
  url: string;
  /** Whether the way to the proxy itself is TLS. */
  secure: boolean;
  /** Without the brackets of IPv6. */
  hostname: string;
  port: number;
  /** Absent when the URL names no user. */
  login?: { username: string; password: string };
  /** Value of `Proxy-Authorization`; absent when the URL names no user. */
  authorization?: string;
}

/** Refuses a URL without repeating it, since it may hold a password. */
function unusable(source: string): TypeError {
  return new TypeError(
    `Cannot use ${source}: it must be an http or https URL such as http://user:password@proxy.example:3128`,
  );
}

function parseProxy(source: string, given: unknown): ProxyAddress {
  const url = typeof given === "string" ? URL.parse(given) : null;
  if (url === null || !/^https?:$/.test(url.protocol) || url.pathname !== "/" || url.search !== "" || url.hash !== "") {
    throw unusable(source);
  }
  const secure = url.protocol === "https:";
  const address = {
    url: url.origin,
    secure,
    hostname: url.hostname.replace(/^\[(.*)\]$/, "$1"),
    port: url.port === "" ? (secure ? 443 : 80) : Number(url.port),
  };
  if (url.username === "" && url.password === "") return address;
  const login = { username: decoded(source, url.username), password: decoded(source, url.password) };
  const bytes = new TextEncoder().encode(`${login.username}:${login.password}`);
  return { ...address, login, authorization: `Basic ${base64(bytes)}` };
}

function decoded(source: string, text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    // The error that is dropped would repeat the text.
    throw unusable(source);
  }
}

/**
 * Which proxy serves fetch and which the sockets.
 * @throws {TypeError} for an option of the wrong type, a proxy that is no http or https URL, and when none of `proxy`,
 * `allProxy` and `env` is given
 */
export function chooseProxies(options: ProxyOptions): { fetch?: ProxyAddress; socket?: ProxyAddress } {
  const { proxy, allProxy, insecure, env } = options;
  if (proxy === undefined && allProxy === undefined && env === undefined) {
    throw new TypeError("Cannot use a proxy: pass the option proxy, allProxy or env");
  }
  if (insecure !== undefined && typeof insecure !== "boolean") {
    throw new TypeError("Cannot use the option 'insecure': it must be a boolean");
  }
  const option = (name: "proxy" | "allProxy") =>
    options[name] === undefined ? undefined : parseProxy(`the option '${name}'`, options[name]);
  const variable = (name: string) => {
    const value = env?.[name] || env?.[name.toLowerCase()];
    return value ? parseProxy(name, value) : undefined;
  };
  const explicit = option("proxy");
  const fetch = explicit ?? variable("HTTPS_PROXY");
  const socket = option("allProxy") ?? explicit ?? variable("ALL_PROXY") ?? fetch;
  return { ...(fetch === undefined ? {} : { fetch }), ...(socket === undefined ? {} : { socket }) };
}

/**
 * The error for a host that the runtime would dial directly although a proxy was named; `undefined` when it would not.
 * Bun and Deno obey `NO_PROXY` of their process for every proxy. Where their rules differ, this errs towards refusing.
 * @param noProxy the process's `NO_PROXY`
 */
export function bypassError(noProxy: string, url: string): LiveError | undefined {
  const host = new URL(url).hostname.replace(/^\[(.*)\]$/, "$1");
  const isAddress = host.includes(":") || /^[\d.]+$/.test(host);
  const bypassed = noProxy.toLowerCase().split(/[\s,]+/).some((entry) => {
    const name = entry.replace(/^\*?\./, "").replace(/^\[(.*)\](:\d+)?$/, "$1").replace(/^([^:]*):\d+$/, "$1");
    return name === "*" || (name !== "" && host.endsWith(name)) || (isAddress && name.includes("/"));
  });
  if (!bypassed) return undefined;
  return new LiveError("network", `Use the proxy: NO_PROXY would send the request to ${host} past it`, {
    remedy: "Take this host out of NO_PROXY, or start the program without that variable",
    retryable: false,
  });
}
