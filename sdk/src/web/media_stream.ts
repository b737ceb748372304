/**
 * Opens a media stream with the client's identity. The deadline holds for the headers; the body may last for days.
 * @module
 */
import { isLiveError, LiveError } from "../errors.ts";
import { publicUrl } from "../trace.ts";
import type { HttpClientOptions } from "./http.ts";
import { refusalOf } from "./refusals.ts";

const ACTION = "Open the stream";
const MAX_REDIRECTS = 5;
const PAGE_ORIGIN = "https://www.tiktok.com";

/** An answer of a host of streams. */
export interface MediaAnswer {
  body: ReadableStream<Uint8Array>;
  /** Where it came from, after redirects. */
  url: string;
}

/**
 * @param url of a stream link
 * @param serves whether a URL leads to a host of streams; no other is asked, redirects included
 * @param signal also ends the body
 * @throws {LiveError} `invalid_input` for another host, `protocol` for a redirect to one; the refusal that the answer is; `network`, or the fetch's own error, when none came; `deadline` when it took too long
 * @throws the caller's `signal.reason`, unwrapped
 */
export async function openMediaStream(
  options: HttpClientOptions,
  url: string,
  serves: (url: string) => boolean,
  signal: AbortSignal | undefined,
): Promise<MediaAnswer> {
  if (!serves(url)) {
    throw new LiveError(
      "invalid_input",
      `${ACTION}: ${URL.parse(url)?.host ?? "that"} is not a host of TikTok's streams`,
      {
        evidence: { url: publicUrl(url) },
        remedy: "Pass a link as TikTok gave it, or name the host in the option mediaHosts",
      },
    );
  }
  const { clock, timeoutMs, trace } = options;
  const startedAt = clock.now();
  const opening = new AbortController();
  const late = () => opening.abort(new LiveError("deadline", `${ACTION}: no answer within ${timeoutMs} ms`));
  const timer = clock.setTimeout(late, timeoutMs);
  const both = signal === undefined ? opening.signal : AbortSignal.any([opening.signal, signal]);
  let seen: { status?: number; error?: LiveError["code"] | "aborted" } = {};
  try {
    both.throwIfAborted();
    const answer = await follow(options, url, serves, both);
    const { status, body } = answer.response;
    seen = { status };
    if (body === null) throw new LiveError("empty_reply", `${ACTION}: the answer has no body`);
    return { body, url: answer.url };
  } catch (caught) {
    const error = both.aborted ? both.reason : caught;
    seen = { ...seen, error: isLiveError(error) ? error.code : "aborted" };
    throw error;
  } finally {
    clock.clearTimeout(timer);
    const durationMs = clock.now() - startedAt;
    trace({ kind: "http", action: ACTION, method: "GET", url: publicUrl(url), ...seen, durationMs });
  }
}

/** Answers for links that have run out, or whose live is over. */
const GONE: ReadonlySet<number> = new Set([403, 404, 410]);

function goneLink({ code, message, evidence, retryAfterMs }: LiveError): LiveError {
  const remedy = "Read the room again for a fresh link: links run out, and end with their live";
  return new LiveError(code, message, { evidence, retryAfterMs, remedy });
}

/** CDNs send clients on to other hosts; cookies go to TikTok's own only. */
async function follow(
  options: HttpClientOptions,
  url: string,
  serves: (url: string) => boolean,
  signal: AbortSignal,
): Promise<{ response: Response; url: string }> {
  let current = new URL(url);
  for (let redirects = 0;; redirects++) {
    const response = await fetchOnce(options, current, signal);
    const next = URL.parse(response.headers.get("location") ?? "", current.href);
    if (response.status >= 300 && response.status < 400 && next !== null && redirects < MAX_REDIRECTS) {
      await response.body?.cancel();
      if (serves(next.href)) {
        current = next;
        continue;
      }
      throw new LiveError("protocol", `${ACTION}: the server leads to ${next.host}, which is not a host of TikTok's`, {
        evidence: { url: publicUrl(current.href), status: response.status },
      });
    }
    const reply = { url: current.href, status: response.status, headers: response.headers, text: "", bodyBytes: 0 };
    const refusal = refusalOf(reply, "headers", ACTION, options.clock.now());
    if (refusal === undefined) return { response, url: current.href };
    await response.body?.cancel();
    throw GONE.has(response.status) ? goneLink(refusal) : refusal;
  }
}

