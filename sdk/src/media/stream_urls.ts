/**
 * Stream links out of room info and api-live (protocol.md 2). TikTok nests JSON strings in JSON; empty strings mean
 * "not offered".
 * @module
 */
import { at, entries, list, nested, number, text } from "../web/read.ts";

/** How a stream is carried. */
export type StreamProtocol = "flv" | "hls";

/** One way to watch a live. */
export interface StreamLink {
  /** Signed URL, good until {@link StreamLink.expiresAt}. */
  url: string;
  /** FLV over one long HTTP answer, or an HLS playlist. */
  protocol: StreamProtocol;
  /** TikTok's key: `origin`, `uhd`, `uhd_60`, `hd`, `hd_60`, `sd`, `ld`, or `ao` for sound only. */
  quality: string;
  /** `h264`, `h265`, or TikTok's own word in lower case; empty when it does not say. */
  codec: string;
  /** In pixels; absent when TikTok does not say and for sound only. */
  resolution?: { width: number; height: number };
  /** Video bit rate as announced. */
  bitrateKbps?: number;
  /** When the URL stops working, ms since 1970. */
  expiresAt?: number;
  /** TikTok's rank of the quality: origin 10, then downwards; 0 for sound only. */
  level: number;
}

/** What to prefer in {@link bestStream}. */
export interface StreamPreferences {
  /** Qualities in order of preference; those not named come after them. @default best picture first */
  qualities?: readonly string[];
  /** Codecs in order of preference; those not named come after them. @default ["h264"] */
  codecs?: readonly string[];
  /** Protocols in order of preference; those not named come after them. @default ["flv"] */
  protocols?: readonly StreamProtocol[];
}

/** Quality that carries no picture. */
export const AUDIO_ONLY = "ao";

/** Levels where the options do not name one; the scale of `options.qualities[].level`. */
const LEVELS: Readonly<Record<string, number>> = {
  origin: 10,
  uhd_60: 6,
  uhd: 5,
  hd_60: 4,
  hd: 3,
  sd: 2,
  ld: 1,
  ao: 0,
};

/** Keys of the older maps. */
const OLD_QUALITIES: Readonly<Record<string, string>> = { FULL_HD1: "uhd", HD1: "hd", SD1: "ld", SD2: "sd" };

/** A codec in one spelling. */
export function normaliseCodec(codec: unknown): string {
  const name = text(codec).toLowerCase();
  if (/^(?:h\.?264|avc|avc1.*|x264)$/.test(name)) return "h264";
  if (/^(?:h\.?265|hevc|hvc1.*|hev1.*|bytevc1|x265)$/.test(name)) return "h265";
  return name;
}

function resolutionOf(value: unknown): StreamLink["resolution"] {
  const match = /^(\d{2,5})x(\d{2,5})$/.exec(text(value));
  return match === null ? undefined : { width: Number(match[1]), height: Number(match[2]) };
}

/** When a signed URL stops working, ms; `undefined` when it does not say. */
export function expiryOf(url: string): number | undefined {
  const expire = URL.parse(url)?.searchParams.get("expire") ?? "";
  return /^\d{9,11}$/.test(expire) ? Number(expire) * 1000 : undefined;
}

/** Only http(s) URLs are links: `rtmp_pull_url` and friends may hold other schemes. */
function usableUrl(value: unknown): string | undefined {
  const url = URL.parse(text(value));
  return url !== null && /^https?:$/.test(url.protocol) ? text(value) : undefined;
}

function link(url: string, protocol: StreamProtocol, quality: string, level: number, params: unknown): StreamLink {
  const resolution = quality === AUDIO_ONLY ? undefined : resolutionOf(at(params, "resolution"));
  const bitrate = number(at(params, "vbitrate"));
  const expiresAt = expiryOf(url);
  return {
    url,
    protocol,
    quality,
    codec: normaliseCodec(at(params, "VCodec") ?? at(params, "v_codec")),
    ...(resolution === undefined ? {} : { resolution }),
    ...(bitrate === undefined || bitrate <= 0 ? {} : { bitrateKbps: Math.round(bitrate / 1000) }),
    ...(expiresAt === undefined ? {} : { expiresAt }),
    level,
  };
}

