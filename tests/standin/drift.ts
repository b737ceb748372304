/**
 * How TikTok's protocol may change under its clients, as data for the stand-in; drifts.ts has a list of such changes.
 * @module
 */
import type { PushFrameFields } from "@roomtone/sdk/testing";
import type { WebRoute } from "./faults.ts";
import type { RawReply, RawRequest } from "./http1.ts";

/** A message in its envelope. */
export interface DriftMessage {
  method: string;
  payload: Uint8Array;
  id: string;
}

/** A change. What is left out is as it was. */
export interface Drift {
  /** What a route answers in place of its own reply; `undefined` leaves that. */
  reply?(route: WebRoute, reply: RawReply, request: RawRequest): RawReply | undefined;
  /** What is different on the live's socket. */
  socket?: {
    /** Status that answers the handshake. */
    handshakeStatus?: number;
    /** Frames of this type are not understood; acks that are not leave the socket quiet. */
    ignores?: "hb" | "im_enter_room" | "ack";
    /** The socket closes for this reason when somebody enters a room. */
    closes?: string;
    /** Changes a frame before it is encoded, */
    fields?(frame: PushFrameFields): PushFrameFields;
    /** or after that. */
    frame?(bytes: Uint8Array): Uint8Array;
    /** Changes an encoded batch of messages. */
    batch?(bytes: Uint8Array): Uint8Array;
    message?(message: DriftMessage): DriftMessage;
  };
}