/** What is read ahead of a slow reader, bytes: half a minute of 2 Mb/s. */
const READ_AHEAD_BYTES = 8 * 1024 * 1024;

/**
 * Takes bytes from the connection as they come. Otherwise a server that ends a stream with bytes unread raises what no
 * program can catch in the undici that Node 24.21 has (nodejs/undici#5360).
 */
export function readAhead(body: ReadableStream<Uint8Array>): ReadableStream<Uint8Array> {
  const reader = body.getReader();
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const { done, value } = await reader.read();
        if (done) controller.close();
        else controller.enqueue(value);
      },
      cancel: (reason) => reader.cancel(reason),
    },
    { highWaterMark: READ_AHEAD_BYTES, size: (bytes) => bytes?.length ?? 0 },
  );
}

/** A file of a host of streams, such as a playlist. */
export interface MediaFile {
  /** All of it. */
  bytes: Uint8Array;
  /** Where it came from, after redirects: what it names is to be read against this. */
  url: string;
}

/**
 * Reads an answer to its end. The deadline holds for all of it.
 * @throws as {@link openMediaStream} does, and {@link LiveError} `protocol` for more than `maxBytes`
 */
export async function readMediaFile(
  options: HttpClientOptions,
  url: string,
  serves: (url: string) => boolean,
  { maxBytes, signal }: { maxBytes: number; signal: AbortSignal | undefined },
): Promise<MediaFile> {
  const { clock, timeoutMs } = options;
  const reading = new AbortController();
  const late = () =>
    reading.abort(new LiveError("deadline", `Read the stream's file: not whole within ${timeoutMs} ms`));
  const timer = clock.setTimeout(late, timeoutMs);
  const both = signal === undefined ? reading.signal : AbortSignal.any([reading.signal, signal]);
  try {
    const answer = await openMediaStream(options, url, serves, both);
    const reader = answer.body.getReader();
    // Not every runtime ends a read when its fetch is aborted. How the connection closes does not matter.
    const leave = () => void reader.cancel().catch(() => undefined);
    both.addEventListener("abort", leave, { once: true });
    if (both.aborted) leave();
    const chunks: Uint8Array[] = [];
    let length = 0;
    for (;;) {
      const { done, value } = await reader.read();
      both.throwIfAborted();
      if (done) return { bytes: concat(chunks, length), url: answer.url };
      chunks.push(value);
      length += value.length;
      if (length <= maxBytes) continue;
      leave();
      throw new LiveError("protocol", `Read the stream's file: it has more than ${maxBytes} bytes`);
    }
  } catch (cause) {
    both.throwIfAborted();
    if (isLiveError(cause)) throw cause;
    throw new LiveError("network", "Read the stream's file: the connection broke", { cause });
  } finally {
    clock.clearTimeout(timer);
  }
}

function concat(chunks: readonly Uint8Array[], length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes;
}

async function fetchOnce({ fetch, identity }: HttpClientOptions, url: URL, signal: AbortSignal): Promise<Response> {
  const cookie = identity.cookieHeader(url);
  const headers: Record<string, string> = {
    "User-Agent": identity.userAgent,
    "Accept": "*/*",
    "Accept-Language": "en-US,en;q=0.9",
    "Referer": `${PAGE_ORIGIN}/`,
    "Origin": PAGE_ORIGIN,
    ...(cookie === undefined ? {} : { Cookie: cookie }),
  };
  try {
    return await fetch(url.href, { headers, redirect: "manual", signal });
  } catch (cause) {
    signal.throwIfAborted();
    // A fetch that says itself what went wrong, such as one through a proxy, knows better.
    if (isLiveError(cause)) throw cause;
    const evidence = { url: publicUrl(url.href) };
    throw new LiveError("network", `${ACTION}: ${url.host} cannot be reached`, { evidence, cause });
  }
}
