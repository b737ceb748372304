/**
 * The `decode_error` event of a whole frame: its messages cannot be told apart, so it has no method and no id.
 * @module
 */
import { isLiveError, LiveError } from "../errors.ts";
import type { DecodeErrorEvent } from "../events/types.ts";

/** Method that stands for a frame whose messages could not be read. */
export const FRAME_METHOD = "PushFrame";

/**
 * @param bytes the frame as received
 * @param cause what went wrong
 */
export function frameError(
  bytes: Uint8Array,
  cause: unknown,
  context: { roomId: string; receivedAt: number },
): DecodeErrorEvent {
  const error = isLiveError(cause)
    ? cause
    : new LiveError("protocol", "Decode a frame: it failed", { evidence: { bodyBytes: bytes.length }, cause });
  const fields = {
    type: "decode_error",
    id: "",
    roomId: context.roomId,
    at: context.receivedAt,
    receivedAt: context.receivedAt,
    history: false,
    method: FRAME_METHOD,
  } as const;
  return {
    ...fields,
    bytes,
    message: undefined,
    error,
    toJSON: () => ({ ...fields, error: { code: error.code, message: error.message } }),
  };
}
