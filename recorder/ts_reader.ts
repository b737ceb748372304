/**
 * Takes MPEG transport streams apart (ISO/IEC 13818-1): packets into the access units of one picture and one sound
 * track. Whatever the bytes are, it goes on. Pure.
 * @module
 */
import { joined } from "./joined.ts";

/** Codecs that are read, by stream type. */
const STREAM_TYPES: ReadonlyMap<number, { track: "audio" | "video"; codec: TsCodec }> = new Map([
  [0x0f, { track: "audio", codec: "aac" }],
  [0x1b, { track: "video", codec: "avc" }],
  [0x24, { track: "video", codec: "hevc" }],
]);

export type TsCodec = "aac" | "avc" | "hevc";

/** What a packet of the elementary streams carried. */
export interface TsUnit {
  track: "audio" | "video";
  codec: TsCodec;
  /** Ticks of 90 kHz; they go on over the wrap of 33 bits. */
  dts: number;
  pts: number;
  data: Uint8Array;
}

/** Tracks of the program. */
export interface TsTracks {
  audio: boolean;
  video: boolean;
}

const PACKET_BYTES = 188;
const SYNC = 0x47;
const WRAP = 2 ** 33;
/** What a unit may hold before it is given up. */
const MAX_UNIT_BYTES = 16 * 1024 * 1024;

interface Pes {
  pieces: Uint8Array[];
  bytes: number;
}

interface Stream {
  track: "audio" | "video";
  codec: TsCodec;
  open: Pes | undefined;
}

/** See the module. */
export class TsReader {
  #programPid: number | undefined;
  readonly #sections = new Map<number, Uint8Array>();
  readonly #streams = new Map<number, Stream>();
  #lastDts: number | undefined;
  #units: TsUnit[] = [];
  #garbageBytes = 0;

  /** Bytes that belong to no packet or unit, so far. */
  get garbageBytes(): number {
    return this.#garbageBytes;
  }

  /** What the program says it holds; none before it said so. */
  get tracks(): TsTracks {
    const has = (track: Stream["track"]) => [...this.#streams.values()].some((stream) => stream.track === track);
    return { audio: has("audio"), video: has("video") };
  }

  /** Takes whole packets. @returns the units that they completed, in order */
  push(bytes: Uint8Array): TsUnit[] {
    let at = 0;
    while (at + PACKET_BYTES <= bytes.length) {
      if (bytes[at] === SYNC) {
        this.#packet(bytes.subarray(at, at + PACKET_BYTES));
        at += PACKET_BYTES;
        continue;
      }
      const from = at;
      // A byte of sync that another one follows at a packet's distance, or the end does.
      do at++; while (
        at < bytes.length && !(bytes[at] === SYNC && [SYNC, undefined].includes(bytes[at + PACKET_BYTES]))
      );
      this.#garbageBytes += at - from;
    }
    this.#garbageBytes += bytes.length - at;
    return this.#drain();
  }

  /** Says that what follows does not go on with what came. @returns what was open */
  end(): TsUnit[] {
    for (const stream of this.#streams.values()) this.#close(stream);
    this.#sections.clear();
    return this.#drain();
  }

  #drain(): TsUnit[] {
    const units = this.#units;
    this.#units = [];
    return units;
  }

  #packet(packet: Uint8Array): void {
    const [, second = 0, third = 0, fourth = 0] = packet;
    const pid = ((second & 0x1f) << 8) | third;
    const hasAdaptation = (fourth & 0x20) !== 0;
    const isDamaged = (second & 0x80) !== 0;
    const from = 4 + (hasAdaptation ? 1 + (packet[4] ?? 0) : 0);
    if (isDamaged || (fourth & 0x10) === 0 || from >= PACKET_BYTES) return;
    const payload = packet.subarray(from);
    const starts = (second & 0x40) !== 0;
    const stream = this.#streams.get(pid);
    if (stream !== undefined) this.#take(stream, payload, starts);
    else if (pid === 0 || pid === this.#programPid) this.#section(pid, payload, starts);
  }

  #section(pid: number, payload: Uint8Array, starts: boolean): void {
    const before = starts ? new Uint8Array(0) : this.#sections.get(pid);
    if (before === undefined) return;
    const section = joined([before, starts ? payload.subarray(1 + (payload[0] ?? 0)) : payload]);
    this.#sections.set(pid, section);
    const length = 3 + ((((section[1] ?? 0) & 15) << 8) | (section[2] ?? 0));
    // Its last four bytes are a checksum; over TCP nothing comes changed.
    if (section.length < length) return;
    this.#sections.delete(pid);
    const table = section.subarray(0, Math.max(0, length - 4));
    if (pid === 0 && table[0] === 0) this.#readPrograms(table);
    if (pid !== 0 && table[0] === 2) this.#readStreams(table);
  }

