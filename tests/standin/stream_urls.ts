/**
 * Stream URLs with `expire` and `sign`, as the CDN's have them.
 * @module
 */
import { createHmac } from "node:crypto";
import type { RawRequest } from "./http1.ts";
import type { Quality } from "./pages.ts";

/** Signs stream URLs and checks what comes back. */
export class StreamSigner {
  readonly #key: string;
  readonly #lifetimeMs: number;

  /**
   * @param lifetimeMs how long a URL lasts; TikTok's sample lasted 14 days
   */
  constructor(key: string, lifetimeMs: number) {
    this.#key = key;
    this.#lifetimeMs = lifetimeMs;
  }

  /** `expire` in seconds and the signature for a path. */
  sign(path: string, nowMs: number): { expire: string; sign: string } {
    const expire = String(Math.ceil((nowMs + this.#lifetimeMs) / 1000));
    return { expire, sign: this.#digest(path, expire) };
  }

  /** Whether the URL was signed here and still lasts. */
  accepts(request: RawRequest, nowMs: number): boolean {
    const expire = request.query.get("expire") ?? "";
    return request.query.get("sign") === this.#digest(request.path, expire) && Number(expire) * 1000 > nowMs;
  }

  #digest(path: string, expire: string): string {
    return createHmac("md5", this.#key).update(`${path}?${expire}`).digest("hex");
  }
}

/** The query that lets a path be fetched. */
export function signedQuery(signer: StreamSigner, path: string, nowMs: number): string {
  const { expire, sign } = signer.sign(path, nowMs);
  return `expire=${expire}&sign=${sign}`;
}

/** Builds the URL of a stream. */
export function streamUrl(
  signer: StreamSigner,
  stream: { baseUrl: string; streamId: string; quality: Quality | "ao"; hls: boolean; nowMs: number },
): string {
  const suffix = stream.quality === "ao" ? "" : stream.quality.suffix;
  const path = `/stage/stream-${stream.streamId}${suffix}${stream.hls ? "/index.m3u8" : ".flv"}`;
  const query = signedQuery(signer, path, stream.nowMs);
  return `${stream.baseUrl}${path}?${query}${stream.quality === "ao" ? "&only_audio=1" : ""}`;
}
