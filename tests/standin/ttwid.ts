/**
 * Guest cookies.
 * @module
 */
import type { StandinClock } from "./clock.ts";
import type { Random } from "./prng.ts";
import type { RawRequest } from "./http1.ts";

/** Where guest cookies come from. */
export interface TtwidOptions {
  /** Share of page requests that set the cookie, 0 to 1. @default 1 */
  pageShare?: number;
  /** Whether the register endpoint works. @default true */
  register?: boolean;
}

/** Cookies of a request: names and values as sent, of all `Cookie` headers. */
export function readCookies(request: RawRequest): Map<string, string> {
  const cookies = new Map<string, string>();
  for (const header of request.headerAll("cookie")) {
    for (const pair of header.split(";")) {
      const equals = pair.indexOf("=");
      if (equals > 0) cookies.set(pair.slice(0, equals).trim(), pair.slice(equals + 1).trim());
    }
  }
  return cookies;
}

/** Issues guest cookies. */
export class TtwidIssuer {
  readonly #random: Random;
  readonly #clock: StandinClock;
  readonly #pageShare: number;
  readonly registerWorks: boolean;
  issued = 0;

  constructor(random: Random, clock: StandinClock, options: TtwidOptions) {
    this.#random = random;
    this.#clock = clock;
    this.#pageShare = options.pageShare ?? 1;
    this.registerWorks = options.register ?? true;
  }

  /** A `Set-Cookie` value, or nothing when this page request is one of those that get none. */
  forPage(request: RawRequest): string | undefined {
    if (readCookies(request).has("ttwid") || !this.#random.chance(this.#pageShare)) return undefined;
    return this.issue(request);
  }

  /** A `Set-Cookie` value with a new cookie: `1|base64|seconds|hmac`, percent-encoded. */
  issue(request: RawRequest): string {
    this.issued += 1;
    const seconds = Math.floor(this.#clock.now() / 1000);
    const value = `1%7C${this.#random.token(43)}%7C${seconds}%7C${
      Array.from({ length: 64 }, () => this.#random.int(0, 15).toString(16)).join("")
    }`;
    const scope = request.secure ? "; Domain=tiktok.com; Secure; SameSite=None" : "";
    return `ttwid=${value}; Path=/; Max-Age=31536000; HttpOnly${scope}`;
  }
}
