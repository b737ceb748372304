/** Whether a recording holds what the live sent. */
import { execFile } from "node:child_process";
import { promisify } from "node:util";

/** How the stored events compare with the messages that were sent. */
export interface EventCheck {
  stored: number;
  byType: Record<string, number>;
  /** Sent, not stored. */
  missing: string[];
  /** Stored more than once. */
  doubled: string[];
}

interface StoredPage {
  events: { type: string; id: string; history: boolean }[];
  /** Where the next page begins. */
  after: string;
  finished: boolean;
}

/**
 * Reads every stored event of a recording over the API and compares the ids.
 *
 * @param sentIds ids of the messages that the room sent, without those that it replayed as history
 */
export async function checkEvents(apiUrl: string, recordingId: string, sentIds: string[]): Promise<EventCheck> {
  const times = new Map<string, number>();
  const byType: Record<string, number> = {};
  let stored = 0;
  for (let after = "0", finished = false; !finished;) {
    const response = await fetch(`${apiUrl}/recordings/${recordingId}/events?after=${after}`);
    if (!response.ok) throw new Error(`the API answered ${response.status}: ${await response.text()}`);
    const page: StoredPage = await response.json();
    for (const { type, id, history } of page.events) {
      // Events that the client makes have no id: no message of the room stands behind them.
      if (id === "" || history) continue;
      stored++;
      byType[type] = (byType[type] ?? 0) + 1;
      times.set(id, (times.get(id) ?? 0) + 1);
    }
    ({ after, finished } = page);
  }
  return {
    stored,
    byType,
    missing: sentIds.filter((id) => !times.has(id)),
    doubled: [...times].filter(([, count]) => count > 1).map(([id]) => id),
  };
}

/** What ffprobe finds in a playlist. */
export interface MediaCheck {
  durationMs: number;
  /** Such as `h264 640x360` and `aac`. */
  streams: string[];
}

/** Asks ffprobe what a finished playlist holds; rejects when it cannot read it. */
export async function checkMedia(ffprobe: string, playlist: string): Promise<MediaCheck> {
  const { stdout } = await promisify(execFile)(ffprobe, [
    ...["-v", "error", "-protocol_whitelist", "file,pipe", "-allowed_extensions", "ALL"],
    ...["-show_entries", "format=duration:stream=codec_name,width,height", "-of", "json", playlist],
  ]);
  const found: {
    format: { duration?: string };
    streams: { codec_name?: string; width?: number; height?: number }[];
  } = JSON.parse(stdout);
  return {
    durationMs: Math.round(Number(found.format.duration ?? 0) * 1000),
    streams: found.streams.map(({ codec_name: codec = "unknown", width, height }) =>
      width === undefined ? codec : `${codec} ${width}x${height}`
    ),
  };
}
