/**
 * Who the client is towards TikTok: one User-Agent and one cookie jar for pages, API and socket.
 * @module
 */

/** Where the parts of TikTok are. A stand-in puts its own addresses here. */
export interface BaseUrls {
  /** Pages and api-live. */
  web: string;
  /** Room info, check_alive, gift list. */
  webcast: string;
  /** The WebSocket, `wss:` or `ws:`. */
  socket: string;
  /** Registration of guest cookies. */
  ttwid: string;
}

/** TikTok itself. */
export const DEFAULT_BASE_URLS: BaseUrls = {
  web: "https://www.tiktok.com",
  webcast: "https://webcast.tiktok.com",
  socket: "wss://webcast-ws.tiktok.com",
  ttwid: "https://ttwid.bytedance.com",
};

/** Desktop Chrome, as protocol.md asks for. The first use picks one at random, a refused device moves on. */
const USER_AGENTS = [
  "(Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/150.0.0.0 Safari/537.36",
  "(Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/150.0.0.0 Safari/537.36",
  "(X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/149.0.0.0 Safari/537.36",
  "(Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/149.0.0.0 Safari/537.36",
].map((rest) => `Mozilla/5.0 ${rest}`);

/** Cookies that each hold the session id (protocol.md "Common HTTP habits"). */
const SESSION_COOKIES = ["sessionid", "sessionid_ss", "sid_tt", "sid_guard"];

const MAX_COOKIES = 50;
const MAX_COOKIE_LENGTH = 4096;

/** Options of {@link Identity}. */
export interface IdentityOptions {
  baseUrls: BaseUrls;
  /** Kept for good when given, also after the device was refused. */
  userAgent?: string | undefined;
  /** The user's cookies, by name; never overwritten by TikTok's. */
  cookies: ReadonlyMap<string, string>;
  /** 0 to below 1. */
  random: () => number;
}

/** The User-Agent and the cookies of one client. */
export class Identity {
  readonly baseUrls: BaseUrls;
  #userAgent: string;
  #generation = 0;
  readonly #ownUserAgent: boolean;
  readonly #userCookies: ReadonlyMap<string, string>;
  readonly #guestCookies = new Map<string, string>();
  readonly #hosts: ReadonlySet<string>;

  constructor(options: IdentityOptions) {
    this.baseUrls = options.baseUrls;
    this.#ownUserAgent = options.userAgent === undefined;
    this.#userAgent = options.userAgent ??
      USER_AGENTS[Math.floor(options.random() * USER_AGENTS.length)] ?? String(USER_AGENTS[0]);
    this.#userCookies = options.cookies;
    const { web, webcast, socket } = options.baseUrls;
    this.#hosts = new Set([web, webcast, socket].map((url) => placeOf(new URL(url))));
  }

  get userAgent(): string {
    return this.#userAgent;
  }

  /** The guest cookie, percent-encoded as it was set; `undefined` until there is one. */
  get ttwid(): string | undefined {
    return this.#userCookies.get("ttwid") ?? this.#guestCookies.get("ttwid");
  }

  /** Grows with each {@link Identity.rotate}. */
  get generation(): number {
    return this.#generation;
  }

