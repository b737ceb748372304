import type { Clock } from "../ports/clock.ts";
import type { RecorderPool } from "./run_recordings.ts";
import type { RecordingUploader } from "./upload_recordings.ts";
import { waited } from "./waiting.ts";

/** What {@link handOver} ends. */
export interface HandOverDeps {
  pool: RecorderPool;
  uploader: RecordingUploader;
  /** Uploads of what an earlier process left. */
  resumed: Promise<void>;
  clock: Clock;
}

/** Time for uploads, ms: less than the pool has, so that what is stored is given back in time. */
const LAST_UPLOADS_MS = 85_000;

/**
 * Ends recorders whose files are uploaded, within the pool's 100 s: recordings are closed, stored and given back, so that
 * others go on with them. What is not stored after 85 s is told by name and left on the disk, and its recordings are given
 * back without it.
 */
export async function handOver({ pool, uploader, resumed, clock }: HandOverDeps): Promise<void> {
  const stored = new AbortController();
  const timer = waited(clock, LAST_UPLOADS_MS, stored.signal).then((late) => late && uploader.giveUp());
  await Promise.all([pool.stop(), resumed]);
  stored.abort();
  await timer;
}
