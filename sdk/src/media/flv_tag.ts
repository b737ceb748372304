/**
 * FLV as bytes: the file header, a tag, and what the first bytes of a tag's payload say.
 * Layout: "Adobe Flash Video File Format Specification 10.1", annex E; HEVC as codec id 12 as CDNs write it, and the
 * four-character codecs of Enhanced RTMP.
 * @module
 */

/** What a tag carries. */
export type FlvTagType = "audio" | "video" | "script";

/** One whole FLV tag. */
export interface FlvTag {
  /** What it carries. */
  readonly type: FlvTagType;
  /** Decode time as sent, ms: an unsigned 32-bit number that wraps after 49.7 days. */
  readonly timestampMs: number;
  /** The tag's data without tag header and without the size field behind it. */
  readonly payload: Uint8Array;
}

/** Bytes of a tag's header. */
export const TAG_HEADER_BYTES = 11;
/** Bytes of the previous-tag-size field behind each tag. */
export const SIZE_FIELD_BYTES = 4;
/** Bytes of the file header with the first previous-tag-size field. */
export const FILE_HEADER_BYTES = 13;

const TYPE_CODES: Record<FlvTagType, number> = { audio: 8, video: 9, script: 18 };

/** The tag type of a header's first byte, or `undefined` for a byte that starts no (unencrypted) tag. */
export function flvTagType(byte: number): FlvTagType | undefined {
  if (byte === 8) return "audio";
  if (byte === 9) return "video";
  return byte === 18 ? "script" : undefined;
}

/** The file header, with the size field that follows it. */
export function encodeFlvHeader(tracks: { audio: boolean; video: boolean }): Uint8Array {
  const flags = (tracks.audio ? 4 : 0) | (tracks.video ? 1 : 0);
  return Uint8Array.of(0x46, 0x4c, 0x56, 1, flags, 0, 0, 0, 9, 0, 0, 0, 0);
}

/** The tag as it stands in a stream, with the size field behind it. */
export function encodeFlvTag(tag: FlvTag): Uint8Array {
  const size = tag.payload.length;
  const bytes = new Uint8Array(TAG_HEADER_BYTES + size + SIZE_FIELD_BYTES);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, size);
  bytes[0] = TYPE_CODES[tag.type];
  view.setUint32(4, ((tag.timestampMs & 0xffffff) << 8) | (tag.timestampMs >>> 24));
  bytes.set(tag.payload, TAG_HEADER_BYTES);
  view.setUint32(TAG_HEADER_BYTES + size, TAG_HEADER_BYTES + size);
  return bytes;
}

/** What a tag is for, read from the first bytes of its payload. */
export interface FlvPayload {
  /**
   * `header` carries decoder parameters, `media` a frame, `metadata` a script, `end` the mark of a finished stream;
   * `other` carries no media (empty tags, player commands).
   */
  readonly role: "header" | "media" | "metadata" | "end" | "other";
  /** Codec, such as `avc`, `hevc`, `aac`, `mp3`; a four-character code or `video/N`, `audio/N` for rarer ones. */
  readonly codec: string;
  /** Whether decoding can start at this frame. Always true for audio. */
  readonly keyframe: boolean;
  /** Whether frames of this codec mean nothing without a header before them. */
  readonly needsHeader: boolean;
}

const OTHER: FlvPayload = { role: "other", codec: "", keyframe: false, needsHeader: false };

function fourCc(payload: Uint8Array): string {
  return String.fromCharCode(...payload.subarray(1, 5)).toLowerCase();
}

function videoPayload(payload: Uint8Array): FlvPayload {
  const first = payload[0] ?? 0;
  const frameType = (first >> 4) & 7;
  const keyframe = frameType === 1 || frameType === 4;
  if (frameType === 5) return OTHER;
  if (first & 0x80) {
    if (payload.length < 5) return OTHER;
    const kind = first & 15;
    const code = fourCc(payload);
    const codec = code === "avc1" ? "avc" : code === "hvc1" ? "hevc" : code;
    const role = kind === 0 ? "header" : kind === 1 || kind === 3 ? "media" : kind === 2 ? "end" : "other";
    return { role, codec, keyframe, needsHeader: true };
  }
  const id = first & 15;
  if (id !== 7 && id !== 12) return { role: "media", codec: `video/${id}`, keyframe, needsHeader: false };
  const codec = id === 7 ? "avc" : "hevc";
  if (payload.length < 5) return OTHER;
  const role = payload[1] === 0 ? "header" : payload[1] === 1 ? "media" : payload[1] === 2 ? "end" : "other";
  return { role, codec, keyframe, needsHeader: true };
}

function audioPayload(payload: Uint8Array): FlvPayload {
  const format = (payload[0] ?? 0) >> 4;
  if (format === 9) {
    if (payload.length < 5) return OTHER;
    const kind = (payload[0] ?? 0) & 15;
    const role = kind === 0 ? "header" : kind === 1 ? "media" : kind === 2 ? "end" : "other";
    return { role, codec: fourCc(payload), keyframe: true, needsHeader: true };
  }
  if (format === 10) {
    if (payload.length < 2) return OTHER;
    return { role: payload[1] === 0 ? "header" : "media", codec: "aac", keyframe: true, needsHeader: true };
  }
  const codec = format === 2 ? "mp3" : `audio/${format}`;
  return { role: "media", codec, keyframe: true, needsHeader: false };
}

/** Reads what `tag` is for. Never throws: a payload that is too short is of role `other`. */
export function readFlvPayload(tag: FlvTag): FlvPayload {
  if (tag.payload.length === 0) return OTHER;
  if (tag.type === "video") return videoPayload(tag.payload);
  if (tag.type === "audio") return audioPayload(tag.payload);
  return { role: "metadata", codec: "", keyframe: false, needsHeader: false };
}
