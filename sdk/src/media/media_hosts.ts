/**
 * Hosts that stream links may name. TikTok's answers pass through many hands: an address in them is fetched only where
 * TikTok keeps its streams.
 * @module
 */

/** Domains of TikTok's streams; a host is theirs when it is one of them or ends in a dot and one of them. */
export const MEDIA_DOMAINS: readonly string[] = [
  "tiktokcdn.com",
  "tiktokcdn-us.com",
  "tiktokcdn-eu.com",
  "tiktokv.com",
  "tiktok.com",
  "ibyteimg.com",
  "ibytedtos.com",
];

/** @throws {TypeError} when a domain is none */
export function checkMediaHosts(domains: readonly string[] = []): readonly string[] {
  for (const domain of domains) {
    if (typeof domain !== "string" || URL.parse(`http://${domain}`)?.hostname !== domain) {
      throw new TypeError(`Cannot use the option 'mediaHosts': '${domain}' is not a host name in lower case`);
    }
  }
  return domains;
}

/**
 * A URL that every program reads in the same way; `null` for others. Links are handed on to players: one with a
 * backslash or a user name may lead them to another host than the one that is looked at here.
 */
export function plainUrl(text: string): URL | null {
  const url = /^[\x21-\x5b\x5d-\x7e]+$/.test(text) ? URL.parse(text) : null;
  return url === null || url.username !== "" || url.password !== "" ? null : url;
}

/** Whether a URL leads to one of {@link MEDIA_DOMAINS} or of `further`. */
export function isMediaUrl(url: URL, further: readonly string[]): boolean {
  if (!/^https?:$/.test(url.protocol)) return false;
  return [...MEDIA_DOMAINS, ...further].some((domain) =>
    url.hostname === domain || url.hostname.endsWith(`.${domain}`)
  );
}
