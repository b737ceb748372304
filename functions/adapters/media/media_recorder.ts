import { record, repair } from "@roomtone/recorder";
import { isLiveError, type LiveEvent, type TikTok } from "@roomtone/sdk";
import { basename } from "node:path";
import type { EventLine, Recorder, RecorderEvent, RecorderResult } from "../../ports/recorder.ts";

/** How {@link mediaRecorder} records. */
export interface MediaRecorderOptions {
  tiktok: TikTok;
  /** Folder that holds the folders of all recordings. */
  dir: string;
  segmentMs: number;
  stallTimeoutMs: number;
  mp4: boolean;
  ffmpegPath?: string;
  now: () => number;
}

/** Records rooms with `@roomtone/recorder`. */
export function mediaRecorder(options: MediaRecorderOptions): Recorder {
  const { tiktok, dir, segmentMs, stallTimeoutMs, mp4, ffmpegPath, now } = options;
  return {
    start(job, tell) {
      const stopping = new AbortController();
      const recording = record({ roomId: job.roomId }, { tiktok, dir, segmentMs, stallTimeoutMs, mp4, ffmpegPath });
      recording.on("started", ({ folder }) => tell({ type: "started", folder: basename(folder), startedAt: now() }));
      recording.on("segment", (segment) => tell({ type: "segment", segment }));
      recording.on("gap", (gap) => tell({ type: "gap", data: { ...gap } }));
      recording.on("progress", (progress) => tell({ type: "progress", data: { ...progress } }));
      recording.on("event", (event) => tell({ type: "event", event: toLine(event) }));
      return { done: recording.done.then(() => ({ kind: "ended" as const })), stop: () => void recording.stop() };
    },
  };
}

export function repairFolder(folder: string, options: { ffmpegPath?: string }): Promise<unknown> {
  return repair(folder, options);
}

function toLine(event: LiveEvent): EventLine {
  return {
    type: event.type,
    at: event.at,
    diamonds: event.type === "gift" ? event.value : 0,
    json: JSON.stringify(event),
  };
}
