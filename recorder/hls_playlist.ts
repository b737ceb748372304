/**
 * Playlists of a live's HLS (RFC 8216) as they come from TikTok. Pure; whatever the text holds, it is read or refused.
 * @module
 */

/** A choice of a master playlist. */
export interface HlsVariant {
  url: string;
  bandwidth: number;
  /** RFC 6381 names in lower case; empty when it does not say. */
  codecs: string[];
}

/** A segment of a media playlist. */
export interface HlsSegment {
  /** Its media sequence number. */
  sequence: number;
  /** Absolute; the host is not checked here. Empty for an address that is none. */
  url: string;
  durationMs: number;
  /** Whether the timestamps begin anew with it. */
  discontinuity: boolean;
  /** Whether the server says that there is no such file. */
  missing: boolean;
}

/** A list of segments. */
export interface HlsMedia {
  kind: "media";
  targetMs: number;
  segments: HlsSegment[];
  /** Whether nothing more comes. */
  ended: boolean;
  /** What of it cannot be read here: encryption, parts of files, an own init segment. */
  unsupported: string | undefined;
}

/** A list of variants, or one of segments. */
export type HlsPlaylist = { kind: "master"; variants: HlsVariant[] } | HlsMedia;

/** Longest segment that is believed, ms. */
const MAX_SEGMENT_MS = 600_000;
/** RFC 8216 has decimal integers of up to 64 bits; more than this is no count of segments. */
const MAX_SEQUENCE = 2 ** 50;

/** Attributes of a tag (RFC 8216, 4.2); values without their quotes. */
function attributesOf(text: string): Map<string, string> {
  const found = text.matchAll(/([A-Z0-9-]+)=("[^"]*"|[^",]*)/g);
  return new Map([...found].map(([, name = "", value = ""]) => [name, value.replaceAll('"', "")]));
}

const absolute = (uri: string, base: string): string => URL.parse(uri, base)?.href ?? "";

/** Milliseconds of a number of seconds within bounds; `undefined` for what is none. */
function millisecondsOf(text: string): number | undefined {
  const ms = /^\d+(?:\.\d+)?$/.test(text) ? Math.round(Number(text) * 1000) : Infinity;
  return ms <= MAX_SEGMENT_MS ? ms : undefined;
}

function integerOf(text: string): number {
  const value = /^\d{1,20}$/.test(text) ? Number(text) : 0;
  return value <= MAX_SEQUENCE ? value : 0;
}

function unsupportedOf(name: string, value: string): string | undefined {
  if (name === "EXT-X-KEY" && attributesOf(value).get("METHOD") !== "NONE") return "it is encrypted";
  if (name === "EXT-X-MAP") return "its segments are no MPEG transport streams";
  return name === "EXT-X-BYTERANGE" ? "its segments are parts of files" : undefined;
}

function variantsOf(lines: readonly string[], baseUrl: string): HlsVariant[] {
  return lines.flatMap((line, index): HlsVariant[] => {
    const uri = lines.slice(index + 1).find((next) => !next.startsWith("#"));
    if (!line.startsWith("#EXT-X-STREAM-INF:") || uri === undefined) return [];
    const attributes = attributesOf(line);
    const codecs = (attributes.get("CODECS") ?? "").toLowerCase().split(",").map((each) => each.trim());
    const url = absolute(uri, baseUrl);
    if (url === "") return [];
    return [{
      url,
      bandwidth: integerOf(attributes.get("BANDWIDTH") ?? ""),
      codecs: codecs.filter((each) => each !== ""),
    }];
  });
}

/**
 * Reads a playlist.
 * @param baseUrl where it came from, after redirects
 * @returns `undefined` when it is none
 */
export function parseHls(text: string, baseUrl: string): HlsPlaylist | undefined {
  const lines = text.split(/\r?\n/).map((line) => line.trim()).filter((line) => line !== "");
  if (lines[0]?.replace(/^\ufeff/, "") !== "#EXTM3U") return undefined;
  if (lines.some((line) => line.startsWith("#EXT-X-STREAM-INF:"))) {
    return { kind: "master", variants: variantsOf(lines, baseUrl) };
  }
  const media: HlsMedia = { kind: "media", targetMs: 0, segments: [], ended: false, unsupported: undefined };
  let sequence = 0;
  let next: { durationMs?: number; discontinuity: boolean; missing: boolean } = {
    discontinuity: false,
    missing: false,
  };
  for (const line of lines) {
    if (!line.startsWith("#")) {
      const { durationMs, discontinuity, missing } = next;
      next = { discontinuity: false, missing: false };
      // A file without a length is none of the playlist's segments (RFC 8216, 4.3.2.1).
      if (durationMs === undefined) continue;
      media.segments.push({ sequence: sequence++, url: absolute(line, baseUrl), durationMs, discontinuity, missing });
      continue;
    }
    const [, name = "", value = ""] = /^#(EXT[A-Z0-9-]*):?(.*)$/.exec(line) ?? [];
    if (name === "EXTINF") next.durationMs = millisecondsOf(value.split(",")[0]?.trim() ?? "");
    else if (name === "EXT-X-DISCONTINUITY") next.discontinuity = true;
    else if (name === "EXT-X-GAP") next.missing = true;
    else if (name === "EXT-X-ENDLIST") media.ended = true;
    else if (name === "EXT-X-TARGETDURATION") media.targetMs = millisecondsOf(value) ?? 0;
    else if (name === "EXT-X-MEDIA-SEQUENCE" && media.segments.length === 0) sequence = integerOf(value);
    else media.unsupported ??= unsupportedOf(name, value);
  }
  if (media.targetMs === 0) media.targetMs = Math.max(0, ...media.segments.map(({ durationMs }) => durationMs));
  return media;
}

const FAMILIES: Readonly<Record<string, RegExp>> = { h264: /^avc[134]/, h265: /^(?:hvc|hev)1/ };

/**
 * The variant to take: the largest one in the link's codec. One that does not name its codecs is taken at its word.
 * @param codec as in a stream link; empty when it is not known
 * @returns `undefined` when all of them are in other codecs
 */
export function chooseVariant(variants: readonly HlsVariant[], codec: string): HlsVariant | undefined {
  const family = FAMILIES[codec];
  const pictures = (codecs: readonly string[]): string[] =>
    codecs.filter((each) => Object.values(FAMILIES).some((known) => known.test(each)));
  const fits = ({ codecs }: HlsVariant): boolean =>
    family === undefined || pictures(codecs).length === 0 || codecs.some((each) => family.test(each));
  return variants.filter(fits).toSorted((one, other) => other.bandwidth - one.bandwidth)[0];
}
