/**
 * The seam between a live and the ways into its room: each route makes one of these.
 * @module
 */
import type { LiveError } from "../errors.ts";
import type { FetchResult, PushFrame } from "../wire/frames.ts";

/** A batch as it came: as the payload of a frame, or by itself. */
export interface BatchSource {
  /** The frame that carried it; `undefined` for an answer over HTTP. */
  readonly frame: PushFrame | undefined;
  /** The frame as the socket gave it, or the batch itself. */
  readonly bytes: Uint8Array;
  /** When it arrived, ms since 1970. */
  readonly receivedAt: number;
}

/** What a transport tells, in order of arrival. Exactly one of `opened` and `refused` comes first, `closed` at most once after `opened`. */
export interface TransportHandlers {
  opened(): void;
  refused(error: LiveError): void;
  closed(error: LiveError): void;
  /** A frame, before the batch that it may carry. */
  frame(frame: PushFrame, bytes: Uint8Array, receivedAt: number): void;
  batch(batch: FetchResult, source: BatchSource): void;
  undecodable(bytes: Uint8Array, error: unknown, receivedAt: number): void;
  /** Frames dropped since the last call, because decoding fell too far behind. */
  dropped(frames: number, from: number, to: number): void;
}

/** A way into a room that is open or opening. */
export interface Transport {
  /** Sends one frame; does nothing before it is open, and on a route that takes none. */
  send(payloadType: string, bytes: Uint8Array): void;
  /** Runs something once all that arrived before is worked off. */
  after(run: () => void): void;
  /** Ends it, also one that is still opening; no handler is called from here on. */
  close(): void;
}
