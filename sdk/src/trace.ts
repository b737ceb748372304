/**
 * What {@link TikTokOptions.onTrace} is told. Nothing in it is secret: URLs come without their query, and no header,
 * cookie or body is shown.
 * @module
 */
import type { LiveErrorCode } from "./errors.ts";
import type { LiveState } from "./events/types.ts";

/** One thing that the client did or saw. */
export type TraceEvent =
  | {
    kind: "http";
    /** What the request was for. */
    action: string;
    method: "GET" | "POST";
    /** Without query. */
    url: string;
    /** Absent when no answer came. */
    status?: number;
    bodyBytes?: number;
    durationMs: number;
    error?: LiveErrorCode | "aborted";
  }
  | { kind: "socket"; what: "opening" | "opened" | "refused" | "closed"; url: string; detail: string }
  | { kind: "frame"; direction: "sent" | "received"; payloadType: string; bytes: number }
  | { kind: "undecodable"; bytes: number; error: string }
  | { kind: "state"; from: LiveState; to: LiveState; reason: string };

/** Receives {@link TraceEvent}s; must not throw. */
export type Trace = (event: TraceEvent) => void;

/** A URL as it may be shown: scheme, host and path, without credentials, query and fragment. */
export function publicUrl(url: string): string {
  const parsed = URL.parse(url);
  return parsed === null ? "" : `${parsed.protocol}//${parsed.host}${parsed.pathname}`;
}