  /** Values of all cookies, which no log or trace may show. */
  secrets(): string[] {
    return [...this.#userCookies.values(), ...this.#guestCookies.values()];
  }

  /** Whether a URL leads to a host that the client was given in TikTok's place. */
  isConfigured(url: URL): boolean {
    return this.#hosts.has(placeOf(url));
  }

  /** Whether cookies may go to this URL: TikTok's own hosts over TLS, and the configured places. */
  trusts(url: URL): boolean {
    if (this.isConfigured(url)) return true;
    return isTls(url) && (url.hostname === "tiktok.com" || url.hostname.endsWith(".tiktok.com"));
  }

  /**
   * The `Cookie` header for a URL; `undefined` when there is nothing to send or the host is a stranger.
   * @param more cookies of a signature, as a `Cookie` header; they win over TikTok's and yield to the user's
   */
  cookieHeader(url: URL, more = ""): string | undefined {
    if (!this.trusts(url)) return undefined;
    const extra = cookiePairs(more).filter(([name, value]) => name !== "" && isCookieToken(name + value));
    return headerOf(new Map([...this.#guestCookies, ...extra, ...this.#userCookies]));
  }

  /** The user's own cookies as a `Cookie` header; `undefined` when there are none. */
  get userCookies(): string | undefined {
    return headerOf(this.#userCookies);
  }

  /** Whether the user's cookies log in. */
  get hasSession(): boolean {
    return SESSION_COOKIES.some((name) => (this.#userCookies.get(name) ?? "") !== "");
  }

  /** The token that TikTok's page carries from answer to answer; `""` until there is one. */
  get msToken(): string {
    return this.#guestCookies.get("msToken") ?? this.#userCookies.get("msToken") ?? "";
  }

  /** Keeps what `Set-Cookie` headers of a trusted host say. */
  keepCookies(url: URL, setCookies: readonly string[]): void {
    if (!this.trusts(url)) return;
    for (const line of setCookies) {
      const [pair = "", ...attributes] = line.split(";");
      const equals = pair.indexOf("=");
      const name = pair.slice(0, equals).trim();
      const value = pair.slice(equals + 1).trim();
      if (equals <= 0 || pair.length > MAX_COOKIE_LENGTH || !isCookieToken(name + value)) continue;
      if (value === "" || attributes.some((attribute) => /^\s*max-age\s*=\s*0\s*$/i.test(attribute))) {
        this.#guestCookies.delete(name);
      } else if (this.#guestCookies.has(name) || this.#guestCookies.size < MAX_COOKIES) {
        this.#guestCookies.set(name, value);
      }
    }
  }

  /** Whether {@link Identity.rotate} can change anything. */
  get canRotate(): boolean {
    return this.#ownUserAgent || !this.#userCookies.has("ttwid");
  }

  /**
   * Puts on a new User-Agent and forgets the guest cookies, except what the user chose.
   * @param refusedGeneration the generation that was refused; a newer identity stays as it is
   */
  rotate(refusedGeneration: number): void {
    if (refusedGeneration !== this.#generation) return;
    this.#generation++;
    this.#guestCookies.clear();
    if (this.#ownUserAgent) {
      const index = USER_AGENTS.indexOf(this.#userAgent);
      this.#userAgent = USER_AGENTS[(index + 1) % USER_AGENTS.length] ?? this.#userAgent;
    }
  }
}

function isTls({ protocol }: URL): boolean {
  return protocol === "https:" || protocol === "wss:";
}

/** Scheme, host and port: a redirect from https to http leads to another place. Sockets are where pages are. */
function placeOf({ protocol, host }: URL): string {
  return `${protocol.replace(/^ws/, "http")}//${host}`;
}

function headerOf(cookies: ReadonlyMap<string, string>): string | undefined {
  return cookies.size === 0 ? undefined : [...cookies].map(([name, value]) => `${name}=${value}`).join("; ");
}

/** The pairs of a `Cookie` header; a part without `=` has no name. */
function cookiePairs(header: string): [string, string][] {
  return header.split(";").map((pair) => pair.trim()).filter((pair) => pair !== "").map((pair) => {
    const equals = pair.indexOf("=");
    return equals < 0 ? ["", pair] : [pair.slice(0, equals).trim(), pair.slice(equals + 1).trim()];
  });
}

/** Whether text can stand in a header: visible ASCII without separators, so that nothing can be injected. */
function isCookieToken(value: string): boolean {
  return /^[\x21-\x3a\x3c-\x7e]*$/.test(value);
}

/**
 * Cookies as a user gives them.
 * @param cookies a `Cookie` header (`a=1; b=2`) or an object
 * @throws {TypeError} when one is not `name=value`, or holds characters that a header cannot carry
 */
export function parseCookies(cookies: string | Readonly<Record<string, string>> | undefined): Map<string, string> {
  const pairs = typeof cookies === "string" ? cookiePairs(cookies) : Object.entries(cookies ?? {});
  for (const [name, value] of pairs) {
    if (name === "" || typeof value !== "string" || !isCookieToken(name + value)) {
      throw new TypeError(
        `Cannot use the option 'cookies': ${name || "an entry"} is not a name=value of visible ASCII`,
      );
    }
  }
  return new Map(pairs);
}
