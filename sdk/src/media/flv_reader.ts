/**
 * Cuts the bytes of one FLV connection into tags, as they come. It does no I/O and never throws on bytes: what is not
 * FLV is reported and skipped.
 * @module
 */
import {
  FILE_HEADER_BYTES,
  type FlvTag,
  type FlvTagType,
  flvTagType,
  SIZE_FIELD_BYTES,
  TAG_HEADER_BYTES,
} from "./flv_tag.ts";

/** What {@link FlvReader} found, in the order of the bytes. */
export type FlvItem =
  /** A file header: at the start, and again where a CDN glued two streams together. */
  | { readonly kind: "header"; readonly hasAudio: boolean; readonly hasVideo: boolean }
  /** A whole tag. Its payload shares memory with the chunks that were pushed. */
  | { readonly kind: "tag"; readonly tag: FlvTag }
  /** Bytes between tags that belong to no whole tag. */
  | { readonly kind: "garbage"; readonly bytes: number }
  /** The connection ended inside a tag, or in bytes that belong to none; the last item. */
  | { readonly kind: "cut"; readonly bytes: number };

/** Options of {@link FlvReader}. */
export interface FlvReaderOptions {
  /** Longest payload taken for a tag, bytes, 1 to 16777215. @default 8388608 */
  maxTagBytes?: number;
}

/** "FLV", version 1. */
const SIGNATURE: readonly number[] = [0x46, 0x4c, 0x56, 1];

interface TagHeader {
  type: FlvTagType;
  timestampMs: number;
  size: number;
}

/**
 * A push parser for one FLV connection.
 *
 * A tag is believed when the size field behind it agrees with it (servers that always write 0 or the payload's size
 * there are known by their first tag). Else the reader looks for the next place where a header and the size field behind
 * its tag agree, and reports what lies between.
 * It holds at most one tag of `maxTagBytes`.
 *
 * @example
 * ```ts
 * import { FlvReader } from "@roomtone/sdk/media";
 * const reader = new FlvReader();
 * for (const item of reader.push(Uint8Array.of(0x46, 0x4c, 0x56, 1, 5, 0, 0, 0, 9, 0, 0, 0, 0))) console.log(item.kind);
 * console.log(reader.end().length); // 0: it ended between tags
 * ```
 */
export class FlvReader {
  readonly #maxTagBytes: number;
  /** Chunks not yet joined to `#bytes`; joined once `#need` bytes are there, so that big tags cost linear time. */
  #chunks: Uint8Array[] = [];
  #chunkBytes = 0;
  #bytes: Uint8Array = new Uint8Array(0);
  #at = 0;
  #need = 1;
  #items: FlvItem[] = [];
  #synced = true;
  /** What this server writes behind tags, by the first tag: the tag's size as it should, its payload's, or zero. */
  #sizeField: "tag" | "payload" | "zero" | undefined;
  /** While not synced: bytes skipped so far, the place to look on from, and headers whose tags are not whole yet. */
  #skipped = 0;
  #scanAt = 0;
  #candidates: number[] = [];

  /**
   * Makes a reader for one connection.
   * @throws {RangeError} when `maxTagBytes` is no integer from 1 to 16777215
   */
  constructor(options: FlvReaderOptions = {}) {
    const max = options.maxTagBytes ?? 8 * 1024 * 1024;
    if (!Number.isInteger(max) || max < 1 || max > 0xffffff) {
      throw new RangeError(`Cannot read FLV as 'maxTagBytes' must be an integer from 1 to 16777215: ${max}`);
    }
    this.#maxTagBytes = max;
  }

  /**
   * Takes the next bytes of the connection.
   * @param chunk not changed later by the caller: payloads are views of it
   * @returns what they completed, in order
   */
  push(chunk: Uint8Array): FlvItem[] {
    this.#chunks.push(chunk);
    this.#chunkBytes += chunk.length;
    if (this.#bytes.length - this.#at + this.#chunkBytes < this.#need) return [];
    this.#join();
    this.#parse(false);
    return this.#take();
  }

  /**
   * Says that no more bytes come.
   * @returns the last tag where only its size field was missing, and a `cut` where the connection ended inside a tag
   */
  end(): FlvItem[] {
    this.#join();
    this.#parse(true);
    const rest = this.#skipped + this.#bytes.length - this.#at;
    if (rest > 0) this.#items.push({ kind: "cut", bytes: rest });
    this.#at = this.#bytes.length;
    return this.#take();
  }

  #take(): FlvItem[] {
    const items = this.#items;
    this.#items = [];
    return items;
  }

