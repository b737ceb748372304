/**
 * What the calls of a client share: identity, both ways of sending, and TikTok's usual query.
 * @module
 */
import { SignedHttp } from "../signing/signed_http.ts";
import type { Signer } from "../signing/signer.ts";
import { HttpClient, type HttpClientOptions } from "./http.ts";
import type { BaseUrls, Identity } from "./identity.ts";
import { randomDeviceId, standardQuery } from "./standard_query.ts";

/** Options of {@link CallContext}. */
export interface CallContextOptions {
  http: HttpClientOptions;
  signer: Signer | undefined;
  /** 0 to below 1. */
  random: () => number;
  /** IANA name. */
  timeZone: string;
  /** Query parameters that the program adds to calls; they win over all others. */
  params: Readonly<Record<string, string>>;
}

/** A client, as its endpoint files see it. */
export class CallContext {
  readonly http: HttpClient;
  readonly signed: SignedHttp;
  readonly identity: Identity;
  readonly baseUrls: BaseUrls;
  readonly #random: () => number;
  readonly #timeZone: string;
  readonly #params: Readonly<Record<string, string>>;
  #deviceId: string | undefined;

  constructor({ http, signer, random, timeZone, params }: CallContextOptions) {
    this.http = new HttpClient(http);
    this.signed = new SignedHttp(http, signer);
    this.identity = http.identity;
    this.baseUrls = http.identity.baseUrls;
    this.#random = random;
    this.#timeZone = timeZone;
    this.#params = params;
  }

  /** Whether a signer is configured. */
  get canSign(): boolean {
    return this.signed.signer !== undefined;
  }

  /** 19 digits, the same for the life of the client. */
  get deviceId(): string {
    return this.#deviceId ??= randomDeviceId(this.#random);
  }

  /** TikTok's usual parameters with a call's own and the program's. */
  query(own: Readonly<Record<string, string>>): URLSearchParams {
    const { deviceId, identity: { userAgent, hasSession: loggedIn } } = this;
    return standardQuery({ userAgent, timeZone: this.#timeZone, deviceId, loggedIn }, { ...own, ...this.#params });
  }
}
