/**
 * Packets in, one fragmented-MP4 segment out, by mediabunny. Pure but for the library's own promises.
 *
 * mediabunny would make up decode times from the times at which pictures are shown, and needs pictures in a strict order
 * of keyframes for that. The sender's own decode times are known here: mediabunny gets those alone, and the fragment is
 * told afterwards when its pictures are shown.
 * @module
 */
import {
  EncodedAudioPacketSource,
  EncodedPacket,
  EncodedVideoPacketSource,
  Mp4OutputFormat,
  NullTarget,
  Output,
} from "mediabunny";
import { withSampleTimes } from "./fmp4.ts";
import { joined } from "./joined.ts";
import type { AudioParameters, VideoParameters } from "./parameter_sets.ts";

/** Decoder set-up of a part. */
export interface TrackSetups {
  video?: VideoParameters & { kind: "avc" | "hevc"; record: Uint8Array };
  audio?: AudioParameters & { config: Uint8Array };
}

/** One picture or packet of sound. */
export interface MuxPacket {
  data: Uint8Array;
  /** Time at which it is decoded, ms from the recording's start. */
  decodeMs: number;
  /** How much later it is shown, ms. */
  compositionMs: number;
  durationMs: number;
  keyframe: boolean;
}

/** What {@link muxSegment} made. */
export interface MuxedSegment {
  init: Uint8Array;
  segment: Uint8Array;
}

/** Longer than any segment: mediabunny is to make one fragment of it all. */
const ONE_FRAGMENT_S = 1e6;
/** Ticks per second of a picture track. ffmpeg counts FLV's pictures like that: players meet one clock in all parts. */
const VIDEO_TIMESCALE = 16_000;

/**
 * Muxes one segment.
 * @throws Error when mediabunny does not take the packets
 */
export async function muxSegment(
  setups: TrackSetups,
  packets: { video: readonly MuxPacket[]; audio: readonly MuxPacket[] },
): Promise<MuxedSegment> {
  const init: Uint8Array[] = [];
  const moofs: Uint8Array[] = [];
  const mdats: Uint8Array[] = [];
  const output = new Output({
    format: new Mp4OutputFormat({
      fastStart: "fragmented",
      minimumFragmentDuration: ONE_FRAGMENT_S,
      onFtyp: (data) => void init.push(data),
      onMoov: (data) => void init.push(data),
      onMoof: (data) => void moofs.push(data),
      onMdat: (data) => void mdats.push(data),
    }),
    target: new NullTarget(),
  });
  const { video, audio } = setups;
  const sources: { source: EncodedVideoPacketSource | EncodedAudioPacketSource; packets: readonly MuxPacket[] }[] = [];
  if (video !== undefined) {
    const source = new EncodedVideoPacketSource(video.kind);
    const { codec, width: codedWidth, height: codedHeight, record: description } = video;
    output.addVideoTrack(source, {
      frameRate: VIDEO_TIMESCALE,
      decoderConfig: { codec, codedWidth, codedHeight, description },
    });
    sources.push({ source, packets: packets.video });
  }
  if (audio !== undefined) {
    const source = new EncodedAudioPacketSource("aac");
    const { codec, sampleRate, channels: numberOfChannels, config: description } = audio;
    output.addAudioTrack(source, { decoderConfig: { codec, sampleRate, numberOfChannels, description } });
    sources.push({ source, packets: packets.audio });
  }
  await output.start();
  for (const { source, packets } of sources) {
    for (const { data, decodeMs, durationMs } of packets) {
      await source.add(new EncodedPacket(data, "key", decodeMs / 1000, durationMs / 1000));
    }
  }
  await output.finalize();
  const [moof] = moofs;
  const [mdat] = mdats;
  if (init.length !== 2 || moof === undefined || mdat === undefined || moofs.length + mdats.length !== 2) {
    throw new Error(`mediabunny made ${init.length}, ${moofs.length} and ${mdats.length} boxes`);
  }
  return { init: joined(init), segment: joined([withPictureTimes(moof, packets.video), mdat]) };
}

/** The pictures' track is the first that is added. */
const VIDEO_TRACK = 1;
const TICKS_PER_MS = VIDEO_TIMESCALE / 1000;

function withPictureTimes(moof: Uint8Array, pictures: readonly MuxPacket[]): Uint8Array {
  const [first] = pictures;
  if (first === undefined) return moof;
  const times = pictures.map(({ data, decodeMs, durationMs, compositionMs, keyframe }, index) => ({
    durationTicks: ((pictures[index + 1]?.decodeMs ?? decodeMs + durationMs) - decodeMs) * TICKS_PER_MS,
    bytes: data.length,
    keyframe,
    compositionTicks: compositionMs * TICKS_PER_MS,
  }));
  const made = withSampleTimes(moof, VIDEO_TRACK, BigInt(first.decodeMs * TICKS_PER_MS), times);
  if (made === undefined) throw new Error("mediabunny's fragment lacks the pictures");
  return made;
}
