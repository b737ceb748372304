/**
 * What clients sent, for tests that count headers: values of cookies are never kept.
 * @module
 */
import type { RawRequest } from "./http1.ts";
import { readCookies } from "./ttwid.ts";

/** One request. */
export interface RequestRecord {
  atMs: number;
  method: string;
  /** Path and query. */
  target: string;
  host: string;
  secure: boolean;
  /** Every `User-Agent` value. */
  userAgents: string[];
  /** Names of the cookies, in order. */
  cookieNames: string[];
  /** Number of headers by name. */
  headers: Record<string, number>;
}

const KEPT = 20_000;

/** The requests of a stand-in, oldest first. */
export class RequestLog {
  entries: RequestRecord[] = [];

  add(request: RawRequest, atMs: number): void {
    const headers: Record<string, number> = {};
    for (const [name] of request.headers) headers[name] = (headers[name] ?? 0) + 1;
    this.entries.push({
      atMs,
      method: request.method,
      target: request.target,
      host: request.host,
      secure: request.secure,
      userAgents: request.headerAll("user-agent"),
      cookieNames: [...readCookies(request).keys()],
      headers,
    });
    if (this.entries.length > KEPT) this.entries.shift();
  }

  clear(): void {
    this.entries = [];
  }
}
