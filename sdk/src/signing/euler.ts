/**
 * Euler Stream as a signer (protocol.md 3). Every call carries the user's key, so none follows a redirect.
 * @module
 */
import { LiveError, type LiveErrorCode, type LiveErrorEvidence } from "../errors.ts";
import { publicUrl } from "../trace.ts";
import { at, entries, number, optionalText, text } from "../web/read.ts";
import { retryAfterMs } from "../web/refusals.ts";
import type { SignContext, SignedRequest, SignedRoom, Signer, SignRequest } from "./signer.ts";

/** Options of {@link eulerSigner}. */
export interface EulerOptions {
  /** Where it is: `https:`, or `http:` on this machine only. @default "https://api.eulerstream.com" */
  host?: string;
  /** The account's key, sent as `x-api-key`. @default none: a few anonymous calls an hour */
  apiKey?: string;
  /** Query parameters to add to each call. */
  params?: Readonly<Record<string, string>>;
  /** Headers to add to each call. */
  headers?: Readonly<Record<string, string>>;
  /**
   * The host name (with its port, if any) of `host`, once more: only then does the user's session go there. Without it
   * Euler Stream signs for a guest.
   * @default none
   */
  sessionHost?: string;
}

const DEFAULT_HOST = "https://api.eulerstream.com";
const CLIENT = "roomtone";
/** A first answer measured 120 KB at most. */
const MAX_ANSWER_BYTES = 8 * 1024 * 1024;
/** What a signature adds to a URL; an old one is taken off first. */
const SIGNATURE_PARAMS = ["X-Bogus", "X-Gnarly", "msToken"];
/** Below this a reset time counts seconds from now, above it seconds since 1970, above the next milliseconds. */
const FIRST_UNIX_SECONDS = 1e9;
const FIRST_UNIX_MS = 1e12;

/**
 * A signer that asks Euler Stream, or a server that speaks its language.
 *
 * @param options the key, and where the service is
 * @throws {TypeError} for a host that is no `https:` URL, for a header that cannot be sent, and for a `sessionHost`
 * that is not the name of `host`
 *
 * @example
 * ```ts
 * import { TikTok } from "@roomtone/sdk";
 * import { eulerSigner } from "@roomtone/sdk/euler";
 * const tiktok = new TikTok({ signer: eulerSigner({ apiKey: "your key" }) });
 * const { followers } = await tiktok.userInfo("some.host");
 * ```
 */
export function eulerSigner(options: EulerOptions = {}): Signer {
  return new EulerSigner(options);
}

class EulerSigner implements Signer {
  readonly sessionHost: string | undefined;
  readonly #host: URL;
  readonly #params: Readonly<Record<string, string>>;
  readonly #headers: Readonly<Record<string, string>>;

