/**
 * What a live did, step by step: enough to go through it again without a network.
 * @module
 */
import type { LiveErrorCode } from "../errors.ts";
import type { ClientEvent, RoomSummary } from "../events/types.ts";
import type { GiftDetails } from "../web/gift_list.ts";

/** How a live ended. */
export type LiveEnd = "ended" | "suspended" | "offline" | "closed";

/**
 * One step of a live, in the order in which the steps took effect. Times are on the client's clock, ms since 1970.
 *
 * Invariant: the steps from the start on, applied in order, give every event of the live again. What the ledgers and
 * the duplicate window do follows from them, so it is not recorded.
 */
export type LiveRecord =
  | {
    readonly type: "room";
    readonly at: number;
    /** The room that the following frames are of. */
    readonly room: RoomSummary;
    /** What fills in its gift events, by gift id; empty without the option `giftDetails`. */
    readonly gifts: ReadonlyMap<string, GiftDetails>;
  }
  | {
    readonly type: "frame";
    /** When the frame arrived. */
    readonly at: number;
    /** The frame as the socket gave it. */
    readonly bytes: Uint8Array;
    /** Messages of its batch that this step is about: from this index on ... */
    readonly from: number;
    /** ... and before this one. Fewer than the batch holds only when the live ended in the middle. */
    readonly to: number;
  }
  | {
    readonly type: "batch";
    /** When the batch arrived. */
    readonly at: number;
    /** A batch that no frame carried: a signer's first answer, or one of im/fetch. */
    readonly bytes: Uint8Array;
    /** As in a step of type `frame`. */
    readonly from: number;
    /** See above. */
    readonly to: number;
  }
  /** Gift streaks that were silent for too long at this time were ended. */
  | { readonly type: "tick"; readonly at: number }
  /** The client itself made this event. */
  | { readonly type: "event"; readonly at: number; readonly event: ClientEvent }
  | LiveEndRecord;

/** The last step. */
export interface LiveEndRecord {
  /** Tells it from other steps. */
  readonly type: "end";
  /** When it ended, ms since 1970. */
  readonly at: number;
  /** How it ended. */
  readonly end: LiveEnd | "failed";
  /** Why it failed; no code when that is no error of the SDK, such as an abort. */
  readonly error?: { readonly code?: LiveErrorCode; readonly message: string };
}
