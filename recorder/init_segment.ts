/**
 * The init segment of a part: mediabunny describes the tracks to players. Pure but for the library's own promises.
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
import { joined } from "./joined.ts";
import type { AudioParameters, VideoParameters } from "./parameter_sets.ts";

/** Decoder set-up of a part. */
export interface TrackSetups {
  video?: VideoParameters & { kind: "avc" | "hevc"; record: Uint8Array };
  audio?: AudioParameters & { config: Uint8Array };
}

/** Ticks per second of a picture track. ffmpeg counts FLV's pictures like that: players meet one clock in all parts. */
const VIDEO_TIMESCALE = 16_000;

/**
 * Makes an init segment.
 * @throws Error when mediabunny does not take the set-up
 */
export async function makeInitSegment({ video, audio }: TrackSetups): Promise<Uint8Array> {
  const boxes: Uint8Array[] = [];
  const output = new Output({
    format: new Mp4OutputFormat({
      fastStart: "fragmented",
      onFtyp: (data) => void boxes.push(data),
      onMoov: (data) => void boxes.push(data),
    }),
    target: new NullTarget(),
  });
  const sources: (EncodedVideoPacketSource | EncodedAudioPacketSource)[] = [];
  if (video !== undefined) {
    const source = new EncodedVideoPacketSource(video.kind);
    const { codec, width: codedWidth, height: codedHeight, record: description } = video;
    output.addVideoTrack(source, {
      frameRate: VIDEO_TIMESCALE,
      decoderConfig: { codec, codedWidth, codedHeight, description },
    });
    sources.push(source);
  }
  if (audio !== undefined) {
    const source = new EncodedAudioPacketSource("aac");
    const { codec, sampleRate, channels: numberOfChannels, config: description } = audio;
    output.addAudioTrack(source, { decoderConfig: { codec, sampleRate, numberOfChannels, description } });
    sources.push(source);
  }
  await output.start();
  // It describes tracks once each has a packet.
  for (const source of sources) await source.add(new EncodedPacket(Uint8Array.of(0), "key", 0, 1));
  await output.finalize();
  if (boxes.length !== 2) throw new Error(`mediabunny made ${boxes.length} boxes`);
  return joined(boxes);
}
