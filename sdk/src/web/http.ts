/**
 * Requests with the client's identity: deadline, abort, bounded body, redirects and cookies in our own hand.
 * @module
 */
import { withDeadline } from "../deadline.ts";
import { isLiveError, LiveError } from "../errors.ts";
import type { Clock, Fetch } from "../ports.ts";
import { publicUrl, type Trace } from "../trace.ts";
import type { Identity } from "./identity.ts";
import { type HttpReply, refusalOf, type Wanted } from "./refusals.ts";

/** A request, as the endpoint files build it. */
export interface HttpRequest {
  /** What it does, for messages and traces, such as `Read the live page of some.host`. */
  action: string;
  url: string;
  /** @default "GET" */
  method?: "GET" | "POST";
  /** JSON text; makes the request a POST of JSON. */
  body?: string;
  wants: Wanted;
  /** True for hosts outside TikTok: no cookie leaves, none is kept. */
  anonymous?: boolean;
  /** Headers that a signature asks for, beside the usual ones. */
  headers?: Readonly<Record<string, string>> | undefined;
  /** Cookies that belong to a signature, as a `Cookie` header; the user's own win. */
  cookies?: string | undefined;
  /** The User-Agent that a signature was made for. @default the identity's */
  userAgent?: string | undefined;
}

/** Options of {@link HttpClient}. */
export interface HttpClientOptions {
  fetch: Fetch;
  clock: Clock;
  identity: Identity;
  /** Time for one request with all its redirects, ms. */
  timeoutMs: number;
  /** Largest body that is read, bytes. */
  maxBodyBytes: number;
  trace: Trace;
}

const MAX_REDIRECTS = 5;
const PAGE_ORIGIN = "https://www.tiktok.com";

/** Headers of every request to TikTok (protocol.md "Common HTTP habits"). */
export function pageHeaders(userAgent: string): Record<string, string> {
  return {
    "User-Agent": userAgent,
    "Accept": "text/html,application/json,application/protobuf",
    "Accept-Language": "en-US,en;q=0.9",
    "Referer": `${PAGE_ORIGIN}/`,
    "Origin": PAGE_ORIGIN,
  };
}

/** Sends {@link HttpRequest}s and names what comes back in their place. */
export class HttpClient {
  readonly #options: HttpClientOptions;

  constructor(options: HttpClientOptions) {
    this.#options = options;
  }

  /**
   * Sends a request and reads the answer.
   * @throws {LiveError} the refusal that the answer is; `network`, or the fetch's own error, when none came; `deadline` when it took too long;
   * `protocol` when the body is larger than allowed
   * @throws the caller's `signal.reason`, unwrapped
   */
  async send(request: HttpRequest, signal?: AbortSignal): Promise<HttpReply> {
    const { clock, timeoutMs, trace } = this.#options;
    const startedAt = clock.now();
    const seen: { status?: number; bodyBytes?: number } = {};
    let error: unknown;
    try {
      const reply = await withDeadline(
        { clock, timeoutMs, action: request.action, signal },
        (inner) => this.#follow(request, inner),
      );
      seen.status = reply.status;
      seen.bodyBytes = reply.bodyBytes;
      const refusal = refusalOf(reply, request.wants, request.action, clock.now());
      if (refusal !== undefined) throw refusal;
      return reply;
    } catch (caught) {
      error = caught;
      throw caught;
    } finally {
      trace({
        kind: "http",
        action: request.action,
        method: request.method ?? "GET",
        url: publicUrl(request.url),
        ...seen,
        durationMs: clock.now() - startedAt,
        ...(error === undefined ? {} : { error: isLiveError(error) ? error.code : "aborted" }),
      });
    }
  }

