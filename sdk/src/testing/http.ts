/**
 * Answers and a fetch for tests of the web endpoints.
 * @module
 */
import type { Fetch } from "../ports.ts";
import type { HttpReply } from "../web/refusals.ts";

/** An {@link HttpReply} with a body; objects become JSON. */
export function reply(body: unknown, options: Partial<HttpReply> = {}): HttpReply {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  const bodyBytes = new TextEncoder().encode(text).length;
  return {
    url: "https://www.tiktok.com/some/path?secret=1",
    status: 200,
    headers: new Headers(),
    text,
    bodyBytes,
    ...options,
  };
}

/** One request that a {@link FakeFetch} saw. */
export interface SeenRequest {
  url: URL;
  method: string;
  headers: Record<string, string>;
  body: string;
}

/** A fetch that answers from a function and keeps what was asked. */
export class FakeFetch {
  readonly requests: SeenRequest[] = [];
  readonly #answer: (request: SeenRequest, signal: AbortSignal) => Response | Promise<Response>;

  constructor(answer: (request: SeenRequest, signal: AbortSignal) => Response | Promise<Response>) {
    this.#answer = answer;
  }

  readonly fetch: Fetch = async (url, init) => {
    const request = {
      url: new URL(url),
      method: init.method ?? "GET",
      headers: { ...(init.headers as Record<string, string>) },
      body: String(init.body ?? ""),
    };
    this.requests.push(request);
    const { signal } = init;
    return await this.#answer(request, signal instanceof AbortSignal ? signal : new AbortController().signal);
  };
}

/** A response with JSON. */
export function json(body: unknown, headers: Record<string, string> = {}): Response {
  return new Response(JSON.stringify(body), { headers: { "content-type": "application/json", ...headers } });
}
