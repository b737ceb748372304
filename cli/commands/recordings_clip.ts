import { AppError, type RecordingReply } from "@roomtone/functions/client";
import { clip } from "@roomtone/recorder";
import { resolve } from "node:path";
import { formatBytes, formatDuration, plain } from "../format.ts";
import type { CliIo } from "../io.ts";
import type { System } from "../system.ts";

/** Which stretch, and where to. */
export interface ClipRequest {
  fromMs: number;
  toMs: number;
  /** @default named after the recording and its times, in this folder */
  out: string | undefined;
  exact: boolean;
  json: boolean;
}

/** Makes a clip on this machine, of the segments that the system has. */
export async function clipTo(system: System, id: string, request: ClipRequest, io: CliIo): Promise<void> {
  const { fromMs, toMs, exact, json } = request;
  const { signal } = io;
  const { body: recording } = await system.api.getRecording({ params: { id } }, { signal });
  const playlist = `/recordings/${encodeURIComponent(id)}/index.m3u8`;
  const output = resolve(request.out ?? nameOf(recording, fromMs, toMs));
  const made = await clip({
    playlist: await (await system.open(playlist, signal)).text(),
    async open(uri) {
      const { body } = await system.open(uri, signal, playlist);
      if (body === null) throw new AppError("protocol", `Read a segment of recording ${id}: the answer is empty`);
      return body;
    },
  }, {
    ...{ fromMs, toMs, exact, output, signal, env: io.env },
    onProgress: ({ segments, of }) => {
      if (!json) io.status(`clip: ${segments} of ${of} segments`);
    },
  });
  const { path, bytes, startMs, durationMs, gaps } = made;
  if (json) {
    io.out(
      JSON.stringify({ id, path, bytes, start_ms: startMs, duration_ms: durationMs, gaps: made.gaps.map(toLine) }),
    );
    return;
  }
  const start = startMs === fromMs ? "" : `, from the keyframe at ${formatDuration(startMs)} on`;
  io.out(plain(`${path}: ${formatDuration(durationMs)}${start}, ${formatBytes(bytes)}`));
  for (const { atMs, missingMs } of gaps) {
    io.err(`gap: at ${formatDuration(atMs)} ${formatDuration(missingMs)} are missing`);
  }
}

function toLine({ atMs, missingMs }: { atMs: number; missingMs: number }) {
  return { at_ms: atMs, missing_ms: missingMs };
}

function nameOf({ username, id }: RecordingReply, fromMs: number, toMs: number): string {
  const [from, to] = [fromMs, toMs].map((ms) => formatDuration(ms).replaceAll(/[^\w.]+/g, "-"));
  return `${username.replaceAll(/[^\w.-]/g, "_")}_${id}_${from}_${to}.mp4`;
}
