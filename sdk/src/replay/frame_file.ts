/**
 * The file of a recorded live: bytes from {@link LiveRecord}s and back, without any I/O.
 *
 * Format, version 1; numbers are little-endian. It begins with 8 bytes: `52 54 46 52` ("RTFR"), the version as one
 * byte, three zero bytes. Then come records, each one:
 *
 * | bytes | what |
 * |---|---|
 * | 4 | length of the rest of the record, unsigned, at least 9 and at most {@link MAX_RECORD_BYTES} |
 * | 1 | kind |
 * | 8 | time, ms since 1970, a double |
 * | length - 9 | body |
 *
 * | kind | body |
 * |---|---|
 * | 1 frame | `from` and `to` (4 bytes each, unsigned): its messages from the one index to before the other; then the frame as the socket gave it |
 * | 2 room | JSON `{room, gifts}`: the room that the following frames are of; what fills in its gift events, as `[id, details]` |
 * | 3 tick | empty: silent gift streaks were ended at this time |
 * | 4 event | JSON of an event that the client made: connected, state, gap, ended |
 * | 5 end | JSON `{end, error}`: how the live ended; the last record |
 * | 6 lost | JSON `{records, from, to}`: records that a slow writer could not take |
 * | 7 batch | as kind 1, with a batch that no frame carried |
 *
 * A reader skips kinds that it does not know. A file that ends inside a record was cut; what is whole before it counts.
 * @module
 */
import { LiveError } from "../errors.ts";
import type { LiveRecord } from "../live/live_record.ts";

/** Longest record, bytes: more than a socket message that a live can bring. */
export const MAX_RECORD_BYTES = 64 * 1024 * 1024;

/** The first bytes of a file. */
export const FILE_HEAD: readonly number[] = [0x52, 0x54, 0x46, 0x52, 1, 0, 0, 0];

/** Records that a slow writer could not take. */
export interface LostRecords {
  /** Tells it from other records. */
  readonly type: "lost";
  /** When the first of them was made, ms. */
  readonly at: number;
  /** How many. */
  readonly records: number;
  /** See {@link LostRecords.at}. */
  readonly from: number;
  /** When the last of them was made, ms. */
  readonly to: number;
}

/** What stands in a file. */
export type FileRecord = LiveRecord | LostRecords | { readonly type: "skipped"; readonly at: number };

const KINDS = { frame: 1, room: 2, tick: 3, event: 4, end: 5, lost: 6, batch: 7 } as const;
/** Kind and time. */
const PREFIX_BYTES = 9;

/** The head of a file, to be written once before the records. */
export function encodeFileHead(): Uint8Array {
  return Uint8Array.from(FILE_HEAD);
}

/**
 * One record as bytes.
 * @throws {RangeError} when it is longer than {@link MAX_RECORD_BYTES}
 */
export function encodeRecord(record: LiveRecord | LostRecords): Uint8Array {
  const body = bodyOf(record);
  const ranged = record.type === "frame" || record.type === "batch";
  const frameBytes = ranged ? 8 : 0;
  const length = PREFIX_BYTES + frameBytes + body.length;
  if (length > MAX_RECORD_BYTES) throw new RangeError(`Cannot encode the record: it has ${length} bytes`);
  const bytes = new Uint8Array(4 + length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, length, true);
  view.setUint8(4, KINDS[record.type]);
  view.setFloat64(5, record.at, true);
  if (ranged) {
    view.setUint32(4 + PREFIX_BYTES, record.from, true);
    view.setUint32(8 + PREFIX_BYTES, record.to, true);
  }
  bytes.set(body, 4 + PREFIX_BYTES + frameBytes);
  return bytes;
}

function bodyOf(record: LiveRecord | LostRecords): Uint8Array {
  const json = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));
  switch (record.type) {
    case "frame":
    case "batch":
      return record.bytes;
    case "room":
      return json({ room: record.room, gifts: [...record.gifts] });
    case "tick":
      return new Uint8Array(0);
    case "event":
      return json(record.event);
    case "end":
      return json({ end: record.end, error: record.error });
    case "lost":
      return json({ records: record.records, from: record.from, to: record.to });
  }
}

/**
 * Reads a file piece by piece, however it is cut into chunks. It keeps no more than one record.
 *
 * @example
 * ```ts
 * import { encodeFileHead, encodeRecord, FrameFileReader } from "@roomtone/sdk/replay";
 * const reader = new FrameFileReader();
 * reader.push(encodeFileHead());
 * const [record] = reader.push(encodeRecord({ type: "tick", at: 1_700_000_000_000 }));
 * console.log(record?.type); // "tick"
 * console.log(reader.waitingBytes); // 0: the file ends with a whole record
 * ```
 */
export class FrameFileReader {
  #parts: Uint8Array[] = [];
  #size = 0;
  #needed = FILE_HEAD.length;
  #headSeen = false;

