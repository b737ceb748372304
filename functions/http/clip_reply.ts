import { MOST_CLIP_MS } from "../contract/clip_times.ts";
import { AppError } from "../contract/errors.ts";
import type { ClipMaker } from "../ports/clip_maker.ts";
import type { RecordingFiles } from "../ports/recording_files.ts";
import type { Recording } from "../ports/recording_store.ts";

/** Which stretch is asked for. */
export interface ClipQuery {
  fromMs: number;
  toMs: number;
  exact: boolean;
}

/**
 * A stretch of a recording as one MP4 file.
 * @param playlist with the API's own paths of files in it
 */
export async function clipReply(
  { files, clips }: { files: RecordingFiles; clips: ClipMaker },
  { id, username, parts }: Recording,
  playlist: string,
  { fromMs, toMs, exact }: ClipQuery,
  { method, signal }: Request,
): Promise<Response> {
  if (toMs <= fromMs || toMs - fromMs > MOST_CLIP_MS) {
    const detail = `must be after fromMs, by at most ${MOST_CLIP_MS}`;
    throw new AppError("invalid_input", `Clip recording ${id}: toMs ${detail}`, {
      remedy: `\`roomtone recordings clip ${id}\` makes longer ones`,
      parameters: [{ name: "toMs", detail }],
    });
  }
  const open = async (uri: string) => {
    const [, part = "", name = ""] = /^parts\/(\d+)\/([^/]+)$/.exec(uri) ?? [];
    const folder = parts.find((each) => each.part === Number(part))?.folder;
    const file = folder === undefined ? undefined : await files.find(folder, name);
    if (file === undefined) throw new AppError("not_found", `Clip recording ${id}: ${name} is not there any more`);
    return file.read(0, file.size);
  };
  const made = await clips.make({ playlist, open, fromMs, toMs, exact }, signal);
  // Nobody would read the body of an answer without one.
  if (method === "HEAD") await made.body.cancel();
  const name = `${username}_${id}_${nameOf(fromMs)}-${nameOf(toMs)}.mp4`;
  return new Response(method === "HEAD" ? null : made.body, {
    headers: {
      "content-type": "video/mp4",
      "content-length": String(made.size),
      "content-disposition": `attachment; filename="${name}"`,
      "cache-control": "no-store",
      "x-content-type-options": "nosniff",
      "x-clip-start-ms": String(Math.round(made.startMs)),
      "x-clip-gaps": String(made.gaps),
    },
  });
}

/** `1m30s` */
function nameOf(ms: number): string {
  return `${Math.floor(ms / 60_000)}m${String(Math.floor(ms / 1_000) % 60).padStart(2, "0")}s`;
}
