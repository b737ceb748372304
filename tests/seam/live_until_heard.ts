/** Lives for programs that may take long to begin. */
import type { Room } from "../standin/mod.ts";

/**
 * Goes live, twenty times as fast as people are, until a program has heard enough, however late it came.
 * @param seed same seed, same people and messages
 */
export function liveUntilHeard(room: Room, seed: string): void {
  room.startLive({ speed: 20, seed });
  const enough = { WebcastChatMessage: 100, WebcastGiftMessage: 5 };
  void room.until(({ sentByMethod, acked }) =>
    acked > 0 && Object.entries(enough).every(([method, count]) => (sentByMethod[method] ?? 0) >= count)
  ).then(() => room.endLive());
}
