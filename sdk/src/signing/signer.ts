/**
 * What a signer is: something outside TikTok's own page that makes requests which TikTok accepts as the page's. The
 * SDK itself signs nothing; it asks a signer that the user configured.
 * @module
 */
import type { Clock, Fetch } from "../ports.ts";

/** A request that wants a signature. It carries no cookie: what may be told of a session is {@link SignContext.session}. */
export interface SignRequest {
  /** Absolute URL, unsigned. */
  readonly url: string;
  /** HTTP method. */
  readonly method: "GET" | "POST";
  /** Headers that the request will carry. */
  readonly headers: Readonly<Record<string, string>>;
  /** JSON text of a POST. */
  readonly body?: string | undefined;
}

/** What a signer gets from the client, so that it needs nothing of its own. */
export interface SignContext {
  /** The client's fetch, with its proxy. */
  readonly fetch: Fetch;
  /** The client's clock. */
  readonly clock: Clock;
  /** The client's User-Agent; a signature is made for one. */
  readonly userAgent: string;
  /** The user's cookies as a `Cookie` header, and only when {@link Signer.sessionHost} names a host; else `undefined`. */
  readonly session: string | undefined;
  /** Aborted when the client gives up. */
  readonly signal: AbortSignal;
}

/** A signed request. */
export interface SignedRequest {
  /** The URL to ask in place of the unsigned one: same scheme, host and path, more query. */
  readonly url: string;
  /** Headers to add. */
  readonly headers?: Readonly<Record<string, string>>;
  /** A `Cookie` header of cookies that belong to the signature; they go out beside the client's own. */
  readonly cookies?: string;
  /** The User-Agent that the signature was made for. @default the client's */
  readonly userAgent?: string;
}

/** A room's first answer, fetched by a signer: what a signed socket or signed polling begins with. */
export interface SignedRoom {
  /** Bytes of the fetch result, as `decodeFetchResult` reads them. Unchecked: the caller must not believe it as it is. */
  readonly result: Uint8Array;
  /** The `Cookie` header that the socket has to send. */
  readonly cookies: string;
  /** The User-Agent that the socket has to send. @default the client's */
  readonly userAgent?: string;
}

/**
 * Makes requests that TikTok accepts. Hand one to `new TikTok({ signer })`.
 *
 * @example
 * ```ts
 * import { type Signer, TikTok } from "@roomtone/sdk";
 * const signer: Signer = {
 *   async sign({ url }, { fetch, signal }) {
 *     const answer = await fetch("http://127.0.0.1:8080/sign", { method: "POST", body: url, redirect: "manual", signal });
 *     return { url: await answer.text() };
 *   },
 * };
 * const tiktok = new TikTok({ signer });
 * ```
 */
export interface Signer {
  /**
   * Host (with its port, if any) that the user named as one that may see their session. Only when it is set does
   * {@link SignContext.session} carry the user's cookies. @default none
   */
  readonly sessionHost?: string | undefined;
  /**
   * Signs one request.
   * @throws {LiveError} `signer_failed`, `rate_limited`, `network`; anything else is wrapped into `signer_failed`
   */
  sign(request: SignRequest, context: SignContext): Promise<SignedRequest>;
  /**
   * Fetches a room's first answer; a signer that cannot leaves it out, and the client has no route `signed` then.
   * @param roomId a checked id
   * @throws {LiveError} as {@link Signer.sign}
   */
  fetchRoom?(roomId: string, context: SignContext): Promise<SignedRoom>;
}