/** Links of one `{options, stream_data}`, whose `stream_data` is a JSON string. */
function linksOfPullData(pullData: unknown): StreamLink[] {
  const levels = new Map(
    list(at(pullData, "options", "qualities")).map((quality) => [
      text(at(quality, "sdk_key")),
      number(at(quality, "level")),
    ]),
  );
  return entries(at(nested(at(pullData, "stream_data")), "data")).flatMap(([quality, value]) => {
    const main = at(value, "main");
    const params = nested(at(main, "sdk_params"));
    const level = levels.get(quality) ?? LEVELS[quality] ?? 0;
    return (["flv", "hls"] as const).flatMap((protocol) => {
      const url = usableUrl(at(main, protocol));
      return url === undefined ? [] : [link(url, protocol, quality, level, params)];
    });
  });
}

/** Links of the older maps, for rooms without `live_core_sdk_data`. */
function linksOfMaps(streamUrl: unknown): StreamLink[] {
  const fromMap = (key: string, protocol: StreamProtocol) => {
    const params = nested(at(streamUrl, `${key}_params`));
    return entries(at(streamUrl, key)).flatMap(([name, value]) => {
      const url = usableUrl(value);
      const quality = OLD_QUALITIES[name] ?? name.toLowerCase();
      const detail = nested(at(params, name)) ?? params;
      return url === undefined ? [] : [link(url, protocol, quality, LEVELS[quality] ?? 0, detail)];
    });
  };
  const single = (key: string, protocol: StreamProtocol) => {
    const url = usableUrl(at(streamUrl, key));
    const looksRight = url !== undefined && (protocol === "hls" ? /\.m3u8/ : /\.flv/).test(url);
    return looksRight ? [link(url, protocol, "sd", LEVELS["sd"] ?? 0, undefined)] : [];
  };
  const flv = fromMap("flv_pull_url", "flv");
  const hls = fromMap("hls_pull_url_map", "hls");
  return [
    ...(flv.length > 0 ? flv : single("rtmp_pull_url", "flv")),
    ...(hls.length > 0 ? hls : single("hls_pull_url", "hls")),
  ];
}

/** The same picture can be listed twice (api-live shows sound only under both codecs). */
function withoutRepeats(links: readonly StreamLink[]): StreamLink[] {
  return [...new Map(links.map((found) => [found.url, found])).values()]
    .sort((a, b) => b.level - a.level);
}

/**
 * Every link of a room-info `stream_url` object, best level first.
 * @param streamUrl the object as parsed from JSON; anything else gives no links
 */
export function linksOfStreamUrl(streamUrl: unknown): StreamLink[] {
  const links = linksOfPullData(at(streamUrl, "live_core_sdk_data", "pull_data"));
  return withoutRepeats(links.length > 0 ? links : linksOfMaps(streamUrl));
}

/**
 * Every link of an api-live `liveRoom` object (`streamData` and `hevcStreamData`), best level first.
 * @param liveRoom the object as parsed from JSON; anything else gives no links
 */
export function linksOfLiveRoom(liveRoom: unknown): StreamLink[] {
  return withoutRepeats([
    ...linksOfPullData(at(liveRoom, "streamData", "pull_data")),
    ...linksOfPullData(at(liveRoom, "hevcStreamData", "pull_data")),
  ]);
}

/** Place in a list of preferences; those not named come after all that are. */
function rank(preferences: readonly string[], value: string): number {
  const index = preferences.indexOf(value);
  return index < 0 ? preferences.length : index;
}

/**
 * The link to take: by default the best H.264 picture over FLV. Sound only comes last, unless `qualities` names it.
 * The order of importance is: asked-for quality, picture at all, codec, protocol, level, bit rate.
 * @returns `undefined` only when there are no links
 *
 * @example
 * ```ts
 * import { bestStream, TikTok } from "@roomtone/sdk";
 * const [result] = await new TikTok().links(["some.host"]);
 * if (result?.live) console.log(bestStream(result.links, { qualities: ["hd", "sd"] })?.url);
 * ```
 */
export function bestStream(links: readonly StreamLink[], preferences: StreamPreferences = {}): StreamLink | undefined {
  const { qualities = [], codecs = ["h264"], protocols = ["flv"] } = preferences;
  const keys = (link: StreamLink): number[] => [
    rank(qualities, link.quality),
    link.quality === AUDIO_ONLY ? 1 : 0,
    rank(codecs, link.codec),
    rank(protocols, link.protocol),
    -link.level,
    -(link.bitrateKbps ?? 0),
  ];
  const compare = (a: StreamLink, b: StreamLink): number => {
    const other = keys(b);
    return keys(a).map((key, index) => key - (other[index] ?? 0)).find((difference) => difference !== 0) ?? 0;
  };
  return links.toSorted(compare)[0];
}
