import type { Quality } from "../contract/quality.ts";
import type { Clock } from "../ports/clock.ts";
import type { Logger } from "../ports/logger.ts";
import type { Observer } from "../ports/observer.ts";
import type { Recording, RecordingStore } from "../ports/recording_store.ts";
import { liveStarted, type RaiseAlerts } from "./alerts.ts";

/** What {@link wantLive} works with. */
export interface WantDeps {
  store: Pick<RecordingStore, "wantRecording" | "reopenRecording">;
  clock: Clock;
  logger: Logger;
  observe?: Observer | undefined;
  /** @default nobody is told */
  raise?: RaiseAlerts | undefined;
}

/**
 * Makes the recording of a room that is live, or opens a finished one again. A room has one recording, however many ask.
 * @param mayReopen whether a finished recording of the room is to go on
 * @returns the recording as it was found, and whether it is new or open again; without both it is left as it was
 */
export async function wantLive(
  { store, clock, logger, observe, raise }: WantDeps,
  live: { username: string; roomId: string; title: string; quality?: Quality | undefined },
  mayReopen: (recording: Recording, now: number) => boolean,
): Promise<{ recording: Recording; created: boolean; reopened: boolean }> {
  const now = clock.now();
  const { username, roomId, title, quality } = live;
  const { recording, created } = await store.wantRecording({ roomId, username, title, quality }, now);
  // While it waits, again: whoever made it may have died before anybody was told.
  if (created || recording.state === "wanted") await raise?.([liveStarted(recording, now)]);
  const reopened = !created && recording.state === "finished" && mayReopen(recording, now) &&
    await store.reopenRecording({ recordingId: roomId, token: recording.leaseToken }, now);
  if (created || reopened) {
    logger.info("live_found", { username, roomId, reopened });
    observe?.({ kind: "live_found", username, roomId, title });
  }
  return { recording, created, reopened };
}