  constructor({ host = DEFAULT_HOST, apiKey, params = {}, headers = {}, sessionHost }: EulerOptions) {
    this.#host = checkHost(host);
    if (sessionHost !== undefined && sessionHost !== this.#host.host) {
      throw new TypeError(`Cannot use the option 'sessionHost': it must be ${this.#host.host}, the name of 'host'`);
    }
    this.sessionHost = sessionHost;
    this.#params = { ...params };
    this.#headers = { ...headers, ...(apiKey === undefined ? {} : { "x-api-key": apiKey }) };
    for (const [name, value] of Object.entries(this.#headers)) {
      if (!/^[\w-]+$/.test(name) || typeof value !== "string" || !/^[\x20-\x7e]*$/.test(value)) {
        throw new TypeError(`Cannot use the header '${name}' of the signer: it must be visible ASCII`);
      }
    }
  }

  async sign(request: SignRequest, context: SignContext): Promise<SignedRequest> {
    const action = "Sign a request with Euler Stream";
    const url = new URL(request.url);
    for (const name of SIGNATURE_PARAMS) url.searchParams.delete(name);
    const session = cookiesOf(context.session);
    const body = {
      url: url.href,
      method: request.method,
      userAgent: context.userAgent,
      type: "fetch",
      includeBrowserParams: false,
      includeVerifyFp: false,
      ...(request.body === undefined ? {} : { payload: request.body }),
      ...pick(session, { sessionId: "sessionid", ttTargetIdc: "tt-target-idc", ttwid: "ttwid" }),
    };
    const answer = await this.#call("/webcast/sign_url", {}, context, action, JSON.stringify(body));
    const response = at(parse(answer, action), "response");
    const signedUrl = text(at(response, "signedUrl"));
    if (signedUrl === "") {
      throw new LiveError("signer_failed", `${action}: the answer holds no signed URL`, { evidence: answer.evidence });
    }
    const headers = Object.fromEntries(
      entries(at(response, "requestHeaders")).filter((entry): entry is [string, string] =>
        typeof entry[1] === "string"
      ),
    );
    const cookies = cookieText(at(response, "cookies"));
    const userAgent = optionalText(at(response, "userAgent"));
    return {
      url: signedUrl,
      headers,
      ...(cookies === "" ? {} : { cookies }),
      ...(userAgent === undefined ? {} : { userAgent }),
    };
  }

  async fetchRoom(roomId: string, context: SignContext): Promise<SignedRoom> {
    const action = `Fetch room ${roomId} from Euler Stream`;
    const session = cookiesOf(context.session);
    const query = {
      client: CLIENT,
      room_id: roomId,
      user_agent: context.userAgent,
      client_enter: "true",
      platform: "web",
      ...pick(session, { session_id: "sessionid", tt_target_idc: "tt-target-idc" }),
    };
    const answer = await this.#call("/webcast/fetch", query, context, action);
    const cookies = answer.headers.get("x-set-tt-cookie") ?? "";
    if (cookies === "" || answer.bytes.length === 0) {
      const lack = cookies === "" ? "no cookie for the socket" : "no bytes";
      throw new LiveError("signer_failed", `${action}: the answer holds ${lack}`, { evidence: answer.evidence });
    }
    const userAgent = answer.headers.get("x-set-tt-user-agent");
    return { result: answer.bytes, cookies, ...(userAgent === null ? {} : { userAgent }) };
  }

  async #call(
    path: string,
    query: Readonly<Record<string, string>>,
    context: SignContext,
    action: string,
    body?: string,
  ): Promise<Answer> {
    const { fetch, clock, signal } = context;
    const url = new URL(this.#host.pathname.replace(/\/+$/, "") + path, this.#host);
    for (const [name, value] of Object.entries({ ...query, ...this.#params })) url.searchParams.set(name, value);
    const headers: Record<string, string> = { Accept: "application/json,application/protobuf", ...this.#headers };
    if (body !== undefined) headers["Content-Type"] = "application/json";
    const shown = publicUrl(url.href);
    let response: Response;
    try {
      const init: RequestInit = { method: body === undefined ? "GET" : "POST", headers, redirect: "manual", signal };
      response = await fetch(url.href, body === undefined ? init : { ...init, body });
    } catch (cause) {
      signal.throwIfAborted();
      throw new LiveError("network", `${action}: ${url.host} cannot be reached`, { evidence: { url: shown }, cause });
    }
    const { status } = response;
    // A redirect that is not followed has status 0 in browsers.
    if (status === 0 || response.type === "opaqueredirect" || (status >= 300 && status < 400)) {
      await response.body?.cancel();
      throw new LiveError(
        "signer_failed",
        `${action}: the signer sends the client elsewhere, which it does not follow`,
        {
          remedy: "Check the signer's host",
          retryable: false,
          evidence: { url: shown, status },
        },
      );
    }
    const bytes = await readBytes(response, action, shown, signal);
    const logId = response.headers.get("x-request-id");
    const evidence = { url: shown, status, bodyBytes: bytes.length, ...(logId === null ? {} : { logId }) };
    const answer = { bytes, headers: response.headers, evidence };
    if (status !== 200) throw refusal(answer, action, clock.now());
    return answer;
  }
}

/** An answer, read whole. */
interface Answer {
  bytes: Uint8Array;
  headers: Headers;
  evidence: LiveErrorEvidence & { status: number };
}

function checkHost(host: string): URL {
  const url = typeof host === "string" ? URL.parse(host) : null;
  const local = url !== null && /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(url.hostname);
  const safe = url?.protocol === "https:" || (url?.protocol === "http:" && local);
  if (url === null || !safe || url.search !== "" || url.username !== "") {
    throw new TypeError("Cannot use the option 'host' of the signer: it must be an https URL without a query");
  }
  return url;
}

/** The error that an answer other than 200 is (protocol.md 3 "Errors"). The key never stands in it. */
function refusal(answer: Answer, action: string, nowMs: number): LiveError {
  const { status } = answer.evidence;
  const error = (code: LiveErrorCode, saw: string, more: { remedy?: string; retryable?: boolean } = {}) =>
    new LiveError(code, `${action}: ${saw}`, {
      evidence: answer.evidence,
      retryAfterMs: waitOf(answer.headers, nowMs),
      ...more,
    });
  if (status === 429) {
    const limit = text(at(tryParse(answer.bytes), "limit_label")).replace(/[^\w ./-]/g, "").slice(0, 50);
    return error("rate_limited", `the signer's limit is reached${limit === "" ? "" : ` (${limit})`}`);
  }
  if (status === 401) {
    return error("signer_failed", "the signer does not take the key", {
      remedy: "Check the API key",
      retryable: false,
    });
  }
  if (status === 402 || status === 403) {
    const remedy = "Check what the key's plan allows, and whether the signer serves this address";
    return error("signer_failed", `the signer answered HTTP ${status}, not allowed`, { remedy, retryable: false });
  }
  return error("signer_failed", `the signer answered HTTP ${status}`);
}

/** Milliseconds until the signer's limit is lifted; `undefined` when it does not say. */
function waitOf(headers: Headers, nowMs: number): number | undefined {
  const wait = retryAfterMs(headers.get("retry-after"), nowMs);
  if (wait !== undefined) return wait;
  const reset = number(headers.get("ratelimit-reset") ?? headers.get("x-ratelimit-reset"));
  if (reset === undefined) return undefined;
  if (reset < FIRST_UNIX_SECONDS) return Math.max(0, reset * 1000);
  return Math.max(0, (reset < FIRST_UNIX_MS ? reset * 1000 : reset) - nowMs);
}

async function readBytes(response: Response, action: string, shown: string, signal: AbortSignal): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let length = 0;
  const reader = response.body?.getReader();
  try {
    for (let part = await reader?.read(); part !== undefined && !part.done; part = await reader?.read()) {
      length += part.value.length;
      if (length > MAX_ANSWER_BYTES) break;
      parts.push(part.value);
    }
  } catch (cause) {
    signal.throwIfAborted();
    throw new LiveError("network", `${action}: the answer broke off`, { evidence: { url: shown }, cause });
  }
  if (length > MAX_ANSWER_BYTES) {
    await reader?.cancel();
    throw new LiveError("signer_failed", `${action}: the answer is larger than ${MAX_ANSWER_BYTES} bytes`, {
      evidence: { url: shown, status: response.status },
    });
  }
  const bytes = new Uint8Array(length);
  let offset = 0;
  for (const part of parts) {
    bytes.set(part, offset);
    offset += part.length;
  }
  return bytes;
}

function tryParse(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    // Errors may come as text of any kind; the status says enough.
    return undefined;
  }
}

function parse({ bytes, evidence }: Answer, action: string): unknown {
  const body = tryParse(bytes);
  if (body === undefined) throw new LiveError("signer_failed", `${action}: the answer is not JSON`, { evidence });
  return body;
}

function cookiesOf(header: string | undefined): ReadonlyMap<string, string> {
  return new Map(
    (header ?? "").split("; ").filter(Boolean).map((pair) => {
      const equals = pair.indexOf("=");
      return [pair.slice(0, equals), pair.slice(equals + 1)] as const;
    }),
  );
}

/** The cookies that are there, under the names that the service has for them. */
function pick(cookies: ReadonlyMap<string, string>, names: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(names).flatMap(([name, cookie]) => {
      const value = cookies.get(cookie);
      return value === undefined ? [] : [[name, value]];
    }),
  );
}

/** Cookies as a `Cookie` header, from text or from an object. */
function cookieText(value: unknown): string {
  if (typeof value === "string") return value;
  return entries(value).flatMap(([name, part]) => typeof part === "string" ? [`${name}=${part}`] : []).join("; ");
}