  #join(): void {
    if (this.#chunks.length === 0) return;
    const rest = this.#bytes.subarray(this.#at);
    const [only] = this.#chunks;
    if (rest.length === 0 && this.#chunks.length === 1 && only !== undefined) {
      this.#bytes = only;
    } else {
      const joined = new Uint8Array(rest.length + this.#chunkBytes);
      joined.set(rest);
      let at = rest.length;
      for (const chunk of this.#chunks) {
        joined.set(chunk, at);
        at += chunk.length;
      }
      this.#bytes = joined;
    }
    this.#scanAt -= this.#at;
    this.#candidates = this.#candidates.map((place) => place - this.#at);
    this.#at = 0;
    this.#chunks = [];
    this.#chunkBytes = 0;
  }

  #parse(atEnd: boolean): void {
    while (this.#synced ? this.#readNext(atEnd) : this.#scan(atEnd));
  }

  /** Reads the header or tag at `#at`; false when more bytes are needed. */
  #readNext(atEnd: boolean): boolean {
    const available = this.#bytes.length - this.#at;
    const headerBytes = this.#fileHeaderBytes(this.#at);
    if (headerBytes > 0) return this.#readFileHeader(headerBytes, atEnd);
    if (headerBytes < 0) return this.#wait(FILE_HEADER_BYTES, atEnd);
    if (available < TAG_HEADER_BYTES) return this.#wait(TAG_HEADER_BYTES, atEnd);
    const header = this.#tagHeader(this.#at);
    if (header === undefined) return this.#loseSync(this.#at);
    const tagBytes = TAG_HEADER_BYTES + header.size;
    if (available < tagBytes + SIZE_FIELD_BYTES) {
      const whole = atEnd && available >= tagBytes && this.#sizeFieldAgrees(this.#at, header.size);
      // With its size field missing, a tag could also be a cut one with another stream glued behind it.
      if (!whole || this.#holdsFileHeader(this.#at, this.#at + tagBytes)) {
        return this.#wait(tagBytes + SIZE_FIELD_BYTES, atEnd);
      }
      return this.#emit(header, available);
    }
    if (this.#sizeField === undefined) {
      const next = this.#at + tagBytes + SIZE_FIELD_BYTES;
      const field = this.#uint32(next - SIZE_FIELD_BYTES);
      if (field !== tagBytes && available < tagBytes + SIZE_FIELD_BYTES + FILE_HEADER_BYTES && !atEnd) {
        return this.#wait(tagBytes + SIZE_FIELD_BYTES + FILE_HEADER_BYTES, atEnd);
      }
      const good = this.#fileHeaderBytes(next) > 0 || this.#strictTagHeader(next) !== undefined;
      this.#sizeField = good && field === 0 ? "zero" : good && field === header.size ? "payload" : "tag";
    }
    if (!this.#sizeFieldAgrees(this.#at, header.size)) return this.#loseSync(this.#at + 1);
    return this.#emit(header, tagBytes + SIZE_FIELD_BYTES);
  }

  /** Waits for that many bytes. At the end none come, and a whole tag may hide behind the start of a cut one. */
  #wait(bytes: number, atEnd: boolean): boolean {
    this.#need = bytes;
    if (atEnd && this.#at < this.#bytes.length) return this.#loseSync(this.#at + 1);
    return false;
  }

  #emit(header: TagHeader, bytes: number): true {
    const start = this.#at + TAG_HEADER_BYTES;
    const payload = this.#bytes.subarray(start, start + header.size);
    this.#items.push({ kind: "tag", tag: { type: header.type, timestampMs: header.timestampMs, payload } });
    this.#at += bytes;
    return true;
  }

  #readFileHeader(bytes: number, atEnd: boolean): boolean {
    if (this.#bytes.length - this.#at < bytes) return this.#wait(bytes, atEnd);
    const flags = this.#bytes[this.#at + 4] ?? 0;
    this.#items.push({ kind: "header", hasAudio: (flags & 4) !== 0, hasVideo: (flags & 1) !== 0 });
    this.#at += bytes;
    return true;
  }

