/**
 * What MP4 has to be told of a decoder's parameters. AVC and HEVC: ISO/IEC 14496-15 (the records), ITU-T H.264 and
 * H.265 clause 7.3 (the sequence parameter sets), RFC 6381 (the names). AAC: ISO/IEC 14496-3, clause 1.6.
 * @module
 */

/** A picture track's parameters. */
export interface VideoParameters {
  codec: string;
  width: number;
  height: number;
}

/** A sound track's parameters. */
export interface AudioParameters {
  codec: string;
  sampleRate: number;
  channels: number;
}

/** Reads bits; behind the end all bits are 0, and `spent` tells. */
export class BitReader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** Whether more was read than there was. */
  get spent(): boolean {
    return this.#at > this.#bytes.length * 8;
  }

  bits(count: number): number {
    let value = 0;
    for (let i = 0; i < count; i++, this.#at++) {
      value = value * 2 + (((this.#bytes[this.#at >> 3] ?? 0) >> (7 - (this.#at & 7))) & 1);
    }
    return value;
  }

  skip(count: number): void {
    this.#at += count;
  }

  /** Exp-Golomb, unsigned. */
  ue(): number {
    let zeros = 0;
    while (zeros < 32 && !this.spent && this.bits(1) === 0) zeros++;
    return 2 ** zeros - 1 + this.bits(zeros);
  }

  /** Exp-Golomb, signed. */
  se(): number {
    const value = this.ue();
    return value % 2 === 0 ? -value / 2 : (value + 1) / 2;
  }
}

/** The bytes of a NAL unit without those that only keep start codes from appearing. */
export function withoutEmulation(nal: Uint8Array): Uint8Array {
  const kept = nal.filter((byte, index) => !(byte === 3 && nal[index - 1] === 0 && nal[index - 2] === 0));
  return kept;
}

const hex = (bytes: Iterable<number>): string => [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");

/** Profiles whose parameter sets tell of chroma and scaling (H.264, 7.3.2.1.1). */
export const HIGH_PROFILES: ReadonlySet<number> = new Set([
  100,
  110,
  122,
  244,
  44,
  83,
  86,
  118,
  128,
  138,
  139,
  134,
  135,
]);

function skipScalingLists(bits: BitReader, lists: number): void {
  for (let list = 0; list < lists; list++) {
    if (bits.bits(1) === 0) continue;
    let next = 8;
    for (let i = 0, last = 8; i < (list < 6 ? 16 : 64) && next !== 0; i++) {
      next = (last + bits.se() + 256) % 256;
      last = next === 0 ? last : next;
    }
  }
}

/** Reads an AVCDecoderConfigurationRecord; `undefined` when it makes no sense. */
export function readAvcParameters(record: Uint8Array): VideoParameters | undefined {
  const size = ((record[6] ?? 0) << 8) | (record[7] ?? 0);
  if (record[0] !== 1 || ((record[5] ?? 0) & 31) === 0 || size < 4 || 8 + size > record.length) return undefined;
  const bits = new BitReader(withoutEmulation(record.subarray(9, 8 + size)));
  const profile = bits.bits(8);
  bits.skip(16);
  bits.ue();
  let chroma = 1;
  if (HIGH_PROFILES.has(profile)) {
    chroma = bits.ue();
    if (chroma === 3) bits.skip(1);
    bits.ue();
    bits.ue();
    bits.skip(1);
    if (bits.bits(1) === 1) skipScalingLists(bits, chroma === 3 ? 12 : 8);
  }
  bits.ue();
  const orderType = bits.ue();
  if (orderType === 0) bits.ue();
  if (orderType === 1) {
    bits.skip(1);
    bits.se();
    bits.se();
    for (let left = bits.ue(); left > 0 && !bits.spent; left--) bits.se();
  }
  bits.ue();
  bits.skip(1);
  const columns = bits.ue() + 1;
  const rows = bits.ue() + 1;
  const frameOnly = bits.bits(1);
  if (frameOnly === 0) bits.skip(1);
  bits.skip(1);
  const crop = bits.bits(1) === 1 ? [bits.ue(), bits.ue(), bits.ue(), bits.ue()] : [];
  const [left = 0, right = 0, top = 0, bottom = 0] = crop;
  const width = columns * 16 - (left + right) * (chroma === 1 || chroma === 2 ? 2 : 1);
  const height = (rows * 16 - (top + bottom) * (chroma === 1 ? 2 : 1)) * (2 - frameOnly);
  if (bits.spent || !isSize(width, height)) return undefined;
  return { codec: `avc1.${hex(record.subarray(1, 4))}`, width, height };
}

const HEVC_SPS = 33;

/** The first parameter set of a type in an HEVCDecoderConfigurationRecord. */
function hevcSet(record: Uint8Array, type: number): Uint8Array | undefined {
  let at = 23;
  const number16 = (): number => {
    at += 2;
    return ((record[at - 2] ?? 0) << 8) | (record[at - 1] ?? 0);
  };
  for (let arrays = record[22] ?? 0; arrays > 0 && at < record.length; arrays--) {
    const found = (record[at++] ?? 0) & 63;
    for (let units = number16(); units > 0 && at < record.length; units--) {
      const size = number16();
      if (found === type && at + size <= record.length) return record.subarray(at, at + size);
      at += size;
    }
  }
  return undefined;
}

/**
 * Reads a sequence parameter set of HEVC up to its width (ITU-T H.265, 7.3.2.2).
 * @param bits at its start, behind the unit's header
 * @returns layers below the highest, and the chroma format
 */
export function readHevcStart(bits: BitReader): { subLayers: number; chroma: number } {
  bits.skip(4);
  const subLayers = bits.bits(3);
  bits.skip(1 + 96);
  const present = Array.from({ length: subLayers }, () => [bits.bits(1), bits.bits(1)] as const);
  if (subLayers > 0) bits.skip(2 * (8 - subLayers));
  for (const [profile, level] of present) bits.skip(profile * 88 + level * 8);
  bits.ue();
  const chroma = bits.ue();
  if (chroma === 3) bits.skip(1);
  return { subLayers, chroma };
}

/** Reads an HEVCDecoderConfigurationRecord; `undefined` when it makes no sense. */
export function readHevcParameters(record: Uint8Array): VideoParameters | undefined {
  const unit = hevcSet(record, HEVC_SPS);
  if (record[0] !== 1 || unit === undefined) return undefined;
  const bits = new BitReader(withoutEmulation(unit.subarray(2)));
  const { chroma } = readHevcStart(bits);
  const full = [bits.ue(), bits.ue()] as const;
  const [left = 0, right = 0, top = 0, bottom = 0] = bits.bits(1) === 1
    ? [bits.ue(), bits.ue(), bits.ue(), bits.ue()]
    : [];
  const width = full[0] - (left + right) * (chroma === 1 || chroma === 2 ? 2 : 1);
  const height = full[1] - (top + bottom) * (chroma === 1 ? 2 : 1);
  if (bits.spent || !isSize(width, height)) return undefined;
  return { codec: hevcName(record), width, height };
}

/** RFC 6381 name, by ISO/IEC 14496-15 annex E.3. */
function hevcName(record: Uint8Array): string {
  const first = record[1] ?? 0;
  const space = ["", "A", "B", "C"][first >> 6] ?? "";
  const flags = new DataView(record.buffer, record.byteOffset, record.byteLength).getUint32(2);
  let reversed = 0;
  for (let i = 0; i < 32; i++) reversed = reversed * 2 + ((flags >>> i) & 1);
  const constraints = [...record.subarray(6, 12)];
  while (constraints.length > 1 && constraints.at(-1) === 0) constraints.pop();
  const tier = first & 32 ? "H" : "L";
  const rest = constraints.map((byte) => byte.toString(16).toUpperCase()).join(".");
  return `hvc1.${space}${first & 31}.${reversed.toString(16).toUpperCase()}.${tier}${record[12] ?? 0}.${rest}`;
}

const isSize = (width: number, height: number): boolean =>
  width > 0 && height > 0 && width <= 16_384 && height <= 16_384;

const AAC_RATES: readonly number[] = [
  ...[96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8_000, 7_350],
];
const AAC_CHANNELS: readonly number[] = [0, 1, 2, 3, 4, 5, 6, 8];
/** Low complexity, and the two high-efficiency ones. */
const AAC_KINDS: ReadonlySet<number> = new Set([2, 5, 29]);

/** Reads an AudioSpecificConfig; `undefined` for a kind of AAC that is not usual. */
export function readAacParameters(config: Uint8Array): AudioParameters | undefined {
  const bits = new BitReader(config);
  const kind = bits.bits(5);
  const rate = bits.bits(4);
  const sampleRate = rate === 15 ? bits.bits(24) : AAC_RATES[rate] ?? 0;
  const channels = AAC_CHANNELS[bits.bits(4)] ?? 0;
  if (bits.spent || !AAC_KINDS.has(kind) || sampleRate === 0 || channels === 0) return undefined;
  return { codec: `mp4a.40.${kind}`, sampleRate, channels };
}
