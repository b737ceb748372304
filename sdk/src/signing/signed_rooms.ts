/**
 * Answers of im/fetch that came by a signer, checked before anybody believes them (protocol.md 3).
 * @module
 */
import { isLiveError, LiveError, type LiveErrorEvidence } from "../errors.ts";
import type { Clock } from "../ports.ts";
import { publicUrl } from "../trace.ts";
import type { CallContext } from "../web/calls.ts";
import { imFetchRequest, type PollPosition } from "../web/im_fetch.ts";
import { evidenceOf } from "../web/refusals.ts";
import { decodeFetchResult, type FetchResult } from "../wire/frames.ts";
import { isHeaderText } from "./signed_http.ts";

/** Largest first answer, bytes; the largest that was measured has 120 KB. */
export const MAX_RESULT_BYTES = 8 * 1024 * 1024;
/** How long a first answer leads anywhere, ms. */
export const FRESH_MS = 30_000;
/** Largest sum of what goes into the URL of a socket, characters. */
const MAX_URL_LENGTH = 16 * 1024;

/** A batch with its bytes. */
export interface FetchedBatch {
  readonly result: FetchResult;
  readonly bytes: Uint8Array;
}

/** A room's first answer: it names the socket to dial. */
export interface FirstAnswer extends FetchedBatch {
  /** The `Cookie` header for the socket. */
  readonly cookies: string;
  /** The User-Agent that the answer was made for. */
  readonly userAgent: string | undefined;
  /** ms since 1970. */
  readonly receivedAt: number;
}

/** The routes that begin with a signer's answer. */
export type SignedRoute = "signed" | "polling";

/** The signed side of a client, as routes use it. */
export class SignedRooms {
  readonly #calls: CallContext;
  /** Query parameters of the program. */
  readonly params: Readonly<Record<string, string>>;
  readonly #clock: Clock;
  /** First answers by room: a route that failed leaves its own to the other one, as calls of a signer are few. */
  readonly #left = new Map<string, { answer: FirstAnswer; by: SignedRoute; madeFor: string }>();

  constructor(calls: CallContext, params: Readonly<Record<string, string>>, clock: Clock) {
    this.#calls = calls;
    this.params = params;
    this.#clock = clock;
  }

  /** Whether the signer fetches rooms. */
  get canFetch(): boolean {
    return this.#calls.signed.signer?.fetchRoom !== undefined;
  }

  /**
   * A room's first answer: the one that the other route asked for a moment ago, else a new one. Each route uses an
   * answer once.
   * @param route `signed` needs a socket of TikTok's in it, to `polling` the socket may be anything
   * @throws {LiveError} `signer_failed` for an answer that cannot be believed; what the signer throws
   */
  async first(roomId: string, route: SignedRoute, signal: AbortSignal): Promise<FirstAnswer> {
    const action = `Fetch room ${roomId} from the signer`;
    const answer = this.#takeLeft(roomId, route) ?? await this.#ask(roomId, route, action, signal);
    if (route === "signed") checkPushServer(answer.result, new URL(this.#calls.baseUrls.socket), action);
    return answer;
  }

  /** A route leads into the room: what is left of its answers is not needed. */
  forget(roomId: string): void {
    this.#left.delete(roomId);
  }

  #takeLeft(roomId: string, route: SignedRoute): FirstAnswer | undefined {
    const left = this.#left.get(roomId);
    if (left === undefined || left.by === route || !this.#isFresh(left.answer)) return undefined;
    this.#left.delete(roomId);
    // After a change of identity it was made for somebody else.
    return left.madeFor === this.#calls.identity.userAgent ? left.answer : undefined;
  }

  #isFresh({ receivedAt }: FirstAnswer): boolean {
    return this.#clock.now() - receivedAt < FRESH_MS;
  }

  async #ask(roomId: string, route: SignedRoute, action: string, signal: AbortSignal): Promise<FirstAnswer> {
    const madeFor = this.#calls.identity.userAgent;
    const { result: bytes, cookies, userAgent } = await this.#calls.signed.fetchRoom(roomId, signal);
    if (!(bytes instanceof Uint8Array) || bytes.length === 0 || bytes.length > MAX_RESULT_BYTES) {
      const evidence = bytes instanceof Uint8Array ? { bodyBytes: bytes.length } : {};
      throw doubted(`${action}: the answer has no bytes, or more than ${MAX_RESULT_BYTES}`, evidence);
    }
    if (!isHeaderText(cookies) || !(userAgent === undefined || isHeaderText(userAgent))) {
      throw doubted(`${action}: the answer holds text that no header can carry`, { bodyBytes: bytes.length });
    }
    const result = decodeBatch(bytes, action, { bodyBytes: bytes.length });
    const answer = { result, bytes, cookies, userAgent, receivedAt: this.#clock.now() };
    for (const [room, left] of this.#left) if (!this.#isFresh(left.answer)) this.#left.delete(room);
    this.#left.set(roomId, { answer, by: route, madeFor });
    return answer;
  }

  /**
   * The next batch of a room, over HTTP.
   * @throws {LiveError} `empty_reply` when TikTok refuses without a word; any other refusal; `signer_failed`
   */
  async poll(roomId: string, position: PollPosition, signal: AbortSignal): Promise<FetchedBatch> {
    const request = imFetchRequest(this.#calls, roomId, position);
    const reply = await this.#calls.signed.send(request, signal);
    const bytes = reply.bytes ?? new Uint8Array(0);
    return { result: decodeBatch(bytes, request.action, evidenceOf(reply)), bytes };
  }
}

/** A batch from which one can go on. */
function decodeBatch(bytes: Uint8Array, action: string, evidence: LiveErrorEvidence): FetchResult {
  let result: FetchResult;
  try {
    result = decodeFetchResult(bytes);
  } catch (cause) {
    if (!isLiveError(cause)) throw cause;
    throw new LiveError("protocol", `${action}: the answer is no batch of messages`, { evidence, cause });
  }
  if (result.cursor === "") throw doubted(`${action}: the answer has no cursor to go on from`, evidence);
  return result;
}

/** The socket gets the signer's cookies, so it may be nobody's but TikTok's. */
function checkPushServer(result: FetchResult, own: URL, action: string): void {
  const { pushServer, routeParams, cursor, internalExt } = result;
  const url = URL.parse(pushServer);
  const evidence: LiveErrorEvidence = { url: publicUrl(pushServer) };
  if (url === null || url.username !== "" || url.password !== "" || url.search !== "" || url.hash !== "") {
    throw doubted(`${action}: the answer names no socket`, evidence);
  }
  const { hostname } = url;
  const ofTikTok = url.protocol === "wss:" && url.port === "" &&
    (hostname === "tiktok.com" || hostname.endsWith(".tiktok.com"));
  if (!ofTikTok && url.origin !== own.origin) {
    throw doubted(`${action}: the answer names a socket that is not TikTok's`, evidence);
  }
  const params = Object.entries(routeParams).flat();
  if (params.length === 0) throw doubted(`${action}: the answer has no parameters for the socket`, evidence);
  const length = params.reduce((sum, text) => sum + text.length, pushServer.length + cursor.length);
  if (length + internalExt.length > MAX_URL_LENGTH) {
    throw doubted(`${action}: the answer has too many parameters for a socket`, evidence);
  }
}

function doubted(message: string, evidence: LiveErrorEvidence): LiveError {
  return new LiveError("signer_failed", message, {
    evidence,
    remedy: "Try again later, or use another signer: this one gives a stand-in answer or is out of order",
  });
}
