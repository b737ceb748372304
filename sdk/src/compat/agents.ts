/**
 * Proxies as connector 1.x scripts name them: by an agent of `https-proxy-agent` or `hpagent`, or by axios's own option.
 * @module
 */
import type { ProxyOptions } from "../runtime/proxy_options.ts";
import { at, number, optionalText } from "../web/read.ts";

/** Keys by which axios and websocket.client take a way around. */
const KEYS = ["httpsAgent", "agent", "httpAgent", "proxy"] as const;

/**
 * The proxies that agents stand for. One that is named for requests or for sockets alone serves both: what goes past
 * it would show the address that it should hide.
 * @returns `undefined` when none is named
 * @throws {TypeError} for an agent that names no http or https proxy where it is known to
 */
export function proxiesOfAgents(
  requestOptions: Readonly<Record<string, unknown>>,
  websocketOptions: Readonly<Record<string, unknown>>,
): ProxyOptions | undefined {
  const request = readProxy("requestOptions", requestOptions);
  const socket = readProxy("websocketOptions", websocketOptions);
  const proxy = request?.url ?? socket?.url;
  if (proxy === undefined) return undefined;
  return {
    proxy,
    ...(socket === undefined ? {} : { allProxy: socket.url }),
    ...(request?.insecure === true || socket?.insecure === true ? { insecure: true } : {}),
  };
}

function readProxy(option: string, transport: Readonly<Record<string, unknown>>) {
  const key = KEYS.find((name) => (transport[name] ?? false) !== false);
  if (key === undefined) return undefined;
  const given = transport[key];
  const url = proxyUrl(key === "proxy" ? given : at(given, "proxy"));
  if (url !== undefined) return { url, insecure: at(given, "options", "rejectUnauthorized") === false };
  // A proxy that is passed over in silence would show the address that it should hide.
  throw new TypeError(
    `Cannot use the option '${option}.${key}': it names no http or https proxy, pass an agent of https-proxy-agent, ` +
      "or proxied({ proxy }) of @roomtone/sdk/node, /bun or /deno in the option 'tiktok'",
  );
}

/** The URL of a proxy that is given as text, as a URL, or in the parts that older agents and axios know it by. */
function proxyUrl(given: unknown): string | undefined {
  if (typeof given === "string" || given instanceof URL) {
    const url = URL.parse(String(given));
    return url !== null && /^https?:$/.test(url.protocol) ? url.href : undefined;
  }
  const protocol = (optionalText(at(given, "protocol")) ?? "http").replace(/:$/, "");
  const host = optionalText(at(given, "hostname")) ?? optionalText(at(given, "host"));
  const port = number(at(given, "port"));
  // An agent for SOCKS has a type in place of a protocol.
  if (!/^https?$/.test(protocol) || host === undefined || port === undefined || at(given, "type") !== undefined) {
    return undefined;
  }
  const url = URL.parse(`${protocol}://${host.includes(":") ? `[${host}]` : host}:${port}`);
  if (url === null) return undefined;
  const login = loginOf(at(given, "auth"));
  url.username = login.username;
  url.password = login.password;
  return url.href;
}

/** `user:password`, or axios's object. */
function loginOf(auth: unknown): { username: string; password: string } {
  const [username = "", ...rest] = (optionalText(auth) ?? "").split(":");
  const encoded = (text: string) => encodeURIComponent(text);
  return typeof auth === "string" ? { username: encoded(username), password: encoded(rest.join(":")) } : {
    username: encoded(optionalText(at(auth, "username")) ?? ""),
    password: encoded(optionalText(at(auth, "password")) ?? ""),
  };
}
