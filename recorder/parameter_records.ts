/**
 * Decoder configuration records out of the parameter sets that stand in a byte stream: ISO/IEC 14496-15 (AVC and HEVC),
 * ISO/IEC 14496-3, 1.6 (AAC). The counterpart of `parameter_sets.ts`.
 * @module
 */
import { joined } from "./joined.ts";
import { BitReader, HIGH_PROFILES, readHevcStart, withoutEmulation } from "./parameter_sets.ts";

const sized = (unit: Uint8Array): Uint8Array[] => [Uint8Array.of(unit.length >> 8, unit.length & 255), unit];

/** AVCDecoderConfigurationRecord; `undefined` as long as a set is missing. */
export function makeAvcRecord(sps: readonly Uint8Array[], pps: readonly Uint8Array[]): Uint8Array | undefined {
  const [first] = sps;
  if (first === undefined || first.length < 4 || pps.length === 0) return undefined;
  const [, profile = 0, compatibility = 0, level = 0] = first;
  return joined([
    Uint8Array.of(1, profile, compatibility, level, 0xff, 0xe0 | sps.length),
    ...sps.flatMap(sized),
    Uint8Array.of(pps.length),
    ...pps.flatMap(sized),
    ...(HIGH_PROFILES.has(profile) ? [highProfileFields(first)] : []),
  ]);
}

/** Chroma and bit depths, for the profiles that tell them (H.264, 7.3.2.1.1). */
function highProfileFields(sps: Uint8Array): Uint8Array {
  const bits = new BitReader(withoutEmulation(sps.subarray(4)));
  bits.ue();
  const chroma = bits.ue();
  if (chroma === 3) bits.skip(1);
  const luma = bits.ue();
  return Uint8Array.of(0xfc | (chroma & 3), 0xf8 | (luma & 7), 0xf8 | (bits.ue() & 7), 0);
}

/** HEVCDecoderConfigurationRecord; `undefined` as long as a set is missing. */
export function makeHevcRecord(
  vps: readonly Uint8Array[],
  sps: readonly Uint8Array[],
  pps: readonly Uint8Array[],
): Uint8Array | undefined {
  const [first] = sps;
  if (first === undefined || vps.length === 0 || pps.length === 0) return undefined;
  const plain = withoutEmulation(first.subarray(2));
  const bits = new BitReader(plain);
  const { subLayers, chroma } = readHevcStart(bits);
  bits.ue();
  bits.ue();
  if (bits.bits(1) === 1) { for (let side = 0; side < 4; side++) bits.ue(); }
  const luma = bits.ue() & 7;
  const depth = bits.ue() & 7;
  if (bits.spent) return undefined;
  const nested = (plain[0] ?? 0) & 1;
  return joined([
    Uint8Array.of(1),
    plain.subarray(1, 13),
    Uint8Array.of(0xf0, 0, 0xfc, 0xfc | (chroma & 3), 0xf8 | luma, 0xf8 | depth, 0, 0),
    Uint8Array.of(((subLayers + 1) << 3) | (nested << 2) | 3, 3),
    ...([[32, vps], [33, sps], [34, pps]] as const).flatMap(([type, sets]) => [
      Uint8Array.of(0x80 | type, sets.length >> 8, sets.length & 255),
      ...sets.flatMap(sized),
    ]),
  ]);
}

/** AudioSpecificConfig. @param kind audio object type @param rate index of the sample rate @param channels configuration */
export function makeAacConfig(kind: number, rate: number, channels: number): Uint8Array {
  return Uint8Array.of((kind << 3) | (rate >> 1), ((rate & 1) << 7) | (channels << 3));
}
