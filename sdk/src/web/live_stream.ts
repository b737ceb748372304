/**
 * A live that TikTok shows in its feed or finds in a search.
 * @module
 */
import type { Live, LiveOptions } from "../live/live.ts";
import { at, optionalText } from "./read.ts";
import { readRoom, type RoomInfo } from "./room_info.ts";

/** A live, ready to be listened to. */
export interface LiveStream extends RoomInfo {
  /** Why TikTok shows it; `undefined` when it does not say. */
  readonly reason: string | undefined;
  /** Listens to it, as {@link TikTok.live} does by its room id. */
  track(options?: LiveOptions): Live;
}

/** Opens a live by its room id. */
export type Track = (roomId: string, options?: LiveOptions) => Live;

/**
 * @param room TikTok's room object
 * @param entry what it came in
 * @returns `undefined` for an entry that is no live, such as an advertisement
 */
export function readLiveStream(room: unknown, entry: unknown, track: Track): LiveStream | undefined {
  const info = readRoom(room, "");
  if (info.roomId === "") return undefined;
  const reason = optionalText(at(entry, "live_reason"));
  return { ...info, reason, track: (options) => track(info.roomId, options) };
}
