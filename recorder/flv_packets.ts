/**
 * What stands in an FLV tag around the codec's own bytes. Layout as in the SDK's `flv_tag.ts`.
 * @module
 */
import type { FlvTag } from "@roomtone/sdk/media";

/** The codec's own bytes of a tag. */
export interface FlvPacket {
  data: Uint8Array;
  /** How much later than decoded it is shown, ms. */
  compositionMs: number;
}

/** Takes the codec's bytes out of a media or header tag of AVC, HEVC or AAC. */
export function readFlvPacket({ type, payload }: FlvTag): FlvPacket {
  const first = payload[0] ?? 0;
  if (type === "audio") return { data: payload.subarray(first >> 4 === 9 ? 5 : 2), compositionMs: 0 };
  if ((first & 0x80) === 0) return { data: payload.subarray(5), compositionMs: signed24(payload, 2) };
  // Coded frames of Enhanced RTMP carry a composition time, unless their kind says that it is 0.
  if ((first & 15) === 1) return { data: payload.subarray(8), compositionMs: signed24(payload, 5) };
  return { data: payload.subarray(5), compositionMs: 0 };
}

function signed24(bytes: Uint8Array, at: number): number {
  return (((bytes[at] ?? 0) << 24) | ((bytes[at + 1] ?? 0) << 16) | ((bytes[at + 2] ?? 0) << 8)) >> 8;
}
