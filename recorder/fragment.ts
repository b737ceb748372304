/**
 * One movie fragment (ISO/IEC 14496-12, 8.8) around packets that stay where they are: only its head is made, so that
 * media is not copied on its way to the disk. Pure.
 * @module
 */

/** One picture or packet of sound. */
export interface Packet {
  data: Uint8Array;
  /** Time at which it is decoded, ms from the recording's start. */
  decodeMs: number;
  /** How much later it is shown, ms. */
  compositionMs: number;
  /** Length where no packet of its track follows in the fragment, ms. */
  durationMs: number;
  keyframe: boolean;
}

/** Packets of one track, at least one. */
export interface FragmentTrack {
  id: number;
  /** Ticks per second. */
  timescale: number;
  packets: readonly Packet[];
}

const KEY_SAMPLE = 0x02000000;
const OTHER_SAMPLE = 0x01010000;
/** Place of the data; duration, size, flags and composition time of each sample; signed composition times. */
const RUN_OF_ALL = 0x01_000f01;
/** Data is counted from the fragment's first byte. */
const FROM_MOOF = 0x020000;
const TFHD_BYTES = 16;
const TFDT_BYTES = 20;
const TRUN_HEAD_BYTES = 20;
const SAMPLE_BYTES = 16;
const MFHD_BYTES = 16;
const BOX_BYTES = 8;

/** Writes numbers one behind the other. */
class Writer {
  readonly bytes: Uint8Array;
  readonly #view: DataView;
  #at = 0;

  constructor(size: number) {
    this.bytes = new Uint8Array(size);
    this.#view = new DataView(this.bytes.buffer);
  }

  u32(value: number): void {
    this.#view.setUint32(this.#at, value);
    this.#at += 4;
  }

  u64(value: bigint): void {
    this.#view.setBigUint64(this.#at, value);
    this.#at += 8;
  }

  box(type: string, size: number): void {
    this.u32(size);
    for (let i = 0; i < 4; i++) this.bytes[this.#at++] = type.charCodeAt(i);
  }
}

const trackBytes = ({ packets }: FragmentTrack): number =>
  BOX_BYTES + TFHD_BYTES + TFDT_BYTES + TRUN_HEAD_BYTES + packets.length * SAMPLE_BYTES;

/**
 * Makes a fragment.
 * @param sequence its number within the part, from 1
 * @returns its head, and behind it the data of each packet, as it came
 */
export function makeFragment(sequence: number, tracks: readonly FragmentTrack[]): Uint8Array[] {
  const moofBytes = tracks.reduce((sum, track) => sum + trackBytes(track), BOX_BYTES + MFHD_BYTES);
  const data = tracks.flatMap(({ packets }) => packets.map((packet) => packet.data));
  const dataBytes = data.reduce((sum, { length }) => sum + length, 0);
  const head = new Writer(moofBytes + BOX_BYTES);
  head.box("moof", moofBytes);
  head.box("mfhd", MFHD_BYTES);
  head.u32(0);
  head.u32(sequence);
  let dataAt = moofBytes + BOX_BYTES;
  for (const track of tracks) dataAt = writeTrack(head, track, dataAt);
  head.box("mdat", BOX_BYTES + dataBytes);
  return [head.bytes, ...data];
}

/** @returns where the data of the next track begins */
function writeTrack(head: Writer, track: FragmentTrack, dataAt: number): number {
  const { id, timescale, packets } = track;
  const ticks = (ms: number): number => Math.round(ms * timescale / 1000);
  head.box("traf", trackBytes(track));
  head.box("tfhd", TFHD_BYTES);
  head.u32(FROM_MOOF);
  head.u32(id);
  head.box("tfdt", TFDT_BYTES);
  head.u32(0x01_000000);
  head.u64(BigInt(ticks(packets[0]?.decodeMs ?? 0)));
  head.box("trun", TRUN_HEAD_BYTES + packets.length * SAMPLE_BYTES);
  head.u32(RUN_OF_ALL);
  head.u32(packets.length);
  head.u32(dataAt);
  packets.forEach(({ data, decodeMs, durationMs, compositionMs, keyframe }, index) => {
    const endMs = packets[index + 1]?.decodeMs ?? decodeMs + durationMs;
    head.u32(ticks(endMs) - ticks(decodeMs));
    head.u32(data.length);
    head.u32(keyframe ? KEY_SAMPLE : OTHER_SAMPLE);
    head.u32(ticks(compositionMs));
    dataAt += data.length;
  });
  return dataAt;
}
