import { AppError } from "../contract/errors.ts";
import type { Quality } from "../contract/quality.ts";
import type { LiveLookup } from "../ports/live_lookup.ts";
import type { RecorderLauncher } from "../ports/recorder_launcher.ts";
import type { RecordingFiles } from "../ports/recording_files.ts";
import type { Recording, RecordingStore } from "../ports/recording_store.ts";
import type { WatchStore } from "../ports/watch_store.ts";
import { readUsername } from "./usernames.ts";
import { type WantDeps, wantLive } from "./want_recording.ts";

/** What {@link startRecording} works with. */
export interface StartDeps extends WantDeps {
  store: RecordingStore & Pick<WatchStore, "getWatch">;
  lookup: Pick<LiveLookup, "links">;
  /** @default a poller makes sure of recorders at its next pass */
  launcher?: RecorderLauncher | undefined;
}

/**
 * Starts to record a host who is live now, also one whose recording somebody stopped, or who is not on the watchlist.
 * @param wish a name in any form, and the quality to record in. @default that of the watch, else the best
 * @returns the recording, and whether it starts by this call: one that waits or runs is left as it is, but for a quality
 *   that is wished for
 * @throws AppError `offline`, or by the code of the look-up's failure; `conflict` while the room's earlier recording is
 *   being deleted
 */
export async function startRecording(
  deps: StartDeps,
  wish: { username: string; quality?: Quality | undefined },
  signal?: AbortSignal,
): Promise<{ recording: Recording; started: boolean }> {
  const { store, clock, launcher } = deps;
  const username = readUsername(wish.username, "username");
  const [answer] = await deps.lookup.links([username], { signal });
  if (answer?.state === "failed") throw answer.error;
  if (answer?.state !== "live") {
    throw new AppError("offline", `Record ${username}: the user is not live`, {
      remedy: `PUT /watchlist/${username} records the next live by itself`,
    });
  }
  const quality = wish.quality ?? (await store.getWatch(username))?.quality;
  // Before it is open again: who claims it then knows.
  if (wish.quality !== undefined) await store.askQuality(answer.roomId, wish.quality);
  const { created, reopened } = await wantLive(deps, { ...answer, quality }, () => true);
  const recording = await store.getRecording(answer.roomId);
  if (recording?.state !== "wanted" && recording?.state !== "recording") {
    throw new AppError("conflict", `Record ${username}: the room's earlier recording is being deleted`, {
      remedy: `Delete it to its end with DELETE /recordings/${answer.roomId}, then ask again`,
    });
  }
  if (recording.stopAt !== undefined) {
    throw new AppError("conflict", `Record ${username}: the room's recording is being stopped`, {
      remedy: "Ask again when it is finished",
      retryAfterMs: 5_000,
    });
  }
  if (recording.state === "wanted") await launcher?.ensureCapacity(await store.countDueRecordings(clock.now()));
  return { recording, started: created || reopened };
}

/** What {@link deleteRecording} works with. */
export interface DeleteDeps {
  store: RecordingStore;
  /** @default there are none */
  files?: RecordingFiles | undefined;
}

/**
 * Deletes a finished recording: its files, events, segments and totals, and itself last. One that was cut short goes on
 * when it is asked again.
 * @throws AppError `not_found`; `conflict` for a recording that waits or runs
 */
export async function deleteRecording({ store, files }: DeleteDeps, recordingId: string): Promise<void> {
  const recording = await store.retireRecording(recordingId);
  if (recording === undefined) throw noRecording(recordingId);
  if (recording.state !== "deleting") {
    throw new AppError("conflict", `Delete recording ${recordingId}: it is not finished`, {
      remedy: `POST /recordings/${recordingId}/stop ends it; then ask again`,
      retryAfterMs: recording.stopAt === undefined ? undefined : 5_000,
    });
  }
  for (const { folder } of recording.parts) await files?.remove(folder);
  await store.deleteRecording(recordingId);
}

/** The error for a recording that is not there. */
export function noRecording(recordingId: string): AppError {
  return new AppError("not_found", `Find recording ${recordingId}: there is none`, {
    remedy: "GET /recordings lists them",
  });
}