  #readPrograms(table: Uint8Array): void {
    for (let at = 8; at + 4 <= table.length; at += 4) {
      const number = ((table[at] ?? 0) << 8) | (table[at + 1] ?? 0);
      if (number === 0) continue;
      this.#programPid = (((table[at + 2] ?? 0) & 0x1f) << 8) | (table[at + 3] ?? 0);
      return;
    }
  }

  #readStreams(table: Uint8Array): void {
    const found = new Map<number, Stream>();
    const taken = new Set<Stream["track"]>();
    let at = 12 + ((((table[10] ?? 0) & 15) << 8) | (table[11] ?? 0));
    for (; at + 5 <= table.length; at += 5 + ((((table[at + 3] ?? 0) & 15) << 8) | (table[at + 4] ?? 0))) {
      const kind = STREAM_TYPES.get(table[at] ?? 0);
      const pid = (((table[at + 1] ?? 0) & 0x1f) << 8) | (table[at + 2] ?? 0);
      if (kind === undefined || taken.has(kind.track)) continue;
      taken.add(kind.track);
      const known = this.#streams.get(pid);
      found.set(pid, known?.codec === kind.codec ? known : { ...kind, open: undefined });
    }
    for (const [pid, stream] of this.#streams) if (found.get(pid) !== stream) this.#close(stream);
    this.#streams.clear();
    for (const [pid, stream] of found) this.#streams.set(pid, stream);
  }

  #take(stream: Stream, payload: Uint8Array, starts: boolean): void {
    if (starts) {
      this.#close(stream);
      stream.open = { pieces: [], bytes: 0 };
    }
    const { open } = stream;
    if (open === undefined) {
      this.#garbageBytes += payload.length;
      return;
    }
    open.pieces.push(payload);
    open.bytes += payload.length;
    // Pictures do not tell their length: they end where the next one begins.
    const length = starts ? lengthOf(payload) : lengthOf(open.pieces[0] ?? payload);
    if ((length > 0 && open.bytes >= 6 + length) || open.bytes > MAX_UNIT_BYTES) this.#close(stream);
  }

  #close(stream: Stream): void {
    const { open, track, codec } = stream;
    stream.open = undefined;
    if (open === undefined) return;
    const pes = joined(open.pieces);
    const length = lengthOf(pes);
    const end = length > 0 ? Math.min(pes.length, 6 + length) : pes.length;
    const from = 9 + (pes[8] ?? 0);
    const flags = (pes[7] ?? 0) >> 6;
    const isStart = pes[0] === 0 && pes[1] === 0 && pes[2] === 1;
    const isWhole = length === 0 || pes.length >= 6 + length;
    if (!isStart || flags < 2 || from >= end || !isWhole || open.bytes > MAX_UNIT_BYTES) {
      this.#garbageBytes += pes.length;
      return;
    }
    const rawPts = timeAt(pes, 9);
    const dts = this.#unwrap(flags === 3 ? timeAt(pes, 14) : rawPts);
    this.#units.push({ track, codec, dts, pts: nearest(rawPts, dts), data: pes.subarray(from, end) });
  }

  /** Times go on where their 33 bits are spent. */
  #unwrap(dts: number): number {
    this.#lastDts = nearest(dts, this.#lastDts ?? dts);
    return this.#lastDts;
  }
}

/** Length behind the first six bytes; 0 when it is not told. */
function lengthOf(pes: Uint8Array): number {
  return ((pes[4] ?? 0) << 8) | (pes[5] ?? 0);
}

function timeAt(bytes: Uint8Array, at: number): number {
  const [a = 0, b = 0, c = 0, d = 0, e = 0] = bytes.subarray(at, at + 5);
  return ((a >> 1) & 7) * 2 ** 30 + (b << 22) + ((c >> 1) << 15) + (d << 7) + (e >> 1);
}

/** The time that is nearest to another, of all that have the same 33 bits. */
function nearest(time: number, other: number): number {
  return time + Math.round((other - time) / WRAP) * WRAP;
}