  async #follow(request: HttpRequest, signal: AbortSignal): Promise<HttpReply> {
    const { identity } = this.#options;
    let url = new URL(request.url);
    for (let redirects = 0;; redirects++) {
      const response = await this.#fetchOnce(request, url, signal);
      const location = response.headers.get("location");
      const isRedirect = response.status >= 300 && response.status < 400 && location !== null;
      if (!isRedirect) return await this.#read(request, response, url, signal);
      await response.body?.cancel();
      const next = URL.parse(location, url.href);
      const usable = next !== null && (request.anonymous === true ? next.host === url.host : identity.trusts(next));
      if (!usable || redirects >= MAX_REDIRECTS) {
        const headers = new Headers();
        return { url: url.href, status: response.status, headers, text: "", bodyBytes: 0 };
      }
      url = next;
    }
  }

  async #fetchOnce(request: HttpRequest, url: URL, signal: AbortSignal): Promise<Response> {
    const { identity, fetch } = this.#options;
    const headers = { ...pageHeaders(request.userAgent ?? identity.userAgent), ...request.headers };
    const cookie = request.anonymous === true ? undefined : identity.cookieHeader(url, request.cookies);
    if (cookie !== undefined) headers["Cookie"] = cookie;
    if (request.body !== undefined) headers["Content-Type"] = "application/json";
    const init: RequestInit = { method: request.method ?? "GET", headers, redirect: "manual", signal };
    if (request.body !== undefined) init.body = request.body;
    try {
      const response = await fetch(url.href, init);
      if (request.anonymous !== true) identity.keepCookies(url, response.headers.getSetCookie());
      return response;
    } catch (cause) {
      signal.throwIfAborted();
      // A fetch that says itself what went wrong, such as one through a proxy, knows better.
      if (isLiveError(cause)) throw cause;
      throw new LiveError("network", `${request.action}: ${url.host} cannot be reached`, {
        evidence: { url: publicUrl(url.href) },
        cause,
      });
    }
  }

  async #read(request: HttpRequest, response: Response, url: URL, signal: AbortSignal): Promise<HttpReply> {
    const reply = { url: url.href, status: response.status, headers: response.headers };
    if (request.wants === "headers" || response.body === null) {
      await response.body?.cancel();
      return { ...reply, text: "", bodyBytes: 0 };
    }
    const decoder = new TextDecoder();
    let text = "";
    let bodyBytes = 0;
    const chunks: Uint8Array[] = [];
    const reader = response.body.getReader();
    try {
      for (;;) {
        const { done, value } = await reader.read();
        if (done) {
          const whole = { ...reply, text: text + decoder.decode(), bodyBytes };
          return request.wants === "bytes" ? { ...whole, bytes: joined(chunks, bodyBytes) } : whole;
        }
        bodyBytes += value.length;
        if (bodyBytes > this.#options.maxBodyBytes) break;
        text += decoder.decode(value, { stream: true });
        if (request.wants === "bytes") chunks.push(value);
      }
    } catch (cause) {
      signal.throwIfAborted();
      throw new LiveError("network", `${request.action}: the answer broke off after ${bodyBytes} bytes`, {
        evidence: { url: publicUrl(url.href), status: response.status, bodyBytes },
        cause,
      });
    }
    await reader.cancel();
    throw new LiveError(
      "protocol",
      `${request.action}: the answer is larger than ${this.#options.maxBodyBytes} bytes`,
      {
        evidence: { url: publicUrl(url.href), status: response.status, bodyBytes },
      },
    );
  }
}

function joined(chunks: readonly Uint8Array[], length: number): Uint8Array {
  const whole = new Uint8Array(length);
  let offset = 0;
  for (const chunk of chunks) {
    whole.set(chunk, offset);
    offset += chunk.length;
  }
  return whole;
}

/** A fetch for somebody else's requests, such as a signer's: each one shows in the trace. */
export function tracedFetch({ fetch, clock, trace }: HttpClientOptions, action: string): Fetch {
  return async (url, init) => {
    const startedAt = clock.now();
    const method = init.method === "POST" ? "POST" : "GET";
    const tell = (seen: { status: number } | { error: "network" }) =>
      trace({ kind: "http", action, method, url: publicUrl(url), ...seen, durationMs: clock.now() - startedAt });
    try {
      const response = await fetch(url, init);
      tell({ status: response.status });
      return response;
    } catch (error) {
      tell({ error: "network" });
      throw error;
    }
  };
}
