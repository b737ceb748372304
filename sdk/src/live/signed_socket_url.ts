/**
 * The URL of a signed socket (protocol.md 4.3): order and encoding stay as the signer made them.
 * @module
 */
import type { FetchResult } from "../wire/frames.ts";
import { playerQuery } from "./socket_url.ts";

/** What the client itself adds. */
export interface SignedSocketQuery {
  userAgent: string;
  /** IANA name. */
  timeZone: string;
  /** 0 to below 1. */
  random: number;
  /** The program's own parameters; they win over the client's, and yield to the signer's. */
  params: Readonly<Record<string, string>>;
}

/** A value that is encoded already stays as it is: a second encoding would break its signature. */
function encoded(value: string): string {
  return /^(?:[\w.~!*'()-]|%[0-9a-f]{2})*$/i.test(value) ? value : encodeURIComponent(value);
}

/**
 * Push server, route parameters, the player's parameters, then where to go on.
 * @param result a checked first answer
 */
export function signedSocketUrl(result: FetchResult, roomId: string, query: SignedSocketQuery): string {
  const { pushServer, routeParams, cursor, internalExt } = result;
  const player = { ...playerQuery(query), ws_direct: "0", heartbeat_duration: "0", ...query.params };
  const own = {
    cursor,
    internal_ext: new TextDecoder().decode(internalExt),
    room_id: roomId,
    compress: "gzip",
  };
  const ours = Object.entries({ ...player, ...own }).filter(([name]) => !Object.hasOwn(routeParams, name));
  const pairs = [
    ...Object.entries(routeParams).map(([name, value]) => `${encodeURIComponent(name)}=${encoded(value)}`),
    ...ours.map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`),
  ];
  // The second version_code is TikTok's own.
  return `${pushServer}?${pairs.join("&")}&version_code=270000`;
}
