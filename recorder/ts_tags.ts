/**
 * Puts the units of a transport stream into FLV tags, so that HLS takes the same way through repair and writers as FLV
 * does. Start codes become lengths (ISO/IEC 14496-15), sound loses its ADTS heads (ISO/IEC 14496-3), decoder parameters
 * become headers when they change.
 * @module
 */
import type { FlvItem, FlvTag } from "@roomtone/sdk/media";
import { joined } from "./joined.ts";
import { makeAacConfig, makeAvcRecord, makeHevcRecord } from "./parameter_records.ts";
import { TsReader, type TsUnit } from "./ts_reader.ts";

const CLOCK_KHZ = 90;
const AAC_SAMPLES = 1024;
const ADTS_RATES: readonly number[] = [
  ...[96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8_000, 7_350],
];

/** What NAL units of a codec are for. */
interface NalKinds {
  /** FLV's number of the codec. */
  id: number;
  typeOf: (unit: Uint8Array) => number;
  sets: readonly number[];
  /** Neither pictures nor what belongs to them: delimiters, ends, filling. */
  dropped: readonly number[];
  isKey: (type: number) => boolean;
  makeRecord: (sets: ReadonlyMap<number, readonly Uint8Array[]>) => Uint8Array | undefined;
}

const NALS: Readonly<Record<"avc" | "hevc", NalKinds>> = {
  avc: {
    id: 7,
    typeOf: (unit) => (unit[0] ?? 0) & 31,
    sets: [7, 8],
    dropped: [9, 10, 11, 12],
    isKey: (type) => type === 5,
    makeRecord: (sets) => makeAvcRecord(sets.get(7) ?? [], sets.get(8) ?? []),
  },
  hevc: {
    id: 12,
    typeOf: (unit) => ((unit[0] ?? 0) >> 1) & 63,
    sets: [32, 33, 34],
    dropped: [35, 36, 37, 38],
    isKey: (type) => type >= 16 && type <= 21,
    makeRecord: (sets) => makeHevcRecord(sets.get(32) ?? [], sets.get(33) ?? [], sets.get(34) ?? []),
  },
};

/** Reads the segments of one playlist, in order. */
export class TsTags {
  readonly #reader = new TsReader();
  readonly #sets = new Map<string, Map<number, Uint8Array[]>>();
  readonly #headers: { audio?: Uint8Array; video?: Uint8Array } = {};
  /** Sound that belongs to a packet whose rest is to come, and when the next one begins. */
  #sound: { rest: Uint8Array; at: number } = { rest: new Uint8Array(0), at: 0 };
  #announced = "";
  #garbageBytes = 0;

  /** Takes a whole segment. */
  push(segment: Uint8Array): FlvItem[] {
    return this.#items(this.#reader.push(segment));
  }

  /** Says that the next segment does not go on with the last one: what was open is given out. */
  end(): FlvItem[] {
    const items = this.#items(this.#reader.end());
    this.#garbage(this.#sound.rest.length, items);
    this.#sound = { rest: new Uint8Array(0), at: 0 };
    this.#announced = "";
    delete this.#headers.audio;
    delete this.#headers.video;
    return items;
  }

  #items(units: readonly TsUnit[]): FlvItem[] {
    const items: FlvItem[] = [];
    const { audio, video } = this.#reader.tracks;
    if ((audio || video) && this.#announced !== `${audio} ${video}`) {
      this.#announced = `${audio} ${video}`;
      items.push({ kind: "header", hasAudio: audio, hasVideo: video });
    }
    this.#garbage(this.#reader.garbageBytes - this.#garbageBytes, items);
    this.#garbageBytes = this.#reader.garbageBytes;
    const opening: FlvItem[] = [];
    const media: FlvItem[] = [];
    for (const unit of inTime(units)) {
      const before = { ...this.#headers };
      const place = media.length;
      if (unit.track === "audio") this.#takeSound(unit, media);
      else this.#takePicture(unit, media);
      // Both tracks' first headers stand before all media, as in FLV.
      const isFirst = before[unit.track] === undefined && this.#headers[unit.track] !== undefined;
      if (isFirst) opening.push(...media.splice(media.findIndex((item, at) => at >= place && item.kind === "tag"), 1));
    }
    return [...items, ...opening, ...media];
  }

