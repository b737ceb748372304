/**
 * Requests that go out signed: asks the signer, checks what it gives back, sends the result to TikTok.
 * @module
 */
import { withDeadline } from "../deadline.ts";
import { isLiveError, LiveError } from "../errors.ts";
import { HttpClient, type HttpClientOptions, type HttpRequest, pageHeaders, tracedFetch } from "../web/http.ts";
import type { HttpReply } from "../web/refusals.ts";
import type { SignContext, SignedRequest, SignedRoom, Signer } from "./signer.ts";

const NO_SIGNER_REMEDY = "Pass a signer: new TikTok({ signer })";

/** Headers that stay in the client's hand; cookies and User-Agent have fields of their own. */
const OURS: ReadonlySet<string> = new Set(["cookie", "host", "user-agent", "content-length", "content-type"]);

/** The signed side of a client. */
export class SignedHttp {
  readonly signer: Signer | undefined;
  readonly #options: HttpClientOptions;
  readonly #http: HttpClient;

  constructor(options: HttpClientOptions, signer: Signer | undefined) {
    this.signer = signer;
    this.#options = options;
    this.#http = new HttpClient(options);
  }

  /** What a signer is told by this client. */
  context(signal: AbortSignal): SignContext {
    const { clock, identity } = this.#options;
    const fetch = tracedFetch(this.#options, "Ask the signer");
    const session = this.signer?.sessionHost === undefined ? undefined : identity.userCookies;
    return { fetch, clock, userAgent: identity.userAgent, session, signal };
  }

  /**
   * The signer.
   * @param action what needs it, for the message
   * @throws {LiveError} `signer_failed` when there is none
   */
  require(action: string): Signer {
    if (this.signer !== undefined) return this.signer;
    throw new LiveError("signer_failed", `${action}: no signer is configured`, {
      remedy: NO_SIGNER_REMEDY,
      retryable: false,
    });
  }

  /**
   * Signs a request and sends it.
   * @throws {LiveError} `signer_failed` without a signer, when it fails, or when it points elsewhere; `rate_limited`
   * by the signer or TikTok; `deadline`; the refusal that TikTok's answer is
   * @throws the caller's `signal.reason`, unwrapped
   */
  async send(request: HttpRequest, signal?: AbortSignal): Promise<HttpReply> {
    const { action } = request;
    const signer = this.require(action);
    const signed = await withDeadline(
      { clock: this.#options.clock, timeoutMs: this.#options.timeoutMs, action: `${action}: sign the request`, signal },
      (inner) => this.#sign(signer, request, inner),
    );
    return await this.#http.send({ ...request, ...signed }, signal);
  }

  /**
   * A room's first answer, as the signer gives it.
   * @throws {LiveError} `signer_failed`, `rate_limited`, `network`, `deadline`
   * @throws the caller's `signal.reason`, unwrapped
   */
  async fetchRoom(roomId: string, signal?: AbortSignal): Promise<SignedRoom> {
    const action = `Fetch room ${roomId} from the signer`;
    const signer = this.require(action);
    if (signer.fetchRoom === undefined) {
      throw new LiveError("signer_failed", `${action}: the signer fetches no rooms`, {
        remedy: "Pass a signer with a method fetchRoom(), or leave out the route 'signed'",
        retryable: false,
      });
    }
    return await withDeadline(
      { clock: this.#options.clock, timeoutMs: this.#options.timeoutMs, action, signal },
      async (inner) => {
        try {
          return await signer.fetchRoom?.(roomId, this.context(inner)) ?? Promise.reject(new TypeError("no answer"));
        } catch (cause) {
          inner.throwIfAborted();
          if (isLiveError(cause)) throw cause;
          throw new LiveError("signer_failed", `${action}: the signer failed`, { cause });
        }
      },
    );
  }

  async #sign(signer: Signer, request: HttpRequest, signal: AbortSignal) {
    const { url, method = "GET", body, action } = request;
    const context = this.context(signal);
    let signed: SignedRequest;
    try {
      signed = await signer.sign({ url, method, headers: pageHeaders(context.userAgent), body }, context);
    } catch (cause) {
      signal.throwIfAborted();
      if (isLiveError(cause)) throw cause;
      throw new LiveError("signer_failed", `${action}: the signer failed`, { cause });
    }
    return checkSigned(signed, url, action);
  }
}

/** The signer is a stranger's program: it may add to a request, and never lead it to another place. */
function checkSigned(signed: SignedRequest, url: string, action: string) {
  const asked = new URL(url);
  const given = typeof signed?.url === "string" ? URL.parse(signed.url) : null;
  if (given === null || given.origin !== asked.origin || given.pathname !== asked.pathname || given.username !== "") {
    throw new LiveError("signer_failed", `${action}: the signer answered with a URL of another place`);
  }
  const texts = [signed.cookies, signed.userAgent, ...Object.entries(signed.headers ?? {}).flat()];
  if (texts.some((text) => text !== undefined && !isHeaderText(text))) {
    throw new LiveError("signer_failed", `${action}: the signer answered with text that no header can carry`);
  }
  const headers = Object.fromEntries(
    Object.entries(signed.headers ?? {}).filter(([name]) => /^[\w-]+$/.test(name) && !OURS.has(name.toLowerCase())),
  );
  const { cookies, userAgent } = signed;
  return { url: signed.url, headers, cookies, userAgent };
}

/** Whether a header can carry it. */
export function isHeaderText(text: unknown): text is string {
  return typeof text === "string" && /^[\x20-\x7e]*$/.test(text);
}