  /** Bytes of a record that is not whole yet; at the end of a file, what was cut. */
  get waitingBytes(): number {
    return this.#size;
  }

  /**
   * Takes the next piece of the file.
   * @param chunk the next bytes; they are kept until the record is whole, so do not change them
   * @returns the records that are whole now
   * @throws {LiveError} `protocol` when it is no such file, of a newer version, or damaged
   */
  push(chunk: Uint8Array): FileRecord[] {
    this.#parts.push(chunk);
    this.#size += chunk.length;
    if (this.#size < this.#needed) return [];
    const bytes = this.#joined();
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    const records: FileRecord[] = [];
    let pos = 0;
    if (!this.#headSeen) {
      checkHead(bytes);
      this.#headSeen = true;
      pos = FILE_HEAD.length;
    }
    this.#needed = 4;
    while (bytes.length - pos >= 4) {
      const length = view.getUint32(pos, true);
      if (length < PREFIX_BYTES || length > MAX_RECORD_BYTES) throw damaged(`a record has the length ${length}`);
      this.#needed = 4 + length;
      if (bytes.length - pos < this.#needed) break;
      records.push(decodeRecord(bytes.subarray(pos + 4, pos + this.#needed)));
      pos += this.#needed;
      this.#needed = 4;
    }
    this.#parts = pos === bytes.length ? [] : [bytes.subarray(pos)];
    this.#size = bytes.length - pos;
    return records;
  }

  #joined(): Uint8Array {
    const [only] = this.#parts;
    if (only !== undefined && this.#parts.length === 1) return only;
    const whole = new Uint8Array(this.#size);
    let offset = 0;
    for (const part of this.#parts) {
      whole.set(part, offset);
      offset += part.length;
    }
    return whole;
  }
}

function checkHead(bytes: Uint8Array): void {
  if (FILE_HEAD.slice(0, 4).some((byte, index) => bytes[index] !== byte)) {
    throw new LiveError("protocol", "Read the recorded frames: the file does not begin with RTFR", {
      remedy: "Pass a file that `roomtone live --record` or recordFrames() wrote",
    });
  }
  if (bytes[4] !== FILE_HEAD[4]) {
    throw new LiveError("protocol", `Read the recorded frames: the file is of version ${bytes[4]}, this reads 1`);
  }
}

function decodeRecord(bytes: Uint8Array): FileRecord {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const at = view.getFloat64(1, true);
  if (!Number.isFinite(at)) throw damaged("a record has no time");
  const body = bytes.subarray(PREFIX_BYTES);
  switch (bytes[0]) {
    case KINDS.frame:
    case KINDS.batch: {
      if (body.length < 8) throw damaged("a frame is cut short");
      const [from, to] = [view.getUint32(PREFIX_BYTES, true), view.getUint32(PREFIX_BYTES + 4, true)];
      // A copy: events hold on to their bytes, and shall not hold a whole file with them.
      return { type: bytes[0] === KINDS.frame ? "frame" : "batch", at, from, to, bytes: body.slice(8) };
    }
    case KINDS.room: {
      const { room, gifts } = parse(body);
      if (!isObject(room) || typeof room["roomId"] !== "string" || typeof room["title"] !== "string") {
        throw damaged("a room has no id");
      }
      const isEntry = (entry: unknown) => Array.isArray(entry) && typeof entry[0] === "string" && isObject(entry[1]);
      if (!Array.isArray(gifts) || !gifts.every(isEntry)) throw damaged("a room has no gifts");
      return { type: "room", at, room, gifts: new Map(gifts) } as unknown as FileRecord;
    }
    case KINDS.tick:
      return { type: "tick", at };
    case KINDS.event: {
      const event = parse(body);
      if (!["connected", "state", "gap", "ended"].includes(String(event["type"]))) {
        throw damaged("an event has no type");
      }
      return { type: "event", at, event } as unknown as FileRecord;
    }
    case KINDS.end: {
      const { end, error } = parse(body);
      if (typeof end !== "string") throw damaged("the end does not say how");
      return { type: "end", at, end, ...(error === undefined ? {} : { error }) } as FileRecord;
    }
    case KINDS.lost: {
      const { records, from, to } = parse(body);
      if (typeof records !== "number" || typeof from !== "number" || typeof to !== "number") {
        throw damaged("a loss does not say how much");
      }
      return { type: "lost", at, records, from, to };
    }
    default:
      return { type: "skipped", at };
  }
}

function parse(body: Uint8Array): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder().decode(body));
  } catch (cause) {
    throw damaged("a record is not JSON", cause);
  }
  if (!isObject(value)) throw damaged("a record is not a JSON object");
  return value;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}

function damaged(what: string, cause?: unknown): LiveError {
  return new LiveError("protocol", `Read the recorded frames: ${what}`, {
    remedy: "The file is damaged from there on; what came before it is good",
    ...(cause === undefined ? {} : { cause }),
  });
}
