/**
 * What {@link TikTokOptions.onTrace} is told. Nothing in it is secret: URLs come without their query, no header,
 * cookie or body is shown, and texts of servers are redacted.
 * @module
 */
import type { LiveErrorCode } from "./errors.ts";
import type { LiveState, RouteName } from "./events/types.ts";
import type { LiveEnd } from "./live/live_record.ts";

/** One thing that the client did or saw: a request, or something in a live. */
export type TraceEvent = HttpTrace | LiveTrace & { roomId: string };

/** A request of the client or of its signer; streams are told when they open. */
export type HttpTrace = {
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
};

/** Something in a live; its `roomId` is empty until the room is resolved. */
export type LiveTrace =
  | { kind: "socket"; what: "opening" | "opened" | "refused" | "closed"; url: string; detail: string }
  /** A route is tried, leads into the room, or fails; `code` says why it failed. */
  | { kind: "route"; route: RouteName; what: "trying" | "connected" | "failed"; code?: LiveErrorCode; detail: string }
  | { kind: "frame"; direction: "sent" | "received"; payloadType: string; bytes: number }
  | { kind: "undecodable"; bytes: number; error: string }
  | { kind: "state"; from: LiveState; to: LiveState; reason: string }
  /** The live is over. `code` is absent when it failed by something else than the SDK's own errors, as an abort. */
  | { kind: "end"; how: LiveEnd | "failed"; code?: LiveErrorCode; error?: string };

/** Receives {@link TraceEvent}s; must not throw. */
export type Trace = (event: TraceEvent) => void;

/** A URL as it may be shown: scheme, host and path, without credentials, query and fragment. */
export function publicUrl(url: string): string {
  const parsed = URL.parse(url);
  return parsed === null ? "" : `${parsed.protocol}//${parsed.host}${parsed.pathname}`;
}