  #garbage(bytes: number, items: FlvItem[]): void {
    if (bytes > 0) items.push({ kind: "garbage", bytes });
  }

  #put(type: FlvTag["type"], time: number, payload: Uint8Array, items: FlvItem[]): void {
    items.push({ kind: "tag", tag: { type, timestampMs: Math.round(time / CLOCK_KHZ) >>> 0, payload } });
  }

  /** Gives a header out when it is not the one in force. */
  #header(track: "audio" | "video", time: number, payload: Uint8Array, items: FlvItem[]): void {
    if (isSame(payload, this.#headers[track])) return;
    this.#headers[track] = payload;
    this.#put(track, time, payload, items);
  }

  #takePicture({ codec, dts, pts, data }: TsUnit, items: FlvItem[]): void {
    const kinds = NALS[codec === "hevc" ? "hevc" : "avc"];
    const { id, typeOf, sets, dropped, isKey, makeRecord } = kinds;
    const units = nalUnits(data).map((unit) => ({ unit, type: typeOf(unit) }));
    const known = this.#sets.get(codec) ?? new Map<number, Uint8Array[]>();
    this.#sets.set(codec, known);
    for (const type of sets) {
      const found = units.filter((each) => each.type === type).map(({ unit }) => unit);
      if (found.length > 0) known.set(type, found);
    }
    const record = units.some(({ type }) => sets.includes(type)) || this.#headers.video === undefined
      ? makeRecord(known)
      : undefined;
    if (record !== undefined) {
      this.#header("video", dts, joined([Uint8Array.of(0x10 | id, 0, 0, 0, 0), record]), items);
    }
    const slices = units.filter(({ type }) => !sets.includes(type) && !dropped.includes(type));
    if (slices.length === 0) return;
    const frame = slices.some(({ type }) => isKey(type)) ? 1 : 2;
    const compositionMs = Math.round((pts - dts) / CLOCK_KHZ);
    const head = [(frame << 4) | id, 1, (compositionMs >> 16) & 255, (compositionMs >> 8) & 255, compositionMs & 255];
    const pieces = slices.flatMap(({ unit }) => [uint32(unit.length), unit]);
    this.#put("video", dts, joined([Uint8Array.from(head), ...pieces]), items);
  }

  #takeSound({ pts, data }: TsUnit, items: FlvItem[]): void {
    const { rest } = this.#sound;
    const bytes = rest.length === 0 ? data : joined([rest, data]);
    let at = 0;
    let time = rest.length === 0 ? pts : this.#sound.at;
    while (at + 7 <= bytes.length) {
      const frame = adtsFrame(bytes, at);
      if (frame === undefined) {
        this.#garbage(1, items);
        at++;
        continue;
      }
      if (at + frame.length > bytes.length) break;
      this.#header("audio", time, joined([Uint8Array.of(0xaf, 0), frame.config]), items);
      const sound = bytes.subarray(at + frame.head, at + frame.length);
      this.#put("audio", time, joined([Uint8Array.of(0xaf, 1), sound]), items);
      const spilled = at < rest.length;
      at += frame.length;
      // The first that begins within the unit has the unit's time.
      time = spilled && at >= rest.length ? pts : time + AAC_SAMPLES * 1000 * CLOCK_KHZ / frame.sampleRate;
    }
    this.#sound = { rest: bytes.slice(at), at: time };
  }
}

/** Units by time, unless a track's own clock jumps among them. */
function inTime(units: readonly TsUnit[]): readonly TsUnit[] {
  const last = { audio: -Infinity, video: -Infinity };
  for (const { track, dts } of units) {
    if (dts < last[track]) return units;
    last[track] = dts;
  }
  return units.toSorted((one, other) => one.dts - other.dts);
}

/** NAL units of a byte stream (H.264 and H.265, annex B), without start codes. */
export function nalUnits(bytes: Uint8Array): Uint8Array[] {
  const starts: number[] = [];
  for (let at = bytes.indexOf(1, 2); at >= 0; at = bytes.indexOf(1, at + 1)) {
    if (bytes[at - 1] === 0 && bytes[at - 2] === 0) starts.push(at + 1);
  }
  return starts.flatMap((start, index) => {
    let end = (starts[index + 1] ?? bytes.length + 3) - 3;
    // The longer start code has a zero more; no unit ends with one.
    while (end > start && bytes[end - 1] === 0) end--;
    return end > start ? [bytes.subarray(start, end)] : [];
  });
}

/** A packet of ADTS; `undefined` where none begins. */
function adtsFrame(
  bytes: Uint8Array,
  at: number,
): { head: number; length: number; sampleRate: number; config: Uint8Array } | undefined {
  const [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, g = 0] = bytes.subarray(at, at + 7);
  const sampleRate = ADTS_RATES[(c >> 2) & 15];
  const head = (b & 1) === 1 ? 7 : 9;
  const length = ((d & 3) << 11) | (e << 3) | (f >> 5);
  // More than one block of sound in a packet is in no stream that is known.
  const isOne = (g & 3) === 0;
  if (a !== 0xff || (b & 0xf6) !== 0xf0 || sampleRate === undefined || !isOne || length <= head) return undefined;
  const config = makeAacConfig((c >> 6) + 1, (c >> 2) & 15, ((c & 1) << 2) | (d >> 6));
  return { head, length, sampleRate, config };
}

function isSame(one: Uint8Array, other: Uint8Array | undefined): boolean {
  return one.length === other?.length && one.every((byte, index) => byte === other[index]);
}

function uint32(value: number): Uint8Array {
  return Uint8Array.of(value >>> 24, (value >> 16) & 255, (value >> 8) & 255, value & 255);
}