  /** Length of the file header at `place` with its size field; 0 when there is none, -1 when that cannot be told yet. */
  #fileHeaderBytes(place: number): number {
    const bytes = this.#bytes;
    const known = Math.min(SIGNATURE.length, bytes.length - place);
    for (let i = 0; i < known; i++) if (bytes[place + i] !== SIGNATURE[i]) return 0;
    if (bytes.length - place < FILE_HEADER_BYTES) return -1;
    const dataOffset = this.#uint32(place + 5);
    return ((bytes[place + 4] ?? 0) & 0xfa) === 0 && dataOffset >= 9 && dataOffset <= 64
      ? dataOffset + SIZE_FIELD_BYTES
      : 0;
  }

  #holdsFileHeader(from: number, to: number): boolean {
    for (let place = from; place + FILE_HEADER_BYTES <= to; place++) if (this.#fileHeaderBytes(place) > 0) return true;
    return false;
  }

  #tagHeader(place: number): TagHeader | undefined {
    const bytes = this.#bytes;
    if (place + TAG_HEADER_BYTES > bytes.length) return undefined;
    const type = flvTagType(bytes[place] ?? 0);
    const size = this.#uint32(place) & 0xffffff;
    if (type === undefined || size > this.#maxTagBytes) return undefined;
    const timestamp = this.#uint32(place + 4);
    return { type, size, timestampMs: ((timestamp >>> 8) | ((timestamp & 0xff) << 24)) >>> 0 };
  }

  /** As `#tagHeader`, and the stream id is 0 as the specification wants it. */
  #strictTagHeader(place: number): TagHeader | undefined {
    const bytes = this.#bytes;
    const streamId = (bytes[place + 8] ?? 1) | (bytes[place + 9] ?? 1) | (bytes[place + 10] ?? 1);
    return streamId === 0 ? this.#tagHeader(place) : undefined;
  }

  /** Whether the size field behind the tag, or the part of it that is there, agrees with the tag. */
  #sizeFieldAgrees(place: number, size: number): boolean {
    const field = place + TAG_HEADER_BYTES + size;
    const value = this.#sizeField === "zero" ? 0 : this.#sizeField === "payload" ? size : TAG_HEADER_BYTES + size;
    const there = Math.min(SIZE_FIELD_BYTES, this.#bytes.length - field);
    for (let i = 0; i < there; i++) if (this.#bytes[field + i] !== ((value >>> (24 - 8 * i)) & 0xff)) return false;
    return true;
  }

  #uint32(place: number): number {
    const bytes = this.#bytes;
    return (((bytes[place] ?? 0) << 24) | ((bytes[place + 1] ?? 0) << 16) | ((bytes[place + 2] ?? 0) << 8) |
      (bytes[place + 3] ?? 0)) >>> 0;
  }

  #loseSync(scanFrom: number): true {
    this.#synced = false;
    this.#scanAt = scanFrom;
    this.#candidates = [];
    return true;
  }

  /** Goes on reading at `place` and reports all that was skipped since sync was lost. */
  #resync(place: number): true {
    const bytes = this.#skipped + place - this.#at;
    if (bytes > 0) this.#items.push({ kind: "garbage", bytes });
    this.#skipped = 0;
    this.#at = place;
    this.#synced = true;
    return true;
  }

  /** Looks for the next tag or file header; false when more bytes are needed. */
  #scan(atEnd: boolean): boolean {
    const end = this.#bytes.length;
    this.#candidates = this.#candidates.filter((place) => this.#verify(place, atEnd) !== false);
    for (const place of this.#candidates) if (this.#verify(place, atEnd) === true) return this.#resync(place);
    for (; this.#scanAt + FILE_HEADER_BYTES <= end || (atEnd && this.#scanAt < end); this.#scanAt++) {
      if (this.#fileHeaderBytes(this.#scanAt) > 0) return this.#resync(this.#scanAt);
      if (this.#strictTagHeader(this.#scanAt) === undefined) continue;
      const verdict = this.#verify(this.#scanAt, atEnd);
      if (verdict === true) return this.#resync(this.#scanAt);
      if (verdict === undefined) this.#candidates.push(this.#scanAt);
    }
    const keepFrom = this.#candidates[0] ?? this.#scanAt;
    this.#skipped += keepFrom - this.#at;
    this.#at = keepFrom;
    const kept = end - keepFrom;
    // Growing by a share keeps the copying linear while a header that promises megabytes is waited for.
    this.#need = kept + (this.#candidates.length > 0 ? Math.max(1024, kept >> 2) : 1);
    return false;
  }

  /** Whether a tag stands at `place`; `undefined` while its end is not there. */
  #verify(place: number, atEnd: boolean): boolean | undefined {
    const header = this.#strictTagHeader(place);
    if (header === undefined) return false;
    const field = place + TAG_HEADER_BYTES + header.size;
    if (field + SIZE_FIELD_BYTES > this.#bytes.length && !(atEnd && field <= this.#bytes.length)) return undefined;
    return this.#sizeFieldAgrees(place, header.size);
  }
}
